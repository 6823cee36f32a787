/* SPDX-License-Identifier: MIT */
/*
 * Pipes and FIFOs: a ring of page-sized segments, as Linux has it, because capacity and readiness
 * follow from the segments: a small write goes into the last page if it fits there, else it takes a
 * segment of its own. Writes of up to PIPE_BUF bytes are never interleaved. A FIFO's pipe exists
 * while somebody has it open.
 *
 * Locks: inode->lock guards inode->pipe and who may free it; pipe->lock (mutex, outside mm->lock:
 * program memory is touched under it) the rest. They are not held together.
 */
#include "fs/pipe.h"
#include "fs/vfs_internal.h"
#include "kernel/heap.h"
#include "kernel/page.h"
#include "kernel/poll.h"
#include "kernel/signal.h"
#include "kernel/string.h"
#include "kernel/uaccess.h"

#include <linux/eventpoll.h>

#define PIPE_SLOTS    16
#define PIPE_MAX_SIZE 1048576u /* /proc/sys/fs/pipe-max-size */

static const struct file_ops pipe_ops;

static struct pipe *pipe_alloc(void)
{
	struct pipe *p = kzalloc(sizeof(*p));

	if (!p)
		return NULL;
	p->ring = kzalloc(PIPE_SLOTS * sizeof(*p->ring));
	if (!p->ring) {
		kfree(p);
		return NULL;
	}
	p->n_slots = PIPE_SLOTS;
	mutex_init(&p->lock);
	wait_queue_init(&p->rd_wq);
	wait_queue_init(&p->wr_wq);
	return p;
}

/* The first segment is used up: keep its page for the next write, or free it. */
void pipe_drop_tail(struct pipe *p)
{
	struct segment *s = pipe_slot(p, p->tail++);

	if (!p->spare && s->page->refs == 1)
		p->spare = s->page;
	else
		page_put(s->page);
	s->page = NULL;
}

static void pipe_free(struct pipe *p)
{
	while (!pipe_empty(p))
		pipe_drop_tail(p);
	if (p->spare)
		page_put(p->spare);
	kfree(p->ring);
	kfree(p);
}

/* ---- reading ---- */

ssize_t pipe_take(struct pipe *p, struct iter *to)
{
	ssize_t done = 0;

	while (!pipe_empty(p) && to->left) {
		struct segment *s = pipe_slot(p, p->tail);
		size_t n = MIN((size_t)s->len, to->left), copied;

		copied = iter_write(to, (char *)page_to_virt(s->page) + s->off, n);
		s->off += copied;
		s->len -= copied;
		done += copied;
		if (copied < n)
			return done ? done : -EFAULT;
		if (s->packet) { /* the rest of a packet is lost */
			pipe_drop_tail(p);
			break;
		}
		if (!s->len)
			pipe_drop_tail(p);
	}
	return done;
}

static ssize_t pipe_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct pipe *p = f->priv;
	ssize_t r = 0;
	bool was_full;

	if (!to->left)
		return 0;
	mutex_lock(&p->lock);
	while (pipe_empty(p) && p->writers) {
		if ((f->flags & O_NONBLOCK) || to->nowait) {
			r = -EAGAIN;
			goto out;
		}
		mutex_unlock(&p->lock);
		r = wait_until(&p->rd_wq, !pipe_empty(p) || !p->writers, NO_DEADLINE);
		mutex_lock(&p->lock);
		if (r)
			goto out;
	}
	was_full = pipe_full(p);
	r = pipe_take(p, to);
	if (was_full && !pipe_full(p))
		wait_wake_all(&p->wr_wq);
	if (!pipe_empty(p))
		wait_wake(&p->rd_wq, 1);
out:
	mutex_unlock(&p->lock);
	if (r > 0)
		inode_accessed(f->inode, f);
	return r;
}

/* ---- writing ---- */

/* Add to the last segment if the odd part of the write fits into its page. Returns bytes, -EFAULT,
 * 0. Lock held. */
