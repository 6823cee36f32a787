/* SPDX-License-Identifier: MIT */
/*
 * inotify(7). One spin lock guards all instances, watches and queues. All watches of an inode
 * together hold one reference to it; that it is the last one, of an inode without a name, is how
 * its end is noticed (inode_put).
 */
#include "fs/notify.h"

#include "fs/vfs_internal.h"
#include "kernel/heap.h"
#include "kernel/poll.h"
#include "kernel/string.h"
#include "kernel/uaccess.h"

#include <linux/eventpoll.h>

/* /proc/sys/fs/inotify */
#define MAX_QUEUED    16384
#define MAX_INSTANCES 128
#define MAX_WATCHES   65536

/* What a watch may ask for besides events. */
#define WATCH_FLAGS (IN_EXCL_UNLINK | IN_ONESHOT)
#define NAME_STEP   sizeof(struct inotify_event) /* names are padded to multiples of it */

struct inotify {
	struct list watches, events; /* (lock) */
	unsigned n_events;	     /* (lock) without the one about lost ones */
	bool overflowed;	     /* (lock) that one is queued */
	int last_wd;		     /* (lock) */
	struct wait_queue wq;
};

/* (lock) */
struct watch {
	struct watch *next; /* of inode->watches */
	struct list link;   /* of owner->watches */
	struct inotify *owner;
	struct inode *inode;
	int wd;
	uint32_t mask;
};

struct event {
	struct list link;
	size_t room; /* for the name: what the program gets */
	struct inotify_event e;
	char name[];
};

unsigned notify_watches;
static struct spinlock lock;
static unsigned n_instances; /* (lock) */
static uint32_t last_cookie; /* (lock) */

/* ---- queues; lock held ---- */

static bool same_event(const struct event *a, int wd, uint32_t mask, const char *name, size_t len)
{
	if (a->e.wd != wd || a->e.mask != mask || (mask & IN_IGNORED))
		return false;
	return len ? a->room && strnlen(a->name, a->room) == len && !memcmp(a->name, name, len)
		   : !a->room;
}

static struct event *event_new(int wd, uint32_t mask, uint32_t cookie, const char *name, size_t len)
{
	size_t room = len ? ALIGN_UP(len + 1, NAME_STEP) : 0;
	struct event *e = kzalloc(sizeof(*e) + room);

	if (!e)
		return NULL;
	e->room = room;
	e->e.wd = wd;
	e->e.mask = mask;
	e->e.cookie = cookie;
	e->e.len = (uint32_t)room;
	if (len)
		memcpy(e->name, name, len);
	return e;
}

/*
 * An event like the last one is not queued again. When the queue is full, or there is no memory, an
 * event says that some were lost.
 */
static void queue(struct inotify *i, int wd, uint32_t mask, uint32_t cookie, const char *name,
		  size_t len)
{
	struct event *e = NULL;

	if (!list_empty(&i->events) &&
	    same_event(list_entry(i->events.prev, struct event, link), wd, mask, name, len))
		return;
	if (i->n_events < MAX_QUEUED)
		e = event_new(wd, mask, cookie, name, len);
	if (e) {
		i->n_events++;
	} else if (!i->overflowed) {
		e = event_new(-1, IN_Q_OVERFLOW, 0, NULL, 0);
		i->overflowed = e != NULL;
	}
	if (!e)
		return;
	list_add_tail(&e->link, &i->events);
	wait_wake_all(&i->wq);
}

static void event_done(struct inotify *i, struct event *e)
{
	list_del(&e->link);
	if (e->e.mask == IN_Q_OVERFLOW)
		i->overflowed = false;
	else
		i->n_events--;
	kfree(e);
}

/* Returns true if it was the inode's last watch: the caller drops the reference, unlocked. */
static bool watch_free(struct watch *w, bool tell)
{
	struct inode *in = w->inode;
	struct watch **p = &in->watches;

	while (*p != w)
		p = &(*p)->next;
	*p = w->next;
	list_del(&w->link);
	if (tell)
		queue(w->owner, w->wd, IN_IGNORED, 0, NULL, 0);
	kfree(w);
	if (--notify_watches == 0)
		file_event = NULL;
	return !in->watches;
}

/* ---- events ---- */

/* To those who watch `in`; name: of the entry it is about. unlinked: that is no longer there. */
static void tell(struct inode *in, uint32_t mask, uint32_t cookie, const char *name, size_t len,
		 bool unlinked)
{
	struct watch *w, *next;
	bool last = false;

	spin_lock(&lock);
	for (w = in->watches; w; w = next) {
		next = w->next;
		if (!(w->mask & mask & IN_ALL_EVENTS) || (unlinked && (w->mask & IN_EXCL_UNLINK)))
			continue;
		queue(w->owner, w->wd, mask, cookie, name, len);
		if (w->mask & IN_ONESHOT)
			last = watch_free(w, true);
	}
	spin_unlock(&lock);
	if (last)
		inode_put(in);
}

