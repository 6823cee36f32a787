/* SPDX-License-Identifier: MIT */
/* times(2), getrusage(2): CPU time grows with work, not with sleep; the refusals. */
#include "tests/guest/tap.h"

#include <sys/resource.h>
#include <sys/times.h>
#include <time.h>

static long cpu_us(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 + r.ru_utime.tv_usec +
	       r.ru_stime.tv_usec;
}

int main(void)
{
	struct tms a, b;
	struct rusage r;
	long t, before;
	time_t end = time(NULL) + 20;

	works(t = sys(times, &a));
	is(a.tms_cutime + a.tms_cstime, 0);
	do
		sys(times, &b);
	while (b.tms_utime + b.tms_stime < a.tms_utime + a.tms_stime + 10 && time(NULL) < end);
	ok(b.tms_utime + b.tms_stime >= a.tms_utime + a.tms_stime + 10);
	ok(sys(times, NULL) - t >= 5);
	fails(sys(times, BAD), EFAULT);
	memset(&r, 0xff, sizeof(r));
	is(getrusage(RUSAGE_SELF, &r), 0);
	ok(r.ru_utime.tv_sec + r.ru_stime.tv_sec > 0 ||
	   r.ru_utime.tv_usec + r.ru_stime.tv_usec >= 90000);
	ok(r.ru_maxrss > 0 && r.ru_maxrss < 1 << 24);
	ok(r.ru_minflt >= 0 && r.ru_nvcsw >= 0);
	is(getrusage(RUSAGE_CHILDREN, &r), 0);
	is(r.ru_utime.tv_sec + r.ru_utime.tv_usec, 0);
	is(getrusage(RUSAGE_THREAD, &r), 0);
	before = cpu_us();
	usleep(200000);
	ok(cpu_us() - before < 150000);
	fails(sys(getrusage, 5, &r), EINVAL);
	fails(sys(getrusage, -2, &r), EINVAL);
	fails(sys(getrusage, RUSAGE_SELF, BAD), EFAULT);
	return tap_done();
}
