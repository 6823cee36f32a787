/* SPDX-License-Identifier: MIT */
/*
 * io_uring_register(2): files, buffers, tags, eventfds, provided buffers and rings of them,
 * probing, personalities, rings that start disabled.
 */
#include "tests/guest/tap.h"

#include "tests/guest/event/uring.h"

static struct ring r;

static long reg(unsigned op, const void *arg, unsigned n)
{
	return sys(io_uring_register, r.fd, op, arg, n);
}

static void probe(void)
{
	struct {
		struct io_uring_probe p;
		struct io_uring_probe_op ops[64];
	} p;

	memset(&p, 0, sizeof(p));
	fails(sys(io_uring_register, FD_NONE, 0, NULL, 0), EBADF);
	fails(sys(io_uring_register, 0, 0, NULL, 0), EOPNOTSUPP);
	fails(reg(12345, NULL, 0), EINVAL);
	fails(reg(IORING_REGISTER_PROBE, NULL, 0), EINVAL);
	works(reg(IORING_REGISTER_PROBE, &p, 64));
	ok(p.p.last_op >= IORING_OP_SOCKET);
	ok(p.ops[IORING_OP_READ].flags & IO_URING_OP_SUPPORTED);
	is(p.ops[IORING_OP_ACCEPT].op, IORING_OP_ACCEPT);
	fails(reg(IORING_REGISTER_PROBE, &p, 64), EINVAL); /* must be zero */
}

static void files(void)
{
	int fds[4] = {-1, -1, -1, -1}, p[2], q[2], fd;
	struct io_uring_files_update up = {.offset = 3};
	char buf[8] = "";

	is(pipe(p), 0);
	is(pipe(q), 0);
	fails(reg(IORING_UNREGISTER_FILES, NULL, 0), ENXIO);
	fds[1] = FD_NONE;
	fails(reg(IORING_REGISTER_FILES, fds, 4), EBADF);
	fds[1] = r.fd;
	fails(reg(IORING_REGISTER_FILES, fds, 4), EBADF);
	fds[1] = p[0];
	fds[2] = p[1];
	is(reg(IORING_REGISTER_FILES, fds, 4), 0);
	fails(reg(IORING_REGISTER_FILES, fds, 4), EBUSY);
	is(close(p[0]) + close(p[1]), 0);
	sqe(&r, IORING_OP_WRITE, 2, "abc", 3, 0, 1)->flags = IOSQE_FIXED_FILE;
	is(result(&r), 3);
	sqe(&r, IORING_OP_READ, 1, buf, 8, 0, 1)->flags = IOSQE_FIXED_FILE;
	is(result(&r), 3);
	sqe(&r, IORING_OP_READ, 0, buf, 8, 0, 1)->flags = IOSQE_FIXED_FILE;
	is(result(&r), -EBADF);
	sqe(&r, IORING_OP_READ, 4, buf, 8, 0, 1)->flags = IOSQE_FIXED_FILE;
	is(result(&r), -EBADF);
	up.fds = (uintptr_t)&q[1];
	is(reg(IORING_REGISTER_FILES_UPDATE, &up, 1), 1);
	fails(reg(IORING_REGISTER_FILES_UPDATE, &up, 2), EINVAL);
	sqe(&r, IORING_OP_WRITE, 3, "x", 1, 0, 1)->flags = IOSQE_FIXED_FILE;
	is(result(&r), 1);
	fd = -1;
	sqe(&r, IORING_OP_FILES_UPDATE, 0, &fd, 1, 3, 1);
	is(result(&r), 1);
	sqe(&r, IORING_OP_WRITE, 3, "x", 1, 0, 1)->flags = IOSQE_FIXED_FILE;
	is(result(&r), -EBADF);
	/* opened into a slot, and into any */
	sqe(&r, IORING_OP_OPENAT, AT_FDCWD, "/dev/null", 0, 0, 1)->file_index = 4;
	is(result(&r), 0);
	sqe(&r, IORING_OP_OPENAT, AT_FDCWD, "/dev/null", 0, 0, 1)->file_index = UINT32_MAX;
	is(result(&r), 0);
	sqe(&r, IORING_OP_OPENAT, AT_FDCWD, "/dev/null", 0, 0, 1)->file_index = UINT32_MAX;
	is(result(&r), -ENFILE);
	sqe(&r, IORING_OP_READ, 3, buf, 8, 0, 1)->flags = IOSQE_FIXED_FILE;
	is(result(&r), 0);
	sqe(&r, IORING_OP_CLOSE, 0, NULL, 0, 0, 1)->file_index = 4;
	is(result(&r), 0);
	sqe(&r, IORING_OP_CLOSE, 0, NULL, 0, 0, 1)->file_index = 4;
	is(result(&r), -EBADF);
	is(reg(IORING_UNREGISTER_FILES, NULL, 0), 0);
	is(close(q[0]) + close(q[1]), 0);
}

