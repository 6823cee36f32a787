/* SPDX-License-Identifier: MIT */
/* sched_setaffinity(2), sched_getaffinity(2), getcpu(2), sched_yield(2): the mask of allowed CPUs,
 * its sizes, and where the thread then runs. */
#include "tests/guest/tap.h"

#define NOBODY 0x3fffffff /* larger than any pid */

static unsigned long mask[128], old[128];

/* The only CPU allowed from now on is where the thread runs. */
static void run_on(unsigned cpu)
{
	unsigned on = ~0u, node = ~0u;

	memset(mask, 0, sizeof(mask));
	mask[cpu / 64] = 1ul << cpu % 64;
	is(sys(sched_setaffinity, 0, sizeof(mask), mask), 0);
	memset(mask, 0xff, sizeof(mask));
	ok(sys(sched_getaffinity, 0, sizeof(mask), mask) > 0);
	ok(mask[cpu / 64] == 1ul << cpu % 64);
	is(sys(sched_yield), 0);
	is(sys(getcpu, &on, &node, NULL), 0);
	is(on, cpu);
	ok(node != ~0u);
	is(sys(getcpu, NULL, NULL, NULL), 0);
}

int main(void)
{
	long size = sys(sched_getaffinity, 0, sizeof(old), old);
	unsigned first = 0;

	ok(size >= 8 && size % 8 == 0, "whole words, as large as the kernel's own mask");
	is(sys(sched_getaffinity, getpid(), sizeof(mask), mask), size);
	same(mask, old, size);
	while (first < sizeof(old) * 8 && !(old[first / 64] >> first % 64 & 1))
		first++;
	ok(first < sizeof(old) * 8, "some CPU is allowed");
	run_on(first);
	is(sys(sched_setaffinity, 0, size, old), 0);
	is(sys(sched_getaffinity, 0, sizeof(mask), mask), size);
	same(mask, old, size);

	fails(sys(sched_getaffinity, 0, 4, mask), EINVAL);
	fails(sys(sched_getaffinity, 0, 9, mask), EINVAL);
	fails(sys(sched_getaffinity, 0, 0, mask), EINVAL);
	fails(sys(sched_getaffinity, NOBODY, sizeof(mask), mask), ESRCH);
	fails(sys(sched_getaffinity, 0, sizeof(mask), BAD), EFAULT);
	fails(sys(sched_getaffinity, 0, sizeof(mask), edge() - 4), EFAULT);
	memset(mask, 0, sizeof(mask));
	fails(sys(sched_setaffinity, 0, sizeof(mask), mask), EINVAL);
	fails(sys(sched_setaffinity, 0, 0, mask), EINVAL);
	fails(sys(sched_setaffinity, NOBODY, size, old), ESRCH);
	fails(sys(sched_setaffinity, 0, 8, BAD), EFAULT);
	fails(sys(sched_setaffinity, 0, 8, edge() - 4), EFAULT);
	fails(sys(getcpu, BAD, NULL, NULL), EFAULT);
	fails(sys(getcpu, NULL, BAD, NULL), EFAULT);
	return tap_done();
}
