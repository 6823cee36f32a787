/* SPDX-License-Identifier: MIT */
/* uring_fuzz SEED ROUNDS: rings full of garbage. Whatever the shared memory holds, the calls come
 * back, and another ring works as if nothing had been. */
#include "tests/guest/tap.h"

#include "tests/guest/event/uring.h"

static uint64_t state;

static uint32_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16);
}

static char *memory;
static int fds[8];

/* Operations that cannot reach anything but the descriptors and memory of this test. */
static const uint8_t ops[] = {
    IORING_OP_NOP,	IORING_OP_READV,	   IORING_OP_WRITEV,
    IORING_OP_FSYNC,	IORING_OP_READ_FIXED,	   IORING_OP_WRITE_FIXED,
    IORING_OP_POLL_ADD, IORING_OP_POLL_REMOVE,	   IORING_OP_SENDMSG,
    IORING_OP_RECVMSG,	IORING_OP_TIMEOUT,	   IORING_OP_TIMEOUT_REMOVE,
    IORING_OP_ACCEPT,	IORING_OP_ASYNC_CANCEL,	   IORING_OP_LINK_TIMEOUT,
    IORING_OP_CONNECT,	IORING_OP_FILES_UPDATE,	   IORING_OP_READ,
    IORING_OP_WRITE,	IORING_OP_FADVISE,	   IORING_OP_SEND,
    IORING_OP_RECV,	IORING_OP_EPOLL_CTL,	   IORING_OP_SPLICE,
    IORING_OP_TEE,	IORING_OP_PROVIDE_BUFFERS, IORING_OP_REMOVE_BUFFERS,
    IORING_OP_MSG_RING, IORING_OP_STATX,
};

static uint64_t value(void)
{
	switch (rnd() % 6) {
	case 0:
		return 0;
	case 1:
		return (uint64_t)-1;
	case 2:
		return rnd() % 32;
	case 3:
		return (uintptr_t)BAD;
	default:
		return (uintptr_t)memory + rnd() % 4096;
	}
}

static void fill(struct io_uring_sqe *s)
{
	uint32_t *words = (uint32_t *)s;

	memset(s, 0, sizeof(*s));
	s->opcode = rnd() % 8 ? ops[rnd() % sizeof(ops)] : 0xff;
	s->flags = rnd() % 3 ? 0 : (uint8_t)rnd();
	s->fd = fds[rnd() % 8];
	s->off = rnd() % 2 ? 0 : value();
	s->addr = value();
	s->len = rnd() % 2 ? 1 : rnd() % 5000;
	s->user_data = rnd() % 16;
	s->rw_flags = rnd() % 3 ? 0 : 1 << rnd() % 32;
	s->buf_index = rnd() % 4 ? 0 : (uint16_t)rnd();
	if (rnd() % 8 == 0)
		words[rnd() % 16] = rnd();
	if (s->opcode == IORING_OP_STATX)
		s->off = (uintptr_t)memory;
}

static void scribble(struct ring *r)
{
	unsigned *words = (unsigned *)r->mem;

	switch (rnd() % 16) {
	case 0:
		words[rnd() % 16] = rnd();
		break;
	case 1:
		*r->cq_head = rnd() % 2 ? rnd() : *r->cq_tail;
		break;
	case 2:
		r->array[rnd() % r->p.sq_entries] = rnd() % 64;
		break;
	default:
		*r->cq_head = *r->cq_tail;
	}
}

static void sane(struct ring *r)
{
	for (unsigned i = 0; i < r->p.sq_entries; i++)
		r->array[i] = i;
	__atomic_store_n(r->cq_head, *r->cq_tail, __ATOMIC_RELEASE);
}

static void play(unsigned flags, int rounds)
{
	struct __kernel_timespec soon = {0, 1000};
	struct io_uring_getevents_arg arg = {.ts = (uintptr_t)&soon};
	struct ring r;

	ok(ring_open(&r, 16, flags));
	fds[7] = r.fd;
	for (int i = 0; i < rounds; i++) {
		unsigned n = 1 + rnd() % 16;

		if (i % 64 == 0)
			sane(&r);
		for (unsigned k = 0; k < n; k++)
			fill(&r.sqes[(*r.sq_tail + k) & (r.p.sq_entries - 1)]);
		__atomic_store_n(r.sq_tail, *r.sq_tail + n, __ATOMIC_RELEASE);
		scribble(&r);
		sys(io_uring_enter, r.fd, n, rnd() % 2,
		    IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg, sizeof(arg));
		if (rnd() % 16 == 0)
			sys(io_uring_register, r.fd, rnd() % 40, memory + rnd() % 4000, rnd() % 8);
		for (int k = 0; k < 2; k++)
			if (read(fds[0], memory + 8192, 4096) < 0)
				break;
	}
	ring_close(&r);
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 1;
	struct ring r;

	state = 0x9e3779b97f4a7c15 + (argc > 1 ? strtoull(argv[1], NULL, 0) : 0);
	ok(ring_open(&r, 4, 0));
	signal(SIGPIPE, SIG_IGN);
	memory = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	is(pipe2(fds, O_NONBLOCK), 0);
	is(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds + 2), 0);
	fds[4] = eventfd(0, EFD_NONBLOCK);
	fds[5] = (int)sys(memfd_create, "fuzz", 0);
	fds[6] = FD_NONE;
	play(0, rounds);
	play(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, rounds);
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 5);
	is(submit(&r, 1), 1);
	is(next_cqe(&r).user_data, 5);
	ring_close(&r);
	return tap_done();
}
