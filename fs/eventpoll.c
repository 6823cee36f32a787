/* SPDX-License-Identifier: MIT */
/*
 * epoll(7). An instance has one item per (descriptor, open file) pair. An item stays on the wait
 * queues of its file and puts itself on the instance's ready list when one is woken, so that
 * waiting costs what is ready, not what is watched. An item that was reported stays on the list if
 * it is level-triggered; whether it is still ready is asked when the list is looked at.
 *
 * Locks: instance->lock (mutex) for the items, taken also when a watched file is closed, a watching
 * instance's before that of one it watches; the ready list has a spin lock, because wake-ups come
 * from any context. The items of one file are linked under watch_lock. graph_lock (mutex) is
 * outside of them all: held where two instances are connected, and where an instance or a watched
 * file goes, for neither may go while the other waits for a lock in it.
 */
#include "fs/eventpoll.h"

#include "fs/radix.h"
#include "fs/vfs.h"
#include "kernel/heap.h"
#include "kernel/poll.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"

#define CONTROL_BITS (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define EXCLUSIVE_OK                                                                               \
	(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)
#define MAX_LEVELS 5 /* of instances that watch instances: Linux's EP_MAX_NESTS, and the first */

/* (l) instance->lock, (r) ready_lock, (w) watch_lock, (g) graph_lock, (i) immutable */
struct item {
	struct instance *ep;	  /* (i) */
	struct file *file;	  /* (i) not referenced: closing it removes the item */
	int fd;			  /* (i) */
	struct item *same_fd;	  /* (l) another open file once had this descriptor */
	struct list ready_link;	  /* (r) */
	struct list watch_link;	  /* (w) of file->watchers */
	struct epoll_event event; /* (l) */
	struct poll_table table;
	struct poll_entry room[1];
};

struct instance {
	struct mutex lock;
	struct file *file;  /* (i) its own, not referenced */
	uint64_t round;	    /* (g) of the last count of levels that came here, and its result */
	unsigned levels;    /* (g) */
	struct radix items; /* (l) by descriptor: struct item, a chain */
	struct spinlock ready_lock;
	struct list ready;	   /* (r) */
	struct wait_queue wait_wq; /* epoll_wait */
	struct wait_queue poll_wq; /* whoever polls the instance */
};

static struct spinlock watch_lock;
static struct mutex graph_lock;
static uint64_t rounds; /* (graph_lock) counts of levels */

static const struct file_ops epoll_ops;

static struct instance *instance_of(struct file *f)
{
	return f->ops == &epoll_ops ? f->priv : NULL;
}

/* ---- the ready list ---- */

/* Put an item on the list, if it is not there. Returns false if it was. */
static bool make_ready(struct item *i)
{
	bool added;

	spin_lock(&i->ep->ready_lock);
	added = list_empty(&i->ready_link);
	if (added)
		list_add_tail(&i->ready_link, &i->ep->ready);
	spin_unlock(&i->ep->ready_lock);
	return added;
}

static void announce(struct instance *ep)
{
	wait_wake(&ep->wait_wq, 1);
	wait_wake_all(&ep->poll_wq);
}

/* Context: any; the wait queue's lock is held. A disarmed one-shot item waits for EPOLL_CTL_MOD. */
static void item_notify(struct poll_table *table)
{
	struct item *i = container_of(table, struct item, table);

	if (!(i->event.events & ~CONTROL_BITS))
		return;
	make_ready(i);
	announce(i->ep);
}

/* The first item of the list, taken off it, or NULL. */
static struct item *take_ready(struct instance *ep)
{
	struct item *i = NULL;

	spin_lock(&ep->ready_lock);
	if (!list_empty(&ep->ready)) {
		i = list_first(&ep->ready, struct item, ready_link);
		list_del(&i->ready_link);
	}
	spin_unlock(&ep->ready_lock);
	return i;
}

static unsigned item_events(const struct item *i)
{
	return file_poll(i->file, NULL) & i->event.events & ~CONTROL_BITS;
}

/* ---- items ---- */

static struct item *item_find(struct instance *ep, int fd, const struct file *f)
{
	struct item *i = radix_get(&ep->items, fd);

	while (i && i->file != f)
		i = i->same_fd;
	return i;
}