static uint32_t dir_bit(uint32_t mode)
{
	return (mode & S_IFMT) == S_IFDIR ? IN_ISDIR : 0;
}

void notify_inode(struct inode *in, uint32_t mask)
{
	tell(in, mask, 0, NULL, 0, false);
}

void notify_entry(struct inode *dir, const char *name, size_t len, uint32_t mask, uint32_t mode,
		  uint32_t cookie)
{
	tell(dir, mask | dir_bit(mode), cookie, name, len, false);
}

void notify_event(struct dentry *d, struct inode *in, uint32_t mask)
{
	struct inode *dir = NULL;
	char name[NAME_MAX + 1];
	bool unlinked = false;
	size_t len = 0;

	if (d) {
		dcache_lock();
		if (d->parent != d && d->parent->inode && d->parent->inode->watches) {
			dir = inode_get(d->parent->inode);
			len = MIN((size_t)d->name_len, (size_t)NAME_MAX);
			memcpy(name, d->name, len);
			unlinked = d->unlinked;
		}
		dcache_unlock();
	}
	mask |= dir_bit(in->mode);
	if (dir) {
		tell(dir, mask, 0, name, len, unlinked);
		inode_put(dir);
	}
	if (in->watches)
		tell(in, mask, 0, NULL, 0, false);
}

void notify_renamed(struct inode *from, struct path_part old, struct inode *to,
		    struct path_part new, struct inode *in, struct inode *target, bool exchange)
{
	uint32_t cookie;

	spin_lock(&lock);
	cookie = ++last_cookie;
	spin_unlock(&lock);
	notify_entry(from, old.name, old.len, IN_MOVED_FROM, in->mode, cookie);
	notify_entry(to, new.name, new.len, IN_MOVED_TO, in->mode, cookie);
	if (target && !exchange)
		notify_inode(target, IN_ATTRIB);
	notify_inode(in, IN_MOVE_SELF);
	if (exchange)
		notify_renamed(to, new, from, old, target, NULL, false);
}

void notify_gone(struct inode *in)
{
	bool last = false;

	tell(in, IN_DELETE_SELF, 0, NULL, 0, false);
	spin_lock(&lock);
	while (in->watches)
		last = watch_free(in->watches, true);
	spin_unlock(&lock);
	if (last)
		inode_put(in);
}

/* For kernel/file.c. */
static void file_happened(struct file *f, enum file_happening what)
{
	static const uint32_t masks[] = {
	    [FILE_WAS_READ] = IN_ACCESS, [FILE_WAS_WRITTEN] = IN_MODIFY};

	if (f->kind & FILE_PATH)
		return;
	if (what == FILE_IS_CLOSED)
		notify(f->dentry, f->inode, file_writable(f) ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
	else
		notify(f->dentry, f->inode, masks[what]);
}

/* ---- the file ---- */

/* Copy out as many events as fit. Returns bytes, -EINVAL (not even one), -EFAULT. */
static ssize_t copy_events(struct inotify *i, struct iter *to)
{
	ssize_t done = 0;

	for (;;) {
		struct event *e = NULL;
		size_t n;

		spin_lock(&lock);
		if (!list_empty(&i->events)) {
			e = list_first(&i->events, struct event, link);
			if (sizeof(e->e) + e->room > to->left) {
				spin_unlock(&lock);
				return done ? done : -EINVAL;
			}
			list_del(&e->link);
		}
		spin_unlock(&lock);
		if (!e)
			return done;
		n = iter_write(to, &e->e, sizeof(e->e));
		if (n == sizeof(e->e))
			n += iter_write(to, e->name, e->room);
		done += n == sizeof(e->e) + e->room ? (ssize_t)n : 0;
		n -= sizeof(e->e) + e->room;
		spin_lock(&lock);
		event_done(i, e);
		spin_unlock(&lock);
		if (n)
			return done ? done : -EFAULT;
	}
}

static ssize_t inotify_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct inotify *i = f->priv;
	ssize_t r;

	for (;;) {
		r = copy_events(i, to);
		if (r)
			return r;
		if ((f->flags & O_NONBLOCK) || to->nowait)
			return -EAGAIN;
		r = wait_until(&i->wq, !list_empty(&i->events), NO_DEADLINE);
		if (r)
			return r;
	}
}

