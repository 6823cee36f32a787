/* SPDX-License-Identifier: MIT */
/*
 * Wait queues and mutexes. A wake-up sets thread->woken; wait_sleep consumes it. Because waiters
 * are queued before the condition is tested, and woken is looked at under the scheduler lock when
 * going to sleep, no wake-up is lost.
 */
#include "kernel/wait.h"

#include "kernel/abi/errno.h"
#include "kernel/clock.h"
#include "kernel/signal.h"
#include "kernel/task.h"

void wait_queue_init(struct wait_queue *wq)
{
	wq->lock = (struct spinlock)SPINLOCK_INIT;
	list_init(&wq->waiters);
}

/* Queues in zeroed memory are valid: the list is linked at first use. Locks: wq->lock held. */
static void ensure_linked(struct wait_queue *wq)
{
	if (unlikely(!wq->waiters.next))
		list_init(&wq->waiters);
}

void wait_prepare(struct waiter *w, struct wait_queue *wq)
{
	w->thread = current;
	w->woken = false;
	w->wq = wq;
	spin_lock(&wq->lock);
	ensure_linked(wq);
	list_add_tail(&w->link, &wq->waiters);
	spin_unlock(&wq->lock);
}

void wait_finish(struct waiter *w)
{
	struct wait_queue *wq = w->wq;

	if (!wq)
		return;
	spin_lock(&wq->lock);
	list_del(&w->link);
	spin_unlock(&wq->lock);
	w->wq = NULL;
}

static void sleep_timeout(struct timer *t)
{
	thread_wake(container_of(t, struct thread, sleep_timer));
}

int wait_sleep(uint64_t deadline_ns, bool interruptible)
{
	struct thread *t = current;
	int r = 0;

	if (interruptible && trace_hooks.sleep && trace_hooks.sleep()) {
		t->woken = false;
		return 0; /* a wake-up may have come and gone meanwhile */
	}
	if (interruptible && (t->work & WORK_ASYNC)) {
		thread_async.run();
		t->woken = false;
		return 0;
	}
	if (interruptible && signal_pending(t))
		r = -ERESTARTSYS;
	else if (deadline_ns != NO_DEADLINE && clock_mono_ns() >= deadline_ns)
		r = -ETIMEDOUT;
	if (r == 0 && sched_prepare_sleep(t, interruptible, &t->woken)) {
		if (deadline_ns != NO_DEADLINE) {
			timer_init(&t->sleep_timer, sleep_timeout);
			timer_arm(&t->sleep_timer, deadline_ns);
		}
		schedule();
		if (deadline_ns != NO_DEADLINE)
			timer_disarm(&t->sleep_timer);
		if (!t->woken) {
			if (interruptible && signal_pending(t))
				r = -ERESTARTSYS;
			else if (deadline_ns != NO_DEADLINE && clock_mono_ns() >= deadline_ns)
				r = -ETIMEDOUT;
		}
	}
	t->woken = false;
	return r;
}

size_t wait_wake(struct wait_queue *wq, size_t n)
{
	struct waiter *w, *tmp;
	size_t woken = 0;

	spin_lock(&wq->lock);
	ensure_linked(wq);
	list_for_each_safe (w, tmp, &wq->waiters, link) {
		if (w->notify) {
			w->notify(w);
			continue;
		}
		if (woken == n)
			continue;
		list_del(&w->link);
		WRITE_ONCE(w->woken, true);
		if (!w->mutex)
			WRITE_ONCE(w->thread->woken, true);
		thread_wake(w->thread);
		woken++;
	}
	spin_unlock(&wq->lock);
	return woken;
}

void mutex_init(struct mutex *m)
{
	m->lock = (struct spinlock)SPINLOCK_INIT;
	m->held = false;
	m->heir = NULL;
	wait_queue_init(&m->wq);
}

/* Take it for w, unless it is held or another's by right. With `late`, w has a right to it from now
 * on, if nobody has. */
static bool mutex_try(struct mutex *m, struct waiter *w, bool late)
{
	bool got;

	spin_lock(&m->lock);
	got = !m->held && (!m->heir || m->heir == w);
	if (got) {
		m->held = true;
		m->heir = NULL;
	} else if (late && !m->heir) {
		m->heir = w;
	}
	spin_unlock(&m->lock);
	return got;
}

/*
 * Not wait_sleep(): the caller may be testing a condition for which it is on other queues, and a
 * wake-up from there must still be known when it goes to sleep for that.
 *
 * Who comes along takes a free mutex before those who have waited for it and do not run yet: that
 * saves switches. One who was woken and came too late has it next, so that no thread can keep
 * another from it by coming back all the time.
 */
void mutex_lock(struct mutex *m)
{
	struct waiter w = {.mutex = true};
	bool late = false;

	while (unlikely(!mutex_try(m, &w, late))) {
		wait_prepare(&w, &m->wq);
		if (mutex_try(m, &w, false)) {
			wait_finish(&w);
			return;
		}
		if (sched_prepare_sleep(current, false, &w.woken))
			schedule();
		wait_finish(&w);
		late = w.woken;
		w.woken = false;
	}
}

void mutex_unlock(struct mutex *m)
{
	spin_lock(&m->lock);
	m->held = false;
	spin_unlock(&m->lock);
	/* an heir is not always the first of those who wait */
	if (m->wq.waiters.next && !list_empty(&m->wq.waiters))
		wait_wake(&m->wq, READ_ONCE(m->heir) ? SIZE_MAX : 1);
}
