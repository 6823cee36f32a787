/* SPDX-License-Identifier: MIT */
/*
 * futex_waitv(2) and the calls of Linux 6.7 that split futex(2) up: words are described by flags of
 * their own. Only words of 32 bits exist, as on Linux so far; no nodes (FUTEX2_NUMA).
 */
#include "kernel/futex.h"
#include "kernel/heap.h"
#include "kernel/wait.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

/* Linux 6.7's names, not yet in every system's headers. */
#define FLAG_SIZE_MASK 3u
#define FLAG_SIZE_U32  2u
#define FLAG_PRIVATE   128u

/* 0 or -EINVAL. */
static int flags_check(uint64_t flags)
{
	return (flags & ~(uint64_t)(FLAG_SIZE_MASK | FLAG_PRIVATE)) ||
		       (flags & FLAG_SIZE_MASK) != FLAG_SIZE_U32
		   ? -EINVAL
		   : 0;
}

static struct futex_addr addr_of(uaddr_t addr, uint64_t flags)
{
	return (struct futex_addr){addr, !(flags & FLAG_PRIVATE)};
}

/* A deadline on a clock. 0, -EINVAL or -EFAULT. */
static int deadline_get(uaddr_t timeout, int clockid, struct futex_deadline *until)
{
	int r;

	*until = (struct futex_deadline){NO_DEADLINE, clockid == CLOCK_REALTIME};
	if (!timeout)
		return 0;
	if (clockid != CLOCK_REALTIME && clockid != CLOCK_MONOTONIC)
		return -EINVAL;
	r = timespec_from_user(timeout, &until->ns);
	if (until->ns == INT64_MAX)
		until->ns = NO_DEADLINE;
	return r;
}

/* The n words a program lists. 0, -EINVAL or -EFAULT. */
static int waiters_get(uaddr_t waiters, unsigned n, struct futex_expect *what)
{
	struct futex_waitv in;

	for (unsigned i = 0; i < n; i++) {
		if (get_user(&in, waiters + i * sizeof(in)))
			return -EFAULT;
		if (flags_check(in.flags) || in.__reserved || in.val > UINT32_MAX)
			return -EINVAL;
		what[i] = (struct futex_expect){addr_of(in.uaddr, in.flags), (uint32_t)in.val};
	}
	return 0;
}

/* futex_waitv(2). */
long sys_futex_waitv(uaddr_t waiters, unsigned nr_futexes, unsigned flags, uaddr_t timeout,
		     int clockid)
{
	struct futex_deadline until;
	struct futex_expect *what;
	int r;

	if (flags || !nr_futexes || nr_futexes > FUTEX_WAITV_MAX || !waiters)
		return -EINVAL;
	r = deadline_get(timeout, clockid, &until);
	if (r)
		return r;
	what = kmalloc(nr_futexes * sizeof(*what));
	if (!what)
		return -ENOMEM;
	r = waiters_get(waiters, nr_futexes, what);
	if (r == 0)
		r = futex_wait_many(what, nr_futexes, &until);
	kfree(what);
	return r;
}

/* futex_wake(2). */
long sys_futex_wake(uaddr_t uaddr, unsigned long mask, int nr, unsigned flags)
{
	if (flags_check(flags) || mask > UINT32_MAX)
		return -EINVAL;
	return nr ? futex_wake(addr_of(uaddr, flags), nr, (uint32_t)mask) : 0;
}

/* futex_wait(2). */
long sys_futex_wait(uaddr_t uaddr, unsigned long val, unsigned long mask, unsigned flags,
		    uaddr_t timeout, int clockid)
{
	struct futex_deadline until;
	int r;

	if (flags_check(flags) || val > UINT32_MAX || mask > UINT32_MAX)
		return -EINVAL;
	r = deadline_get(timeout, clockid, &until);
	return r ? r : futex_wait(addr_of(uaddr, flags), (uint32_t)val, (uint32_t)mask, &until);
}

/* futex_requeue(2): from the first of two listed words to the second. */
long sys_futex_requeue(uaddr_t waiters, unsigned flags, int nr_wake, int nr_requeue)
{
	struct futex_expect two[2];
	int r;

	if (flags || !waiters)
		return -EINVAL;
	r = waiters_get(waiters, 2, two);
	return r ? r
		 : futex_requeue(two[0].futex, two[1].futex, nr_wake, nr_requeue, &two[0].value);
}
