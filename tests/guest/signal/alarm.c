/* SPDX-License-Identifier: MIT */
/* alarm(2): one second, the remaining time, cancelling. */
#include "tests/guest/tap.h"

#include <time.h>

static volatile int calls;

static void count(int sig)
{
	calls++;
}

int main(void)
{
	struct timespec a, b;
	sigset_t none;

	sigemptyset(&none);
	signal(SIGALRM, count);
	is(sys(alarm, 100), 0);
	is(sys(alarm, 50), 100);
	is(sys(alarm, 0), 50);
	is(sys(alarm, 0), 0);
	is(sys(alarm, 1), 0);
	clock_gettime(CLOCK_MONOTONIC, &a);
	while (!calls)
		sigsuspend(&none);
	clock_gettime(CLOCK_MONOTONIC, &b);
	is(calls, 1);
	b.tv_sec -= a.tv_sec;
	ok(b.tv_sec * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 >= 990);
	ok(b.tv_sec < 5);
	is(sys(alarm, 0), 0);
	return tap_done();
}
