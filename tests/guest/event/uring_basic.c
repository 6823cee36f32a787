/* SPDX-License-Identifier: MIT */
/*
 * io_uring_setup(2), io_uring_enter(2): sizes, offsets, flags, the plain operations on files and
 * names, waiting with a timeout, overflow of the completion ring, poll on the ring.
 */
#include "tests/guest/tap.h"

#include "tests/guest/event/uring.h"

#include <sys/epoll.h>
#include <sys/time.h>

static struct ring r;

static void setup(void)
{
	struct io_uring_params p = {0};

	fails(sys(io_uring_setup, 8, BAD), EFAULT);
	fails(sys(io_uring_setup, 0, &p), EINVAL);
	fails(sys(io_uring_setup, 32769, &p), EINVAL);
	p.resv[1] = 1;
	fails(sys(io_uring_setup, 8, &p), EINVAL);
	p = (struct io_uring_params){.flags = 1u << 31};
	fails(sys(io_uring_setup, 8, &p), EINVAL);
	p = (struct io_uring_params){.flags = IORING_SETUP_DEFER_TASKRUN};
	fails(sys(io_uring_setup, 8, &p), EINVAL);
	p = (struct io_uring_params){.flags = IORING_SETUP_SQ_AFF};
	fails(sys(io_uring_setup, 8, &p), EINVAL);
	p = (struct io_uring_params){.flags = IORING_SETUP_CQSIZE, .cq_entries = 4};
	fails(sys(io_uring_setup, 8, &p), EINVAL);
	p = (struct io_uring_params){.flags = IORING_SETUP_CQSIZE, .cq_entries = 33};
	is(close((int)sys(io_uring_setup, 5, &p)), 0);
	is(p.sq_entries, 8);
	is(p.cq_entries, 64);
	p = (struct io_uring_params){.flags = IORING_SETUP_CLAMP};
	is(close((int)sys(io_uring_setup, 1000000, &p)), 0);
	is(p.sq_entries, 32768);
	is(p.cq_entries, 65536);
	ok(p.features & IORING_FEAT_SINGLE_MMAP);
	ok(p.features & IORING_FEAT_NODROP);
	ok(p.features & IORING_FEAT_EXT_ARG);
	is(p.cq_off.cqes, 64);
	fails(sys(io_uring_enter, 0, 0, 0, 0, NULL, 0), EOPNOTSUPP);
	fails(sys(io_uring_enter, FD_NONE, 0, 0, 0, NULL, 0), EBADF);
	fails(sys(io_uring_enter, r.fd, 0, 0, 1u << 30, NULL, 0), EINVAL);
	is(fcntl(r.fd, F_GETFD), FD_CLOEXEC);
	fails(read(r.fd, &p, 1), EINVAL);
	is(*(unsigned *)(r.mem + r.p.sq_off.ring_mask), r.p.sq_entries - 1);
	is(*(unsigned *)(r.mem + r.p.cq_off.ring_entries), r.p.cq_entries);
}

static void nops(void)
{
	for (unsigned i = 0; i < 8; i++)
		sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 100 + i);
	is(submit(&r, 8), 8);
	is(*r.sq_head, *r.sq_tail);
	for (unsigned i = 0; i < 8; i++) {
		struct cqe c = next_cqe(&r);

		is(c.user_data, 100 + i);
		is(c.res, 0);
		is(c.flags, 0);
	}
	is(sys(io_uring_enter, r.fd, 0, 0, 0, NULL, 0), 0);
	is(sys(io_uring_enter, r.fd, 5, 0, 0, NULL, 0), 0); /* nothing there */
	sqe(&r, 255, -1, NULL, 0, 0, 0);
	is(result(&r), -EINVAL);
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 0)->flags = 0x80;
	is(result(&r), -EINVAL);
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 0)->personality = 7;
	is(result(&r), -EINVAL);
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 0)->flags = IOSQE_CQE_SKIP_SUCCESS;
	is(submit(&r, 0), 1);
	is(unread(&r), 0);
	/* an index that is none */
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 0);
	r.array[*r.sq_tail & (r.p.sq_entries - 1)] = 12345;
	is(submit(&r, 0), 0);
	is(*(unsigned *)(r.mem + r.p.sq_off.dropped), 1);
	is(*r.sq_head, *r.sq_tail);
}

