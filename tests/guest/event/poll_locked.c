/* SPDX-License-Identifier: MIT */
/* volume: where reading a page takes a while */
/*
 * poll(2) of two files, of which the second is busy in another thread (an epoll instance that
 * stores an event into a page that has to be read first) while the first becomes ready: it must
 * not be missed.
 */
#include "tests/guest/tap.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

enum { ROUNDS = 64 };

static int ep, first, second, go[2];
static char *pages;

/* Backwards, and not next to each other: nothing is read ahead. */
static struct epoll_event *page_of(int i)
{
	return (struct epoll_event *)(pages + (ROUNDS - 1 - i) * 16 * PAGE);
}

static void *collect(void *arg)
{
	for (int i = 0; i < ROUNDS; i++)
		if (epoll_wait(ep, page_of(i), 1, 5000) != 1)
			return (void *)1;
	return NULL;
}

static void *signal_first(void *arg)
{
	char c;

	while (read(go[0], &c, 1) == 1)
		eventfd_write(first, 1);
	return NULL;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int main(void)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	size_t size = ROUNDS * 16 * PAGE;
	int fd, seen = 0;
	pthread_t collector, signaller;
	eventfd_t value;
	uint64_t start;
	void *failed;

	chdir(tmp());
	fd = open("pages", O_RDWR | O_CREAT, 0600);
	works(ftruncate(fd, (off_t)size));
	pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ok(pages != MAP_FAILED);
	ep = epoll_create1(0);
	first = eventfd(0, 0);
	second = eventfd(0, 0);
	works(epoll_ctl(ep, EPOLL_CTL_ADD, second, &event));
	works(pipe(go));
	is(pthread_create(&collector, NULL, collect, NULL), 0);
	is(pthread_create(&signaller, NULL, signal_first, NULL), 0);
	for (int i = 0; i < ROUNDS; i++) {
		struct pollfd p[2] = {{.fd = first, .events = POLLIN},
				      {.fd = ep, .events = POLLIN}};

		usleep(1000); /* everybody waits */
		eventfd_write(second, 1);
		sched_yield();
		write(go[1], "", 1);
		start = now_ns();
		while (poll(p, 2, 500) > 0 && !p[0].revents)
			sched_yield(); /* the other one, not collected yet */
		seen += (p[0].revents & POLLIN) && now_ns() - start < 400000000;
		eventfd_read(first, &value);
	}
	is(seen, ROUNDS);
	close(go[1]);
	pthread_join(signaller, NULL);
	pthread_join(collector, &failed);
	ok(failed == NULL);
	return tap_done();
}
