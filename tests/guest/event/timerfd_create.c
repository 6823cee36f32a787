/* SPDX-License-Identifier: MIT */
/* timerfd_create(2), timerfd_settime(2), timerfd_gettime(2). */
#include "tests/guest/tap.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

static long ticks(int fd)
{
	uint64_t v;

	return read(fd, &v, sizeof(v)) == sizeof(v) ? (long)v : -1;
}

static int set(int fd, int flags, long value_ns, long interval_ns)
{
	struct itimerspec its = {
	    .it_value = {value_ns / 1000000000, value_ns % 1000000000},
	    .it_interval = {interval_ns / 1000000000, interval_ns % 1000000000},
	};

	return timerfd_settime(fd, flags, &its, NULL);
}

static long now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

static void sleep_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

static void test_once(clockid_t clock)
{
	int fd = timerfd_create(clock, TFD_CLOEXEC);
	long start = now_ns(CLOCK_MONOTONIC);
	struct itimerspec its;

	works(fd);
	is(fcntl(fd, F_GETFL), O_RDWR);
	works(set(fd, 0, 30000000, 0));
	works(timerfd_gettime(fd, &its));
	ok(its.it_value.tv_nsec > 0 && its.it_value.tv_nsec <= 30000000);
	is(its.it_interval.tv_nsec, 0);
	is(ticks(fd), 1);
	ok(now_ns(CLOCK_MONOTONIC) - start >= 29000000);
	works(timerfd_gettime(fd, &its));
	is(its.it_value.tv_nsec, 0);
	works(set(fd, TFD_TIMER_ABSTIME, now_ns(clock) + 20000000, 0));
	is(ticks(fd), 1);
	works(set(fd, TFD_TIMER_ABSTIME, 1, 0)); /* long ago */
	is(ticks(fd), 1);
	close(fd);
}

static void test_periodic(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct itimerspec its, old, off = {0};
	long n;

	fails(ticks(fd), EAGAIN);
	works(set(fd, 0, 10000000, 10000000));
	is(poll(&p, 1, 1000), 1);
	is(p.revents, POLLIN);
	ok(ticks(fd) >= 1);
	fails(ticks(fd), EAGAIN);
	sleep_ms(55);
	n = ticks(fd);
	ok(n >= 5 && n < 100);
	works(timerfd_gettime(fd, &its));
	is(its.it_interval.tv_nsec, 10000000);
	ok(its.it_value.tv_nsec > 0 && its.it_value.tv_nsec <= 10000000);
	sleep_ms(15);
	works(timerfd_settime(fd, 0, &off, &old)); /* disarming forgets what was not read */
	is(old.it_interval.tv_nsec, 10000000);
	ok(old.it_value.tv_nsec > 0 && old.it_value.tv_nsec <= 10000000);
	fails(ticks(fd), EAGAIN);
	is(poll(&p, 1, 0), 0);
	close(fd);
}

static void test_epoll(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), ep = epoll_create1(0);
	struct epoll_event e = {.events = EPOLLIN | EPOLLET};

	works(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	works(set(fd, 0, 10000000, 0));
	is(epoll_wait(ep, &e, 1, 1000), 1);
	is(epoll_wait(ep, &e, 1, 20), 0);
	close(fd);
	close(ep);
}

static void test_errors(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0), null = open("/dev/null", O_RDONLY);
	struct itimerspec its = {.it_value.tv_nsec = 1000000000}, good = {.it_value.tv_sec = 9};
	char small[4];

	fails(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL);
	fails(timerfd_create(77, 0), EINVAL);
	fails(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
	fails(timerfd_settime(fd, 0, &its, NULL), EINVAL);
	its = (struct itimerspec){.it_interval.tv_sec = -1};
	fails(timerfd_settime(fd, 0, &its, NULL), EINVAL);
	fails(timerfd_settime(fd, 4, &good, NULL), EINVAL);
	fails(timerfd_settime(fd, 0, BAD, NULL), EFAULT);
	fails(timerfd_settime(fd, 0, &good, BAD), EFAULT);
	fails(timerfd_settime(FD_NONE, 0, &good, NULL), EBADF);
	fails(timerfd_settime(null, 0, &good, NULL), EINVAL);
	fails(timerfd_gettime(null, &its), EINVAL);
	fails(timerfd_gettime(FD_NONE, &its), EBADF);
	fails(timerfd_gettime(fd, BAD), EFAULT);
	fails(read(fd, small, 4), EINVAL);
	fails(write(fd, small, 4), EINVAL);
	close(fd);
	close(null);
}

int main(void)
{
	test_once(CLOCK_MONOTONIC);
	test_once(CLOCK_REALTIME);
	test_once(CLOCK_BOOTTIME);
	test_periodic();
	test_epoll();
	test_errors();
	return tap_done();
}