static int item_link(struct instance *ep, struct item *i)
{
	i->same_fd = radix_get(&ep->items, i->fd);
	if (radix_set(&ep->items, i->fd, i))
		return -ENOMEM;
	spin_lock(&watch_lock);
	if (!i->file->watchers.next)
		list_init(&i->file->watchers);
	list_add_tail(&i->watch_link, &i->file->watchers);
	spin_unlock(&watch_lock);
	return 0;
}

static void item_unlink(struct instance *ep, struct item *i)
{
	struct item *head = radix_get(&ep->items, i->fd), **at = &head;

	while (*at != i)
		at = &(*at)->same_fd;
	*at = i->same_fd;
	if (head)
		(void)radix_set(&ep->items, i->fd, head); /* in place: cannot fail */
	else
		radix_remove(&ep->items, i->fd);
	spin_lock(&watch_lock);
	list_del(&i->watch_link);
	spin_unlock(&watch_lock);
}

/* Locks: ep->lock. */
static void item_free(struct instance *ep, struct item *i)
{
	poll_table_free(&i->table);
	item_unlink(ep, i);
	spin_lock(&ep->ready_lock);
	list_del(&i->ready_link);
	spin_unlock(&ep->ready_lock);
	kfree(i);
}

/* The last reference to a watched file is gone: nobody waits for it any more. */
static void file_closed(struct file *f)
{
	mutex_lock(&graph_lock);
	while (!list_empty(&f->watchers)) {
		struct item *i = list_first(&f->watchers, struct item, watch_link);
		struct instance *ep = i->ep;

		mutex_lock(&ep->lock);
		item_free(ep, i);
		mutex_unlock(&ep->lock);
	}
	mutex_unlock(&graph_lock);
}

/* ---- epoll_ctl ---- */

/*
 * Levels of instances from ep down to what it watches, ep's included; more than MAX_LEVELS if one
 * of them is `target`. Each instance is looked into once a round. Locks: graph_lock.
 */
static unsigned levels_below(struct instance *ep, const struct instance *target)
{
	unsigned levels = 1;
	struct item *i;

	if (ep == target)
		return MAX_LEVELS + 1;
	if (ep->round == rounds)
		return ep->levels;
	mutex_lock(&ep->lock);
	for (uint64_t fd = 0; (i = radix_next(&ep->items, &fd)) != NULL; fd++)
		for (; i; i = i->same_fd)
			if (instance_of(i->file))
				levels =
				    MAX(levels, 1 + levels_below(instance_of(i->file), target));
	mutex_unlock(&ep->lock);
	ep->round = rounds;
	return ep->levels = levels;
}

/* The same upwards, to the instances that watch ep. Locks: graph_lock, watch_lock. */
static unsigned levels_above(struct instance *ep)
{
	unsigned levels = 1;
	struct item *i;

	if (ep->round == rounds)
		return ep->levels;
	if (ep->file->watchers.next)
		list_for_each (i, &ep->file->watchers, watch_link)
			levels = MAX(levels, 1 + levels_above(i->ep));
	ep->round = rounds;
	return ep->levels = levels;
}

/* May ep watch `other`? No if that made a loop, or more levels than wake-ups can climb. */
static bool may_watch(struct instance *ep, struct instance *other)
{
	unsigned below, above;

	rounds++;
	below = levels_below(other, ep);
	rounds++;
	spin_lock(&watch_lock);
	above = levels_above(ep);
	spin_unlock(&watch_lock);
	return above + below <= MAX_LEVELS;
}

static bool is_watched(const struct file *f)
{
	return f->watchers.next && !list_empty(&f->watchers);
}

/*
 * A wake-up of a file climbs every path to an instance that nobody watches: may it? counts: how
 * many such paths there are so far, by the instances between. Locks: graph_lock, watch_lock.
 */
static bool may_climb(const struct file *f, unsigned depth, unsigned *counts)
{
	static const unsigned most[MAX_LEVELS] = {UINT32_MAX, 500, 100, 50, 10}; /* Linux's */
	struct item *i;

	list_for_each (i, &f->watchers, watch_link) {
		const struct file *up = i->ep->file;

		if (is_watched(up) ? depth + 1 >= MAX_LEVELS || !may_climb(up, depth + 1, counts)
				   : ++counts[depth] > most[depth])
			return false;
	}
	return true;
}

