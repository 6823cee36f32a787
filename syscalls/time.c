/* SPDX-License-Identifier: MIT */
/*
 * Clocks, sleeping and interval timers: time(7). Which clock does what is in one table. CPU time is
 * not split into user and system time: all of it counts as user time.
 */
#include "kernel/clock.h"
#include "kernel/itimer.h"
#include "kernel/process.h"
#include "kernel/string.h"
#include "kernel/wait.h"
#include "syscalls/clock.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#define TICK_NS	      4000000ull /* resolution Linux states for its coarse clocks (HZ = 250) */
#define CLOCK_TICK_NS (NSEC_PER_SEC / 100) /* times(2): USER_HZ */
#define SETTIME_MAX_SEC                                                                            \
	8277292036ll /* Linux's TIME_SETTOD_SEC_MAX: 30 years before ns overflow                   \
		      */
#define MAX_ZONE_MINUTES (15 * 60)

/* ---- clocks ---- */

/*
 * Negative numbers are CPU clocks of a process or thread (clock_getcpuclockid(3)): the complement
 * of its number, shifted left by three; bit 2 says thread, the low bits which time is counted. Or,
 * ending in 3, descriptors of clock devices.
 */
#define CPUCLOCK_THREAD 4
#define CPUCLOCK_SCHED	2

bool clock_is_device(int id)
{
	return (id & 7) == 3;
}

static bool thread_exists(struct process *p, int tid)
{
	struct thread *t;

	spin_lock(&p->lock);
	t = process_thread(p, tid);
	spin_unlock(&p->lock);
	return t != NULL;
}

static struct clock_info cpu_clock(int id)
{
	int pid = ~(id >> 3), which = id & 3;
	bool thread = id & CPUCLOCK_THREAD;
	unsigned can = DYNAMIC | CAN_TIME | (which == CPUCLOCK_SCHED ? 0 : COARSE);
	struct process *p = current_process();

	if (which > CPUCLOCK_SCHED)
		return (struct clock_info){CK_NONE, DYNAMIC, 0};
	if (!pid)
		pid = thread ? current->tid : p->pid;
	if (thread && thread_exists(p, pid))
		return (struct clock_info){CK_THREAD_CPU, can, pid};
	if (!thread && pid == p->pid)
		return (struct clock_info){CK_PROCESS_CPU, can | CAN_SLEEP, 0};
	if (!thread && process_find(pid))
		return (struct clock_info){CK_OTHER_CPU, can & ~CAN_TIME, pid};
	return (struct clock_info){CK_NONE, DYNAMIC, 0};
}

struct clock_info clock_find(int id)
{
	static const struct clock_info clocks[] = {
	    [CLOCK_REALTIME] = {CK_REAL, CAN_SLEEP | CAN_SET, 0},
	    [CLOCK_MONOTONIC] = {CK_MONO, CAN_SLEEP, 0},
	    [CLOCK_PROCESS_CPUTIME_ID] = {CK_PROCESS_CPU, CAN_SLEEP, 0},
	    [CLOCK_MONOTONIC_RAW] = {CK_MONO, 0, 0},
	    [CLOCK_REALTIME_COARSE] = {CK_REAL, COARSE, 0},
	    [CLOCK_MONOTONIC_COARSE] = {CK_MONO, COARSE, 0},
	    [CLOCK_BOOTTIME] = {CK_MONO, CAN_SLEEP, 0},
	    [CLOCK_REALTIME_ALARM] = {CK_ALARM, 0, 0},
	    [CLOCK_BOOTTIME_ALARM] = {CK_ALARM, 0, 0},
	    [CLOCK_TAI] = {CK_REAL, CAN_SLEEP,
			   0}, /* the leap seconds are not known: as Linux until it is told */
	};

	if (id < 0)
		return cpu_clock(id);
	if (id == CLOCK_THREAD_CPUTIME_ID)
		return (struct clock_info){CK_THREAD_CPU, CAN_TIME, current->tid};
	return id < (int)ARRAY_SIZE(clocks) ? clocks[id] : (struct clock_info){CK_NONE, 0, 0};
}

