/* SPDX-License-Identifier: MIT */
/*
 * sched_setscheduler(2), sched_getscheduler(2), sched_setparam(2), sched_getparam(2),
 * sched_setattr(2), sched_getattr(2), sched_get_priority_max(2), sched_get_priority_min(2),
 * sched_rr_get_interval(2): the policies that everybody may use, and what is refused. Real-time
 * policies are not tried: they depend on privileges.
 */
#include "tests/guest/tap.h"

#include <sched.h>

#define NOBODY 0x3fffffff /* larger than any pid */

/* struct sched_attr as it began; the kernel's may be longer. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static void test_priorities(void)
{
	is(sys(sched_get_priority_min, SCHED_OTHER), 0);
	is(sys(sched_get_priority_max, SCHED_OTHER), 0);
	is(sys(sched_get_priority_min, SCHED_FIFO), 1);
	is(sys(sched_get_priority_max, SCHED_FIFO), 99);
	is(sys(sched_get_priority_min, SCHED_RR), 1);
	is(sys(sched_get_priority_max, SCHED_RR), 99);
	is(sys(sched_get_priority_max, SCHED_BATCH), 0);
	is(sys(sched_get_priority_max, SCHED_IDLE), 0);
	is(sys(sched_get_priority_min, 6), 0);
	fails(sys(sched_get_priority_min, 4), EINVAL);
	fails(sys(sched_get_priority_max, 77), EINVAL);
	fails(sys(sched_get_priority_max, -1), EINVAL);
}

static void test_policy(void)
{
	struct sched_param p = {.sched_priority = 7};

	is(sys(sched_getscheduler, 0), SCHED_OTHER);
	is(sys(sched_getscheduler, getpid()), SCHED_OTHER);
	is(sys(sched_getparam, 0, &p), 0);
	is(p.sched_priority, 0);
	is(sys(sched_setparam, 0, &p), 0);
	is(sys(sched_setscheduler, 0, SCHED_BATCH, &p), 0);
	is(sys(sched_getscheduler, 0), SCHED_BATCH);
	is(sys(sched_setscheduler, 0, SCHED_OTHER, &p), 0);
	p.sched_priority = 1;
	fails(sys(sched_setscheduler, 0, SCHED_OTHER, &p), EINVAL);
	fails(sys(sched_setparam, 0, &p), EINVAL);
	p.sched_priority = 0;
	fails(sys(sched_setscheduler, 0, SCHED_FIFO, &p), EINVAL);
	fails(sys(sched_setscheduler, 0, 4, &p), EINVAL);
	fails(sys(sched_setscheduler, 0, -1, &p), EINVAL);
	fails(sys(sched_setscheduler, -1, SCHED_OTHER, &p), EINVAL);
	fails(sys(sched_setscheduler, 0, SCHED_OTHER, NULL), EINVAL);
	fails(sys(sched_setscheduler, 0, SCHED_OTHER, BAD), EFAULT);
	fails(sys(sched_setscheduler, NOBODY, SCHED_OTHER, &p), ESRCH);
	fails(sys(sched_getscheduler, -1), EINVAL);
	fails(sys(sched_getscheduler, NOBODY), ESRCH);
	fails(sys(sched_getparam, 0, NULL), EINVAL);
	fails(sys(sched_getparam, 0, BAD), EFAULT);
	fails(sys(sched_getparam, -1, &p), EINVAL);
	fails(sys(sched_getparam, NOBODY, &p), ESRCH);
	fails(sys(sched_setparam, 0, NULL), EINVAL);
	fails(sys(sched_setparam, 0, BAD), EFAULT);
	fails(sys(sched_setparam, NOBODY, &p), ESRCH);
}

static void test_interval(void)
{
	struct timespec t = {-1, -1};

	is(sys(sched_rr_get_interval, 0, &t), 0);
	ok(t.tv_sec == 0 && t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
	fails(sys(sched_rr_get_interval, -1, &t), EINVAL);
	fails(sys(sched_rr_get_interval, NOBODY, &t), ESRCH);
	fails(sys(sched_rr_get_interval, 0, BAD), EFAULT);
}

static void test_attr(void)
{
	int nice = 20 - (int)sys(getpriority, 0, 0);
	struct attr a = {.size = 1};

	is(sys(sched_getattr, 0, &a, sizeof(a), 0), 0);
	is(a.size, sizeof(a));
	is(a.policy, SCHED_OTHER);
	is(a.nice, nice);
	is(a.priority, 0);
	a = (struct attr){.size = sizeof(a), .policy = SCHED_BATCH, .nice = 19};
	is(sys(sched_setattr, 0, &a, 0), 0);
	is(sys(sched_getscheduler, 0), SCHED_BATCH);
	is(sys(getpriority, 0, 0), 20 - 19);
	memset(&a, 0, sizeof(a));
	is(sys(sched_getattr, 0, &a, sizeof(a), 0), 0);
	is(a.policy, SCHED_BATCH);
	is(a.nice, 19);
	fails(sys(sched_getattr, 0, &a, sizeof(a), 1), EINVAL);
	fails(sys(sched_getattr, 0, &a, 47, 0), EINVAL);
	fails(sys(sched_getattr, 0, &a, 5000, 0), EINVAL);
	fails(sys(sched_getattr, 0, NULL, sizeof(a), 0), EINVAL);
	fails(sys(sched_getattr, 0, BAD, sizeof(a), 0), EFAULT);
	fails(sys(sched_getattr, -1, &a, sizeof(a), 0), EINVAL);
	fails(sys(sched_getattr, NOBODY, &a, sizeof(a), 0), ESRCH);
	fails(sys(sched_setattr, 0, &a, 1), EINVAL);
	fails(sys(sched_setattr, 0, NULL, 0), EINVAL);
	fails(sys(sched_setattr, 0, BAD, 0), EFAULT);
	fails(sys(sched_setattr, NOBODY, &a, 0), ESRCH);
	fails(sys(sched_setattr, -1, &a, 0), EINVAL);
	a.size = 47;
	fails(sys(sched_setattr, 0, &a, 0), E2BIG);
	ok(a.size >= 48, "the size that would do is told");
	a = (struct attr){.size = sizeof(a), .policy = 4};
	fails(sys(sched_setattr, 0, &a, 0), EINVAL);
	a = (struct attr){.size = sizeof(a), .nice = 19, .priority = 1};
	fails(sys(sched_setattr, 0, &a, 0), EINVAL);
	a = (struct attr){.size = sizeof(a), .flags = 1ull << 40};
	fails(sys(sched_setattr, 0, &a, 0), EINVAL);
}

int main(void)
{
	test_priorities();
	test_policy();
	test_interval();
	test_attr();
	return tap_done();
}
