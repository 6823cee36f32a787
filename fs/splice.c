/* SPDX-License-Identifier: MIT */
/*
 * Moving data through pipes without the program. A pipe's lock is never held while a file is read
 * or written, which may take long: room in the pipe is reserved first, and data that goes out is
 * taken off first; what the file does not take is put back.
 */
#include "fs/splice.h"

#include "fs/pipe.h"
#include "fs/vfs.h"
#include "kernel/heap.h"
#include "kernel/page.h"
#include "kernel/signal.h"
#include "kernel/wait.h"

/* Pages on their way between a pipe and a file. */
struct cargo {
	unsigned n;
	struct segment *seg;
	struct iovec *iov; /* the same for an iter */
};

bool file_is_pipe(const struct file *f)
{
	return pipe_of(f) != NULL;
}

static int cargo_new(struct cargo *c, unsigned n)
{
	c->n = 0;
	c->seg = kzalloc(n * sizeof(*c->seg));
	c->iov = kzalloc(n * sizeof(*c->iov));
	return c->seg && c->iov ? 0 : -ENOMEM;
}

/* The pages that are still its own go, too. */
static void cargo_free(struct cargo *c)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->seg[i].page)
			page_put(c->seg[i].page);
	kfree(c->seg);
	kfree(c->iov);
}

static void cargo_iter(struct cargo *c, struct iter *it)
{
	size_t total = 0;

	for (unsigned i = 0; i < c->n; i++) {
		c->iov[i].iov_base = (char *)page_to_virt(c->seg[i].page) + c->seg[i].off;
		c->iov[i].iov_len = c->seg[i].len;
		total += c->seg[i].len;
	}
	iter_iov(it, c->iov, c->n, total);
	it->user = false;
}

/* ---- waiting; the pipe's lock is held before and after ---- */

static int broken(struct pipe *p)
{
	mutex_unlock(&p->lock);
	signal_sigpipe();
	mutex_lock(&p->lock);
	return -EPIPE;
}

/* Until there is room. 0, -EPIPE, -EAGAIN or -ERESTARTSYS. */
static int wait_for_room(struct pipe *p, bool nowait)
{
	int r = 0;

	while (!r) {
		if (!p->readers)
			return broken(p);
		if (!pipe_full(p))
			return 0;
		if (nowait)
			return -EAGAIN;
		mutex_unlock(&p->lock);
		r = wait_until(&p->wr_wq, !pipe_full(p) || !p->readers, NO_DEADLINE);
		mutex_lock(&p->lock);
	}
	return r;
}

/* Until there is data. 1, 0 (nobody writes), -EAGAIN or -ERESTARTSYS. */
static int wait_for_data(struct pipe *p, bool nowait)
{
	int r = 0;

	while (!r) {
		if (!pipe_empty(p))
			return 1;
		if (!p->writers)
			return 0;
		if (nowait)
			return -EAGAIN;
		mutex_unlock(&p->lock);
		r = wait_until(&p->rd_wq, !pipe_empty(p) || !p->writers, NO_DEADLINE);
		mutex_lock(&p->lock);
	}
	return r;
}

/* ---- a file into a pipe ---- */

/* Read up to len bytes into fresh pages. */
static ssize_t cargo_read(struct cargo *c, unsigned slots, struct file *f, uint64_t *pos,
			  size_t len)
{
	struct iter it;
	ssize_t r;

	for (; c->n < slots && len; c->n++) {
		struct segment *s = &c->seg[c->n];

		s->page = page_alloc(0, 0);
		if (!s->page)
			break;
		s->len = MIN(len, PAGE_SIZE);
		len -= s->len;
	}
	if (!c->n)
		return -ENOMEM;
	cargo_iter(c, &it);
	r = file_read(f, &it, pos);
	for (unsigned i = 0; i < c->n; i++) {
		size_t here = r > 0 ? MIN((size_t)r, (size_t)c->seg[i].len) : 0;

		c->seg[i].len = here;
		r -= here;
		if (i == 0 && !here)
			return r;
	}
	return 1;
}

