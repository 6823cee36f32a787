/* SPDX-License-Identifier: MIT */
/* epoll_wait(2), epoll_pwait(2), epoll_pwait2(2): level, edge, one-shot, timeouts, signals, many
 * files, threads. */
#include "tests/guest/tap.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

static struct epoll_event out[64];
static volatile int handled;

static void handler(int sig)
{
	handled++;
}

static int watch(int ep, int fd, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.fd = fd};

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}

static void test_level(int ep)
{
	char b[8];
	int p[2];

	pipe(p);
	works(watch(ep, p[0], EPOLLIN));
	is(epoll_wait(ep, out, 64, 0), 0);
	write(p[1], "ab", 2);
	is(epoll_wait(ep, out, 64, -1), 1);
	is(out[0].events, EPOLLIN);
	is(epoll_wait(ep, out, 64, 0), 1);
	read(p[0], b, 1);
	is(epoll_wait(ep, out, 64, 0), 1);
	read(p[0], b, 1);
	is(epoll_wait(ep, out, 64, 0), 0);
	close(p[1]);
	is(epoll_wait(ep, out, 64, 0), 1);
	is(out[0].events, EPOLLHUP);
	close(p[0]);
}

static void test_edge(int ep)
{
	char b[8];
	int p[2];

	pipe(p);
	works(watch(ep, p[0], EPOLLIN | EPOLLET));
	is(epoll_wait(ep, out, 64, 0), 0);
	write(p[1], "a", 1);
	is(epoll_wait(ep, out, 64, 0), 1);
	is(epoll_wait(ep, out, 64, 0), 0);
	write(p[1], "b", 1); /* every write is an edge, whatever is still there */
	is(epoll_wait(ep, out, 64, 0), 1);
	is(epoll_wait(ep, out, 64, 0), 0);
	read(p[0], b, 2);
	is(epoll_wait(ep, out, 64, 0), 0);
	close(p[0]);
	close(p[1]);
}

static void test_oneshot(int ep)
{
	struct epoll_event e = {.events = EPOLLIN | EPOLLONESHOT};
	uint64_t v = 1;
	int fd = eventfd(0, 0);

	works(watch(ep, fd, EPOLLIN | EPOLLONESHOT));
	write(fd, &v, 8);
	is(epoll_wait(ep, out, 64, 0), 1);
	is(epoll_wait(ep, out, 64, 0), 0);
	write(fd, &v, 8);
	is(epoll_wait(ep, out, 64, 0), 0);
	works(epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e));
	is(epoll_wait(ep, out, 64, 0), 1);
	close(fd);
}

static void test_many(int ep)
{
	int fds[50], seen = 0, n;
	uint64_t v = 1;

	for (int i = 0; i < 50; i++) {
		fds[i] = eventfd(i % 2, 0);
		watch(ep, fds[i], EPOLLIN);
	}
	is(epoll_wait(ep, out, 64, 0), 25);
	is(epoll_wait(ep, out, 10, 0), 10);
	/* Level-triggered files take turns. */
	for (int round = 0; round < 5; round++) {
		n = epoll_wait(ep, out, 10, 0);
		for (int i = 0; i < n; i++) {
			if (read(out[i].data.fd, &v, 8) == 8)
				seen++;
		}
	}
	is(seen, 25);
	is(epoll_wait(ep, out, 64, 0), 0);
	for (int i = 0; i < 50; i++)
		close(fds[i]);
}

static long elapsed_ms(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - from->tv_sec) * 1000 + (now.tv_nsec - from->tv_nsec) / 1000000;
}

static void test_timeout(int ep)
{
	struct timespec start, t = {.tv_nsec = 30000000}, bad = {.tv_nsec = 1000000000};

	clock_gettime(CLOCK_MONOTONIC, &start);
	is(epoll_wait(ep, out, 64, 30), 0);
	ok(elapsed_ms(&start) >= 29);
	clock_gettime(CLOCK_MONOTONIC, &start);
	is(sys(epoll_pwait2, ep, out, 64, &t, NULL, 0), 0);
	ok(elapsed_ms(&start) >= 29);
	fails(sys(epoll_pwait2, ep, out, 64, &bad, NULL, 0), EINVAL);
	fails(sys(epoll_pwait2, ep, out, 64, BAD, NULL, 0), EFAULT);
}

static void test_errors(int ep)
{
	int fd = eventfd(1, 0);

	fails(epoll_wait(ep, out, 0, 0), EINVAL);
	fails(epoll_wait(ep, out, -1, 0), EINVAL);
	fails(epoll_wait(FD_NONE, out, 1, 0), EBADF);
	fails(epoll_wait(fd, out, 1, 0), EINVAL);
	fails(epoll_wait(ep, BAD_KERNEL, 1, 0), EFAULT);
	works(watch(ep, fd, EPOLLIN));
	fails(epoll_wait(ep, BAD, 1, 0), EFAULT);
	is(epoll_wait(ep, out, 1, 0), 1);
	close(fd);
}

static void test_signals(int ep)
{
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_RESTART};
	sigset_t block, none;
	int n;

	sigaction(SIGALRM, &sa, NULL);
	ualarm(20000, 0);
	fails(epoll_wait(ep, out, 1, 2000), EINTR); /* never restarted */
	is(handled, 1);
	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGALRM);
	sigprocmask(SIG_BLOCK, &block, NULL);
	raise(SIGALRM);
	is(epoll_wait(ep, out, 1, 0), 0);
	is(handled, 1);
	n = epoll_pwait(ep, out, 1, 2000, &none);
	is(n, -1);
	is(handled, 2);
	sigprocmask(SIG_BLOCK, NULL, &none);
	ok(sigismember(&none, SIGALRM));
	sigprocmask(SIG_UNBLOCK, &block, NULL);
	fails(sys(epoll_pwait, ep, out, 1, 0, &none, 4), EINVAL);
}

static void *wait_one(void *arg)
{
	struct epoll_event e;

	return (void *)(long)epoll_wait(*(int *)arg, &e, 1, 5000);
}

static void test_threads(int ep)
{
	struct timespec ms = {.tv_nsec = 30000000};
	int fd = eventfd(0, 0);
	pthread_t t[3];
	uint64_t v = 1;
	long sum = 0;
	void *r;

	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, wait_one, &ep);
	nanosleep(&ms, NULL);
	works(watch(ep, fd, EPOLLIN)); /* added while others wait */
	write(fd, &v, 8);
	for (int i = 0; i < 3; i++) {
		pthread_join(t[i], &r);
		sum += (long)r;
	}
	is(sum, 3);
	close(fd);
}

int main(void)
{
	int ep = epoll_create1(0);

	test_level(ep);
	test_edge(ep);
	test_oneshot(ep);
	test_many(ep);
	test_timeout(ep);
	test_errors(ep);
	test_signals(ep);
	test_threads(ep);
	return tap_done();
}