static ssize_t merge(struct pipe *p, struct iter *from)
{
	size_t odd = from->left & ~PAGE_MASK, copied;
	struct segment *s;

	if (pipe_empty(p) || !odd)
		return 0;
	s = pipe_slot(p, p->head - 1);
	if (s->packet || s->closed || s->off + s->len + odd > PAGE_SIZE)
		return 0;
	copied = iter_read(from, (char *)page_to_virt(s->page) + s->off + s->len, odd);
	if (copied < odd) {
		iter_revert(from, copied);
		return -EFAULT;
	}
	s->len += copied;
	return copied;
}

ssize_t pipe_append(struct pipe *p, struct iter *from, bool packet)
{
	size_t n = MIN(from->left, PAGE_SIZE), copied;

	if (!p->spare)
		p->spare = page_alloc(0, 0);
	if (!p->spare)
		return -ENOMEM;
	copied = iter_read(from, page_to_virt(p->spare), n);
	if (copied < n) {
		iter_revert(from, copied);
		return -EFAULT;
	}
	*pipe_slot(p, p->head++) =
	    (struct segment){.page = p->spare, .len = copied, .packet = packet};
	p->spare = NULL;
	return copied;
}

/* Write until everything is in, the pipe is full or it fails. Returns 0 or -errno, *done counts.
 * Lock held. */
static int put(struct pipe *p, struct iter *from, bool packet, ssize_t *done)
{
	while (from->left) {
		ssize_t r;

		if (!p->readers)
			return -EPIPE;
		if (pipe_full(p))
			return 0;
		r = pipe_append(p, from, packet);
		if (r < 0)
			return r;
		*done += r;
	}
	return 0;
}

/* Sleep until there is room or nobody reads any more. Lock held before and after. */
static int wait_room(struct pipe *p)
{
	int r;

	wait_wake_all(&p->rd_wq);
	mutex_unlock(&p->lock);
	r = wait_until(&p->wr_wq, !pipe_full(p) || !p->readers, NO_DEADLINE);
	mutex_lock(&p->lock);
	return r;
}

static ssize_t pipe_write(struct file *f, struct iter *from, uint64_t *pos)
{
	struct pipe *p = f->priv;
	bool packet = f->flags & O_DIRECT;
	ssize_t done = 0;
	int r = 0;

	if (!from->left)
		return 0;
	mutex_lock(&p->lock);
	if (!p->readers) {
		r = -EPIPE;
	} else {
		ssize_t merged = merge(p, from);

		if (merged < 0)
			r = merged;
		else
			done = merged;
	}
	while (!r && from->left) {
		r = put(p, from, packet, &done);
		if (r || !from->left)
			break;
		if ((f->flags & O_NONBLOCK) || from->nowait)
			r = -EAGAIN;
		else
			r = wait_room(p);
	}
	if (done) {
		wait_wake_all(&p->rd_wq);
		if (!pipe_full(p))
			wait_wake(&p->wr_wq, 1);
	}
	mutex_unlock(&p->lock);
	if (r == -EPIPE)
		signal_sigpipe();
	if (done)
		inode_modified(f->inode);
	return done ? done : r;
}

/* ---- the rest of file_ops ---- */

static unsigned pipe_poll(struct file *f, struct poll_table *pt)
{
	struct pipe *p = f->priv;
	unsigned events = 0;

	if (file_readable(f))
		poll_wait(pt, &p->rd_wq);
	if (file_writable(f))
		poll_wait(pt, &p->wr_wq);
	if (file_readable(f)) {
		if (!pipe_empty(p))
			events |= EPOLLIN | EPOLLRDNORM;
		/* A FIFO opened before any writer came is not hung up yet (pos: wr_opens seen at
		 * open). */
		if (!p->writers && f->pos != p->wr_opens)
			events |= EPOLLHUP;
	}
	if (file_writable(f)) {
		if (!pipe_full(p))
			events |= EPOLLOUT | EPOLLWRNORM;
		if (!p->readers)
			events |= EPOLLERR;
	}
	return events;
}