static unsigned inotify_poll(struct file *f, struct poll_table *pt)
{
	struct inotify *i = f->priv;

	poll_wait(pt, &i->wq);
	return list_empty(&i->events) ? 0 : EPOLLIN | EPOLLRDNORM;
}

static long inotify_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct inotify *i = f->priv;
	struct event *e;
	int bytes = 0;

	if (cmd != FIONREAD)
		return -ENOTTY;
	spin_lock(&lock);
	list_for_each (e, &i->events, link)
		bytes += (int)(sizeof(e->e) + e->room);
	spin_unlock(&lock);
	return put_user(arg, bytes);
}

static void inotify_release(struct file *f)
{
	struct inotify *i = f->priv;

	spin_lock(&lock);
	while (!list_empty(&i->watches)) {
		struct watch *w = list_first(&i->watches, struct watch, link);
		struct inode *in = w->inode;
		bool last = watch_free(w, false);

		spin_unlock(&lock);
		if (last)
			inode_put(in);
		spin_lock(&lock);
	}
	while (!list_empty(&i->events))
		event_done(i, list_first(&i->events, struct event, link));
	n_instances--;
	spin_unlock(&lock);
	kfree(i);
}

static const struct file_ops inotify_ops = {
    .read = inotify_read,
    .poll = inotify_poll,
    .ioctl = inotify_ioctl,
    .release = inotify_release,
    .anon_name = "inotify",
};

int inotify_new(unsigned flags, struct file **out)
{
	struct inotify *i = kzalloc(sizeof(*i));
	int r = -ENOMEM;

	if (i)
		r = n_instances >= MAX_INSTANCES
			? -EMFILE
			: vfs_anon_file(&inotify_ops, i, O_RDONLY | (flags & O_NONBLOCK), out);
	if (r) {
		kfree(i);
		return r;
	}
	list_init(&i->watches);
	list_init(&i->events);
	wait_queue_init(&i->wq);
	spin_lock(&lock);
	n_instances++;
	spin_unlock(&lock);
	return 0;
}

bool file_is_inotify(const struct file *f)
{
	return f->ops == &inotify_ops;
}

/* ---- watches ---- */

/* The instance's watch on an inode, or of a number, or NULL. Lock held. */
static struct watch *find(struct inotify *i, const struct inode *in, int wd)
{
	struct watch *w;

	list_for_each (w, &i->watches, link)
		if (in ? w->inode == in : w->wd == wd)
			return w;
	return NULL;
}

/* Numbers count on; one that is in use is passed over. Lock held. */
static int next_wd(struct inotify *i)
{
	do
		i->last_wd = i->last_wd < INT32_MAX ? i->last_wd + 1 : 1;
	while (find(i, NULL, i->last_wd));
	return i->last_wd;
}

/* Lock held. Takes over w. */
static int watch_add(struct inotify *i, struct inode *in, uint32_t mask, struct watch *w)
{
	if (notify_watches >= MAX_WATCHES) {
		kfree(w);
		return -ENOSPC;
	}
	if (!in->watches)
		inode_get(in);
	w->owner = i;
	w->inode = in;
	w->wd = next_wd(i);
	w->mask = mask;
	w->next = in->watches;
	in->watches = w;
	list_add_tail(&w->link, &i->watches);
	notify_watches++;
	file_event = file_happened;
	return w->wd;
}

int inotify_add(struct file *f, struct inode *in, uint32_t mask)
{
	uint32_t wanted = mask & (IN_ALL_EVENTS | WATCH_FLAGS);
	struct watch *w, *fresh;
	int r;

	if (!file_is_inotify(f))
		return -EINVAL;
	fresh = kzalloc(sizeof(*fresh));
	if (!fresh)
		return -ENOMEM;
	spin_lock(&lock);
	w = find(f->priv, in, 0);
	if (!w) {
		r = watch_add(f->priv, in, wanted, fresh);
		spin_unlock(&lock);
		return r;
	}
	r = w->wd;
	if (mask & IN_MASK_CREATE)
		r = -EEXIST;
	else
		w->mask = mask & IN_MASK_ADD ? w->mask | wanted : wanted;
	spin_unlock(&lock);
	kfree(fresh);
	return r;
}

int inotify_remove(struct file *f, int wd)
{
	struct inode *in = NULL;
	struct watch *w;
	bool last = false;

	if (!file_is_inotify(f))
		return -EINVAL;
	spin_lock(&lock);
	w = find(f->priv, NULL, wd);
	if (w) {
		in = w->inode;
		last = watch_free(w, true);
	}
	spin_unlock(&lock);
	if (last)
		inode_put(in);
	return w ? 0 : -EINVAL;
}
