/* SPDX-License-Identifier: MIT */
/*
 * Ending, waiting for children (there are none), limits and usage: exit(2), wait(2), getrlimit(2),
 * getrusage(2).
 */
#include "kernel/clock.h"
#include "kernel/itimer.h"
#include "kernel/string.h"
#include "syscalls/syscall.h"

#include <linux/wait.h>

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

/* ---- children ---- */

#define WAIT_COMMON (WNOHANG | __WNOTHREAD | __WCLONE | __WALL)

/* wait4(2): after the argument checks, no children. */
long sys_wait4(int pid, uaddr_t wstatus, int options, uaddr_t rusage)
{
	if (options & ~(WAIT_COMMON | WUNTRACED | WCONTINUED))
		return -EINVAL;
	return pid == INT32_MIN ? -ESRCH : -ECHILD;
}

/* waitid(2): the same. */
long sys_waitid(int idtype, int id, uaddr_t info, int options, uaddr_t rusage)
{
	const int what = WEXITED | WSTOPPED | WCONTINUED;

	if ((options & ~(WAIT_COMMON | WNOWAIT | what)) || !(options & what))
		return -EINVAL;
	switch (idtype) {
	case P_ALL:
		return -ECHILD;
	case P_PID:
		return id <= 0 ? -EINVAL : -ECHILD;
	case P_PGID:
		return id < 0 ? -EINVAL : -ECHILD;
	case P_PIDFD: /* no descriptor is one */
		return id < 0 ? -EINVAL : -EBADF;
	default:
		return -EINVAL;
	}
}

/* ---- limits ---- */

/* Set and/or get one limit. 0, -EINVAL or -EPERM. */
static int limit_change(unsigned resource, const struct rlimit64 *new, struct rlimit64 *old)
{
	struct process *p = current_process();
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
	int r = limit_change(resource, NULL, &old);

	return r ? r : put_user(rlim, old);
}

/* setrlimit(2). */
long sys_setrlimit(unsigned resource, uaddr_t rlim)
{
	struct rlimit64 new;

	if (get_user(&new, rlim))
		return -EFAULT;
	return limit_change(resource, &new, NULL);
}

/* prlimit(2), of this process. */
long sys_prlimit64(int pid, unsigned resource, uaddr_t new_limit, uaddr_t old_limit)
{
	struct rlimit64 new, old;
	int r;

	if (new_limit && get_user(&new, new_limit))
		return -EFAULT;
	if (pid && pid != current_process()->pid && pid != current->tid)
		return -ESRCH;
	r = limit_change(resource, new_limit ? &new : NULL, &old);
	if (r == 0 && old_limit)
		r = put_user(old_limit, old);
	return r;
}

/* ---- usage ---- */

static struct __kernel_old_timeval timeval_of(uint64_t ns)
{
	return (struct __kernel_old_timeval){ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / NSEC_PER_USEC};
}

/* getrusage(2): time is not split into user and system; children never existed. */
long sys_getrusage(int who, uaddr_t usage)
{
	const struct task_counts *counts = &current_process()->counts;
	struct rusage ru;

	memset(&ru, 0, sizeof(ru));
	switch (who) {
	case RUSAGE_SELF:
		ru.ru_utime = timeval_of(clock_process_cpu_ns());
		break;
	case RUSAGE_THREAD:
		ru.ru_utime = timeval_of(clock_thread_cpu_ns());
		break;
	case RUSAGE_CHILDREN:
		return put_user(usage, ru);
	default:
		return -EINVAL;
	}
	ru.ru_maxrss =
	    MAX(current_mm()->peak_resident, current_mm()->resident_pages) * (PAGE_SIZE / 1024);
	ru.ru_minflt = counts->faults;
	ru.ru_nvcsw = counts->switches;
	ru.ru_nivcsw = counts->preempted;
	return put_user(usage, ru);
}
