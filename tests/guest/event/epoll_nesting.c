/* SPDX-License-Identifier: MIT */
/* Instances that watch instances: how deep, and closing what is watched while somebody waits. */
#include "tests/guest/tap.h"

#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

enum { LEVELS = 5, ROUNDS = 300 };

static int add(int ep, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
}

/* n instances, each watching the next; made from the top or from the bottom. */
static int chain(int *ep, int n, bool from_top)
{
	int r = 0;

	for (int i = 0; i < n; i++)
		ep[i] = epoll_create1(0);
	for (int i = 0; i + 1 < n && r == 0; i++)
		r = from_top ? add(ep[i], ep[i + 1]) : add(ep[n - 2 - i], ep[n - 1 - i]);
	return r;
}

static void close_all(const int *ep, int n)
{
	for (int i = 0; i < n; i++)
		close(ep[i]);
}

static void test_depth(bool from_top)
{
	struct epoll_event out;
	int ep[LEVELS + 1], e = eventfd(1, 0);

	works(chain(ep, LEVELS, from_top));
	works(add(ep[LEVELS - 1], e));
	is(epoll_wait(ep[0], &out, 1, 0), 1);
	fails(add(ep[LEVELS - 1], ep[0]), ELOOP);
	close_all(ep, LEVELS);
	fails(chain(ep, LEVELS + 1, from_top), ELOOP);
	close_all(ep, LEVELS + 1);
	close(e);
}

/* Two chains are joined: what counts is the whole. */
static void test_join(void)
{
	int top[LEVELS], bottom[LEVELS];

	for (int n = 1; n < LEVELS; n++) {
		works(chain(top, n, true));
		works(chain(bottom, LEVELS - n + 1, false));
		fails(add(top[n - 1], bottom[0]), ELOOP);
		works(add(top[n - 1], bottom[1]));
		close_all(top, n);
		close_all(bottom, LEVELS - n + 1);
	}
}

/*
 * How many instances may watch the instance that is `levels` above an event: a wake-up climbs to
 * all of them.
 */
static int widest(int levels)
{
	int ep[600], e = eventfd(0, 0), n = 0, top = epoll_create1(0), bottom = top;

	add(bottom, e);
	for (int i = 1; i < levels; i++) {
		int next = epoll_create1(0);

		add(next, top);
		top = next;
	}
	for (; n < 600; n++) {
		ep[n] = epoll_create1(0);
		if (add(ep[n], top))
			break;
	}
	ok(errno == EINVAL);
	close_all(ep, n + 1);
	close_all((int[]){e, bottom, top}, levels > 1 ? 3 : 2);
	return n;
}

static void test_width(void)
{
	is(widest(1), 500);
	is(widest(2), 100);
	is(widest(3), 50);
	is(widest(4), 10);
}

static int shared_ep, shared_event;

static void *close_both(void *arg)
{
	sched_yield();
	close(shared_event);
	close(shared_ep);
	return NULL;
}

/* A watched file and the instance go while others wait in it. */
static void test_close(void)
{
	int good = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct epoll_event out[2];
		pthread_t t;
		int outer = epoll_create1(0);

		shared_ep = epoll_create1(0);
		shared_event = eventfd(1, 0);
		good += add(shared_ep, shared_event) == 0 && add(outer, shared_ep) == 0;
		pthread_create(&t, NULL, close_both, NULL);
		epoll_wait(shared_ep, out, 2, 1);
		epoll_wait(outer, out, 2, 1);
		pthread_join(t, NULL);
		good += epoll_wait(outer, out, 2, 0) == 0;
		close(outer);
	}
	is(good, 2 * ROUNDS);
}

int main(void)
{
	test_depth(true);
	test_depth(false);
	test_join();
	test_width();
	test_close();
	return tap_done();
}
