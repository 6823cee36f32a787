/* SPDX-License-Identifier: MIT */
/*
 * io_uring_enter(2): requests that depend on each other: links, drains, timeouts, cancelling; and
 * what becomes of requests when their thread, process or ring ends.
 */
#include "tests/guest/tap.h"

#include "tests/guest/event/uring.h"

#include <pthread.h>
#include <sys/wait.h>

#ifndef IORING_TIMEOUT_MULTISHOT
#define IORING_TIMEOUT_MULTISHOT (1u << 6)
#endif

static struct ring r;
static struct __kernel_timespec soon = {0, 10000000}, late = {1000, 0};
static int p[2];
static char buf[16];

static struct io_uring_sqe *nop(uint64_t data, unsigned flags)
{
	struct io_uring_sqe *s = sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, data);

	s->flags = (uint8_t)flags;
	return s;
}

/* Results by number, as they come. */
static int results[16];
static uint64_t order[16];
static unsigned got;

static void take(unsigned n)
{
	for (got = 0; got < n && got < 16; got++) {
		struct cqe c = next_cqe(&r);

		order[got] = c.user_data;
		if (c.user_data < 16)
			results[c.user_data] = c.res;
	}
}

static void links(void)
{
	nop(1, IOSQE_IO_LINK);
	nop(2, IOSQE_IO_LINK);
	nop(3, 0);
	is(submit(&r, 3), 3);
	take(3);
	is(order[0], 1);
	is(order[1], 2);
	is(order[2], 3);
	/* an error ends the chain */
	nop(1, IOSQE_IO_LINK);
	sqe(&r, IORING_OP_READ, FD_NONE, buf, 1, 0, 2)->flags = IOSQE_IO_LINK;
	nop(3, IOSQE_IO_LINK);
	nop(4, 0);
	is(submit(&r, 4), 4);
	take(4);
	is(results[1], 0);
	is(results[2], -EBADF);
	is(results[3], -ECANCELED);
	is(results[4], -ECANCELED);
	/* unless the link is hard */
	sqe(&r, IORING_OP_READ, FD_NONE, buf, 1, 0, 1)->flags = IOSQE_IO_HARDLINK;
	nop(2, 0);
	is(submit(&r, 2), 2);
	take(2);
	is(results[1], -EBADF);
	is(results[2], 0);
	/* and so does a short read */
	is(write(p[1], "abc", 3), 3);
	sqe(&r, IORING_OP_READ, p[0], buf, 16, 0, 1)->flags = IOSQE_IO_LINK;
	nop(2, 0);
	is(submit(&r, 2), 2);
	take(2);
	is(results[1], 3);
	is(results[2], -ECANCELED);
	/* what follows waits with what it follows */
	sqe(&r, IORING_OP_READ, p[0], buf, 3, 0, 1)->flags = IOSQE_IO_LINK;
	sqe(&r, IORING_OP_WRITE, p[1], "xyz", 3, 0, 2);
	is(submit(&r, 0), 2);
	is(unread(&r), 0);
	is(write(p[1], "abc", 3), 3);
	take(2);
	is(results[1], 3);
	is(results[2], 3);
	is(read(p[0], buf, 16), 3);
	same(buf, "xyz", 3);
	/* a file opened by one and used by the next */
	sqe(&r, IORING_OP_PROVIDE_BUFFERS, 0, buf, 1, 0, 1)->flags = IOSQE_IO_LINK;
	nop(2, 0);
	is(submit(&r, 2), 2); /* the error of a preparation, found in a chain */
	take(2);
	is(results[1], -E2BIG);
	is(results[2], -ECANCELED);
	/* submission ends at such an error, unless the ring says otherwise */
	sqe(&r, 255, -1, NULL, 0, 0, 1);
	nop(2, 0);
	is(submit(&r, 1), 1);
	is(sys(io_uring_enter, r.fd, 1, 2, IORING_ENTER_GETEVENTS, NULL, 0), 1);
	take(2);
	is(results[1], -EINVAL);
	is(results[2], 0);
}

static void drains(void)
{
	sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, 1);
	nop(2, 0);
	nop(3, IOSQE_IO_DRAIN);
	nop(4, 0);
	is(submit(&r, 1), 4);
	take(1);
	is(order[0], 2);
	is(unread(&r), 0);
	is(write(p[1], "x", 1), 1);
	take(3);
	is(order[0], 1);
	is(order[1], 3);
	is(order[2], 4);
}