/* Its filled segments become the pipe's. Lock held. */
static ssize_t cargo_unload(struct cargo *c, struct pipe *p)
{
	ssize_t done = 0;

	for (unsigned i = 0; i < c->n && c->seg[i].len; i++) {
		*pipe_slot(p, p->head++) = c->seg[i];
		done += c->seg[i].len;
		c->seg[i].page = NULL;
	}
	return done;
}

/* A stream that has nothing now is waited for here, or not at all: reading it must not block. */
static int wait_readable(struct file *f, bool nowait)
{
	bool wait = !nowait && !(f->flags & O_NONBLOCK);

	return (f->kind & FILE_STREAM) && !wait && !file_poll(f, NULL) ? -EAGAIN : 0;
}

ssize_t splice_to_pipe(struct file *from, uint64_t *pos, struct file *pipe, size_t len, bool nowait)
{
	struct pipe *p = pipe_of(pipe);
	struct cargo c;
	unsigned slots;
	ssize_t r;

	mutex_lock(&p->lock);
	r = wait_for_room(p, nowait || (pipe->flags & O_NONBLOCK));
	slots = r ? 0 : p->n_slots - pipe_in_use(p) - p->reserved;
	slots = MIN((size_t)slots, (len + PAGE_SIZE - 1) / PAGE_SIZE);
	p->reserved += slots;
	mutex_unlock(&p->lock);
	if (r)
		return r;
	r = cargo_new(&c, slots);
	if (r == 0)
		r = wait_readable(from, nowait);
	if (r == 0)
		r = cargo_read(&c, slots, from, pos, len);
	mutex_lock(&p->lock);
	p->reserved -= slots;
	if (r > 0)
		r = cargo_unload(&c, p);
	wait_wake_all(r > 0 ? &p->rd_wq : &p->wr_wq);
	mutex_unlock(&p->lock);
	cargo_free(&c);
	return r;
}

/* ---- a pipe into a file ---- */

/* The first part of s, up to len bytes: all of it, or a share of its page. */
static struct segment share(struct segment *s, size_t len)
{
	struct segment part = *s;

	part.len = MIN((size_t)s->len, len);
	part.closed = true;
	page_get(s->page);
	return part;
}

/* Take up to len bytes off the pipe; their slots stay reserved. Lock held. */
static void cargo_load(struct cargo *c, struct pipe *p, size_t len)
{
	while (!pipe_empty(p) && len) {
		struct segment *s = pipe_slot(p, p->tail), part = share(s, len);

		len -= part.len;
		s->off += part.len;
		s->len -= part.len;
		c->seg[c->n++] = part;
		if (s->len)
			break;
		pipe_drop_tail(p);
		p->reserved++;
	}
}

/* Put back what was not written, done bytes into the cargo. Lock held. */
static void cargo_return(struct cargo *c, struct pipe *p, size_t done)
{
	for (unsigned i = 0; i < c->n; i++) {
		size_t here = MIN(done, (size_t)c->seg[i].len);

		c->seg[i].off += here;
		c->seg[i].len -= here;
		done -= here;
	}
	for (unsigned i = c->n; i-- > 0;) {
		struct segment *s = &c->seg[i], *first = pipe_slot(p, p->tail);

		if (!s->len)
			continue;
		if (!pipe_empty(p) && first->page == s->page && first->off == s->off + s->len) {
			first->off -= s->len;
			first->len += s->len;
		} else if (!pipe_full(p)) {
			*pipe_slot(p, --p->tail) = *s;
			s->page = NULL;
		}
	}
}

