/* SPDX-License-Identifier: MIT */
/*
 * The terminal: the line discipline (fs/n_tty.c) between the program and the console streams. Typed
 * bytes arrive from interrupt processing, which never sleeps: echo goes out if the stream has room,
 * else a timer tries again. A write sleeps until its bytes are on their way, or while output is
 * stopped.
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

#define TYPE_CHUNK    256
#define RETRY_NS      10000000ull
#define DECISECOND_NS 100000000ull

struct tty the_tty;

/* ---- to the screen ---- */

int tty_flush(void)
{
	struct tty *t = &the_tty;
	const uint8_t *data;
	bool pending;
	ssize_t r = 0;
	size_t n;

	spin_lock(&t->lock);
	while (!t->n.stopped && (n = n_tty_to_show(&t->n, &data))) {
		struct iter it;

		iter_kernel(&it, (void *)data, n);
		r = t->has_output ? con_write(t->stream, &it, true) : (ssize_t)n;
		if (r <= 0)
			break;
		n_tty_shown(&t->n, r);
	}
	if (r == -EAGAIN)
		timer_arm(&t->retry, clock_mono_ns() + RETRY_NS);
	else if (r < 0)
		n_tty_flush_output(&t->n);
	pending = t->n.out_head != t->n.out_tail;
	spin_unlock(&t->lock);
	if (r < 0 && r != -EAGAIN)
		return -EIO;
	return pending ? -EAGAIN : 0;
}

static void retry(struct timer *timer)
{
	tty_flush();
}

int tty_drain(bool nonblock)
{
	struct tty *t = &the_tty;
	int r;

	while ((r = tty_flush()) == -EAGAIN && !nonblock) {
		if (READ_ONCE(t->n.stopped))
			r = wait_until(&t->write_wq, !READ_ONCE(t->n.stopped), NO_DEADLINE);
		else
			r = wait_until(con_out_wq(t->stream), con_out_ready(t->stream),
				       NO_DEADLINE);
		if (r)
			break;
	}
	return r;
}

/* Until ^S is lifted. */
static int wait_started(bool nonblock)
{
	struct tty *t = &the_tty;

	if (!READ_ONCE(t->n.stopped))
		return 0;
	return nonblock ? -EAGAIN : wait_until(&t->write_wq, !READ_ONCE(t->n.stopped), NO_DEADLINE);
}

/* Take a chunk of the program's bytes; returns how many, 0 if there is no room, -EFAULT. */
static ssize_t take_chunk(struct iter *from)
{
	struct tty *t = &the_tty;
	size_t n = iter_read(from, t->chunk, sizeof(t->chunk)), used;

	if (!n)
		return -EFAULT;
	spin_lock(&t->lock);
	used = n_tty_output(&t->n, t->chunk, n);
	spin_unlock(&t->lock);
	iter_revert(from, n - used);
	return used;
}

static ssize_t write_locked(struct iter *from, bool nonblock)
{
	size_t done = 0;
	int r = 0;

	while (from->left && !r) {
		ssize_t n;

		r = wait_started(nonblock);
		if (r)
			break;
		n = take_chunk(from);
		if (n < 0) {
			r = n;
			break;
		}
		done += n;
		r = tty_drain(nonblock);
		if (r == -EAGAIN && n)
			r = 0;
	}
	return done && r != -EIO ? (ssize_t)done : r;
}

/* Would the signal do nothing to the caller? */
static bool is_deaf_to(int signo)
{
	return (current->sigmask & SIGBIT(signo)) ||
	       current_process()->sighand->actions[signo - 1].handler == HANDLER_IGN;
}

bool tty_is_ours(void)
{
	return the_tty.session && the_tty.session == current_process()->sid;
}

int tty_check_foreground(int signo)
{
	int pgid = current_process()->pgid;

	if (!tty_is_ours() || !the_tty.pgrp || the_tty.pgrp == pgid)
		return 0;
	if (is_deaf_to(signo))
		return signo == SIGTTIN ? -EIO : 0;
	if (group_orphaned(pgid, NULL))
		return -EIO;
	group_raise(pgid, signo);
	return -ERESTARTSYS;
}

