/* SPDX-License-Identifier: MIT */
/* clock_nanosleep(2): relative and absolute, which clocks, refusals. */
#include "tests/guest/tap.h"

#include <sys/time.h>
#include <time.h>

static volatile int calls;

static void count(int sig)
{
	calls++;
}

int main(void)
{
	struct timespec t = {0, 10000000}, a, b, rem = {3, 3};
	struct itimerval it = {{0, 0}, {0, 30000}};

	is(sys(clock_nanosleep, CLOCK_MONOTONIC, 0, &t, NULL), 0);
	is(sys(clock_nanosleep, CLOCK_REALTIME, 0, &t, NULL), 0);
	is(sys(clock_nanosleep, CLOCK_BOOTTIME, 0, &t, NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &a);
	a.tv_nsec += 30000000;
	if (a.tv_nsec >= 1000000000) {
		a.tv_nsec -= 1000000000;
		a.tv_sec++;
	}
	is(sys(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &a, NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &b);
	ok(b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec >= a.tv_nsec));
	is(sys(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &a, NULL), 0);
	clock_gettime(CLOCK_REALTIME, &a);
	is(sys(clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &a, NULL), 0);
	signal(SIGALRM, count);
	a.tv_sec += 100;
	setitimer(ITIMER_REAL, &it, NULL);
	fails(sys(clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &a, &rem), EINTR);
	is(rem.tv_sec, 3);
	is(calls, 1);
	t = (struct timespec){10, 0};
	setitimer(ITIMER_REAL, &it, NULL);
	fails(sys(clock_nanosleep, CLOCK_MONOTONIC, 0, &t, &rem), EINTR);
	ok(rem.tv_sec >= 5 && rem.tv_sec <= 9);
	fails(sys(clock_nanosleep, 99, 0, &t, NULL), EINVAL);
	fails(sys(clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL), EOPNOTSUPP);
	fails(sys(clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &t, NULL), EOPNOTSUPP);
	t.tv_nsec = 1000000000;
	fails(sys(clock_nanosleep, CLOCK_MONOTONIC, 0, &t, NULL), EINVAL);
	fails(sys(clock_nanosleep, CLOCK_MONOTONIC, 0, BAD, NULL), EFAULT);
	return tap_done();
}