static void timeouts(void)
{
	struct __kernel_timespec bad = {0, -1};
	struct timespec now;
	struct __kernel_timespec past;

	sqe(&r, IORING_OP_TIMEOUT, -1, &soon, 1, 0, 1);
	is(result(&r), -ETIME);
	/* one ends a wait for more */
	sqe(&r, IORING_OP_TIMEOUT, -1, &soon, 1, 0, 1);
	is(submit(&r, 2), 1);
	is(unread(&r), 1);
	is(next_cqe(&r).res, -ETIME);
	sqe(&r, IORING_OP_TIMEOUT, -1, &bad, 1, 0, 1);
	is(result(&r), -EINVAL);
	sqe(&r, IORING_OP_TIMEOUT, -1, BAD, 1, 0, 1);
	is(result(&r), -EFAULT);
	sqe(&r, IORING_OP_TIMEOUT, -1, &soon, 2, 0, 1);
	is(result(&r), -EINVAL);
	sqe(&r, IORING_OP_TIMEOUT, -1, &soon, 1, 0, 1)->timeout_flags =
	    IORING_TIMEOUT_BOOTTIME | IORING_TIMEOUT_REALTIME;
	is(result(&r), -EINVAL);
	clock_gettime(CLOCK_MONOTONIC, &now);
	past = (struct __kernel_timespec){now.tv_sec, now.tv_nsec};
	sqe(&r, IORING_OP_TIMEOUT, -1, &past, 1, 0, 1)->timeout_flags = IORING_TIMEOUT_ABS;
	is(result(&r), -ETIME);
	/* by completions */
	sqe(&r, IORING_OP_TIMEOUT, -1, &late, 1, 2, 1);
	is(submit(&r, 0), 1);
	nop(2, 0);
	submit(&r, 0);
	is(unread(&r), 1);
	nop(3, 0);
	submit(&r, 0);
	take(3);
	is(results[1], 0);
	/* taken back, and changed */
	sqe(&r, IORING_OP_TIMEOUT, -1, &late, 1, 0, 1);
	sqe(&r, IORING_OP_TIMEOUT_REMOVE, -1, (void *)1, 0, 0, 2);
	is(submit(&r, 2), 2);
	take(2);
	is(results[1], -ECANCELED);
	is(results[2], 0);
	sqe(&r, IORING_OP_TIMEOUT_REMOVE, -1, (void *)1, 0, 0, 2);
	is(result(&r), -ENOENT);
	sqe(&r, IORING_OP_TIMEOUT, -1, &late, 1, 0, 1);
	sqe(&r, IORING_OP_TIMEOUT_REMOVE, -1, (void *)1, 0, (uintptr_t)&soon, 2)->timeout_flags =
	    IORING_TIMEOUT_UPDATE;
	is(submit(&r, 2), 2);
	take(2);
	is(results[1], -ETIME);
	is(results[2], 0);
	/* links go on after a success */
	sqe(&r, IORING_OP_TIMEOUT, -1, &soon, 1, 0, 1)->flags = IOSQE_IO_LINK;
	nop(2, 0);
	is(submit(&r, 2), 2);
	take(2);
	is(results[2], -ECANCELED);
	sqe(&r, IORING_OP_TIMEOUT, -1, &soon, 1, 0, 1)->flags = IOSQE_IO_LINK;
	r.sqes[*r.sq_tail & (r.p.sq_entries - 1)].timeout_flags = IORING_TIMEOUT_ETIME_SUCCESS;
	nop(2, 0);
	is(submit(&r, 2), 2);
	take(2);
	is(results[1], -ETIME);
	is(results[2], 0);
}

static void link_timeouts(void)
{
	sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, 1)->flags = IOSQE_IO_LINK;
	sqe(&r, IORING_OP_LINK_TIMEOUT, -1, &soon, 1, 0, 2)->flags = IOSQE_IO_LINK;
	nop(3, 0);
	is(submit(&r, 3), 3);
	take(3);
	is(results[1], -ECANCELED);
	is(results[2], -ETIME);
	is(results[3], -ECANCELED);
	/* in time */
	is(write(p[1], "x", 1), 1);
	sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, 1)->flags = IOSQE_IO_LINK;
	sqe(&r, IORING_OP_LINK_TIMEOUT, -1, &late, 1, 0, 2)->flags = IOSQE_IO_LINK;
	nop(3, 0);
	is(submit(&r, 3), 3);
	take(3);
	is(results[1], 1);
	is(results[2], -ECANCELED);
	is(results[3], 0);
	/* after waiting, but in time */
	sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, 1)->flags = IOSQE_IO_LINK;
	sqe(&r, IORING_OP_LINK_TIMEOUT, -1, &late, 1, 0, 2);
	is(submit(&r, 0), 2);
	is(write(p[1], "x", 1), 1);
	take(2);
	is(results[1], 1);
	is(results[2], -ECANCELED);
	/* of nothing */
	sqe(&r, IORING_OP_LINK_TIMEOUT, -1, &late, 1, 0, 2);
	is(result(&r), -EINVAL);
}

static void cancels(void)
{
	for (unsigned i = 1; i <= 3; i++)
		sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, i);
	is(submit(&r, 0), 3);
	sqe(&r, IORING_OP_ASYNC_CANCEL, -1, (void *)2, 0, 0, 9);
	is(submit(&r, 2), 1);
	take(2);
	is(results[2], -ECANCELED);
	is(results[9], 0);
	sqe(&r, IORING_OP_ASYNC_CANCEL, -1, (void *)2, 0, 0, 9);
	is(result(&r), -ENOENT);
	sqe(&r, IORING_OP_ASYNC_CANCEL, p[0], NULL, 0, 0, 9)->cancel_flags =
	    IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ALL;
	is(submit(&r, 3), 1);
	take(3);
	is(results[1], -ECANCELED);
	is(results[3], -ECANCELED);
	is(results[9], 2);
	sqe(&r, IORING_OP_TIMEOUT, -1, &late, 1, 0, 1);
	sqe(&r, IORING_OP_ASYNC_CANCEL, -1, NULL, 0, 0, 9)->cancel_flags = IORING_ASYNC_CANCEL_ANY;
	is(submit(&r, 2), 2);
	take(2);
	is(results[1], -ECANCELED);
	is(results[9], 1);
	sqe(&r, IORING_OP_ASYNC_CANCEL, -1, NULL, 0, 7, 9);
	is(result(&r), -EINVAL);
}