static ssize_t tty_write(struct file *f, struct iter *from, uint64_t *pos)
{
	struct tty *t = &the_tty;
	ssize_t r;

	if (t->hung_up)
		return -EIO;
	if (t->n.tios.c_lflag & TOSTOP) {
		r = tty_check_foreground(SIGTTOU);
		if (r)
			return r;
	}
	mutex_lock(&t->write_lock);
	r = write_locked(from, (f->flags & O_NONBLOCK) || from->nowait);
	mutex_unlock(&t->write_lock);
	return r;
}

/* ---- from the keyboard ---- */

static void send_signals(uint64_t set)
{
	while (set && the_tty.pgrp) {
		int bit = __builtin_ctzll(set);

		set &= set - 1;
		group_raise(the_tty.pgrp, bit + 1);
	}
}

void tty_changed(void)
{
	struct tty *t = &the_tty;

	tty_flush();
	if (n_tty_readable(&t->n, 1) || t->hung_up)
		wait_wake_all(&t->read_wq);
	if (!t->n.stopped)
		wait_wake_all(&t->write_wq);
}

size_t tty_type(const uint8_t *data, size_t n)
{
	struct tty *t = &the_tty;
	size_t done = 0, took;

	do {
		uint64_t raised;

		spin_lock(&t->lock);
		took = n_tty_input(&t->n, data + done, MIN(n - done, (size_t)TYPE_CHUNK));
		raised = t->n.raised;
		t->n.raised = 0;
		spin_unlock(&t->lock);
		done += took;
		send_signals(raised);
		tty_changed();
	} while (took && done < n);
	return done;
}

static void hang_up_leader(int sid)
{
	struct process *p = process_find(sid);

	if (p) {
		signal_raise(p, SIGHUP);
		signal_raise(p, SIGCONT);
	}
}