/* May wake-ups of the file, or of all that this instance watches, climb? Locks: graph_lock. */
static bool paths_bounded(struct file *f)
{
	struct instance *ep = instance_of(f);
	unsigned counts[MAX_LEVELS] = {0};
	bool bounded = true;
	struct item *i;

	if (!ep) {
		spin_lock(&watch_lock);
		bounded = may_climb(f, 0, counts);
		spin_unlock(&watch_lock);
		return bounded;
	}
	if (ep->round == rounds)
		return true;
	ep->round = rounds;
	mutex_lock(&ep->lock);
	for (uint64_t fd = 0; bounded && (i = radix_next(&ep->items, &fd)) != NULL; fd++)
		for (; bounded && i; i = i->same_fd)
			bounded = paths_bounded(i->file);
	mutex_unlock(&ep->lock);
	return bounded;
}

/* Look again at an item that is new or has changed. */
static void item_arm(struct item *i)
{
	if (item_events(i) && make_ready(i))
		announce(i->ep);
}

/* connects: wake-ups may climb further than to ep, or from further down than f. */
static int item_add(struct instance *ep, int fd, struct file *f, const struct epoll_event *event,
		    bool connects)
{
	struct item *i;
	int r;

	if (item_find(ep, fd, f))
		return -EEXIST;
	i = kzalloc(sizeof(*i));
	if (!i)
		return -ENOMEM;
	i->ep = ep;
	i->file = f;
	i->fd = fd;
	i->event = *event;
	list_init(&i->ready_link);
	file_watch_release = file_closed;
	r = item_link(ep, i);
	rounds += connects;
	if (!r && connects && !paths_bounded(f)) {
		item_unlink(ep, i);
		r = -EINVAL;
	}
	if (r) {
		kfree(i);
		return r;
	}
	poll_table_init(&i->table, i->room, ARRAY_SIZE(i->room));
	i->table.notify = item_notify;
	(void)file_poll(f, &i->table);
	if (i->table.error) {
		item_free(ep, i);
		return -ENOMEM;
	}
	item_arm(i);
	return 0;
}

static int item_modify(struct item *i, const struct epoll_event *event)
{
	if (!i)
		return -ENOENT;
	if (i->event.events & EPOLLEXCLUSIVE)
		return -EINVAL;
	i->event = *event;
	item_arm(i);
	return 0;
}

/* Linux's rules for EPOLLEXCLUSIVE. */
static int check_exclusive(int op, struct file *f, const struct epoll_event *event)
{
	if (op == EPOLL_CTL_DEL || !(event->events & EPOLLEXCLUSIVE))
		return 0;
	if (op == EPOLL_CTL_MOD)
		return -EINVAL;
	return instance_of(f) || (event->events & ~EXCLUSIVE_OK) ? -EINVAL : 0;
}

static int control_locked(struct instance *ep, int op, int fd, struct file *f,
			  struct epoll_event *event, bool connects)
{
	struct item *i = item_find(ep, fd, f);

	switch (op) {
	case EPOLL_CTL_ADD:
		return item_add(ep, fd, f, event, connects);
	case EPOLL_CTL_MOD:
		return item_modify(i, event);
	case EPOLL_CTL_DEL:
		if (!i)
			return -ENOENT;
		item_free(ep, i);
		return 0;
	default:
		return -EINVAL;
	}
}

int epoll_control(struct file *epf, int op, int fd, struct file *f, struct epoll_event *event)
{
	struct instance *ep = instance_of(epf);
	bool connects;
	int r;

	if (!f->ops->poll)
		return -EPERM;
	if (!ep || f == epf)
		return -EINVAL;
	connects = op == EPOLL_CTL_ADD && (instance_of(f) || is_watched(f) || is_watched(ep->file));
	r = check_exclusive(op, f, event);
	if (r)
		return r;
	if (op != EPOLL_CTL_DEL)
		event->events |= EPOLLERR | EPOLLHUP;
	if (connects)
		mutex_lock(&graph_lock);
	if (connects && instance_of(f) && !may_watch(ep, instance_of(f))) {
		r = -ELOOP;
	} else {
		mutex_lock(&ep->lock);
		r = control_locked(ep, op, fd, f, event, connects);
		mutex_unlock(&ep->lock);
	}
	if (connects)
		mutex_unlock(&graph_lock);
	return r;
}

