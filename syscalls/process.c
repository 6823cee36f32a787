/* SPDX-License-Identifier: MIT */
/*
 * Ending, limits and usage: exit(2), getrlimit(2), getrusage(2). Waiting is in syscalls/wait.c.
 */
#include "kernel/process.h"
#include "kernel/clock.h"
#include "kernel/itimer.h"
#include "kernel/string.h"
#include "syscalls/ident.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#define EXIT_STATUS(code) (((code)&0xff) << 8) /* wait(2) status of a normal end */
#define NR_OPEN_MAX	  1048576 /* fs.nr_open: no RLIMIT_NOFILE above it, for anyone */

/* ---- the end ---- */

/* exit(2) as the kernel has it: of the calling thread. */
long sys_exit(int status)
{
	thread_exit(EXIT_STATUS(status));
}

/* exit_group(2). */
long sys_exit_group(int status)
{
	process_exit(EXIT_STATUS(status));
}

/* ---- limits ---- */

/* Set and/or get one limit. 0, -EINVAL or -EPERM. */
static int limit_change(struct process *p, unsigned resource, const struct rlimit64 *new,
			struct rlimit64 *old)
{
	struct rlimit64 *slot;
	int r = 0;

	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	if (new &&new->rlim_cur > new->rlim_max)
		return -EINVAL;
	if (new &&resource == RLIMIT_NOFILE &&new->rlim_max > NR_OPEN_MAX)
		return -EPERM;
	slot = &p->limits[resource];
	spin_lock(&p->lock);
	if (new &&new->rlim_max > slot->rlim_max && !capable(CAP_SYS_RESOURCE))
		r = -EPERM;
	if (r == 0 && old)
		*old = *slot;
	if (r == 0 && new)
		*slot = *new;
	spin_unlock(&p->lock);
	if (r == 0 && new &&resource == RLIMIT_CPU)
		itimer_cpu_limit_changed(p);
	return r;
}

/* getrlimit(2). struct rlimit and struct rlimit64 are the same here. */
long sys_getrlimit(unsigned resource, uaddr_t rlim)
{
	struct rlimit64 old;
	int r = limit_change(current_process(), resource, NULL, &old);

	return r ? r : put_user(rlim, old);
}

/* setrlimit(2). */
long sys_setrlimit(unsigned resource, uaddr_t rlim)
{
	struct rlimit64 new;

	if (get_user(&new, rlim))
		return -EFAULT;
	return limit_change(current_process(), resource, &new, NULL);
}

/* May the caller look at and set what belongs to p? (check_prlimit_permission) */
static bool may_limit(const struct process *p)
{
	const struct cred *me = current->cred, *to = process_cred(p);

	return p == current_process() || capable(CAP_SYS_RESOURCE) ||
	       (me->uid == to->uid && me->uid == to->euid && me->uid == to->suid &&
		me->gid == to->gid && me->gid == to->egid && me->gid == to->sgid);
}

/* prlimit(2). */
long sys_prlimit64(int pid, unsigned resource, uaddr_t new_limit, uaddr_t old_limit)
{
	struct rlimit64 new, old;
	struct thread *t;
	int r;

	if (new_limit && get_user(&new, new_limit))
		return -EFAULT;
	t = thread_by_id(pid);
	if (!t)
		return -ESRCH;
	if (!may_limit(t->process))
		return -EPERM;
	r = limit_change(t->process, resource, new_limit ? &new : NULL, &old);
	if (r == 0 && old_limit)
		r = put_user(old_limit, old);
	return r;
}

/* ---- usage ---- */

static struct __kernel_old_timeval timeval_of(uint64_t ns)
{
	return (struct __kernel_old_timeval){ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / NSEC_PER_USEC};
}

/* Time is not split into user and system. */
void rusage_of(const struct task_usage *u, struct rusage *ru)
{
	memset(ru, 0, sizeof(*ru));
	ru->ru_utime = timeval_of(u->cpu_ns);
	ru->ru_maxrss = u->peak_resident * (PAGE_SIZE / 1024);
	ru->ru_minflt = u->faults;
	ru->ru_nvcsw = u->switches;
	ru->ru_nivcsw = u->preempted;
}

/* getrusage(2). */
long sys_getrusage(int who, uaddr_t usage)
{
	struct process *p = current_process();
	struct task_usage u = process_usage(p);
	struct rusage ru;

	switch (who) {
	case RUSAGE_SELF:
		break;
	case RUSAGE_THREAD:
		u.cpu_ns = clock_thread_cpu_ns();
		break;
	case RUSAGE_CHILDREN:
		u = p->reaped_usage;
		break;
	default:
		return -EINVAL;
	}
	rusage_of(&u, &ru);
	return put_user(usage, ru);
}
