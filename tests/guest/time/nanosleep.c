/* SPDX-License-Identifier: MIT */
/* nanosleep(2): long enough, interrupted with the time left, refusals. */
#include "tests/guest/tap.h"

#include <sys/time.h>
#include <time.h>

static void nothing(int sig)
{
}

static long elapsed_us(const struct timespec *a)
{
	struct timespec b;

	clock_gettime(CLOCK_MONOTONIC, &b);
	return (b.tv_sec - a->tv_sec) * 1000000 + (b.tv_nsec - a->tv_nsec) / 1000;
}

int main(void)
{
	struct timespec t = {0, 20000000}, rem = {7, 7}, a;
	struct itimerval it = {{0, 0}, {0, 50000}};

	clock_gettime(CLOCK_MONOTONIC, &a);
	is(sys(nanosleep, &t, &rem), 0);
	ok(elapsed_us(&a) >= 20000 && elapsed_us(&a) < 2000000);
	is(rem.tv_sec, 7);
	t = (struct timespec){0, 0};
	is(sys(nanosleep, &t, NULL), 0);
	t = (struct timespec){0, 1};
	is(sys(nanosleep, &t, NULL), 0);
	signal(SIGALRM, nothing);
	t = (struct timespec){10, 0};
	clock_gettime(CLOCK_MONOTONIC, &a);
	setitimer(ITIMER_REAL, &it, NULL);
	fails(sys(nanosleep, &t, &rem), EINTR);
	ok(elapsed_us(&a) >= 49000 && elapsed_us(&a) < 5000000);
	ok(rem.tv_sec >= 5 && rem.tv_sec <= 9);
	setitimer(ITIMER_REAL, &it, NULL);
	fails(sys(nanosleep, &t, NULL), EINTR);
	setitimer(ITIMER_REAL, &it, NULL);
	fails(sys(nanosleep, &t, BAD), EFAULT);
	t = (struct timespec){0, 1000000000};
	fails(sys(nanosleep, &t, NULL), EINVAL);
	t = (struct timespec){0, -1};
	fails(sys(nanosleep, &t, NULL), EINVAL);
	t = (struct timespec){-1, 0};
	fails(sys(nanosleep, &t, NULL), EINVAL);
	fails(sys(nanosleep, BAD, NULL), EFAULT);
	return tap_done();
}
