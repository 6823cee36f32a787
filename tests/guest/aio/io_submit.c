/* SPDX-License-Identifier: MIT */
/*
 * io_setup(2), io_submit(2), io_getevents(2), io_pgetevents(2), io_cancel(2), io_destroy(2): every
 * command, the ring, eventfds, limits, signals, fork.
 */
#include "tests/guest/tap.h"

#include <linux/aio_abi.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

struct ring {
	unsigned id, nr, head, tail, magic, compat, incompat, header_length;
	struct io_event events[];
};

static aio_context_t ctx;
static struct io_event ev[64];
static const struct timespec now = {0, 0};

static struct iocb prepare(int cmd, int fd, const void *buf, size_t n, long long at)
{
	return (struct iocb){.aio_data = 0x1234567890,
			     .aio_lio_opcode = cmd,
			     .aio_fildes = fd,
			     .aio_buf = (uintptr_t)buf,
			     .aio_nbytes = n,
			     .aio_offset = at};
}

static long submit(struct iocb *c)
{
	return sys(io_submit, ctx, 1L, &c);
}

static long events(long min, long n)
{
	return sys(io_getevents, ctx, min, n, ev, NULL);
}

/* What comes of one request that can be submitted. */
static long result(int cmd, int fd, const void *buf, size_t n, long long at)
{
	struct iocb c = prepare(cmd, fd, buf, n, at);

	if (submit(&c) != 1)
		return -1000 - errno;
	if (events(1, 64) != 1 || ev[0].obj != (uintptr_t)&c || ev[0].data != c.aio_data ||
	    ev[0].res2 != 0)
		return -999;
	return ev[0].res;
}

/* The error of submitting one. */
static long refused(int cmd, int fd, const void *buf, size_t n, long long at)
{
	struct iocb c = prepare(cmd, fd, buf, n, at);

	return submit(&c);
}

static void test_setup(void)
{
	aio_context_t c = 1, many[2] = {0};
	struct ring *ring;

	fails(sys(io_setup, 10, BAD), EFAULT);
	fails(sys(io_setup, 10, &c), EINVAL);
	c = 0;
	fails(sys(io_setup, 0, &c), EINVAL);
	fails(sys(io_setup, 0x7fffffff, &c), EINVAL);
	fails(sys(io_setup, 10, readonly_page()), EFAULT);
	works(sys(io_setup, 10, &c));
	ring = (struct ring *)c;
	is(ring->magic, 0xa10a10a1);
	is(ring->header_length, 32);
	is(ring->compat, 1);
	is(ring->incompat, 0);
	is(ring->head, 0);
	is(ring->tail, 0);
	ok(ring->nr >= 20);
	works(sys(io_setup, 1, &many[0]));
	works(sys(io_setup, 1000, &many[1]));
	ok(many[0] != c && many[1] != c);
	works(sys(io_destroy, many[0]));
	works(sys(io_destroy, many[1]));
	fails(sys(io_destroy, many[1]), EINVAL);
	works(sys(io_destroy, c));
	fails(sys(io_destroy, c), EINVAL);
	fails(sys(io_destroy, 0), EINVAL);
	fails(sys(io_destroy, ev), EINVAL);
	fails(sys(io_getevents, c, 0, 1, ev, NULL), EINVAL);
	fails(sys(io_submit, c, 0, NULL), EINVAL);
}