static void buffers(void)
{
	static char a[8192] __attribute__((aligned(4096)));
	struct iovec v[2] = {{a, 4096}, {a + 4096, 100}};
	int fd = open("/dev/zero", O_RDONLY);

	fails(reg(IORING_REGISTER_BUFFERS, v, 0), EINVAL);
	fails(reg(IORING_UNREGISTER_BUFFERS, NULL, 0), ENXIO);
	v[1].iov_base = BAD;
	fails(reg(IORING_REGISTER_BUFFERS, v, 2), EFAULT);
	v[1].iov_base = a + 4096;
	is(reg(IORING_REGISTER_BUFFERS, v, 2), 0);
	fails(reg(IORING_REGISTER_BUFFERS, v, 2), EBUSY);
	memset(a, 1, sizeof(a));
	sqe(&r, IORING_OP_READ_FIXED, fd, a + 4096, 100, 0, 1)->buf_index = 1;
	is(result(&r), 100);
	is(a[4195], 0);
	is(a[4196], 1);
	sqe(&r, IORING_OP_READ_FIXED, fd, a + 4097, 100, 0, 1)->buf_index = 1;
	is(result(&r), -EFAULT);
	sqe(&r, IORING_OP_READ_FIXED, fd, a, 100, 0, 1)->buf_index = 1;
	is(result(&r), -EFAULT);
	sqe(&r, IORING_OP_READ_FIXED, fd, a, 100, 0, 1)->buf_index = 2;
	is(result(&r), -EFAULT);
	is(reg(IORING_UNREGISTER_BUFFERS, NULL, 0), 0);
	close(fd);
}

/* What was registered says when it is gone. */
static void tags(void)
{
	uint64_t tag[2] = {0, 77};
	int fds[2] = {0, 1}, none = -1;
	uint64_t no_tag = 0;
	struct io_uring_rsrc_register a = {.nr = 2, .data = (uintptr_t)fds, .tags = (uintptr_t)tag};
	struct io_uring_rsrc_update2 up = {
	    .offset = 1, .nr = 1, .data = (uintptr_t)&none, .tags = (uintptr_t)&no_tag};
	struct cqe c;

	fails(reg(IORING_REGISTER_FILES2, &a, 8), EINVAL);
	is(reg(IORING_REGISTER_FILES2, &a, sizeof(a)), 0);
	is(reg(IORING_REGISTER_FILES_UPDATE2, &up, sizeof(up)), 1);
	c = next_cqe(&r);
	is(c.user_data, 77);
	is(c.res, 0);
	is(reg(IORING_UNREGISTER_FILES, NULL, 0), 0);
	a = (struct io_uring_rsrc_register){.nr = 16, .flags = IORING_RSRC_REGISTER_SPARSE};
	is(reg(IORING_REGISTER_FILES2, &a, sizeof(a)), 0);
	is(reg(IORING_UNREGISTER_FILES, NULL, 0), 0);
}

static void eventfds(void)
{
	int e = eventfd(0, EFD_NONBLOCK), p[2];
	uint64_t n = 0;

	is(pipe(p), 0);
	fails(reg(IORING_UNREGISTER_EVENTFD, NULL, 0), ENXIO);
	fails(reg(IORING_REGISTER_EVENTFD, &p[0], 1), EINVAL);
	is(reg(IORING_REGISTER_EVENTFD, &e, 1), 0);
	fails(reg(IORING_REGISTER_EVENTFD, &e, 1), EBUSY);
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 1);
	is(result(&r), 0);
	is(read(e, &n, 8), 8);
	fails(read(e, &n, 8), EAGAIN);
	/* while the thread sleeps in another call */
	is(fcntl(e, F_SETFL, 0), 0);
	sqe(&r, IORING_OP_READ, p[0], &n, 1, 0, 1);
	is(submit(&r, 0), 1);
	is(write(p[1], "x", 1), 1);
	is(read(e, &n, 8), 8);
	is(next_cqe(&r).res, 1);
	is(reg(IORING_UNREGISTER_EVENTFD, NULL, 0), 0);
	close(e);
	close(p[0]);
	close(p[1]);
}

