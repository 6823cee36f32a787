/* SPDX-License-Identifier: MIT */
/*
 * Scheduling policy, priority and affinity of the program's threads. The machine runs nothing else,
 * so the values are kept and given back truthfully; real-time policies, which promise something,
 * are refused as without the privilege.
 */
#include "kernel/process.h"
#include "kernel/string.h"
#include "kernel/x86_64/cpuinfo.h"
#include "syscalls/ident.h"
#include "syscalls/syscall.h"

#include <linux/ioprio.h>
#include <linux/sched/types.h>

enum { NICE_MIN = -20, NICE_MAX = 19 };

long sys_sched_yield(void)
{
	sched_yield();
	return 0;
}

/* ---- affinity ---- */

long sys_sched_getaffinity(int pid, size_t len, uaddr_t mask)
{
	unsigned bytes = len; /* Linux takes 32 bits */
	const struct thread *t;

	if (!bytes || bytes % sizeof(uint64_t))
		return -EINVAL;
	t = thread_by_id(pid);
	if (!t)
		return -ESRCH;
	return put_user(mask, (uint64_t)(t->affinity & cpu_mask())) ? -EFAULT
								    : (long)sizeof(uint64_t);
}

/* sched_setaffinity(2), nice(2), ioprio_set(2): is t the caller's user's? */
static bool may_change(const struct thread *t)
{
	const struct cred *me = current->cred, *to = t->cred;

	return me->euid == to->uid || me->euid == to->euid || capable(CAP_SYS_NICE);
}

long sys_sched_setaffinity(int pid, size_t len, uaddr_t umask)
{
	uint64_t mask = 0;
	struct thread *t;

	if (copy_from_user(&mask, umask, MIN((unsigned)len, (unsigned)sizeof(mask))))
		return -EFAULT;
	t = thread_by_id(pid);
	if (!t)
		return -ESRCH;
	if (!may_change(t))
		return -EPERM;
	mask &= cpu_mask();
	if (!mask)
		return -EINVAL;
	thread_set_affinity(t, (uint32_t)mask);
	return 0;
}

/* ---- policies ---- */

static bool is_realtime(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

/* sched_get_priority_max(2), also -EINVAL for what is no policy. */
static long highest_priority(int policy)
{
	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		return 99;
	case SCHED_NORMAL:
	case SCHED_BATCH:
	case SCHED_IDLE:
	case SCHED_DEADLINE:
		return 0;
	}
	return -EINVAL;
}

long sys_sched_get_priority_max(int policy)
{
	return highest_priority(policy);
}

long sys_sched_get_priority_min(int policy)
{
	return is_realtime(policy) ? 1 : highest_priority(policy);
}

/* Check and set policy and priority. Deadlines need parameters that only sched_setattr(2) has. */
static long set_policy(struct thread *t, int policy, int priority, bool reset_on_fork)
{
	if (highest_priority(policy) < 0 || policy == SCHED_DEADLINE)
		return -EINVAL;
	if (priority > highest_priority(policy) || priority < 0 ||
	    is_realtime(policy) != !!priority)
		return -EINVAL;
	if (is_realtime(policy))
		return -EPERM;
	if (t->sched_reset_on_fork && !reset_on_fork && !capable(CAP_SYS_NICE))
		return -EPERM;
	t->sched_policy = policy;
	t->sched_reset_on_fork = reset_on_fork;
	return 0;
}

long sys_sched_setscheduler(int pid, int policy, uaddr_t param)
{
	struct thread *t = thread_by_id(pid);
	int priority;

	if (policy < 0 || !param || pid < 0)
		return -EINVAL;
	if (get_user(&priority, param))
		return -EFAULT;
	if (!t)
		return -ESRCH;
	return set_policy(t, policy & ~SCHED_RESET_ON_FORK, priority, policy & SCHED_RESET_ON_FORK);
}

long sys_sched_setparam(int pid, uaddr_t param)
{
	struct thread *t = thread_by_id(pid);
	int priority;

	if (!param || pid < 0)
		return -EINVAL;
	if (get_user(&priority, param))
		return -EFAULT;
	return !t ? -ESRCH : priority ? -EINVAL : 0;
}