static uint64_t other_thread_ns(int tid)
{
	struct process *p = current_process();
	struct thread *t;
	uint64_t ns;

	spin_lock(&p->lock);
	t = process_thread(p, tid);
	ns = t ? thread_cpu_ns(t) : 0;
	spin_unlock(&p->lock);
	return ns;
}

static uint64_t other_process_ns(int pid)
{
	struct process *p = process_find(pid);

	return p ? process_usage(p).cpu_ns : 0;
}

uint64_t clock_read(struct clock_info c)
{
	switch (c.kind) {
	case CK_REAL:
		return clock_real_ns();
	case CK_PROCESS_CPU:
		return clock_process_cpu_ns();
	case CK_OTHER_CPU:
		return other_process_ns(c.tid);
	case CK_THREAD_CPU:
		return c.tid == current->tid ? clock_thread_cpu_ns() : other_thread_ns(c.tid);
	default:
		return clock_mono_ns();
	}
}

/* clock_gettime(2). */
long sys_clock_gettime(int clockid, uaddr_t tp)
{
	struct clock_info c = clock_find(clockid);

	if (c.kind == CK_NONE || c.kind == CK_ALARM)
		return -EINVAL;
	return timespec_to_user(tp, clock_read(c));
}

/* clock_getres(2). */
long sys_clock_getres(int clockid, uaddr_t res)
{
	struct clock_info c = clock_find(clockid);

	if (c.kind == CK_NONE || c.kind == CK_ALARM)
		return -EINVAL;
	return res ? timespec_to_user(res, c.can & COARSE ? TICK_NS : 1) : 0;
}

/*
 * Set CLOCK_REALTIME, within Linux's limits: not before the machine was started. 0, -EINVAL or
 * -EPERM.
 */
static int set_real_time(int64_t sec, int64_t nsec)
{
	uint64_t ns;

	if (sec < 0 || nsec < 0 || nsec >= (int64_t)NSEC_PER_SEC || sec >= SETTIME_MAX_SEC)
		return -EINVAL;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	ns = sec * NSEC_PER_SEC + nsec;
	if (ns < clock_mono_ns())
		return -EINVAL;
	clock_set_real_ns(ns);
	return 0;
}

/* clock_settime(2). */
long sys_clock_settime(int clockid, uaddr_t tp)
{
	struct clock_info c = clock_find(clockid);
	struct __kernel_timespec ts;

	if (!(c.can & (CAN_SET | DYNAMIC)))
		return -EINVAL;
	if (get_user(&ts, tp))
		return -EFAULT;
	if (c.can & DYNAMIC) /* CPU clocks cannot be set, but their numbers are checked first */
		return c.kind == CK_NONE ? -EINVAL : -EPERM;
	return set_real_time(ts.tv_sec, ts.tv_nsec);
}

/* ---- the old forms ---- */

/* The zone is kept for whoever asks; nothing here uses it. */
static struct timezone zone;

/* gettimeofday(2). */
long sys_gettimeofday(uaddr_t tv, uaddr_t tz)
{
	uint64_t ns = clock_real_ns();
	struct __kernel_old_timeval now = {ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / NSEC_PER_USEC};

	if (tv && put_user(tv, now))
		return -EFAULT;
	return tz ? put_user(tz, zone) : 0;
}

/* settimeofday(2). */
long sys_settimeofday(uaddr_t tv, uaddr_t tz)
{
	struct __kernel_old_timeval new;
	struct timezone new_zone;
	int r = 0;

	if (tv && get_user(&new, tv))
		return -EFAULT;
	if (tv && (new.tv_usec < 0 || new.tv_usec > 999999))
		return -EINVAL;
	if (tz && get_user(&new_zone, tz))
		return -EFAULT;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	if (tz && (new_zone.tz_minuteswest > MAX_ZONE_MINUTES ||
		   new_zone.tz_minuteswest < -MAX_ZONE_MINUTES))
		return -EINVAL;
	if (tv)
		r = set_real_time(new.tv_sec, new.tv_usec *(int64_t)NSEC_PER_USEC);
	if (r == 0 && tz)
		zone = new_zone;
	return r;
}

/* time(2). */
long sys_time(uaddr_t tloc)
{
	int64_t now = clock_real_ns() / NSEC_PER_SEC;

	if (tloc && put_user(tloc, now))
		return -EFAULT;
	return now;
}

