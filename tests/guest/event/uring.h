/* SPDX-License-Identifier: MIT */
/* A small io_uring library for the tests of that name. Included after tests/guest/tap.h. */
#ifndef TESTS_GUEST_EVENT_URING_H
#define TESTS_GUEST_EVENT_URING_H

#include <linux/io_uring.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

struct cqe {
	uint64_t user_data;
	int res;
	unsigned flags;
};

struct ring {
	int fd;
	struct io_uring_params p;
	char *mem;
	struct io_uring_sqe *sqes;
	unsigned *sq_head, *sq_tail, *sq_flags, *array, *cq_head, *cq_tail;
	struct cqe *cqes;
	unsigned pending; /* prepared, not submitted */
};

/* Where the host has no io_uring, or keeps it to some, the test says so. */
static __attribute__((unused)) bool ring_open(struct ring *r, unsigned entries, unsigned flags)
{
	size_t size;

	memset(r, 0, sizeof(*r));
	r->p.flags = flags;
	r->fd = (int)sys(io_uring_setup, entries, &r->p);
	if (r->fd < 0)
		return false;
	size = r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct cqe);
	if (size < r->p.sq_off.array + r->p.sq_entries * sizeof(unsigned))
		size = r->p.sq_off.array + r->p.sq_entries * sizeof(unsigned);
	r->mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, r->p.sq_entries * sizeof(*r->sqes), PROT_READ | PROT_WRITE, MAP_SHARED,
		       r->fd, IORING_OFF_SQES);
	r->sq_head = (void *)(r->mem + r->p.sq_off.head);
	r->sq_tail = (void *)(r->mem + r->p.sq_off.tail);
	r->sq_flags = (void *)(r->mem + r->p.sq_off.flags);
	r->array = (void *)(r->mem + r->p.sq_off.array);
	r->cq_head = (void *)(r->mem + r->p.cq_off.head);
	r->cq_tail = (void *)(r->mem + r->p.cq_off.tail);
	r->cqes = (void *)(r->mem + r->p.cq_off.cqes);
	return r->mem != MAP_FAILED && r->sqes != MAP_FAILED;
}

static __attribute__((unused)) void ring_close(struct ring *r)
{
	munmap(r->mem, PAGE);
	munmap(r->sqes, r->p.sq_entries * sizeof(*r->sqes));
	close(r->fd);
}

/* The next entry, zeroed but for these. */
static __attribute__((unused)) struct io_uring_sqe *
sqe(struct ring *r, int op, int fd, const void *addr, unsigned len, uint64_t off, uint64_t data)
{
	unsigned i = (*r->sq_tail + r->pending++) & (r->p.sq_entries - 1);
	struct io_uring_sqe *s = &r->sqes[i];

	memset(s, 0, sizeof(*s));
	r->array[i] = i;
	s->opcode = (uint8_t)op;
	s->fd = fd;
	s->addr = (uintptr_t)addr;
	s->len = len;
	s->off = off;
	s->user_data = data;
	return s;
}

/* Hand over what was prepared and wait for n completions. */
static __attribute__((unused)) int submit(struct ring *r, unsigned n)
{
	unsigned count = r->pending;

	__atomic_store_n(r->sq_tail, *r->sq_tail + count, __ATOMIC_RELEASE);
	r->pending = 0;
	return (int)sys(io_uring_enter, r->fd, count, n, n ? IORING_ENTER_GETEVENTS : 0, NULL, 0);
}

static __attribute__((unused)) unsigned unread(struct ring *r)
{
	return __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE) - *r->cq_head;
}

/* Wait for the next completion and take it. */
static __attribute__((unused)) struct cqe next_cqe(struct ring *r)
{
	struct cqe c = {.user_data = UINT64_MAX, .res = -EINTR};

	if (!unread(r))
		sys(io_uring_enter, r->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	if (!unread(r))
		return c;
	memcpy(&c, &r->cqes[*r->cq_head & (r->p.cq_entries - 1)], sizeof(c));
	__atomic_store_n(r->cq_head, *r->cq_head + 1, __ATOMIC_RELEASE);
	return c;
}

/* Submit what was prepared: the result of the one completion. */
static __attribute__((unused)) int result(struct ring *r)
{
	submit(r, 1);
	return next_cqe(r).res;
}

/* Take completions until the one with this number; its result. */
static __attribute__((unused)) int result_of(struct ring *r, uint64_t data)
{
	struct cqe c;

	do
		c = next_cqe(r);
	while (c.user_data != data && c.user_data != UINT64_MAX);
	return c.user_data == data ? c.res : -EINTR;
}

#endif