long sys_sched_getscheduler(int pid)
{
	struct thread *t = thread_by_id(pid);

	if (pid < 0)
		return -EINVAL;
	if (!t)
		return -ESRCH;
	return t->sched_policy | (t->sched_reset_on_fork ? SCHED_RESET_ON_FORK : 0);
}

long sys_sched_getparam(int pid, uaddr_t param)
{
	if (!param || pid < 0)
		return -EINVAL;
	if (!thread_by_id(pid))
		return -ESRCH;
	return put_user(param, 0);
}

/* The slice of a thread that shares its CPU with nobody is reported as 0. */
long sys_sched_rr_get_interval(int pid, uaddr_t interval)
{
	const struct __kernel_timespec zero = {0};

	if (pid < 0)
		return -EINVAL;
	if (!thread_by_id(pid))
		return -ESRCH;
	return copy_to_user(interval, &zero, sizeof(zero));
}

/* ---- niceness ---- */

/* May t become this nice? Less nice needs privilege or RLIMIT_NICE (getrlimit(2)). */
static bool can_nice(const struct thread *t, int nice)
{
	return nice >= t->nice ||
	       (uint64_t)(20 - nice) <= t->process->limits[RLIMIT_NICE].rlim_cur ||
	       capable(CAP_SYS_NICE);
}

static bool is_meant(const struct process *p, int which, int who)
{
	const struct process *me = current_process();

	if (which == PRIO_PGRP)
		return p->pgid == (who ? who : me->pgid);
	return process_cred(p)->uid == (who ? (uint32_t)who : current->cred->uid);
}

/*
 * Call f for the threads that (which, who) of the priority calls means. Returns their number, 0 if
 * there are none, or the first error of f.
 */
static long for_who(int which, int who, long (*f)(struct thread *t, long arg), long arg)
{
	struct process *p;
	struct thread *t;
	long n = 0, r = 0;

	if (which == PRIO_PROCESS) {
		t = thread_by_id(who);
		r = t ? f(t, arg) : 0;
		return r < 0 ? r : t != NULL;
	}
	for_each_process(p)
	{
		if (!is_meant(p, which, who))
			continue;
		list_for_each (t, &p->threads, process_link) {
			long e = f(t, arg);

			r = r ? r : e;
			n++;
		}
	}
	return r < 0 ? r : n;
}

static long see_nice(struct thread *t, long best)
{
	*(int *)best = MAX(*(int *)best, 20 - t->nice);
	return 0;
}

/* getpriority(2) as the raw call answers: 40 (least nice) to 1. */
long sys_getpriority(int which, int who)
{
	int best = 0;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	return for_who(which, who, see_nice, (long)&best) ? best : -ESRCH;
}

static long set_nice(struct thread *t, long nice)
{
	if (!may_change(t))
		return -EPERM;
	if (!can_nice(t, nice))
		return -EACCES;
	t->nice = nice;
	return 0;
}

long sys_setpriority(int which, int who, int nice)
{
	long n;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	nice = nice < NICE_MIN ? NICE_MIN : MIN(nice, (int)NICE_MAX);
	n = for_who(which, who, set_nice, nice);
	return n < 0 ? n : n ? 0 : -ESRCH;
}

/* ---- all of it at once ---- */

long sys_sched_getattr(int pid, uaddr_t uattr, unsigned size, unsigned flags)
{
	struct thread *t = thread_by_id(pid);
	struct sched_attr attr = {0};

	if (!uattr || pid < 0 || size > PAGE_SIZE || size < SCHED_ATTR_SIZE_VER0 || flags)
		return -EINVAL;
	if (!t)
		return -ESRCH;
	attr.size = MIN(size, (unsigned)sizeof(attr));
	attr.sched_policy = t->sched_policy;
	attr.sched_flags = t->sched_reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
	attr.sched_nice = t->nice;
	return copy_to_user(uattr, &attr, attr.size);
}