static void data(void)
{
	char buf[64] = "";
	struct iovec v[2] = {{buf, 3}, {buf + 8, 40}};
	const char *name = "data";
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600), ro = open(name, O_RDONLY);

	sqe(&r, IORING_OP_WRITE, fd, "hello world", 11, 0, 1);
	is(result(&r), 11);
	sqe(&r, IORING_OP_READ, fd, buf, sizeof(buf), 6, 1);
	is(result(&r), 5);
	same(buf, "world", 5);
	is(lseek(fd, 0, SEEK_CUR), 0);
	sqe(&r, IORING_OP_READ, fd, buf, 4, (uint64_t)-1, 1); /* the file's own position */
	is(result(&r), 4);
	is(lseek(fd, 0, SEEK_CUR), 4);
	sqe(&r, IORING_OP_READV, fd, v, 2, 0, 1);
	is(result(&r), 11);
	same(buf, "hel", 3);
	same(buf + 8, "lo world", 8);
	v[0] = (struct iovec){"AB", 2};
	v[1] = (struct iovec){"CD", 2};
	sqe(&r, IORING_OP_WRITEV, fd, v, 2, 1, 1);
	is(result(&r), 4);
	is(pread(fd, buf, 6, 0), 6);
	same(buf, "hABCD ", 6);
	sqe(&r, IORING_OP_READV, fd, BAD, 2, 0, 1);
	is(result(&r), -EFAULT);
	sqe(&r, IORING_OP_READ, fd, BAD, 2, 0, 1);
	is(result(&r), -EFAULT);
	sqe(&r, IORING_OP_WRITE, ro, buf, 2, 0, 1);
	is(result(&r), -EBADF);
	sqe(&r, IORING_OP_READ, FD_NONE, buf, 2, 0, 1);
	is(result(&r), -EBADF);
	sqe(&r, IORING_OP_READ, fd, buf, 2, 0, 1)->rw_flags = 1 << 30;
	is(result(&r), -EOPNOTSUPP);
	sqe(&r, IORING_OP_FSYNC, fd, NULL, 0, 0, 1);
	is(result(&r), 0);
	sqe(&r, IORING_OP_FSYNC, fd, NULL, 0, 0, 1)->fsync_flags = IORING_FSYNC_DATASYNC;
	is(result(&r), 0);
	sqe(&r, IORING_OP_FSYNC, fd, NULL, 0, 0, 1)->fsync_flags = 2;
	is(result(&r), -EINVAL);
	sqe(&r, IORING_OP_SYNC_FILE_RANGE, fd, NULL, 4, 0, 1);
	is(result(&r), 0);
	sqe(&r, IORING_OP_FADVISE, fd, NULL, 4, 0, 1)->fadvise_advice = 2;
	is(result(&r), 0);
	sqe(&r, IORING_OP_FALLOCATE, fd, (void *)8192, 0, 0, 1);
	is(result(&r), 0);
	is(lseek(fd, 0, SEEK_END), 8192);
	close(fd);
	close(ro);
}

static void names(void)
{
	const char *a = "dir", *b = "dir/f";
	uint64_t stx[32];
	int fd;

	sqe(&r, IORING_OP_MKDIRAT, AT_FDCWD, a, 0700, 0, 1);
	is(result(&r), 0);
	sqe(&r, IORING_OP_MKDIRAT, AT_FDCWD, a, 0700, 0, 1);
	is(result(&r), -EEXIST);
	sqe(&r, IORING_OP_OPENAT, AT_FDCWD, b, 0600, 0, 1)->open_flags = O_CREAT | O_RDWR;
	fd = result(&r);
	ok(fd > 2);
	is(write(fd, "xyz", 3), 3);
	sqe(&r, IORING_OP_STATX, AT_FDCWD, b, 0x7ff, (uintptr_t)stx, 1);
	is(result(&r), 0);
	is(stx[5], 3); /* stx_size */
	sqe(&r, IORING_OP_CLOSE, fd, NULL, 0, 0, 1);
	is(result(&r), 0);
	fails(close(fd), EBADF);
	sqe(&r, IORING_OP_CLOSE, fd, NULL, 0, 0, 1);
	is(result(&r), -EBADF);
	sqe(&r, IORING_OP_CLOSE, r.fd, NULL, 0, 0, 1);
	is(result(&r), -EBADF);
	sqe(&r, IORING_OP_OPENAT, AT_FDCWD, BAD, 0600, 0, 1);
	is(result(&r), -EFAULT);
	sqe(&r, IORING_OP_RENAMEAT, AT_FDCWD, b, (unsigned)AT_FDCWD, (uintptr_t) "g", 1);
	is(result(&r), 0);
	sqe(&r, IORING_OP_LINKAT, AT_FDCWD, "g", (unsigned)AT_FDCWD, (uintptr_t)b, 1);
	is(result(&r), 0);
	sqe(&r, IORING_OP_SYMLINKAT, AT_FDCWD, "dir/f", 0, (uintptr_t) "s", 1);
	is(result(&r), 0);
	is(access("s", F_OK), 0);
	sqe(&r, IORING_OP_UNLINKAT, AT_FDCWD, b, 0, 0, 1);
	is(result(&r), 0);
	sqe(&r, IORING_OP_UNLINKAT, AT_FDCWD, a, 0, 0, 1);
	is(result(&r), -EISDIR);
	sqe(&r, IORING_OP_UNLINKAT, AT_FDCWD, a, 0, 0, 1)->unlink_flags = AT_REMOVEDIR;
	is(result(&r), 0);
}