static void test_files(void)
{
	int fd = file_with("file", "0123456789"), ro, p[2];
	char buf[32] = "", other[8] = "";
	struct iovec v[2] = {{buf, 3}, {other, 4}};

	works(pipe(p));
	ro = open("file", O_RDONLY);
	is(result(IOCB_CMD_PREAD, fd, buf, 4, 3), 4);
	same(buf, "3456", 5);
	is(result(IOCB_CMD_PWRITE, fd, "AB", 2, 1), 2);
	is(result(IOCB_CMD_PREADV, fd, v, 2, 0), 7);
	ok(!memcmp(buf, "0AB", 3) && !memcmp(other, "3456", 4));
	is(result(IOCB_CMD_PWRITEV, fd, v, 2, 9), 7);
	is(result(IOCB_CMD_PREAD, fd, buf, 32, 8), 8);
	is(result(IOCB_CMD_PREAD, fd, buf, 32, 16), 0);
	is(result(IOCB_CMD_PREAD, fd, buf, 0, 0), 0);
	is(lseek(fd, 0, SEEK_CUR), 0);
	is(result(IOCB_CMD_FSYNC, fd, NULL, 0, 0), 0);
	is(result(IOCB_CMD_FDSYNC, fd, NULL, 0, 0), 0);
	is(result(IOCB_CMD_PWRITE, p[1], "pipe", 4, 77), 4);
	is(result(IOCB_CMD_PREAD, p[0], buf, 32, 0), 4);
	same(buf, "pipe", 4);
	is(result(IOCB_CMD_PREAD, fd, edge() + 8, 4, 0), -EFAULT);
	is(result(IOCB_CMD_PWRITE, fd, edge() + 8, 4, 0), -EFAULT);
	fails(refused(IOCB_CMD_PREAD, -1, buf, 4, 0), EBADF);
	fails(refused(IOCB_CMD_PREAD, FD_NONE, buf, 4, 0), EBADF);
	fails(refused(IOCB_CMD_PWRITE, ro, buf, 4, 0), EBADF);
	fails(refused(IOCB_CMD_PREAD, p[1], buf, 4, 0), EBADF);
	fails(refused(IOCB_CMD_PREAD, fd, BAD_KERNEL, 4, 0), EFAULT);
	fails(refused(IOCB_CMD_PREAD, fd, buf, 4, -1), EINVAL);
	fails(refused(IOCB_CMD_PREAD, fd, buf, -1, 0), EINVAL);
	fails(refused(IOCB_CMD_PREADV, fd, BAD, 2, 0), EFAULT);
	fails(refused(IOCB_CMD_PREADV, fd, v, 1025, 0), EINVAL);
	fails(refused(IOCB_CMD_FSYNC, fd, buf, 0, 0), EINVAL);
	fails(refused(IOCB_CMD_FSYNC, fd, NULL, 0, 1), EINVAL);
	fails(refused(IOCB_CMD_FSYNC, p[0], NULL, 0, 0), EINVAL);
	fails(refused(IOCB_CMD_NOOP, fd, NULL, 0, 0), EINVAL);
	fails(refused(99, fd, NULL, 0, 0), EINVAL);
	is(events(0, 1), 0);
	close(fd), close(ro), close(p[0]), close(p[1]);
}

static void test_submit(void)
{
	int fd = file_with("file", "0123456789");
	char buf[8];
	struct iocb good = prepare(IOCB_CMD_PREAD, fd, buf, 1, 0);
	struct iocb bad = prepare(IOCB_CMD_PREAD, -1, buf, 1, 0), c;
	struct iocb *list[] = {&good, &good, &bad, &good};
	struct iocb **at_edge = (struct iocb **)edge() - 1;
	int efd = eventfd(0, EFD_NONBLOCK);
	uint64_t n = 0;

	fails(sys(io_submit, ctx, -1L, list), EINVAL);
	is(sys(io_submit, ctx, 0L, list), 0);
	is(sys(io_submit, ctx, 4L, list), 2); /* as far as the first error */
	is(events(2, 64), 2);
	is(sys(io_submit, ctx, 2L, &list[2]), -1);
	fails(sys(io_submit, ctx, 1L, BAD), EFAULT);
	*at_edge = &good;
	is(sys(io_submit, ctx, 2L, at_edge), 1);
	fails(sys(io_submit, ctx, 1L, (struct iocb *[]){BAD}), EFAULT);
	is(events(1, 64), 1);
	c = good;
	c.aio_reserved2 = 1;
	fails(submit(&c), EINVAL);
	c = good;
	c.aio_rw_flags = 0x40000000;
	fails(submit(&c), EOPNOTSUPP);
	c = good;
	c.aio_key = 77;
	works(submit(&c));
	is(c.aio_key, 0);
	c.aio_flags = IOCB_FLAG_RESFD;
	c.aio_resfd = efd;
	works(submit(&c));
	works(submit(&c));
	is(read(efd, &n, 8), 8);
	is(n, 2);
	c.aio_resfd = fd;
	fails(submit(&c), EINVAL);
	c.aio_resfd = -1;
	fails(submit(&c), EBADF);
	is(events(3, 64), 3);
	close(fd);
	close(efd);
}