ssize_t splice_from_pipe(struct file *pipe, struct file *to, uint64_t *pos, size_t len, bool nowait)
{
	struct pipe *p = pipe_of(pipe);
	struct cargo c = {0};
	unsigned kept = 0;
	struct iter it;
	ssize_t r;

	mutex_lock(&p->lock);
	r = wait_for_data(p, nowait || (pipe->flags & O_NONBLOCK));
	if (r > 0)
		r = cargo_new(&c, pipe_in_use(p)) ?: 1;
	if (r > 0) {
		unsigned before = p->reserved;

		cargo_load(&c, p, len);
		kept = p->reserved - before;
	}
	mutex_unlock(&p->lock);
	if (r <= 0) {
		cargo_free(&c);
		return r;
	}
	cargo_iter(&c, &it);
	it.nowait = nowait && (to->kind & FILE_STREAM);
	r = file_write(to, &it, pos);
	mutex_lock(&p->lock);
	p->reserved -= kept;
	cargo_return(&c, p, r > 0 ? (size_t)r : 0);
	wait_wake_all(&p->wr_wq);
	if (!pipe_empty(p))
		wait_wake_all(&p->rd_wq);
	mutex_unlock(&p->lock);
	cargo_free(&c);
	return r;
}

/* ---- pipes into pipes ---- */

static void lock_two(struct pipe *a, struct pipe *b)
{
	mutex_lock(a < b ? &a->lock : &b->lock);
	mutex_lock(a < b ? &b->lock : &a->lock);
}

static void unlock_two(struct pipe *a, struct pipe *b)
{
	mutex_unlock(&a->lock);
	mutex_unlock(&b->lock);
}

/* Move or (keep) share up to len bytes. Both locks held. */
static ssize_t transfer(struct pipe *in, struct pipe *out, size_t len, bool keep)
{
	unsigned i = in->tail;
	ssize_t done = 0;

	while (i != in->head && !pipe_full(out) && len) {
		struct segment *s = pipe_slot(in, i), part = share(s, len);

		*pipe_slot(out, out->head++) = part;
		done += part.len;
		len -= part.len;
		i++;
		if (keep)
			continue;
		s->off += part.len;
		s->len -= part.len;
		if (!s->len)
			pipe_drop_tail(in);
	}
	return done;
}

ssize_t splice_pipes(struct file *from, struct file *to, size_t len, bool nowait, bool keep)
{
	struct pipe *in = pipe_of(from), *out = pipe_of(to);
	ssize_t r = 0;

	if (in == out)
		return -EINVAL;
	nowait = nowait || ((from->flags | to->flags) & O_NONBLOCK);
	while (!r) {
		mutex_lock(&in->lock);
		r = wait_for_data(in, nowait);
		mutex_unlock(&in->lock);
		if (r <= 0)
			return r;
		mutex_lock(&out->lock);
		r = wait_for_room(out, nowait);
		mutex_unlock(&out->lock);
		if (r)
			return r;
		lock_two(in, out);
		r = transfer(in, out, len, keep); /* 0: somebody was faster */
		if (r > 0)
			wait_wake_all(&out->rd_wq);
		if (r > 0 && !keep)
			wait_wake_all(&in->wr_wq);
		unlock_two(in, out);
	}
	return r;
}

/* ---- program memory ---- */

ssize_t splice_memory_in(struct file *pipe, struct iter *from, bool nowait)
{
	struct pipe *p = pipe_of(pipe);
	ssize_t done = 0, r;

	mutex_lock(&p->lock);
	r = wait_for_room(p, nowait || (pipe->flags & O_NONBLOCK));
	while (r >= 0 && from->left && !pipe_full(p)) {
		r = pipe_append(p, from, false);
		done += MAX(r, 0);
	}
	if (done)
		wait_wake_all(&p->rd_wq);
	mutex_unlock(&p->lock);
	return done ? done : r;
}

ssize_t splice_memory_out(struct file *pipe, struct iter *to, bool nowait)
{
	struct pipe *p = pipe_of(pipe);
	ssize_t r;

	mutex_lock(&p->lock);
	r = wait_for_data(p, nowait || (pipe->flags & O_NONBLOCK));
	if (r > 0) {
		r = pipe_take(p, to);
		wait_wake_all(&p->wr_wq);
	}
	mutex_unlock(&p->lock);
	return r;
}
