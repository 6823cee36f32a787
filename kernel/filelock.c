/* SPDX-License-Identifier: MIT */
/*
 * Advisory file locks (kernel/filelock.h). All locks of the machine are on one list: programs hold
 * a handful. One owner's ranges of one kind never overlap, and touching ranges of the same type are
 * one lock, as F_GETLK shows.
 *
 * Locks: `lock` protects the list; sleepers wait on `changed` for any lock to be dropped and try
 * again.
 */
#include "kernel/filelock.h"

#include "kernel/heap.h"
#include "kernel/wait.h"

static struct spinlock lock = SPINLOCK_INIT;
static struct list locks = LIST_INIT(locks);
static struct wait_queue changed = WAIT_QUEUE_INIT(changed);

void filelock_init(struct filelock *req, const struct file *f, const struct files *fs,
		   enum filelock_kind kind)
{
	*req = (struct filelock){
	    .inode = f->inode,
	    .owner = kind == FILELOCK_POSIX ? (const void *)fs : f,
	    .kind = kind,
	    .end = LOCK_END,
	};
	list_init(&req->link);
}

static bool same_owner(const struct filelock *a, const struct filelock *b)
{
	return a->inode == b->inode && a->kind == b->kind && a->owner == b->owner;
}

static bool conflicts(const struct filelock *a, const struct filelock *b)
{
	if (a->inode != b->inode || same_owner(a, b))
		return false;
	if ((a->kind == FILELOCK_FLOCK) != (b->kind == FILELOCK_FLOCK))
		return false;
	return (a->type == F_WRLCK || b->type == F_WRLCK) && a->start <= b->end &&
	       b->start <= a->end;
}

static struct filelock *find_conflict(const struct filelock *req)
{
	struct filelock *l;

	list_for_each (l, &locks, link) {
		if (conflicts(l, req))
			return l;
	}
	return NULL;
}

static void drop(struct filelock *l)
{
	list_del(&l->link);
	kfree(l);
}

/* May l be merged with the new lock: same type, overlapping or touching? */
static bool joins(const struct filelock *l, const struct filelock *new)
{
	return l->type == new->type && (l->end == LOCK_END || l->end + 1 >= new->start) &&
	       (new->end == LOCK_END || new->end + 1 >= l->start);
}

/*
 * Replace what the owner of *new holds in its range by *new (F_UNLCK: by nothing). `tail` is used
 * when a range is cut out of the middle of an older one. Returns which of the two blocks became
 * part of the list.
 */
static void apply(struct filelock *new, struct filelock *tail)
{
	struct filelock *l, *next;

	list_for_each_safe (l, next, &locks, link) {
		if (!same_owner(l, new))
			continue;
		if (joins(l, new)) {
			new->start = MIN(new->start, l->start);
			new->end = MAX(new->end, l->end);
			drop(l);
		} else if (l->start < new->start && l->end > new->end) {
			*tail = *l;
			tail->start = new->end + 1;
			l->end = new->start - 1;
			list_add_tail(&tail->link, &locks);
		} else if (l->start >= new->start && l->end <= new->end) {
			drop(l);
		} else if (l->start < new->start && l->end >= new->start) {
			l->end = new->start - 1;
		} else if (l->end > new->end && l->start <= new->end) {
			l->start = new->end + 1;
		}
	}
	if (new->type != F_UNLCK)
		list_add_tail(&new->link, &locks);
}

/* One try, unless an earlier one succeeded; *r is 0 afterwards or -EAGAIN. */
static bool try_set(struct filelock *new, struct filelock *tail, int *r)
{
	if (!*r)
		return true;
	spin_lock(&lock);
	if (new->type == F_UNLCK || !find_conflict(new)) {
		apply(new, tail);
		*r = 0;
	}
	spin_unlock(&lock);
	return !*r;
}

/* Drop the locks of req's owner on its file of another type than req's: all of them for F_UNLCK. */
static void drop_others(const struct filelock *req)
{
	struct filelock *l, *next;
	bool dropped = false;

	spin_lock(&lock);
	list_for_each_safe (l, next, &locks, link) {
		if (same_owner(l, req) && l->type != req->type) {
			drop(l);
			dropped = true;
		}
	}
	spin_unlock(&lock);
	if (dropped)
		wait_wake_all(&changed);
}

int filelock_set(struct file *f, const struct filelock *req, bool wait)
{
	struct filelock *new = (void *)kmemdup(req, sizeof(*req)), *tail = kzalloc(sizeof(*tail));
	int r = -ENOMEM, tried = -EAGAIN;

	if (!new || !tail)
		goto out;
	list_init(&new->link);
	list_init(&tail->link);
	f->locked = true;
	if (req->kind ==
	    FILELOCK_FLOCK) /* converting is dropping and asking again: flock(2) NOTES */
		drop_others(req);
	r = try_set(new, tail, &tried) ? 0 : -EAGAIN;
	if (r && wait)
		r = wait_until(&changed, try_set(new, tail, &tried), NO_DEADLINE);
	if (!r)
		wait_wake_all(&changed);
out:
	if (tail && list_empty(&tail->link))
		kfree(tail);
	if (new &&list_empty(&new->link))
		kfree(new);
	return r;
}

bool filelock_test(const struct filelock *req, struct filelock *out)
{
	struct filelock *l;

	spin_lock(&lock);
	l = find_conflict(req);
	if (l)
		*out = *l;
	spin_unlock(&lock);
	return l;
}

void filelock_each(void (*fn)(void *arg, const struct filelock *l, int number), void *arg)
{
	struct filelock *l;
	int number = 0;

	spin_lock(&lock);
	list_for_each (l, &locks, link)
		fn(arg, l, ++number);
	spin_unlock(&lock);
}

void filelock_closed(struct file *f, const struct files *fs)
{
	struct filelock all;

	if (list_empty(&locks))
		return;
	filelock_init(&all, f, fs, FILELOCK_POSIX);
	all.type = F_UNLCK;
	drop_others(&all);
}

void filelock_release(struct file *f)
{
	struct filelock all;

	if (!f->locked)
		return;
	filelock_init(&all, f, NULL, FILELOCK_OFD);
	all.type = F_UNLCK;
	drop_others(&all);
	all.kind = FILELOCK_FLOCK;
	drop_others(&all);
}