static long pipe_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct pipe *p = f->priv;
	int bytes = 0;

	if (cmd != FIONREAD)
		return -ENOTTY;
	mutex_lock(&p->lock);
	for (unsigned i = p->tail; i != p->head; i++)
		bytes += pipe_slot(p, i)->len;
	mutex_unlock(&p->lock);
	return put_user(arg, bytes);
}

/* Leave; the last open file of a pipe frees it. */
static void pipe_leave(struct inode *in, struct pipe *p, bool reads, bool writes)
{
	bool last;

	mutex_lock(&p->lock);
	p->readers -= reads;
	p->writers -= writes;
	if (reads || writes) {
		wait_wake_all(&p->rd_wq);
		wait_wake_all(&p->wr_wq);
	}
	mutex_unlock(&p->lock);
	mutex_lock(&in->lock);
	last = --p->files == 0;
	if (last)
		in->pipe = NULL;
	mutex_unlock(&in->lock);
	if (last)
		pipe_free(p);
}

static void pipe_release(struct file *f)
{
	pipe_leave(f->inode, f->priv, file_readable(f), file_writable(f));
}

static const struct file_ops pipe_ops = {
    .read = pipe_read,
    .write = pipe_write,
    .poll = pipe_poll,
    .ioctl = pipe_ioctl,
    .release = pipe_release,
};

struct pipe *pipe_of(const struct file *f)
{
	return f->ops == &pipe_ops ? f->priv : NULL;
}

/* ---- opening ---- */

static int pipe_file(struct inode *in, struct pipe *p, unsigned flags, struct file **out)
{
	int r = file_new(&pipe_ops, inode_get(in), flags, FILE_STREAM, out);

	if (r) {
		inode_put(in);
		return r;
	}
	(*out)->priv = p;
	return 0;
}

/* pipe2(2): flags O_NONBLOCK, O_DIRECT. 0, -ENOMEM. */
int pipe_new(unsigned flags, struct file **rd, struct file **wr)
{
	struct pipe *p = pipe_alloc();
	struct inode *in;
	int r = p ? vfs_anon_inode(S_IFIFO | 0600, &in) : -ENOMEM;

	if (r)
		goto fail;
	flags &= O_NONBLOCK | O_DIRECT;
	r = pipe_file(in, p, O_RDONLY | (flags & O_NONBLOCK), rd);
	if (r)
		goto fail_inode;
	p->readers = p->files = p->rd_opens = 1;
	p->anonymous = true;
	in->pipe = p;
	r = pipe_file(in, p, O_WRONLY | flags, wr);
	if (r) {
		file_put(*rd); /* frees the pipe */
		inode_put(in);
		return r;
	}
	p->writers = p->wr_opens = 1;
	p->files = 2;
	inode_put(in);
	return 0;
fail_inode:
	inode_put(in);
fail:
	if (p)
		pipe_free(p);
	return r;
}

/* The pipe of a FIFO inode, made if nobody has it open; counted as one more open file. */
static struct pipe *join(struct inode *in)
{
	struct pipe *fresh, *p;

	mutex_lock(&in->lock);
	p = in->pipe;
	if (!p) {
		fresh = pipe_alloc();
		p = in->pipe = fresh;
	}
	if (p)
		p->files++;
	mutex_unlock(&in->lock);
	return p;
}

/* Sleep until the other side was opened since `seen` (a counter). Lock held before and after. */
static int wait_partner(struct pipe *p, unsigned *counter, struct wait_queue *wq)
{
	unsigned seen = *counter;
	int r;

	mutex_unlock(&p->lock);
	r = wait_until(wq, READ_ONCE(*counter) != seen, NO_DEADLINE);
	mutex_lock(&p->lock);
	return r;
}

