/* SPDX-License-Identifier: MIT */
/*
 * Interval timers (getitimer(2)) and the limit on CPU time. There is no periodic tick: for the CPU
 * clocks a timer is set to the moment the process could reach the next expiry if it kept running,
 * and looks again if it did not. CPU time is not split into user and system time, so ITIMER_VIRTUAL
 * counts what ITIMER_PROF counts.
 */
#include "kernel/itimer.h"

#include "kernel/abi/linux.h"
#include "kernel/clock.h"
#include "kernel/log.h"
#include "kernel/task.h"
#include "kernel/x86_64/cpuinfo.h"

/*
 * The CPU clock is looked at no more often than this while the process runs, and while it sleeps.
 * Linux's tick: 1-10 ms.
 */
#define BUSY_LOOK_NS 1000000ull
#define IDLE_LOOK_NS 4000000ull

/* a + b for times, staying at the end of time. */
static uint64_t add_ns(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* ---- ITIMER_REAL ---- */

/*
 * The next interval begins when the signal is taken (itimer_real_rearm), so a blocked SIGALRM costs
 * no time.
 */
static void real_fire(struct timer *t)
{
	signal_raise(container_of(t, struct process, itimer_real), SIGALRM);
}

void itimer_real_rearm(struct process *p)
{
	struct timer *t = &p->itimer_real;
	uint64_t step = p->itimer_real_interval_ns, now;

	if (t->armed || !step)
		return;
	/* Keep to the original grid; intervals that have passed are skipped. */
	now = clock_mono_ns();
	timer_arm(t, add_ns(t->deadline_ns, ((now - t->deadline_ns) / step + 1) * step));
}

static void real_get(struct process *p, struct itimer_value *out)
{
	uint64_t now = clock_mono_ns(), end = p->itimer_real.deadline_ns;

	out->interval_ns = p->itimer_real_interval_ns;
	out->value_ns = 0;
	if (p->itimer_real.armed) /* about to fire: not 0, which would mean "off" */
		out->value_ns = end > now ? end - now : NSEC_PER_USEC;
}

static void real_set(struct process *p, const struct itimer_value *v)
{
	if (!p->itimer_real.fire)
		timer_init(&p->itimer_real, real_fire);
	timer_disarm(&p->itimer_real);
	p->itimer_real_interval_ns = v->value_ns ? v->interval_ns : 0;
	if (v->value_ns)
		timer_arm(&p->itimer_real, add_ns(clock_mono_ns(), v->value_ns));
}

/* ---- CPU time; process->lock held ---- */

/*
 * Soft limit in ns of CPU time, or the hard one if that comes first; UINT64_MAX = none. 0 s counts
 * as 1, as on Linux.
 */
static uint64_t limit_ns(uint64_t seconds)
{
	if (seconds >= UINT64_MAX / NSEC_PER_SEC)
		return UINT64_MAX;
	return (seconds ? seconds : 1) * NSEC_PER_SEC;
}

/* The next CPU time at which something happens, UINT64_MAX if nothing will. */
static uint64_t cpu_next(const struct process *p)
{
	const struct rlimit64 *cpu = &p->limits[RLIMIT_CPU];
	uint64_t next = MIN(limit_ns(cpu->rlim_cur), limit_ns(cpu->rlim_max));

	for (unsigned i = 0; i < ARRAY_SIZE(p->cpu_itimers); i++)
		if (p->cpu_itimers[i].expires_ns)
			next = MIN(next, p->cpu_itimers[i].expires_ns);
	return next;
}

/* Look again when the process could have got there. */
static void cpu_arm(struct process *p, uint64_t cpu_ns)
{
	uint64_t next = cpu_next(p), wait;

	if (next == UINT64_MAX) {
		timer_disarm(&p->cpu_timer);
		return;
	}
	wait = next > cpu_ns ? (next - cpu_ns) / cpu_count() : 0; /* several may run */
	wait = MAX(wait, cpu_ns == p->cpu_timer_seen_ns ? IDLE_LOOK_NS : BUSY_LOOK_NS);
	p->cpu_timer_seen_ns = cpu_ns;
	timer_arm(&p->cpu_timer, add_ns(clock_mono_ns(), wait));
}

/* Advance one timer. Returns whether it expired. */
static bool cpu_itimer_check(struct cpu_itimer *it, uint64_t cpu_ns)
{
	if (!it->expires_ns || it->expires_ns > cpu_ns)
		return false;
	it->expires_ns = it->interval_ns ? add_ns(it->expires_ns, it->interval_ns) : 0;
	return true;
}

/*
 * SIGXCPU at the soft limit and every second after it, SIGKILL at the hard one. Returns the signal
 * due, or 0.
 */
static int cpu_limit_check(struct process *p, uint64_t cpu_ns)
{
	struct rlimit64 *cpu = &p->limits[RLIMIT_CPU];

	if (cpu_ns >= limit_ns(cpu->rlim_max))
		return SIGKILL;
	if (cpu_ns < limit_ns(cpu->rlim_cur))
		return 0;
	cpu->rlim_cur = limit_ns(cpu->rlim_cur) / NSEC_PER_SEC + 1;
	return SIGXCPU;
}

/* Context: timer. */
static void cpu_fire(struct timer *t)
{
	static const int signals[] = {SIGVTALRM, SIGPROF};
	struct process *p = container_of(t, struct process, cpu_timer);
	uint64_t cpu_ns = process_cpu_ns_now(p);
	bool expired[ARRAY_SIZE(signals)];
	int limit;

	spin_lock(&p->lock);
	for (unsigned i = 0; i < ARRAY_SIZE(signals); i++)
		expired[i] = cpu_itimer_check(&p->cpu_itimers[i], cpu_ns);
	limit = cpu_limit_check(p, cpu_ns);
	cpu_arm(p, cpu_ns);
	spin_unlock(&p->lock);
	for (unsigned i = 0; i < ARRAY_SIZE(signals); i++)
		if (expired[i])
			signal_raise(p, signals[i]);
	if (limit)
		signal_raise(p, limit);
}

static void cpu_get(const struct cpu_itimer *it, uint64_t cpu_ns, struct itimer_value *out)
{
	out->interval_ns = it->interval_ns;
	out->value_ns = 0;
	if (it->expires_ns) /* about to fire: not 0, which would mean "off" */
		out->value_ns = it->expires_ns > cpu_ns ? it->expires_ns - cpu_ns : NSEC_PER_USEC;
}

static void cpu_start(struct process *p, uint64_t cpu_ns)
{
	if (!p->cpu_timer.fire)
		timer_init(&p->cpu_timer, cpu_fire);
	p->cpu_timer_seen_ns = UINT64_MAX; /* it runs now: it has just been called */
	cpu_arm(p, cpu_ns);
}

/* ---- the interface ---- */

void itimer_get(struct process *p, int which, struct itimer_value *out)
{
	uint64_t cpu_ns = process_cpu_ns_now(p);

	spin_lock(&p->lock);
	if (which == ITIMER_REAL)
		real_get(p, out);
	else
		cpu_get(&p->cpu_itimers[which - ITIMER_VIRTUAL], cpu_ns, out);
	spin_unlock(&p->lock);
}

void itimer_set(struct process *p, int which, const struct itimer_value *new,
		struct itimer_value *old)
{
	uint64_t cpu_ns = process_cpu_ns_now(p);
	struct cpu_itimer *it = &p->cpu_itimers[which == ITIMER_PROF];

	spin_lock(&p->lock);
	if (which == ITIMER_REAL) {
		real_get(p, old);
		real_set(p, new);
	} else {
		cpu_get(it, cpu_ns, old);
		it->expires_ns = new->value_ns ? add_ns(cpu_ns, new->value_ns) : 0;
		it->interval_ns = new->interval_ns;
		cpu_start(p, cpu_ns);
	}
	spin_unlock(&p->lock);
}

void itimer_cpu_limit_changed(struct process *p)
{
	uint64_t cpu_ns = process_cpu_ns_now(p);

	spin_lock(&p->lock);
	cpu_start(p, cpu_ns);
	spin_unlock(&p->lock);
}