/*
 * times(2): ticks of 10 ms since boot, which is where Linux's count begins too, give or take its
 * offset.
 */
long sys_times(uaddr_t buf)
{
	struct tms t = {.tms_utime = clock_process_cpu_ns() / CLOCK_TICK_NS,
			.tms_cutime = current_process()->reaped_usage.cpu_ns / CLOCK_TICK_NS};

	if (buf && put_user(buf, t))
		return -EFAULT;
	return clock_mono_ns() / CLOCK_TICK_NS;
}

/*
 * What adjtimex(2) reports of a clock that nothing synchronises: Linux's values before its first
 * adjustment. The host keeps the time, so changes are refused as without CAP_SYS_TIME. Returns
 * TIME_ERROR or -errno.
 */
static long clock_report(uaddr_t txc)
{
	struct __kernel_timex t;
	unsigned modes;
	uint64_t ns;

	if (get_user(&modes, txc))
		return -EFAULT;
	if (modes && modes != ADJ_OFFSET_SS_READ)
		return -EPERM;
	ns = clock_real_ns();
	memset(&t, 0, sizeof(t));
	t.modes = modes;
	t.maxerror = t.esterror = 16000000;
	t.status = STA_UNSYNC;
	t.constant = 2;
	t.precision = 1;
	t.tolerance = 32768000;
	t.time.tv_sec = ns / NSEC_PER_SEC;
	t.time.tv_usec = ns % NSEC_PER_SEC / NSEC_PER_USEC;
	t.tick = 10000;
	return put_user(txc, t) ? -EFAULT : TIME_ERROR;
}

/* adjtimex(2). */
long sys_adjtimex(uaddr_t txc)
{
	return clock_report(txc);
}

/* clock_adjtime(2). */
long sys_clock_adjtime(int clockid, uaddr_t txc)
{
	struct __kernel_timex t;

	if (get_user(&t, txc))
		return -EFAULT;
	if (clockid < 0 ? clock_is_device(clockid) : clock_find(clockid).kind == CK_NONE)
		return -EINVAL;
	return clockid == CLOCK_REALTIME ? clock_report(txc) : -EOPNOTSUPP;
}

/* ---- sleeping ---- */

enum { SLEEP_CLOCK, SLEEP_DEADLINE, SLEEP_REM, SLEEP_ABSOLUTE };

/*
 * The moment of CLOCK_MONOTONIC to look at a clock again that has `left` to go. CPU clocks stand
 * still while we sleep.
 */
static uint64_t next_look(enum clock_kind kind, uint64_t left)
{
	uint64_t at;

	if (kind == CK_PROCESS_CPU)
		left = MAX(left, TICK_NS);
	at = clock_mono_ns() + left;
	return at >= INT64_MAX ? NO_DEADLINE : at;
}

/*
 * Sleep until a clock reaches a moment. If a signal ends it, an absolute sleep starts again by
 * itself; a relative one reports what is left and, if no handler ran, goes on until the same
 * moment.
 */
static long do_sleep(const struct restart *r)
{
	struct clock_info c = {.kind = r->arg[SLEEP_CLOCK]};
	uint64_t deadline = r->arg[SLEEP_DEADLINE], now;
	struct waiter w = {0};
	int ret = 0;

	while ((now = clock_read(c)) < deadline && ret != -ERESTARTSYS) {
		if (c.kind == CK_REAL) /* it may be set */
			wait_prepare(&w, &clock_set_wq);
		ret = wait_sleep(next_look(c.kind, deadline - now), true);
		wait_finish(&w);
	}
	if (now >= deadline)
		return 0;
	if (r->arg[SLEEP_ABSOLUTE])
		return -ERESTARTNOHAND;
	if (r->arg[SLEEP_REM] && timespec_to_user(r->arg[SLEEP_REM], deadline - now))
		return -EFAULT;
	return signal_set_restart(r);
}

static long sleep_for(enum clock_kind kind, uint64_t ns, uaddr_t rem)
{
	uint64_t now = clock_read((struct clock_info){.kind = kind});

	return do_sleep(&(struct restart){
	    .fn = do_sleep,
	    .arg = {[SLEEP_CLOCK] = kind,
		    [SLEEP_DEADLINE] = MIN(now + ns, (uint64_t)INT64_MAX),
		    [SLEEP_REM] = rem},
	});
}