/* Copy a struct sched_attr of any version: what we do not know must be 0, else -E2BIG with our size
 * put there. */
static long get_attr(struct sched_attr *attr, uaddr_t uattr)
{
	uint32_t size;
	uint8_t extra;

	memset(attr, 0, sizeof(*attr));
	if (get_user(&size, uattr))
		return -EFAULT;
	size = size ? size : SCHED_ATTR_SIZE_VER0;
	if (size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE)
		goto wrong_size;
	for (uint32_t i = sizeof(*attr); i < size; i++) {
		if (get_user(&extra, uattr + i))
			return -EFAULT;
		if (extra)
			goto wrong_size;
	}
	if (copy_from_user(attr, uattr, MIN(size, (uint32_t)sizeof(*attr))))
		return -EFAULT;
	return 0;
wrong_size:
	return put_user(uattr, (uint32_t)sizeof(*attr)) ? -EFAULT : -E2BIG;
}

long sys_sched_setattr(int pid, uaddr_t uattr, unsigned flags)
{
	struct thread *t = thread_by_id(pid);
	struct sched_attr attr;
	long r;

	if (!uattr || pid < 0 || flags)
		return -EINVAL;
	r = get_attr(&attr, uattr);
	if (r)
		return r;
	if ((int)attr.sched_policy < 0 || attr.sched_flags & ~(uint64_t)SCHED_FLAG_ALL)
		return -EINVAL;
	if (!t)
		return -ESRCH;
	if (attr.sched_flags & SCHED_FLAG_UTIL_CLAMP)
		return -EOPNOTSUPP;
	if (attr.sched_flags & SCHED_FLAG_KEEP_POLICY)
		attr.sched_policy = t->sched_policy;
	if (attr.sched_flags & SCHED_FLAG_KEEP_PARAMS) {
		attr.sched_priority = 0;
		attr.sched_nice = t->nice;
	}
	if (attr.sched_policy == SCHED_DEADLINE)
		return -EPERM;
	if (attr.sched_nice < NICE_MIN || attr.sched_nice > NICE_MAX)
		attr.sched_nice = attr.sched_nice < 0 ? NICE_MIN : NICE_MAX;
	if (!can_nice(t, attr.sched_nice))
		return -EPERM;
	r = set_policy(t, attr.sched_policy, attr.sched_priority,
		       attr.sched_flags & SCHED_FLAG_RESET_ON_FORK);
	if (r == 0)
		t->nice = attr.sched_nice;
	return r;
}

/* ---- I/O priority: there is no I/O scheduler to obey it ---- */

static long see_ioprio(struct thread *t, long best)
{
	int prio = t->ioprio ? t->ioprio : IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, (t->nice + 20) / 5);

	*(int *)best = *(int *)best ? MIN(*(int *)best, prio) : prio;
	return 0;
}

long sys_ioprio_get(int which, int who)
{
	struct thread *t;
	int best = 0;

	if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER)
		return -EINVAL;
	if (which == IOPRIO_WHO_PROCESS) {
		t = thread_by_id(who);
		return t ? t->ioprio : -ESRCH;
	}
	return for_who(which - IOPRIO_WHO_PROCESS, who, see_ioprio, (long)&best) ? best : -ESRCH;
}

static long set_ioprio(struct thread *t, long prio)
{
	if (!may_change(t))
		return -EPERM;
	t->ioprio = prio;
	return 0;
}

long sys_ioprio_set(int which, int who, unsigned ioprio)
{
	unsigned class = ioprio >> IOPRIO_CLASS_SHIFT & 7, level = ioprio & 7;

	if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER || class > IOPRIO_CLASS_IDLE ||
	    (class == IOPRIO_CLASS_NONE && level))
		return -EINVAL;
	if (class == IOPRIO_CLASS_RT && !capable(CAP_SYS_NICE))
		return -EPERM;
	return for_who(which - IOPRIO_WHO_PROCESS, who, set_ioprio, (uint16_t)ioprio) ? 0 : -ESRCH;
}
