/* SPDX-License-Identifier: MIT */
/* timer_create(2) and its family. */
#include "kernel/posix_timer.h"

#include "syscalls/clock.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

/* Which of the timer's bases a clock is; the caller has seen that it can have timers. */
static enum timer_base base_of(enum clock_kind kind)
{
	switch (kind) {
	case CK_REAL:
		return BASE_REAL;
	case CK_PROCESS_CPU:
		return BASE_PROCESS_CPU;
	case CK_THREAD_CPU:
		return BASE_THREAD_CPU;
	default:
		return BASE_MONO;
	}
}

static struct thread *find_thread(int tid)
{
	struct process *p = current_process();
	struct thread *t;

	spin_lock(&p->lock);
	t = process_thread(p, tid);
	spin_unlock(&p->lock);
	return t && t->state != THREAD_DEAD ? t : NULL;
}

/* What the program wants to happen. 0 or -EINVAL. */
static int event_get(const struct sigevent *ev, struct posix_timer_spec *spec)
{
	spec->notify = ev->sigev_notify;
	spec->has_value = true;
	spec->value = (uint64_t)ev->sigev_value.sival_ptr;
	switch (ev->sigev_notify) {
	case SIGEV_NONE:
		return 0;
	case SIGEV_THREAD_ID:
		spec->target = find_thread(ev->sigev_notify_thread_id);
		if (!spec->target)
			return -EINVAL;
		break;
	case SIGEV_SIGNAL:
	case SIGEV_THREAD: /* the C library's business: for us a signal */
		break;
	default:
		return -EINVAL;
	}
	spec->signo = ev->sigev_signo;
	return spec->signo < 1 || spec->signo > N_SIGNALS ? -EINVAL : 0;
}

/* timer_create(2). Without an event: SIGALRM with the timer's number. */
long sys_timer_create(int clockid, uaddr_t sevp, uaddr_t timerid)
{
	struct posix_timer_spec spec = {
	    .clockid = clockid, .notify = SIGEV_SIGNAL, .signo = SIGALRM};
	struct clock_info c = clock_find(clockid);
	struct sigevent ev;
	int id;

	if (sevp && get_user(&ev, sevp))
		return -EFAULT;
	if (c.kind == CK_NONE)
		return -EINVAL;
	if (!(c.can & (CAN_SLEEP | CAN_TIME)))
		return -EOPNOTSUPP;
	if (sevp && event_get(&ev, &spec))
		return -EINVAL;
	spec.clock = base_of(c.kind);
	if (c.kind == CK_THREAD_CPU)
		spec.cpu_thread = find_thread(c.tid);
	id = posix_timer_new(&spec);
	if (id >= 0 && put_user(timerid, id)) {
		(void)posix_timer_delete(id);
		return -EFAULT;
	}
	return id < 0 ? id : 0;
}

/* timer_settime(2). Flags other than TIMER_ABSTIME are ignored, as Linux does. */
long sys_timer_settime(int timerid, int flags, uaddr_t new_value, uaddr_t old_value)
{
	struct itimer_value new, old;
	int r;

	if (!new_value)
		return -EINVAL;
	r = itimerspec_from_user(new_value, &new);
	if (r == 0)
		r = posix_timer_set(timerid, &new, flags & TIMER_ABSTIME, &old);
	if (r == 0 && old_value)
		r = itimerspec_to_user(old_value, &old);
	return r;
}

/* timer_gettime(2). */
long sys_timer_gettime(int timerid, uaddr_t curr_value)
{
	struct itimer_value v;
	int r = posix_timer_get(timerid, &v);

	return r ? r : itimerspec_to_user(curr_value, &v);
}

/* timer_getoverrun(2). */
long sys_timer_getoverrun(int timerid)
{
	return posix_timer_overrun(timerid);
}

/* timer_delete(2). */
long sys_timer_delete(int timerid)
{
	return posix_timer_delete(timerid);
}
