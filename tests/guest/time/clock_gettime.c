/* SPDX-License-Identifier: MIT */
/* clock_gettime(2), clock_getres(2): every clock id, monotonicity, agreement between clocks,
 * refusals. */
#include "tests/guest/tap.h"

#include <time.h>

static int64_t now(int clock)
{
	struct timespec t = {-1, -1};

	sys(clock_gettime, clock, &t);
	return t.tv_sec * 1000000000l + t.tv_nsec;
}

static int backwards(int clock)
{
	int64_t last = now(clock), n = 0;

	for (int i = 0; i < 2000; i++) {
		int64_t t = now(clock);

		n += t < last;
		last = t;
	}
	return n;
}

int main(void)
{
	struct timespec t;
	int64_t a, b;

	for (int c = 0; c <= 7; c++) {
		t.tv_nsec = -1;
		ok(sys(clock_gettime, c, &t) == 0 && t.tv_sec >= 0 && t.tv_nsec >= 0 &&
		   t.tv_nsec < 1000000000);
	}
	is(sys(clock_gettime, 11, &t), 0); /* CLOCK_TAI */
	is(backwards(CLOCK_MONOTONIC), 0);
	is(backwards(CLOCK_REALTIME), 0);
	is(backwards(CLOCK_BOOTTIME), 0);
	is(backwards(CLOCK_PROCESS_CPUTIME_ID), 0);
	a = now(CLOCK_MONOTONIC);
	usleep(50000);
	b = now(CLOCK_MONOTONIC);
	ok(b - a >= 50000000 && b - a < 2000000000);
	ok(now(CLOCK_REALTIME) > 1600000000l * 1000000000);
	ok(labs(now(CLOCK_BOOTTIME) - now(CLOCK_MONOTONIC)) < 3600l * 1000000000 ||
	   now(CLOCK_BOOTTIME) > now(CLOCK_MONOTONIC));
	ok(labs(now(CLOCK_MONOTONIC_RAW) - now(CLOCK_MONOTONIC)) <
	   now(CLOCK_MONOTONIC) / 100 + 1000000000);
	ok(now(CLOCK_REALTIME) - now(CLOCK_REALTIME_COARSE) < 1000000000);
	a = now(CLOCK_PROCESS_CPUTIME_ID);
	for (volatile int i = 0; i < 3000000; i++)
		;
	ok(now(CLOCK_PROCESS_CPUTIME_ID) > a);
	a = now(CLOCK_THREAD_CPUTIME_ID);
	usleep(200000);
	ok(now(CLOCK_THREAD_CPUTIME_ID) - a < 150000000, "sleeping costs no CPU time");
	is(sys(clock_getres, CLOCK_MONOTONIC, &t), 0);
	ok(t.tv_sec == 0 && t.tv_nsec >= 1 && t.tv_nsec <= 10000000);
	is(sys(clock_getres, CLOCK_REALTIME, NULL), 0);
	fails(sys(clock_getres, 99, &t), EINVAL);
	fails(sys(clock_getres, CLOCK_REALTIME, BAD), EFAULT);
	fails(sys(clock_gettime, 99, &t), EINVAL);
	fails(sys(clock_gettime, 10, &t), EINVAL);
	fails(sys(clock_gettime, CLOCK_REALTIME, BAD), EFAULT);
	fails(sys(clock_gettime, CLOCK_REALTIME, NULL), EFAULT);
	fails(sys(clock_gettime, CLOCK_MONOTONIC, readonly_page()), EFAULT);
	return tap_done();
}
