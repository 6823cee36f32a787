/* SPDX-License-Identifier: MIT */
/* eventfd(2): a 64-bit counter that is read and written like a file. */
#include "fs/eventpoll.h"
#include "fs/vfs.h"
#include "kernel/heap.h"
#include "kernel/poll.h"
#include "kernel/task.h"

struct eventfd {
	uint64_t count; /* never UINT64_MAX */
	bool semaphore;
	struct wait_queue wq; /* readers, writers and pollers */
};

/* Returns 8, -EINVAL (buffer too small), -EAGAIN, -ERESTARTSYS, -EFAULT. */
static ssize_t eventfd_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct eventfd *e = f->priv;
	uint64_t value;
	int r;

	if (to->left < sizeof(value))
		return -EINVAL;
	while (!e->count) {
		if ((f->flags & O_NONBLOCK) || to->nowait)
			return -EAGAIN;
		r = wait_until(&e->wq, e->count != 0, NO_DEADLINE);
		if (r)
			return r;
	}
	value = e->semaphore ? 1 : e->count;
	e->count -= value;
	wait_wake_all(&e->wq);
	return iter_write(to, &value, sizeof(value)) == sizeof(value) ? (ssize_t)sizeof(value)
								      : -EFAULT;
}

static bool has_room(const struct eventfd *e, uint64_t value)
{
	return UINT64_MAX - e->count > value;
}

/* Returns 8, -EINVAL (too small, or a value that can never fit), -EAGAIN, -ERESTARTSYS, -EFAULT. */
static ssize_t eventfd_write(struct file *f, struct iter *from, uint64_t *pos)
{
	struct eventfd *e = f->priv;
	uint64_t value;
	int r;

	if (from->left < sizeof(value))
		return -EINVAL;
	if (iter_read(from, &value, sizeof(value)) != sizeof(value))
		return -EFAULT;
	if (value == UINT64_MAX)
		return -EINVAL;
	while (!has_room(e, value)) {
		if ((f->flags & O_NONBLOCK) || from->nowait)
			return -EAGAIN;
		r = wait_until(&e->wq, has_room(e, value), NO_DEADLINE);
		if (r)
			return r;
	}
	e->count += value;
	wait_wake_all(&e->wq);
	return sizeof(value);
}

static unsigned eventfd_poll(struct file *f, struct poll_table *pt)
{
	struct eventfd *e = f->priv;

	poll_wait(pt, &e->wq);
	return (e->count ? EPOLLIN : 0) | (has_room(e, 1) ? EPOLLOUT : 0);
}

static void eventfd_release(struct file *f)
{
	kfree(f->priv);
}

static const struct file_ops eventfd_ops = {
    .read = eventfd_read,
    .write = eventfd_write,
    .poll = eventfd_poll,
    .seek = noop_seek,
    .release = eventfd_release,
    .anon_name = "[eventfd]",
};

int eventfd_new(uint64_t count, unsigned flags, struct file **out)
{
	struct eventfd *e = kzalloc(sizeof(*e));
	int r = e ? vfs_anon_file(&eventfd_ops, e, O_RDWR | (flags & O_NONBLOCK), out) : -ENOMEM;

	if (r) {
		kfree(e);
		return r;
	}
	e->count = count;
	e->semaphore = flags & EFD_SEMAPHORE;
	return 0;
}

bool file_is_eventfd(const struct file *f)
{
	return f->ops == &eventfd_ops;
}

void eventfd_signal(struct file *f)
{
	struct eventfd *e = f->priv;

	if (has_room(e, 1))
		e->count++;
	wait_wake_all(&e->wq);
}
