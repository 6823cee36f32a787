/* SPDX-License-Identifier: MIT */
/*
 * POSIX timers. For CPU clocks a kernel timer is set to the moment the clock could reach the next
 * expiry if it kept running, and looks again if it did not.
 */
#include "kernel/posix_timer.h"

#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/task.h"
#include "kernel/x86_64/cpuinfo.h"

/* A CPU clock is looked at no more often than this while it runs, and while it stands still. */
#define BUSY_LOOK_NS 50000ull
#define IDLE_LOOK_NS 4000000ull
#define LONGEST_NS   ((uint64_t)INT64_MAX) /* farther away counts as this */

/* ---- clocks; process->lock held ---- */

static uint64_t now_of(const struct posix_timer *t, enum timer_base base)
{
	switch (base) {
	case BASE_REAL:
		return clock_real_ns(); /* has been asked before: does not sleep */
	case BASE_PROCESS_CPU:
		return process_cpu_ns(t->process);
	case BASE_THREAD_CPU:
		return t->cpu_thread ? thread_cpu_ns(t->cpu_thread) : 0;
	default:
		return clock_mono_ns();
	}
}

static bool on_cpu_clock(const struct posix_timer *t)
{
	return t->base == BASE_PROCESS_CPU || t->base == BASE_THREAD_CPU;
}

/* Set the kernel timer to when `next` may be reached. */
static void start(struct posix_timer *t)
{
	uint64_t now = now_of(t, t->base), wait = t->next > now ? t->next - now : 0;

	if (t->base == BASE_PROCESS_CPU)
		wait /= cpu_count(); /* several of its threads may run */
	if (on_cpu_clock(t) && wait) {
		wait = MAX(wait, now == t->cpu_seen_ns ? IDLE_LOOK_NS : BUSY_LOOK_NS);
		t->cpu_seen_ns = now;
	}
	timer_arm(&t->timer, clock_mono_ns() + MIN(wait, LONGEST_NS));
}

static void stop(struct posix_timer *t)
{
	timer_disarm(&t->timer);
	wait_finish(&t->clock_set);
}

/* CLOCK_REALTIME was set: look again. */
static void look_again(struct waiter *w)
{
	struct posix_timer *t = container_of(w, struct posix_timer, clock_set);

	if (t->timer.armed)
		timer_arm(&t->timer, clock_mono_ns());
}

/* Move `next` of a periodic timer past now; returns the intervals that takes. */
static uint64_t forward(struct posix_timer *t)
{
	uint64_t now = now_of(t, t->base), n;

	if (now < t->next)
		return 0;
	n = (now - t->next) / t->interval + 1;
	t->next += n * t->interval;
	return n;
}

/* ---- expiry; process->lock held ---- */

static void send(struct posix_timer *t)
{
	bool sent = false;

	if (t->notify != SIGEV_THREAD_ID)
		sent = signal_send_entry(t->process, NULL, &t->entry);
	else if (t->target)
		sent = signal_send_entry(t->process, t->target, &t->entry);
	t->ignored = !sent && t->taken_rearms;
}

/* Context: timer. */
static void fire(struct timer *timer)
{
	struct posix_timer *t = container_of(timer, struct posix_timer, timer);
	struct process *p = t->process;

	spin_lock(&p->lock);
	if (now_of(t, t->base) < t->next) {
		start(t);
	} else {
		stop(t);
		t->taken_rearms = t->interval != 0;
		t->armed = t->taken_rearms;
		send(t);
	}
	spin_unlock(&p->lock);
}

static void arm(struct posix_timer *t)
{
	if (t->notify == SIGEV_NONE)
		return;
	if (t->base == BASE_REAL && !t->clock_set.wq)
		wait_prepare(&t->clock_set, &clock_set_wq);
	start(t);
}

void posix_timer_taken(struct posix_timer *t, siginfo_t *info)
{
	t->overrun = 0;
	if (t->taken_rearms) {
		t->taken_rearms = false;
		t->overrun = MIN(forward(t) - 1, (uint64_t)INT32_MAX);
		arm(t);
	}
	info->si_overrun = (int)t->overrun;
}

void posix_timer_discarded(struct posix_timer *t)
{
	t->ignored = t->taken_rearms;
}

void posix_timers_unignore(struct process *p, int signo)
{
	struct posix_timer *t;

	list_for_each (t, &p->posix_timers, link)
		if (t->ignored && t->entry.info.si_signo == signo)
			send(t);
}

void posix_timers_thread_ending(struct thread *thread)
{
	struct posix_timer *t;

	list_for_each (t, &thread->process->posix_timers, link) {
		if (t->target == thread)
			t->target = NULL;
		if (t->cpu_thread == thread) {
			t->cpu_thread = NULL;
			t->armed = false;
			stop(t);
		}
	}
}

/* ---- the calls ---- */

/* Locks: process->lock. */
static struct posix_timer *find(struct process *p, int id)
{
	struct posix_timer *t;

