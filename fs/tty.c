/* SPDX-License-Identifier: MIT */
/*
 * A terminal: the line discipline (fs/n_tty.c) between programs and whoever is at the other end
 * (struct tty_driver). Typed bytes may arrive from interrupt processing, which never sleeps. A
 * write sleeps until its bytes are on their way, or while output is stopped.
 *
 * Locks: write_lock (a whole write) outside lock (the state); signals are sent with neither held.
 */
#include "fs/tty_state.h"
#include "fs/vfs.h"
#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/poll.h"
#include "kernel/process.h"
#include "kernel/string.h"

#include <linux/eventpoll.h>
#include <linux/tty.h>

#define TYPE_CHUNK    256
#define DECISECOND_NS 100000000ull

/* ---- to the screen ---- */

int tty_flush(struct tty *t)
{
	return t->driver->flush(t);
}

int tty_drain(struct tty *t, bool nonblock)
{
	int r;

	while ((r = tty_flush(t)) == -EAGAIN && !nonblock) {
		if (READ_ONCE(t->n.stopped))
			r = wait_until(&t->write_wq, !READ_ONCE(t->n.stopped), NO_DEADLINE);
		else
			r = t->driver->wait(t);
		if (r)
			break;
	}
	return r;
}

/* Until ^S is lifted. */
static int wait_started(struct tty *t, bool nonblock)
{
	if (!READ_ONCE(t->n.stopped))
		return 0;
	return nonblock ? -EAGAIN : wait_until(&t->write_wq, !READ_ONCE(t->n.stopped), NO_DEADLINE);
}

/* Take a chunk of the program's bytes; returns how many, 0 if there is no room, -EFAULT. */
static ssize_t take_chunk(struct tty *t, struct iter *from)
{
	size_t n = iter_read(from, t->chunk, sizeof(t->chunk)), used;

	if (!n)
		return -EFAULT;
	spin_lock(&t->lock);
	used = n_tty_output(&t->n, t->chunk, n);
	spin_unlock(&t->lock);
	iter_revert(from, n - used);
	return used;
}

static ssize_t write_locked(struct tty *t, struct iter *from, bool nonblock)
{
	size_t done = 0;
	int r = 0;

	while (from->left && !r) {
		ssize_t n;

		r = wait_started(t, nonblock);
		if (r)
			break;
		n = take_chunk(t, from);
		if (n < 0) {
			r = n;
			break;
		}
		done += n;
		r = tty_drain(t, nonblock);
		if (r == -EAGAIN && n)
			r = 0;
	}
	return done && r != -EIO ? (ssize_t)done : r;
}

static ssize_t tty_write(struct file *f, struct iter *from, uint64_t *pos)
{
	struct tty *t = f->priv;
	ssize_t r;

	if (t->hung_up)
		return -EIO;
	if (t->n.tios.c_lflag & TOSTOP) {
		r = tty_check_foreground(t, SIGTTOU);
		if (r)
			return r;
	}
	mutex_lock(&t->write_lock);
	r = write_locked(t, from, (f->flags & O_NONBLOCK) || from->nowait);
	mutex_unlock(&t->write_lock);
	return r;
}

/* ---- from the keyboard ---- */

void tty_tell(struct tty *t, uint8_t status)
{
	if (t->driver->event)
		t->driver->event(t, status);
}

void tty_changed(struct tty *t)
{
	tty_flush(t);
	if (n_tty_readable(&t->n, 1) || t->hung_up)
		wait_wake_all(&t->read_wq);
	if (!t->n.stopped)
		wait_wake_all(&t->write_wq);
}

size_t tty_type(struct tty *t, const uint8_t *data, size_t n)
{
	size_t done = 0, took;

	do {
		uint64_t raised;
		bool stopped;

		spin_lock(&t->lock);
		stopped = t->n.stopped;
		took = n_tty_input(&t->n, data + done, MIN(n - done, (size_t)TYPE_CHUNK));
		raised = t->n.raised;
		t->n.raised = 0;
		stopped = stopped != t->n.stopped;
		spin_unlock(&t->lock);
		if (stopped)
			tty_tell(t, t->n.stopped ? TIOCPKT_STOP : TIOCPKT_START);
		done += took;
		tty_raise(t, raised);
		tty_changed(t);
	} while (took && done < n);
	return done;
}

/*
 * One read(2). In line mode it ends with a line; in byte mode when VMIN bytes are there, VTIME
 * passed after the last byte, or (VMIN 0) VTIME passed at all: termios(3).
 */
struct reading {
	uint8_t *buf;
	size_t done, min;
	uint64_t gap_ns;      /* VTIME */
	uint64_t deadline_ns; /* 0: do not wait */
};

static void begin_reading(const struct tty *t, struct reading *rd)
{
	const struct n_tty *n = &t->n;

	*rd = (struct reading){.min = 1, .deadline_ns = NO_DEADLINE};
	if (n_tty_canonical(n))
		return;
	rd->gap_ns = n->tios.c_cc[VTIME] * DECISECOND_NS;
	if (n->tios.c_cc[VMIN])
		rd->min = n->tios.c_cc[VMIN];
	else
		rd->deadline_ns = rd->gap_ns ? clock_mono_ns() + rd->gap_ns : 0;
}

