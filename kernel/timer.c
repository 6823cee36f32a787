/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers: a list sorted by deadline over one clock event. Programming the clock event may
 * cost tens of microseconds, so it is moved only to an earlier time: a timer that is disarmed or
 * moved back leaves it where it is, and an event that finds nothing due sets it right.
 */
#include "kernel/timer.h"

#include "kernel/clock.h"
#include "kernel/lock.h"

static struct spinlock timer_lock;
static struct list timers =
    LIST_INIT(timers); /* (timer_lock) earliest first, equal ones in order of arming */
static uint64_t programmed_ns = UINT64_MAX; /* (timer_lock) what the clock event is set to */

static uint64_t earliest(void)
{
	return list_empty(&timers) ? UINT64_MAX
				   : list_first(&timers, struct timer, link)->deadline_ns;
}

/* Timers are mostly armed for later than those there are: search from the end. */
static void insert(struct timer *t)
{
	struct list *pos = timers.prev;

	while (pos != &timers && list_entry(pos, struct timer, link)->deadline_ns > t->deadline_ns)
		pos = pos->prev;
	list_add_head(&t->link, pos);
	t->armed = true;
}

static void remove(struct timer *t)
{
	if (t->armed)
		list_del(&t->link);
	t->armed = false;
}

/* Locks: timer_lock held. */
static void program(void)
{
	uint64_t next = earliest();

	if (next < programmed_ns) {
		programmed_ns = next;
		clockevent_arm(next);
	}
}

void timer_init(struct timer *t, void (*fire)(struct timer *))
{
	list_init(&t->link);
	t->deadline_ns = 0;
	t->fire = fire;
	t->armed = false;
}

void timer_arm(struct timer *t, uint64_t deadline_ns)
{
	spin_lock(&timer_lock);
	remove(t);
	t->deadline_ns = deadline_ns;
	insert(t);
	program();
	spin_unlock(&timer_lock);
}

void timer_disarm(struct timer *t)
{
	spin_lock(&timer_lock);
	remove(t);
	spin_unlock(&timer_lock);
}

uint64_t timer_next_ns(void)
{
	uint64_t next;

	spin_lock(&timer_lock);
	next = earliest();
	spin_unlock(&timer_lock);
	return next;
}

/*
 * Callbacks run without the lock; those due by the time of the call run, also if a callback made
 * them so.
 */
void timer_interrupt(void)
{
	uint64_t now = clock_mono_ns();
	struct timer *t;

	spin_lock(&timer_lock);
	while (earliest() <= now) {
		t = list_first(&timers, struct timer, link);
		remove(t);
		spin_unlock(&timer_lock);
		t->fire(t);
		spin_lock(&timer_lock);
	}
	/* The event is spent, perhaps a little early, or as late as the hardware can count. */
	programmed_ns = UINT64_MAX;
	program();
	spin_unlock(&timer_lock);
}