/* ---- epoll_wait ---- */

/* Report one item. Returns 1, 0 (not ready after all) or -EFAULT; *again: it goes back to the list.
 */
static int report(struct item *i, uaddr_t at, bool *again)
{
	struct epoll_event event = {.events = item_events(i), .data = i->event.data};

	*again = false;
	if (!event.events)
		return 0;
	if (copy_to_user(at, &event, sizeof(event))) {
		*again = true;
		return -EFAULT;
	}
	if (i->event.events & EPOLLONESHOT)
		i->event.events &= CONTROL_BITS;
	else
		*again = !(i->event.events & EPOLLET);
	return 1;
}

/* What is ready now, each item once. Returns how many, or -EFAULT. */
static long collect(struct instance *ep, uaddr_t uevents, int n)
{
	struct list seen = LIST_INIT(seen); /* level-triggered: asked again next time */
	struct item *i;
	long done = 0;
	int r = 0;

	mutex_lock(&ep->lock);
	while (done < n && r >= 0 && (i = take_ready(ep)) != NULL) {
		bool again;

		r = report(i, uevents + done * sizeof(struct epoll_event), &again);
		done += r > 0;
		spin_lock(&ep->ready_lock);
		if (again && list_empty(&i->ready_link))
			list_add_tail(&i->ready_link, &seen);
		spin_unlock(&ep->ready_lock);
	}
	spin_lock(&ep->ready_lock);
	while (!list_empty(&seen)) {
		i = list_first(&seen, struct item, ready_link);
		list_del(&i->ready_link);
		list_add_tail(&i->ready_link, &ep->ready);
	}
	spin_unlock(&ep->ready_lock);
	mutex_unlock(&ep->lock);
	return r < 0 && !done ? r : done;
}

long epoll_collect(struct file *f, uaddr_t uevents, int n, uint64_t deadline_ns)
{
	struct instance *ep = instance_of(f);
	bool last = deadline_ns == 0;

	if (!ep)
		return -EINVAL;
	for (;;) {
		struct waiter w = {0};
		long r = collect(ep, uevents, n);
		int slept = 0;

		if (r || last)
			return r;
		if (signal_pending(current))
			return -EINTR;
		wait_prepare(&w, &ep->wait_wq);
		if (list_empty(&ep->ready))
			slept = wait_sleep(deadline_ns, true);
		wait_finish(&w);
		last = slept == -ETIMEDOUT;
	}
}

/* ---- the file ---- */

/* Ready if an item is: those that are not any more leave the list. */
static unsigned epoll_poll(struct file *f, struct poll_table *pt)
{
	struct instance *ep = f->priv;
	struct item *i;
	unsigned events = 0;

	poll_wait(pt, &ep->poll_wq);
	mutex_lock(&ep->lock);
	while (!events && (i = take_ready(ep)) != NULL) {
		if (!item_events(i))
			continue;
		events = EPOLLIN | EPOLLRDNORM;
		spin_lock(&ep->ready_lock);
		if (list_empty(&i->ready_link))
			list_add_head(&i->ready_link, &ep->ready);
		spin_unlock(&ep->ready_lock);
	}
	mutex_unlock(&ep->lock);
	return events;
}

static void epoll_release(struct file *f)
{
	struct instance *ep = f->priv;
	struct item *i;

	mutex_lock(&graph_lock);
	mutex_lock(&ep->lock);
	for (uint64_t fd = 0; (i = radix_next(&ep->items, &fd)) != NULL;)
		item_free(ep, i);
	mutex_unlock(&ep->lock);
	mutex_unlock(&graph_lock);
	kfree(ep);
}

static const struct file_ops epoll_ops = {
    .poll = epoll_poll,
    .release = epoll_release,
    .anon_name = "[eventpoll]",
};

int epoll_new(struct file **out)
{
	struct instance *ep = kzalloc(sizeof(*ep));
	int r = ep ? vfs_anon_file(&epoll_ops, ep, O_RDWR, out) : -ENOMEM;

	if (r) {
		kfree(ep);
		return r;
	}
	list_init(&ep->ready);
	ep->file = *out;
	return 0;
}