/* Take what is there. 1: the read is complete, 0: not yet, -EFAULT. */
static int take_typed(struct tty *t, struct reading *rd, struct iter *to)
{
	bool line;
	size_t n, copied;

	spin_lock(&t->lock);
	line = n_tty_canonical(&t->n);
	n = n_tty_read(&t->n, rd->buf, MIN(to->left, (size_t)N_TTY_IN));
	spin_unlock(&t->lock);
	copied = iter_write(to, rd->buf, n);
	rd->done += copied;
	if (rd->gap_ns)
		rd->deadline_ns = clock_mono_ns() + rd->gap_ns;
	t->driver->resume(t);
	if (copied < n)
		return -EFAULT;
	return line || rd->done >= rd->min;
}

/* Sleep until there is something. 0, or why the read ends: -EAGAIN, -ERESTARTSYS, 1 (nothing will
 * come). */
static int wait_typed(struct tty *t, const struct reading *rd, bool nonblock)
{
	int r;

	if (t->hung_up || !rd->deadline_ns)
		return 1;
	if (nonblock)
		return -EAGAIN;
	r = wait_until(&t->read_wq, n_tty_readable(&t->n, 1) || t->hung_up, rd->deadline_ns);
	return r == -ETIMEDOUT ? 1 : r;
}

static ssize_t read_typed(struct tty *t, struct reading *rd, struct iter *to, bool nonblock)
{
	int r = 0;

	while (to->left && !r) {
		r = tty_check_foreground(t, SIGTTIN);
		if (r)
			break;
		r = n_tty_readable(&t->n, 1) ? take_typed(t, rd, to) : wait_typed(t, rd, nonblock);
	}
	return r < 0 && !rd->done ? r : (ssize_t)rd->done;
}

static ssize_t tty_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct tty *t = f->priv;
	struct reading rd;
	ssize_t r;

	if (!t->has_input)
		return -EIO;
	if (tty_is_dead(t))
		return 0;
	begin_reading(t, &rd);
	rd.buf = kmalloc(N_TTY_IN);
	if (!rd.buf)
		return -ENOMEM;
	r = read_typed(t, &rd, to, (f->flags & O_NONBLOCK) || to->nowait);
	kfree(rd.buf);
	return r;
}

/* ---- waiting and opening ---- */

static unsigned tty_poll(struct file *f, struct poll_table *pt)
{
	struct tty *t = f->priv;
	const uint8_t *cc = t->n.tios.c_cc;
	unsigned events = 0;

	poll_wait(pt, &t->read_wq);
	poll_wait(pt, &t->write_wq);
	if (t->driver->ready(t, pt) && !t->n.stopped)
		events |= EPOLLOUT | EPOLLWRNORM;
	if (t->hung_up)
		events |= EPOLLHUP | EPOLLIN | EPOLLRDNORM | t->driver->hung_up_events;
	if (n_tty_readable(&t->n, cc[VTIME] ? 1 : cc[VMIN]))
		events |= EPOLLIN | EPOLLRDNORM;
	return events;
}

static void tty_release(struct file *f)
{
	struct tty *t = f->priv;

	if (t->driver->close)
		t->driver->close(t);
}

static const struct file_ops tty_ops = {
    .read = tty_read,
    .write = tty_write,
    .poll = tty_poll,
    .ioctl = tty_ioctl,
    .release = tty_release,
};

int tty_open_file(struct tty *t, struct inode *in, unsigned flags, struct file **out)
{
	int r;

	if (t->exclusive && !capable(CAP_SYS_ADMIN))
		return -EBUSY;
	r = file_new(&tty_ops, in, flags & ~O_NOCTTY, FILE_STREAM, out);
	if (r)
		return r;
	(*out)->priv = t;
	tty_maybe_take(t, flags);
	return 0;
}

int tty_open_current(struct inode *in, unsigned flags, struct file **out)
{
	struct tty *t = current_process()->tty;
	int r;

	if (!t)
		return -ENXIO;
	r = t->driver->open ? t->driver->open(t) : 0;
	return r ? r : tty_open_file(t, in, flags | O_NOCTTY, out);
}

void tty_resize(struct tty *t, const struct winsize *size)
{
	bool changed;

	spin_lock(&t->lock);
	changed = memcmp(size, &t->winsize, sizeof(*size)) != 0;
	t->winsize = *size;
	spin_unlock(&t->lock);
	if (changed)
		tty_raise(t, SIGBIT(SIGWINCH));
}

void tty_setup(struct tty *t, const struct tty_driver *driver, unsigned device)
{
	n_tty_init(&t->n);
	wait_queue_init(&t->read_wq);
	wait_queue_init(&t->write_wq);
	mutex_init(&t->write_lock);
	t->driver = driver;
	t->device = device;
	t->has_input = true;
	process_hooks.session_end = tty_session_end;
}
