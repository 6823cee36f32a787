/* SPDX-License-Identifier: MIT */
/*
 * timerfd_create(2). A periodic timer is armed again when somebody looks at it, not by each
 * expiration: an instance nobody reads costs one interrupt.
 */
#include "fs/timerfd.h"

#include "fs/vfs.h"
#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/poll.h"
#include "kernel/task.h"
#include "kernel/timer.h"

#include <linux/eventpoll.h>

#define NEVER UINT64_MAX

struct timerfd {
	struct timer timer;
	struct waiter clock_set; /* queued on CLOCK_REALTIME, which may be set */
	enum timerfd_clock clock;
	bool real;	     /* `next` is a moment of CLOCK_REALTIME: not of a relative timer */
	bool armed, expired; /* expired: the periodic timer waits to be armed again */
	bool cancel;	     /* TIMERFD_CANCEL */
	uint64_t next;	     /* of the clock: when it fires next, or has fired */
	uint64_t interval;
	uint64_t ticks;	   /* expirations not read yet */
	uint64_t set_seen; /* clock_real_set_count() when armed */
	struct wait_queue wq;
};

static const struct file_ops timerfd_ops;

static uint64_t now_of(const struct timerfd *t)
{
	return t->real ? clock_real_ns() : clock_mono_ns();
}

static void start(struct timerfd *t)
{
	uint64_t now = now_of(t), left = t->next > now ? t->next - now : 0;

	timer_arm(&t->timer, clock_mono_ns() + MIN(left, NEVER / 2));
}

static void fire(struct timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);

	if (now_of(t) < t->next) { /* the clock was set back */
		start(t);
		return;
	}
	t->ticks++;
	t->expired = true;
	t->armed = t->interval != 0;
	wait_wake_all(&t->wq);
}

/* Count what a periodic timer has missed since it fired, and arm it again. */
static void catch_up(struct timerfd *t)
{
	uint64_t now = now_of(t), missed;

	if (!t->expired || !t->interval)
		return;
	missed = now > t->next ? (now - t->next) / t->interval : 0;
	t->ticks += missed;
	t->next += (missed + 1) * t->interval;
	t->expired = false;
	start(t);
}

static bool cancelled(struct timerfd *t)
{
	return t->cancel && t->set_seen != clock_real_set_count();
}

/* Returns 8, -EINVAL, -EAGAIN, -ECANCELED, -ERESTARTSYS, -EFAULT. */
static ssize_t timerfd_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct timerfd *t = f->priv;
	uint64_t ticks;
	int r;

	if (to->left < sizeof(ticks))
		return -EINVAL;
	while (!t->ticks && !cancelled(t)) {
		if ((f->flags & O_NONBLOCK) || to->nowait)
			return -EAGAIN;
		r = wait_until(&t->wq, t->ticks != 0 || cancelled(t), NO_DEADLINE);
		if (r)
			return r;
	}
	if (cancelled(t)) {
		t->set_seen = clock_real_set_count();
		t->ticks = 0;
		return -ECANCELED;
	}
	catch_up(t);
	ticks = t->ticks;
	t->ticks = 0;
	return iter_write(to, &ticks, sizeof(ticks)) == sizeof(ticks) ? (ssize_t)sizeof(ticks)
								      : -EFAULT;
}

static unsigned timerfd_poll(struct file *f, struct poll_table *pt)
{
	struct timerfd *t = f->priv;

	poll_wait(pt, &t->wq);
	return t->ticks || cancelled(t) ? EPOLLIN : 0;
}

/* CLOCK_REALTIME was set: what is due at a moment of it is due earlier or later. */
static void clock_set(struct waiter *w)
{
	struct timerfd *t = container_of(w, struct timerfd, clock_set);

	if (t->armed && t->timer.armed)
		start(t);
	if (cancelled(t))
		wait_wake_all(&t->wq);
}

static void timerfd_release(struct file *f)
{
	struct timerfd *t = f->priv;

	wait_finish(&t->clock_set);
	timer_disarm(&t->timer);
	kfree(t);
}

static const struct file_ops timerfd_ops = {
    .read = timerfd_read,
    .poll = timerfd_poll,
    .seek = noop_seek,
    .release = timerfd_release,
    .anon_name = "[timerfd]",
};

int timerfd_new(enum timerfd_clock clock, unsigned flags, struct file **out)
{
	struct timerfd *t = kzalloc(sizeof(*t));
	int r = t ? vfs_anon_file(&timerfd_ops, t, O_RDWR | (flags & O_NONBLOCK), out) : -ENOMEM;

	if (r) {
		kfree(t);
		return r;
	}
	timer_init(&t->timer, fire);
	t->clock = clock;
	t->clock_set.notify = clock_set;
	if (clock == TIMERFD_REALTIME)
		wait_prepare(&t->clock_set, &clock_set_wq);
	return 0;
}

int timerfd_get(struct file *f, struct itimer_value *out)
{
	struct timerfd *t = f->priv;
	uint64_t now;

	if (f->ops != &timerfd_ops)
		return -EINVAL;
	catch_up(t);
	now = now_of(t);
	out->interval_ns = t->interval;
	out->value_ns = !t->armed ? 0 : t->next > now ? t->next - now : 1;
	return 0;
}

int timerfd_set(struct file *f, unsigned how, const struct itimer_value *new,
		struct itimer_value *old)
{
	struct timerfd *t = f->priv;
	int r = timerfd_get(f, old);

	if (r)
		return r;
	timer_disarm(&t->timer);
	t->ticks = 0;
	t->expired = false;
	t->armed = new->value_ns != 0;
	t->interval = new->interval_ns;
	t->cancel =
	    (how & TIMERFD_ABSOLUTE) && (how & TIMERFD_CANCEL) && t->clock == TIMERFD_REALTIME;
	t->set_seen = clock_real_set_count();
	if (!t->armed)
		return 0;
	t->real = t->clock == TIMERFD_REALTIME && (how & TIMERFD_ABSOLUTE);
	t->next =
	    how & TIMERFD_ABSOLUTE ? new->value_ns : now_of(t) + MIN(new->value_ns, NEVER / 2);
	start(t);
	return 0;
}