/* The blocking rules of fifo(7). Lock held. On failure the ends counted here are taken back. */
static int rendezvous(struct pipe *p, struct file *f, bool reads, bool writes)
{
	bool nonblock = f->flags & O_NONBLOCK;
	int r = 0;

	if (writes && !reads && nonblock && !p->readers && !p->anonymous)
		return -ENXIO;
	p->readers += reads;
	p->writers += writes;
	p->rd_opens += reads;
	p->wr_opens += writes;
	wait_wake_all(&p->rd_wq);
	wait_wake_all(&p->wr_wq);
	if (p->anonymous)
		return 0;
	if (reads && !writes && !p->writers) {
		if (nonblock)
			f->pos = p->wr_opens; /* no hang-up until a writer has been there */
		else
			r = wait_partner(p, &p->wr_opens, &p->rd_wq);
	} else if (writes && !reads && !p->readers) {
		r = wait_partner(p, &p->rd_opens, &p->wr_wq);
	}
	if (r) {
		p->readers -= reads;
		p->writers -= writes;
		wait_wake_all(&p->rd_wq);
		wait_wake_all(&p->wr_wq);
	}
	return r;
}

/*
 * Open a FIFO, or a pipe again through /proc/self/fd. May sleep until the other end is opened.
 * 0, -ENXIO (writer, non-blocking, no reader), -ERESTARTSYS, -ENOMEM, -EINVAL.
 */
int fifo_open(struct inode *in, struct dentry *d, unsigned flags, struct file **out)
{
	unsigned acc = flags & O_ACCMODE;
	bool reads = acc == O_RDONLY || acc == O_RDWR, writes = acc == O_WRONLY || acc == O_RDWR;
	struct pipe *p;
	struct file *f;
	int r;

	if (!reads && !writes)
		return -EINVAL;
	p = join(in);
	if (!p)
		return -ENOMEM;
	r = pipe_file(in, p, flags, &f);
	if (r) {
		pipe_leave(in, p, false, false);
		return r;
	}
	f->pos = UINT64_MAX;
	mutex_lock(&p->lock);
	r = rendezvous(p, f, reads, writes);
	mutex_unlock(&p->lock);
	if (r) {
		f->flags |= O_ACCMODE; /* neither end: release only leaves */
		file_put(f);
		return r;
	}
	*out = f;
	return 0;
}

/* ---- F_GETPIPE_SZ, F_SETPIPE_SZ ---- */

long pipe_get_size(struct file *f)
{
	struct pipe *p = f->priv;

	if (f->ops != &pipe_ops)
		return -EBADF;
	return (long)p->n_slots * PAGE_SIZE;
}

/* Move the segments to a ring of n slots. Lock held. */
static int resize(struct pipe *p, unsigned n)
{
	struct segment *ring;
	unsigned used = pipe_in_use(p);

	if (n < used + p->reserved)
		return -EBUSY;
	ring = kzalloc(n * sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	for (unsigned i = 0; i < used; i++)
		ring[i] = *pipe_slot(p, p->tail + i);
	kfree(p->ring);
	p->ring = ring;
	p->n_slots = n;
	p->tail = 0;
	p->head = used;
	wait_wake_all(&p->wr_wq);
	return 0;
}

/* Rounded up to a power of two of pages. Returns the new size or -errno as vfs.h says. */
long pipe_set_size(struct file *f, unsigned long size)
{
	struct pipe *p = f->priv;
	unsigned n = 1;
	int r;

	if (f->ops != &pipe_ops)
		return -EBADF;
	if (size > 1ul << 31)
		return -EINVAL;
	while (n * PAGE_SIZE < size)
		n *= 2;
	if (n > p->n_slots && n * PAGE_SIZE > PIPE_MAX_SIZE && !capable(CAP_SYS_RESOURCE))
		return -EPERM;
	mutex_lock(&p->lock);
	r = resize(p, n);
	mutex_unlock(&p->lock);
	return r ? r : (long)(n * PAGE_SIZE);
}
