/* SPDX-License-Identifier: MIT */
/* setpriority(2), getpriority(2), ioprio_set(2), ioprio_get(2): niceness and I/O priority, of
 * oneself, of a group, of a user; limits and refusals. */
#include "tests/guest/tap.h"

#include <sys/resource.h>

#define NOBODY		0x3fffffff /* larger than any pid */
#define WHO_PROC	1	   /* IOPRIO_WHO_PROCESS */
#define WHO_PGRP	2
#define WHO_USER	3
#define IO(class, data) ((class) << 13 | (data))

static void test_nice(void)
{
	int nice = 20 - (int)sys(getpriority, PRIO_PROCESS, 0);

	ok(nice >= -20 && nice <= 19);
	is(sys(setpriority, PRIO_PROCESS, 0, 18), 0);
	is(sys(getpriority, PRIO_PROCESS, 0), 2);
	is(sys(getpriority, PRIO_PROCESS, getpid()), 2);
	is(sys(setpriority, PRIO_PROCESS, getpid(), 1000), 0);
	is(sys(getpriority, PRIO_PROCESS, 0), 1);
	ok(sys(getpriority, PRIO_PGRP, 0) >= 1, "the best of a group");
	ok(sys(getpriority, PRIO_USER, 0) >= 1, "the best of a user");
	fails(sys(getpriority, 3, 0), EINVAL);
	fails(sys(getpriority, -1, 0), EINVAL);
	fails(sys(getpriority, PRIO_PROCESS, NOBODY), ESRCH);
	fails(sys(getpriority, PRIO_PGRP, NOBODY), ESRCH);
	fails(sys(getpriority, PRIO_USER, NOBODY), ESRCH);
	fails(sys(setpriority, 3, 0, 0), EINVAL);
	fails(sys(setpriority, PRIO_PROCESS, NOBODY, 0), ESRCH);
}

static void test_io(void)
{
	is(sys(ioprio_set, WHO_PROC, 0, IO(2, 6)), 0);
	is(sys(ioprio_get, WHO_PROC, 0), IO(2, 6));
	is(sys(ioprio_get, WHO_PROC, getpid()), IO(2, 6));
	is(sys(ioprio_set, WHO_PROC, getpid(), IO(3, 0)), 0);
	is(sys(ioprio_get, WHO_PROC, 0), IO(3, 0));
	ok(sys(ioprio_get, WHO_PGRP, 0) >= 0);
	ok(sys(ioprio_get, WHO_USER, getuid()) >= 0);
	fails(sys(ioprio_set, WHO_PROC, 0, IO(0, 1)), EINVAL);
	fails(sys(ioprio_set, WHO_PROC, 0, IO(5, 0)), EINVAL);
	fails(sys(ioprio_set, 4, 0, IO(2, 4)), EINVAL);
	fails(sys(ioprio_get, 4, 0), EINVAL);
	fails(sys(ioprio_get, WHO_PROC, NOBODY), ESRCH);
	fails(sys(ioprio_set, WHO_PROC, NOBODY, IO(2, 4)), ESRCH);
}

int main(void)
{
	test_nice();
	test_io();
	return tap_done();
}