/* The console's input hook; no data: the host's terminal is gone, which its session hears about. */
static size_t receive(const uint8_t *data, size_t n)
{
	struct tty *t = &the_tty;

	if (n)
		return tty_type(data, n);
	if (!t->hung_up) {
		t->hung_up = true;
		send_signals(SIGBIT(SIGHUP) | SIGBIT(SIGCONT));
		if (t->session && t->session != t->pgrp) /* its leader hears it too */
			hang_up_leader(t->session);
		tty_changed();
	}
	return 0;
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

static void begin_reading(struct reading *rd)
{
	const struct n_tty *n = &the_tty.n;

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
static int take_typed(struct reading *rd, struct iter *to)
{
	struct tty *t = &the_tty;
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
	con_input_resume();
	if (copied < n)
		return -EFAULT;
	return line || rd->done >= rd->min;
}

/* Sleep until there is something. 0, or why the read ends: -EAGAIN, -ERESTARTSYS, 1 (nothing will
 * come). */
static int wait_typed(const struct reading *rd, bool nonblock)
{
	struct tty *t = &the_tty;
	int r;

	if (t->hung_up || !rd->deadline_ns)
		return 1;
	if (nonblock)
		return -EAGAIN;
	r = wait_until(&t->read_wq, n_tty_readable(&t->n, 1) || t->hung_up, rd->deadline_ns);
	return r == -ETIMEDOUT ? 1 : r;
}

static ssize_t read_typed(struct reading *rd, struct iter *to, bool nonblock)
{
	int r = 0;

	while (to->left && !r) {
		r = tty_check_foreground(SIGTTIN);
		if (r)
			break;
		r = n_tty_readable(&the_tty.n, 1) ? take_typed(rd, to) : wait_typed(rd, nonblock);
	}
	return r < 0 && !rd->done ? r : (ssize_t)rd->done;
}

static ssize_t tty_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct reading rd;
	ssize_t r;

	if (!the_tty.has_input)
		return -EIO;
	begin_reading(&rd);
	rd.buf = kmalloc(N_TTY_IN);
	if (!rd.buf)
		return -ENOMEM;
	r = read_typed(&rd, to, (f->flags & O_NONBLOCK) || to->nowait);
	kfree(rd.buf);
	return r;
}

/* ---- waiting and opening ---- */

static unsigned tty_poll(struct file *f, struct poll_table *pt)
{
	struct tty *t = &the_tty;
	const uint8_t *cc = t->n.tios.c_cc;
	unsigned events = 0;

	poll_wait(pt, &t->read_wq);
	poll_wait(pt, &t->write_wq);
	if (t->has_output)
		poll_wait(pt, con_out_wq(t->stream));
	if (t->hung_up)
		events |= EPOLLHUP | EPOLLIN | EPOLLRDNORM;
	if (n_tty_readable(&t->n, cc[VTIME] ? 1 : cc[VMIN]))
		events |= EPOLLIN | EPOLLRDNORM;
	if (!t->n.stopped && (!t->has_output || con_out_ready(t->stream)))
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}

static const struct file_ops tty_ops = {
    .read = tty_read,
    .write = tty_write,
    .poll = tty_poll,
    .ioctl = tty_ioctl,
};

bool tty_present(void)
{
	return the_tty.present;
}

bool tty_is_serial(void)
{
	return the_tty.serial;
}

bool tty_controlling(const struct process *p, int *pgrp)
{
	*pgrp = the_tty.pgrp;
	return the_tty.session && the_tty.session == p->sid;
}

/* The leader of a session has ended: those in the foreground are told, the terminal is nobody's. */
static void session_end(int sid)
{
	struct tty *t = &the_tty;

	if (t->session != sid)
		return;
	send_signals(SIGBIT(SIGHUP) | SIGBIT(SIGCONT));
	t->session = t->pgrp = 0;
}

/* Returns 0, -ENXIO (no terminal), -EBUSY (TIOCEXCL), -ENOMEM. */
int tty_open(unsigned flags, struct file **out)
{
	struct inode *in;
	int r;

	if (!the_tty.present)
		return -ENXIO;
	if (the_tty.exclusive && !capable(CAP_SYS_ADMIN))
		return -EBUSY;
	r = vfs_anon_inode(S_IFCHR | 0620, &in);
	if (r)
		return r;
	r = file_new(&tty_ops, in, flags, FILE_STREAM, out);
	if (r)
		inode_put(in);
	return r;
}

void tty_resize(const struct winsize *size)
{
	struct tty *t = &the_tty;
	bool changed;

	spin_lock(&t->lock);
	changed = memcmp(size, &t->winsize, sizeof(*size)) != 0;
	t->winsize = *size;
	spin_unlock(&t->lock);
	if (changed)
		send_signals(SIGBIT(SIGWINCH));
}

/* The host's terminal was resized. */
static void resized(unsigned rows, unsigned cols)
{
	struct winsize size = {.ws_row = rows, .ws_col = cols};

	tty_resize(&size);
}

/* Called once, before any file is opened. */
void tty_init(const struct tty_config *config)
{
	struct tty *t = &the_tty;

	n_tty_init(&t->n);
	if (!config->input) /* then the host's terminal is not raw: it processes output itself */
		t->n.tios.c_oflag &= ~OPOST;
	wait_queue_init(&t->read_wq);
	wait_queue_init(&t->write_wq);
	mutex_init(&t->write_lock);
	timer_init(&t->retry, retry);
	t->has_input = config->input;
	t->has_output = config->output;
	t->stream = config->stream;
	t->serial = config->serial;
	t->winsize.ws_row = config->rows;
	t->winsize.ws_col = config->cols;
	t->session = config->process->sid;
	t->pgrp = config->process->pgid;
	process_hooks.session_end = session_end;
	t->present = true;
	con_set_winsize_hook(resized);
	if (config->input)
		con_set_input_hook(receive);
}
