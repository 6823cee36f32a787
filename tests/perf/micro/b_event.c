/* SPDX-License-Identifier: MIT */
/* eventfd: a write and a read, back and forth between two threads, and the same through epoll. */
#include "tests/perf/micro/bench.h"
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
static int there, back, watched = -1;
static long n;
static void pass(int fd)
{
	uint64_t one = 1;
	if (write(fd, &one, sizeof(one)) != sizeof(one))
		exit(1);
}
static void take(int fd)
{
	uint64_t value;
	if (read(fd, &value, sizeof(value)) != sizeof(value))
		exit(1);
}
static void *peer(void *arg)
{
	struct epoll_event e;
	for (long i = 0; i < n; i++) {
		if (watched >= 0 && epoll_wait(watched, &e, 1, -1) != 1)
			exit(1);
		take(there);
		pass(back);
	}
	return arg;
}
static int roundtrips(const char *name)
{
	pthread_t th;
	uint64_t t;
	if (pthread_create(&th, NULL, peer, NULL)) {
		perror("pthread_create");
		return 1;
	}
	t = now_ns();
	for (long i = 0; i < n; i++) {
		pass(there);
		take(back);
	}
	t = now_ns() - t;
	pthread_join(th, NULL);
	out(name, (double)t / n, "ns/roundtrip");
	return 0;
}
int main(int argc, char **argv)
{
	struct epoll_event e = {.events = EPOLLIN};
	uint64_t t;
	n = count(argc, argv, 50000);
	one_cpu();
	there = eventfd(0, 0);
	back = eventfd(0, 0);
	t = now_ns();
	for (long i = 0; i < n; i++) {
		pass(there);
		take(there);
	}
	t = now_ns() - t;
	out("eventfd_write_read", (double)t / n, "ns");
	if (roundtrips("eventfd_roundtrip"))
		return 1;
	watched = epoll_create1(0);
	epoll_ctl(watched, EPOLL_CTL_ADD, there, &e);
	return roundtrips("epoll_roundtrip");
}