	list_for_each (t, &p->posix_timers, link)
		if (t->id == id)
			return t;
	return NULL;
}

/* The timer with its process locked, or NULL and nothing is locked. */
static struct posix_timer *find_lock(int id)
{
	struct process *p = current_process();
	struct posix_timer *t;

	spin_lock(&p->lock);
	t = find(p, id);
	if (!t)
		spin_unlock(&p->lock);
	return t;
}

static void init(struct posix_timer *t, struct process *p, const struct posix_timer_spec *spec)
{
	timer_init(&t->timer, fire);
	t->clock_set.notify = look_again;
	t->process = p;
	t->clockid = spec->clockid;
	t->clock = t->base = spec->clock;
	t->cpu_thread = spec->cpu_thread;
	t->notify = spec->notify;
	t->target = spec->target;
	t->entry.timer = t;
	list_init(&t->entry.link);
	t->entry.info.si_signo = spec->signo;
	t->entry.info.si_code = SI_TIMER;
	t->entry.info.si_value.sival_ptr = (void *)spec->value;
}

int posix_timer_new(const struct posix_timer_spec *spec)
{
	struct process *p = current_process();
	struct posix_timer *t = kzalloc(sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	init(t, p, spec);
	spin_lock(&p->lock);
	if (p->n_sigqueued >= p->limits[RLIMIT_SIGPENDING].rlim_cur) {
		spin_unlock(&p->lock);
		kfree(t);
		return -EAGAIN;
	}
	p->n_sigqueued++;
	do {
		t->id = p->next_timer_id;
		p->next_timer_id = (t->id + 1) & INT32_MAX;
	} while (find(p, t->id));
	r = t->id;
	t->entry.info.si_tid = t->id;
	if (!spec->has_value)
		t->entry.info.si_value.sival_ptr = (void *)(uint64_t)t->id;
	list_add_tail(&t->link, &p->posix_timers);
	spin_unlock(&p->lock);
	return r;
}

/* Disarm, and take back a signal that nobody has seen. Locks: process->lock. */
static void reset(struct posix_timer *t)
{
	stop(t);
	signal_cancel_entry(t->process, &t->entry);
	t->armed = t->taken_rearms = t->ignored = false;
}

/* Locks: process->lock. */
static void destroy(struct posix_timer *t)
{
	reset(t);
	t->process->n_sigqueued--;
	list_del(&t->link);
	kfree(t);
}

int posix_timer_delete(int id)
{
	struct posix_timer *t = find_lock(id);
	struct process *p = current_process();

	if (!t)
		return -EINVAL;
	destroy(t);
	spin_unlock(&p->lock);
	return 0;
}

void posix_timers_delete_all(struct process *p)
{
	spin_lock(&p->lock);
	while (!list_empty(&p->posix_timers))
		destroy(list_first(&p->posix_timers, struct posix_timer, link));
	p->next_timer_id = 0;
	spin_unlock(&p->lock);
}

/* Locks: process->lock. */
static void read_setting(struct posix_timer *t, struct itimer_value *out)
{
	bool silent = t->notify == SIGEV_NONE;
	uint64_t now, next;

	out->interval_ns = t->interval;
	out->value_ns = 0;
	if (!t->armed)
		return;
	now = now_of(t, t->base);
	next = t->next;
	if (now >= next && t->interval && (silent || t->taken_rearms))
		next += ((now - next) / t->interval + 1) * t->interval;
	if (next > now)
		out->value_ns = next - now;
	else if (!silent) /* about to fire: not 0, which would mean "off" */
		out->value_ns = 1;
}

int posix_timer_get(int id, struct itimer_value *out)
{
	struct posix_timer *t = find_lock(id);

	if (!t)
		return -EINVAL;
	read_setting(t, out);
	spin_unlock(&t->process->lock);
	return 0;
}

int posix_timer_set(int id, const struct itimer_value *new, bool absolute, struct itimer_value *old)
{
	struct posix_timer *t;

	(void)clock_real_ns(); /* may sleep the first time: before the lock */
	t = find_lock(id);
	if (!t)
		return -EINVAL;
	read_setting(t, old);
	reset(t);
	t->interval = new->interval_ns;
	t->overrun = 0;
	t->armed = new->value_ns != 0;
	if (t->armed) {
		t->base = t->clock == BASE_REAL && !absolute ? BASE_MONO : t->clock;
		t->cpu_seen_ns = UINT64_MAX;
		t->next =
		    absolute ? new->value_ns : MIN(now_of(t, t->base) + new->value_ns, LONGEST_NS);
		arm(t);
	}
	spin_unlock(&t->process->lock);
	return 0;
}

int posix_timer_overrun(int id)
{
	struct posix_timer *t = find_lock(id);
	int n;

	if (!t)
		return -EINVAL;
	n = (int)t->overrun;
	spin_unlock(&t->process->lock);
	return n;
}