/* What waits until a pipe has something. */
static void waiting(void)
{
	struct __kernel_timespec ts = {0, 20000000};
	struct io_uring_getevents_arg arg = {.ts = (uintptr_t)&ts};
	struct pollfd pfd = {.fd = r.fd, .events = POLLIN};
	struct epoll_event ev = {.events = EPOLLIN};
	int ep = epoll_create1(0), p[2];
	char buf[8] = "";

	is(pipe(p), 0);
	is(epoll_ctl(ep, EPOLL_CTL_ADD, r.fd, &ev), 0);
	sqe(&r, IORING_OP_READ, p[0], buf, 8, 0, 7);
	is(submit(&r, 0), 1);
	is(unread(&r), 0);
	is(poll(&pfd, 1, 0), 0);
	fails(sys(io_uring_enter, r.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg,
		  sizeof(arg)),
	      ETIME);
	fails(
	    sys(io_uring_enter, r.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg, 8),
	    EINVAL);
	is(write(p[1], "abc", 3), 3);
	is(poll(&pfd, 1, 10000), 1);
	is(pfd.revents, POLLIN);
	is(epoll_wait(ep, &ev, 1, 10000), 1);
	is(unread(&r), 1);
	is(next_cqe(&r).res, 3);
	same(buf, "abc", 3);
	is(poll(&pfd, 1, 0), 0);
	/* POLL_ADD: once, then until it is taken back */
	sqe(&r, IORING_OP_POLL_ADD, p[0], NULL, 0, 0, 8)->poll32_events = POLLIN;
	is(submit(&r, 0), 1);
	is(write(p[1], "d", 1), 1);
	is(next_cqe(&r).res, POLLIN);
	is(read(p[0], buf, 8), 1);
	sqe(&r, IORING_OP_POLL_ADD, p[0], NULL, IORING_POLL_ADD_MULTI, 0, 9)->poll32_events =
	    POLLIN;
	is(submit(&r, 0), 1);
	for (int i = 0; i < 3; i++) {
		struct cqe c;

		is(write(p[1], "d", 1), 1);
		c = next_cqe(&r);
		is(c.res, POLLIN);
		is(c.flags, IORING_CQE_F_MORE);
		is(read(p[0], buf, 8), 1);
	}
	sqe(&r, IORING_OP_POLL_REMOVE, -1, (void *)9, 0, 0, 10);
	submit(&r, 2);
	is(result_of(&r, 9), -ECANCELED);
	while (unread(&r))
		next_cqe(&r);
	sqe(&r, IORING_OP_POLL_REMOVE, -1, (void *)9, 0, 0, 10);
	is(result(&r), -ENOENT);
	close(p[1]);
	sqe(&r, IORING_OP_READ, p[0], buf, 8, 0, 7);
	is(result(&r), 0);
	close(p[0]);
	close(ep);
}

static void on_alarm(int signo)
{
	(void)signo;
}

static void interrupted(void)
{
	struct sigaction sa = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	struct itimerval soon = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};

	is(sigaction(SIGALRM, &sa, NULL), 0);
	is(setitimer(ITIMER_REAL, &soon, NULL), 0);
	fails(sys(io_uring_enter, r.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0), EINTR);
	is(setitimer(ITIMER_REAL, &never, NULL), 0);
}

static void overflow(void)
{
	struct ring s;
	unsigned seen = 0;

	ok(ring_open(&s, 4, 0));
	is(s.p.cq_entries, 8);
	for (int i = 0; i < 5; i++) {
		for (int j = 0; j < 4; j++)
			sqe(&s, IORING_OP_NOP, -1, NULL, 0, 0, (uint64_t)(i * 4 + j));
		is(submit(&s, 0), 4);
	}
	is(unread(&s), 8);
	ok(*s.sq_flags & IORING_SQ_CQ_OVERFLOW);
	while (seen < 20) {
		if (next_cqe(&s).user_data != seen)
			break;
		seen++;
	}
	is(seen, 20);
	is(sys(io_uring_enter, s.fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0), 0);
	ok(!(*s.sq_flags & IORING_SQ_CQ_OVERFLOW));
	ring_close(&s);
}

int main(void)
{
	if (!ring_open(&r, 64, 0)) {
		skip("no io_uring here");
		return tap_done();
	}
	tmp();
	setup();
	nops();
	data();
	names();
	waiting();
	interrupted();
	overflow();
	ring_close(&r);
	return tap_done();
}