static void provided(void)
{
	static char pool[4][16];
	char buf[4];
	struct cqe c;
	int p[2];

	is(pipe(p), 0);
	sqe(&r, IORING_OP_READ, p[0], NULL, 0, 0, 1)->flags = IOSQE_BUFFER_SELECT;
	is(result(&r), -ENOBUFS);
	sqe(&r, IORING_OP_PROVIDE_BUFFERS, 4, pool, 16, 10, 1)->buf_group = 3;
	is(result(&r), 0);
	is(write(p[1], "abc", 3), 3);
	sqe(&r, IORING_OP_READ, p[0], NULL, 0, 0, 1)->flags = IOSQE_BUFFER_SELECT;
	r.sqes[*r.sq_tail & (r.p.sq_entries - 1)].buf_group = 3;
	submit(&r, 1);
	c = next_cqe(&r);
	is(c.res, 3);
	is(c.flags & IORING_CQE_F_BUFFER, IORING_CQE_F_BUFFER);
	ok(c.flags >> 16 >= 10 && c.flags >> 16 < 14);
	same(pool[(c.flags >> 16) - 10], "abc", 3);
	sqe(&r, IORING_OP_READ, p[0], buf, 4, 0, 2)->flags = IOSQE_BUFFER_SELECT;
	r.sqes[*r.sq_tail & (r.p.sq_entries - 1)].buf_group = 3;
	is(submit(&r, 0), 1); /* waits, and takes one when there is something */
	is(write(p[1], "defgh", 5), 5);
	c = next_cqe(&r);
	is(c.res, 4);
	same(pool[(c.flags >> 16) - 10], "defg", 4);
	sqe(&r, IORING_OP_REMOVE_BUFFERS, 10, NULL, 0, 0, 1)->buf_group = 3;
	is(result(&r), 2);
	sqe(&r, IORING_OP_REMOVE_BUFFERS, 10, NULL, 0, 0, 1)->buf_group = 4;
	is(result(&r), -ENOENT);
	close(p[0]);
	close(p[1]);
}

static void buffer_ring(void)
{
	static struct io_uring_buf ring[256] __attribute__((aligned(4096)));
	static char pool[2][16];
	struct io_uring_buf_reg a = {
	    .ring_addr = (uintptr_t)ring + 8, .ring_entries = 4, .bgid = 9};
	struct cqe c;
	int p[2];

	is(pipe(p), 0);
	fails(reg(IORING_REGISTER_PBUF_RING, &a, 1), EINVAL);
	a.ring_addr = (uintptr_t)ring;
	a.ring_entries = 3;
	fails(reg(IORING_REGISTER_PBUF_RING, &a, 1), EINVAL);
	a.ring_entries = 4;
	is(reg(IORING_REGISTER_PBUF_RING, &a, 1), 0);
	fails(reg(IORING_REGISTER_PBUF_RING, &a, 1), EEXIST);
	for (int i = 0; i < 2; i++) {
		ring[i].addr = (uintptr_t)pool[i];
		ring[i].len = 16;
		ring[i].bid = (uint16_t)(50 + i);
	}
	__atomic_store_n(&ring[0].resv, 2, __ATOMIC_RELEASE); /* the tail */
	for (int i = 0; i < 3; i++) {
		is(write(p[1], "abc", 3), 3);
		sqe(&r, IORING_OP_READ, p[0], NULL, 16, 0, 1)->flags = IOSQE_BUFFER_SELECT;
		r.sqes[*r.sq_tail & (r.p.sq_entries - 1)].buf_group = 9;
		submit(&r, 1);
		c = next_cqe(&r);
		is(c.res, i < 2 ? 3 : -ENOBUFS);
		is(i < 2 ? c.flags >> 16 : 50u + i, 50 + i);
	}
	is(reg(IORING_UNREGISTER_PBUF_RING, &a, 1), 0);
	fails(reg(IORING_UNREGISTER_PBUF_RING, &a, 1), ENOENT);
	close(p[0]);
	close(p[1]);
}

static void personality(void)
{
	int id = (int)reg(IORING_REGISTER_PERSONALITY, NULL, 0);

	is(id, 1);
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 1)->personality = (uint16_t)id;
	is(result(&r), 0);
	is(reg(IORING_UNREGISTER_PERSONALITY, NULL, (unsigned)id), 0);
	fails(reg(IORING_UNREGISTER_PERSONALITY, NULL, (unsigned)id), EINVAL);
}

static void disabled(void)
{
	struct ring d;
	unsigned old[2] = {0, 0};

	ok(ring_open(&d, 4, IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER));
	sqe(&d, IORING_OP_NOP, -1, NULL, 0, 0, 1);
	fails(submit(&d, 1), EBADFD);
	is(sys(io_uring_register, d.fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0), 0);
	fails(sys(io_uring_register, d.fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0), EBADFD);
	is(sys(io_uring_enter, d.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0), 1);
	is(next_cqe(&d).res, 0);
	is(sys(io_uring_register, d.fd, IORING_REGISTER_IOWQ_MAX_WORKERS, old, 2), 0);
	ring_close(&d);
}

int main(void)
{
	if (!ring_open(&r, 16, 0)) {
		skip("no io_uring here");
		return tap_done();
	}
	probe();
	files();
	buffers();
	tags();
	eventfds();
	provided();
	buffer_ring();
	personality();
	disabled();
	ring_close(&r);
	return tap_done();
}