static void test_events(void)
{
	int fd = file_with("file", "0123456789");
	struct ring *ring = (struct ring *)ctx;
	char buf[8];
	struct iocb c = prepare(IOCB_CMD_PREAD, fd, buf, 1, 0);
	struct timespec some = {0, 20000000}, before, after;
	struct io_event *at_edge = (struct io_event *)edge() - 2;
	unsigned n = 0;

	fails(sys(io_getevents, ctx, 2L, 1L, ev, NULL), EINVAL);
	fails(sys(io_getevents, ctx, -1L, 1L, ev, NULL), EINVAL);
	fails(sys(io_getevents, ctx, 0L, 1L, ev, BAD), EFAULT);
	is(sys(io_getevents, ctx, 1L, 1L, ev, &now), 0);
	clock_gettime(CLOCK_MONOTONIC, &before);
	is(sys(io_getevents, ctx, 1L, 1L, ev, &some), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	ok((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >=
	   20000000);
	ok(submit(&c) == 1 && submit(&c) == 1 && submit(&c) == 1);
	fails(sys(io_getevents, ctx, 1L, 1L, BAD, NULL), EFAULT);
	is((ring->tail + ring->nr - ring->head) % ring->nr, 3);
	fails(sys(io_getevents, ctx, 1L, 3L, at_edge, NULL), EFAULT); /* none is taken */
	is(sys(io_getevents, ctx, 1L, 2L, at_edge, NULL), 2);
	is(sys(io_getevents, ctx, 3L, 5L, ev, &some), 1);
	/* The program may take events by itself. */
	works(submit(&c));
	is(ring->events[ring->head].obj, (uintptr_t)&c);
	is(ring->events[ring->head].res, 1);
	ring->head = (ring->head + 1) % ring->nr;
	is(sys(io_getevents, ctx, 1L, 1L, ev, &now), 0);
	/* More than the ring holds is not taken. */
	while (submit(&c) == 1)
		n++;
	is(errno, EAGAIN);
	ok(n >= 100 && n < ring->nr);
	is(events(1, 64), 64);
	for (n -= 64; n > 0;) {
		long r = events(1, 64);

		if (r <= 0)
			break;
		n -= r;
	}
	is(n, 0);
	works(submit(&c));
	is(events(1, 1), 1);
	close(fd);
}

/* ---- polling ---- */

static void test_poll(void)
{
	int p[2], fd = file_with("file", "x"), efd = eventfd(0, EFD_NONBLOCK);
	struct iocb c, d;
	struct pollfd pfd = {.fd = efd, .events = POLLIN};
	uint64_t n = 0;

	works(pipe(p));
	is(result(IOCB_CMD_POLL, p[1], (void *)POLLOUT, 0, 0), POLLOUT);
	is(result(IOCB_CMD_POLL, fd, (void *)POLLIN, 0, 0), POLLIN);
	c = prepare(IOCB_CMD_POLL, p[0], (void *)POLLIN, 0, 0);
	works(submit(&c));
	is(sys(io_getevents, ctx, 1L, 1L, ev, &now), 0);
	works(write(p[1], "x", 1));
	is(events(1, 1), 1);
	ok(ev[0].res & POLLIN); /* what the waker says: with POLLRDNORM or without */
	is(ev[0].obj, (uintptr_t)&c);
	is(events(0, 1), 0);
	is(read(p[0], &n, 1), 1);
	/* With an eventfd nobody asks for events. */
	c.aio_flags = IOCB_FLAG_RESFD;
	c.aio_resfd = efd;
	works(submit(&c));
	is(poll(&pfd, 1, 0), 0);
	works(write(p[1], "x", 1));
	is(poll(&pfd, 1, -1), 1);
	is(read(efd, &n, 8), 8);
	is(n, 1);
	is(events(1, 1), 1);
	is(read(p[0], &n, 1), 1);
	/* Told on the same eventfd that is polled. */
	c.aio_fildes = efd;
	works(submit(&c));
	n = 5;
	is(write(efd, &n, 8), 8);
	is(events(1, 1), 1);
	ok(ev[0].res & POLLIN);
	is(read(efd, &n, 8), 8);
	is(n, 6);
	/* The file stays open for the request; the other end's going is told. */
	c = prepare(IOCB_CMD_POLL, p[0], (void *)POLLIN, 0, 0);
	d = c;
	works(submit(&c));
	works(submit(&d));
	close(p[0]);
	close(p[1]);
	is(events(2, 2), 2);
	is(ev[0].res, POLLHUP);
	is(ev[1].res, POLLHUP);
	fails(refused(IOCB_CMD_POLL, fd, (void *)0x10001, 0, 0), EINVAL);
	fails(refused(IOCB_CMD_POLL, fd, (void *)POLLIN, 1, 0), EINVAL);
	fails(refused(IOCB_CMD_POLL, fd, (void *)POLLIN, 0, 1), EINVAL);
	fails(refused(IOCB_CMD_POLL, -1, (void *)POLLIN, 0, 0), EBADF);
	close(fd);
	close(efd);
}

static void test_cancel(void)
{
	int p[2];
	struct iocb c, other;

	works(pipe(p));
	c = other = prepare(IOCB_CMD_POLL, p[0], (void *)POLLIN, 0, 0);
	fails(sys(io_cancel, ctx, BAD, ev), EFAULT);
	fails(sys(io_cancel, ctx, &c, ev), EINVAL);
	works(submit(&c));
	fails(sys(io_cancel, ctx, &other, ev), EINVAL);
	c.aio_key = 1;
	fails(sys(io_cancel, ctx, &c, ev), EINVAL);
	c.aio_key = 0;
	fails(sys(io_cancel, 0, &c, ev), EINVAL);
	fails(sys(io_cancel, ctx, &c, ev), EINPROGRESS);
	is(events(1, 1), 1);
	is(ev[0].obj, (uintptr_t)&c);
	is(ev[0].res, 0);
	fails(sys(io_cancel, ctx, &c, ev), EINVAL);
	close(p[0]);
	close(p[1]);
}

/* ---- signals, threads, processes ---- */

static volatile int handled;

static void handler(int signo)
{
	handled++;
}

static void test_signals(void)
{
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_RESTART};
	struct timespec soon = {10, 0};
	struct {
		const void *mask;
		size_t size;
	} sig;
	uint64_t mask = 0, blocked = 1ull << (SIGUSR1 - 1);
	int status = -1;
	pid_t pid;

	sigaction(SIGUSR1, &sa, NULL);
	pid = fork();
	if (pid == 0) {
		aio_context_t own = 0;
		long r;

		if (sys(io_setup, 1, &own))
			_exit(1);
		r = sys(io_getevents, own, 1L, 1L, ev, NULL);
		_exit(r == -1 && errno == EINTR && handled ? 7 : 2);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		kill(pid, SIGUSR1);
		usleep(1000);
	}
	is(status, 7 << 8);
	/* The mask of io_pgetevents lets a blocked signal through. */
	sys(rt_sigprocmask, SIG_BLOCK, &blocked, NULL, 8);
	raise(SIGUSR1);
	is(handled, 0);
	sig.mask = &mask;
	sig.size = 8;
	fails(sys(io_pgetevents, ctx, 1L, 1L, ev, &soon, &sig), EINTR);
	is(handled, 1);
	is(sys(io_pgetevents, ctx, 1L, 1L, ev, &now, &sig), 0);
	is(sys(io_pgetevents, ctx, 1L, 1L, ev, &now, NULL), 0);
	sig.size = 4;
	fails(sys(io_pgetevents, ctx, 1L, 1L, ev, &now, &sig), EINVAL);
	sig = (typeof(sig)){BAD, 8};
	fails(sys(io_pgetevents, ctx, 1L, 1L, ev, &now, &sig), EFAULT);
	fails(sys(io_pgetevents, ctx, 1L, 1L, ev, &now, BAD), EFAULT);
	sys(rt_sigprocmask, SIG_UNBLOCK, &blocked, NULL, 8);
}

static void *writes(void *arg)
{
	usleep(10000);
	return (void *)write(*(int *)arg, "x", 1);
}

static void test_others(void)
{
	int p[2], status = -1;
	struct iocb c;
	pthread_t t;
	pid_t pid;

	works(pipe(p));
	c = prepare(IOCB_CMD_POLL, p[0], (void *)POLLIN, 0, 0);
	works(submit(&c));
	pthread_create(&t, NULL, writes, &p[1]);
	is(events(1, 1), 1);
	ok(ev[0].res & POLLIN);
	pthread_join(t, NULL);
	/* A child has none of the contexts. */
	pid = fork();
	if (pid == 0)
		_exit(submit(&c) == -1 && errno == EINVAL && events(0, 1) == -1 && errno == EINVAL);
	waitpid(pid, &status, 0);
	is(status, 1 << 8);
	/* What waits when the process ends just goes. */
	pid = fork();
	if (pid == 0) {
		ctx = 0;
		_exit(sys(io_setup, 5, &ctx) || submit(&c) != 1);
	}
	waitpid(pid, &status, 0);
	is(status, 0);
	is(read(p[0], ev, 1), 1);
	works(submit(&c)); /* waits; the context goes */
	works(sys(io_destroy, ctx));
	works(write(p[1], "y", 1));
	close(p[0]);
	close(p[1]);
}

int main(void)
{
	tmp();
	test_setup();
	works(sys(io_setup, 100, &ctx));
	test_files();
	test_submit();
	test_events();
	test_poll();
	test_cancel();
	test_signals();
	test_others();
	return tap_done();
}