/* nanosleep(2). */
long sys_nanosleep(uaddr_t req, uaddr_t rem)
{
	uint64_t ns;
	int r = timespec_from_user(req, &ns);

	return r ? r : sleep_for(CK_MONO, ns, rem);
}

/* clock_nanosleep(2). A relative sleep on CLOCK_REALTIME does not notice that the clock is set. */
long sys_clock_nanosleep(int clockid, int flags, uaddr_t req, uaddr_t rem)
{
	struct clock_info c = clock_find(clockid);
	uint64_t ns;
	int r;

	if (clockid >= 0 && c.kind == CK_NONE)
		return -EINVAL;
	if (clockid < 0 ? clock_is_device(clockid) : !(c.can & CAN_SLEEP) && c.kind != CK_ALARM)
		return -EOPNOTSUPP;
	r = timespec_from_user(req, &ns);
	if (r)
		return r;
	if (c.kind == CK_ALARM)
		return -EOPNOTSUPP;
	if (!(c.can & CAN_SLEEP))
		return -EINVAL;
	if (!(flags & TIMER_ABSTIME))
		return sleep_for(c.kind == CK_REAL ? CK_MONO : c.kind, ns, rem);
	return do_sleep(&(struct restart){
	    .arg = {[SLEEP_CLOCK] = c.kind, [SLEEP_DEADLINE] = ns, [SLEEP_ABSOLUTE] = 1},
	});
}

/* ---- interval timers ---- */

static bool itimer_valid(int which)
{
	return which == ITIMER_REAL || which == ITIMER_VIRTUAL || which == ITIMER_PROF;
}

static uint64_t timeval_ns(const struct __kernel_old_timeval *tv)
{
	if ((uint64_t)tv->tv_sec >= INT64_MAX / NSEC_PER_SEC)
		return INT64_MAX;
	return tv->tv_sec * NSEC_PER_SEC + tv->tv_usec * NSEC_PER_USEC;
}

static bool timeval_valid(const struct __kernel_old_timeval *tv)
{
	return tv->tv_sec >= 0 && tv->tv_usec >= 0 && tv->tv_usec < 1000000;
}

static int itimer_to_user(uaddr_t value, const struct itimer_value *v)
{
	struct __kernel_old_itimerval out = {
	    {v->interval_ns / NSEC_PER_SEC, v->interval_ns % NSEC_PER_SEC / NSEC_PER_USEC},
	    {v->value_ns / NSEC_PER_SEC, v->value_ns % NSEC_PER_SEC / NSEC_PER_USEC},
	};

	return put_user(value, out);
}

/* getitimer(2). */
long sys_getitimer(int which, uaddr_t value)
{
	struct itimer_value v;

	if (!itimer_valid(which))
		return -EINVAL;
	itimer_get(current_process(), which, &v);
	return itimer_to_user(value, &v);
}

/* setitimer(2). Without a value it stops the timer, as Linux does. */
long sys_setitimer(int which, uaddr_t value, uaddr_t old)
{
	struct __kernel_old_itimerval in = {{0, 0}, {0, 0}};
	struct itimer_value new, prev;

	if (value && get_user(&in, value))
		return -EFAULT;
	if (!timeval_valid(&in.it_value) || !timeval_valid(&in.it_interval) || !itimer_valid(which))
		return -EINVAL;
	new = (struct itimer_value){timeval_ns(&in.it_value), timeval_ns(&in.it_interval)};
	itimer_set(current_process(), which, &new, &prev);
	return old ? itimer_to_user(old, &prev) : 0;
}

/* alarm(2). What was left is rounded to seconds, but not to 0. */
long sys_alarm(unsigned seconds)
{
	struct itimer_value new = {seconds * NSEC_PER_SEC, 0}, old;
	uint64_t left;

	itimer_set(current_process(), ITIMER_REAL, &new, &old);
	left = (old.value_ns + NSEC_PER_SEC / 2) / NSEC_PER_SEC;
	return old.value_ns && !left ? 1 : left;
}