/* ---- ends ---- */

static void *submits(void *arg)
{
	sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, 5);
	submit(&r, 0);
	return arg;
}

static void *writes(void *arg)
{
	if (write(p[1], "x", 1) != 1)
		return NULL;
	return arg;
}

static void *opens_fifo(void *arg)
{
	int fd;

	if (write(p[1], "x", 1) != 1)
		return NULL;
	fd = open("fifo", O_WRONLY);
	close(fd);
	return arg;
}

/* One request waits for what another thread does after it has made another request go on. */
static void fifo(void)
{
	pthread_t t;

	tmp();
	is(mkfifo("fifo", 0600), 0);
	sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, 1);
	is(submit(&r, 0), 1);
	is(pthread_create(&t, NULL, opens_fifo, buf), 0);
	sqe(&r, IORING_OP_OPENAT, AT_FDCWD, "fifo", 0, 0, 2)->open_flags = O_RDONLY;
	is(submit(&r, 2), 1);
	take(2);
	is(results[1], 1);
	ok(results[2] > 2);
	close(results[2]);
	is(pthread_join(t, NULL), 0);
}

static void threads(void)
{
	pthread_t t;

	/* a request whose thread has ended is not carried out */
	is(pthread_create(&t, NULL, submits, NULL), 0);
	is(pthread_join(t, NULL), 0);
	is(write(p[1], "x", 1), 1);
	take(1);
	is(results[5], -ECANCELED);
	is(read(p[0], buf, 16), 1);
	/* another thread makes the file ready */
	sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, 6);
	is(submit(&r, 0), 1);
	is(pthread_create(&t, NULL, writes, buf), 0);
	take(1);
	is(results[6], 1);
	is(pthread_join(t, NULL), 0);
}

static void processes(void)
{
	int status;
	pid_t child;

	sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, 7);
	is(submit(&r, 0), 1);
	child = fork();
	if (!child) { /* the ring is shared: it may submit, too, and dies with its request */
		struct ring own;

		if (!ring_open(&own, 4, 0))
			_exit(1);
		sqe(&own, IORING_OP_READ, p[0], buf, 1, 0, 7);
		_exit(submit(&own, 0) == 1 ? 7 : 1);
	}
	is(waitpid(child, &status, 0), child);
	is(WEXITSTATUS(status), 7);
	is(write(p[1], "x", 1), 1);
	take(1);
	is(results[7], 1);
	child = fork();
	if (!child) {
		sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, 7);
		submit(&r, 0);
		execl("/proc/self/exe", "uring_link", "child", (char *)NULL);
		_exit(1);
	}
	is(waitpid(child, &status, 0), child);
	is(WEXITSTATUS(status), 9);
}

/* A ring that is closed lets go of what it was asked for. */
static void closing(void)
{
	struct ring own;
	int q[2];

	is(pipe(q), 0);
	ok(ring_open(&own, 4, 0));
	sqe(&own, IORING_OP_POLL_ADD, q[0], NULL, 0, 0, 1)->poll32_events = POLLIN;
	sqe(&own, IORING_OP_TIMEOUT, -1, &late, 1, 0, 2);
	sqe(&own, IORING_OP_POLL_ADD, own.fd, NULL, 0, 0, 3)->poll32_events = POLLIN;
	is(submit(&own, 0), 3);
	ring_close(&own);
	is(write(q[1], "x", 1), 1);
	close(q[0]);
	close(q[1]);
}

static void deferred(void)
{
	struct pollfd pfd = {.events = POLLIN};
	struct ring d;

	ok(ring_open(&d, 8, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN));
	sqe(&d, IORING_OP_READ, p[0], buf, 1, 0, 7);
	is(submit(&d, 0), 1);
	is(write(p[1], "x", 1), 1);
	is(unread(&d), 0); /* not before it is asked for */
	pfd.fd = d.fd;
	is(poll(&pfd, 1, 10000), 1);
	is(unread(&d), 0);
	is(sys(io_uring_enter, d.fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0), 0);
	is(unread(&d), 1);
	is(next_cqe(&d).res, 1);
	ring_close(&d);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		_exit(9);
	if (!ring_open(&r, 16, 0)) {
		skip("no io_uring here");
		return tap_done();
	}
	is(pipe(p), 0);
	links();
	drains();
	timeouts();
	link_timeouts();
	cancels();
	threads();
	fifo();
	processes();
	closing();
	deferred();
	ring_close(&r);
	return tap_done();
}
