/* SPDX-License-Identifier: MIT */
/* gettimeofday(2), time(2): agreement with CLOCK_REALTIME; null and bad pointers. */
#include "tests/guest/tap.h"

#include <sys/time.h>
#include <time.h>

int main(void)
{
	struct timeval tv = {-1, -1};
	struct timespec ts;
	int tz[2] = {99, 99};
	long t = -1;

	is(sys(gettimeofday, &tv, NULL), 0);
	clock_gettime(CLOCK_REALTIME, &ts);
	ok(tv.tv_usec >= 0 && tv.tv_usec < 1000000);
	ok(ts.tv_sec - tv.tv_sec >= 0);
	is(sys(gettimeofday, &tv, tz), 0);
	ok(tz[0] != 99);
	is(sys(gettimeofday, NULL, NULL), 0);
	fails(sys(gettimeofday, BAD, NULL), EFAULT);
	fails(sys(gettimeofday, NULL, BAD), EFAULT);
	/* time() may be a tick behind */
	works(t = sys(time, NULL));
	ok(t - tv.tv_sec >= -1);
	works(sys(time, &tv.tv_sec));
	ok(tv.tv_sec - t >= 0);
	fails(sys(time, BAD), EFAULT);
	is(gettimeofday(&tv, NULL), 0);
	clock_gettime(CLOCK_REALTIME, &ts);
	ok(ts.tv_sec - tv.tv_sec >= 0);
	return tap_done();
}
