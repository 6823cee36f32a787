/* SPDX-License-Identifier: MIT */
/*
 * ioctl_tty(2): settings, window size, flushing and flow control. Sessions: fs/tty_session.c.
 */
#include "fs/tty_state.h"
#include "fs/vfs.h"
#include "kernel/file.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"

#include <linux/tty.h>

/* ---- settings ---- */

/* Speeds behind the B* codes 0..15 and CBAUDEX | 1..15. */
static uint32_t speed_of(unsigned code, uint32_t other)
{
	static const uint32_t speeds[] = {
	    0,	     50,      75,      110,	134,	 150,	  200,	   300,
	    600,     1200,    1800,    2400,	4800,	 9600,	  19200,   38400,
	    0,	     57600,   115200,  230400,	460800,	 500000,  576000,  921600,
	    1000000, 1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000};
	unsigned index = (code & 15) | (code & CBAUDEX ? 16 : 0);

	return code == BOTHER ? other : speeds[index];
}

/* A pseudo-terminal carries whole bytes whatever it is told. */
static void fix_hardware(struct termios2 *new)
{
	unsigned in_code = (new->c_cflag >> IBSHIFT) & CBAUD;

	new->c_cflag = (new->c_cflag & ~(CSIZE | PARENB)) | CS8 | CREAD;
	new->c_ospeed = speed_of(new->c_cflag &CBAUD, new->c_ospeed);
	new->c_ispeed = in_code ? speed_of(in_code, new->c_ispeed) : new->c_ospeed;
}

/* ^S and ^Q stop and start output: who reads packets may do it then. */
static bool has_usual_flow(const struct termios2 *t)
{
	return (t->c_iflag & IXON) && t->c_cc[VSTOP] == ('S' & 31) && t->c_cc[VSTART] == ('Q' & 31);
}

enum when { NOW, DRAINED, FLUSHED };

static long set_termios(struct tty *t, uaddr_t arg, size_t size, enum when when)
{
	struct termios2 new = t->n.tios;
	int r = copy_from_user(&new, arg, size);

	if (!r && when != NOW)
		r = tty_drain(t, false);
	if (r)
		return r;
	fix_hardware(&new);
	if (has_usual_flow(&new) != has_usual_flow(&t->n.tios))
		tty_tell(t, has_usual_flow(&new) ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP);
	spin_lock(&t->lock);
	if (when == FLUSHED)
		n_tty_flush_input(&t->n);
	n_tty_set_termios(&t->n, &new);
	spin_unlock(&t->lock);
	tty_changed(t);
	return 0;
}

static long get_termios(struct tty *t, uaddr_t arg, size_t size)
{
	struct termios2 tios;

	spin_lock(&t->lock);
	tios = t->n.tios;
	spin_unlock(&t->lock);
	return copy_to_user(arg, &tios, size);
}

static long settings(struct tty *t, unsigned cmd, uaddr_t arg)
{
	switch (cmd) {
	case TCGETS:
		return get_termios(t, arg, sizeof(struct termios));
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_termios(t, arg, sizeof(struct termios), cmd - TCSETS);
	case TCGETS2:
		return get_termios(t, arg, sizeof(struct termios2));
	case TCSETS2:
	case TCSETSW2:
	case TCSETSF2:
		return set_termios(t, arg, sizeof(struct termios2), cmd - TCSETS2);
	case TIOCGETD:
		return put_user(arg, (int)N_TTY);
	case TIOCSETD: {
		int line;

		if (get_user(&line, arg))
			return -EFAULT;
		return line == N_TTY ? 0 : -EINVAL;
	}
	}
	return -ENOTTY;
}

static long set_window(struct tty *t, uaddr_t arg)
{
	struct winsize size;

	if (get_user(&size, arg))
		return -EFAULT;
	tty_resize(t, &size);
	return 0;
}

/* ---- flushing and flow control ---- */

static long flush(struct tty *t, unsigned long queue)
{
	if (queue != TCIFLUSH && queue != TCOFLUSH && queue != TCIOFLUSH)
		return -EINVAL;
	spin_lock(&t->lock);
	if (queue != TCOFLUSH)
		n_tty_flush_input(&t->n);
	if (queue != TCIFLUSH)
		n_tty_flush_output(&t->n);
	spin_unlock(&t->lock);
	tty_tell(t, (queue != TCOFLUSH ? TIOCPKT_FLUSHREAD : 0) |
			(queue != TCIFLUSH ? TIOCPKT_FLUSHWRITE : 0));
	t->driver->resume(t);
	tty_changed(t);
	return 0;
}

static long flow(struct tty *t, unsigned long action)
{
	struct n_tty *n = &t->n;
	bool stopped;

	if (action > TCION)
		return -EINVAL;
	spin_lock(&t->lock);
	stopped = n->stopped;
	if (action == TCOOFF || action == TCOON)
		n->stopped = action == TCOOFF;
	else if (n->tios.c_cc[action == TCIOFF ? VSTOP : VSTART])
		n_tty_show(n, n->tios.c_cc[action == TCIOFF ? VSTOP : VSTART]);
	stopped = stopped != n->stopped;
	spin_unlock(&t->lock);
	if (stopped)
		tty_tell(t, n->stopped ? TIOCPKT_STOP : TIOCPKT_START);
	tty_changed(t);
	return 0;
}

/* TIOCSTI: as if typed. */
static long type_byte(struct tty *t, uaddr_t arg)
{
	uint8_t c;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (get_user(&c, arg))
		return -EFAULT;
	tty_type(t, &c, 1);
	return 0;
}

static long queues(struct tty *t, unsigned cmd, uaddr_t arg)
{
	const struct n_tty *n = &t->n;

	switch (cmd) {
	case TCFLSH:
		return flush(t, arg);
	case TCXONC:
		return flow(t, arg);
	case TCSBRK:
	case TCSBRKP:
	case TIOCSBRK:
	case TIOCCBRK: /* there is no line to send a break on */
		return cmd == TCSBRK || cmd == TCSBRKP ? tty_drain(t, false) : 0;
	case TIOCINQ:
		return put_user(arg, (int)n_tty_available(n));
	case TIOCOUTQ:
		return put_user(arg, (int)(n->out_head - n->out_tail));
	case TIOCSTI:
		return type_byte(t, arg);
	}
	return -ENOTTY;
}

/* ---- all of it ---- */

/* What a background process may not do (Linux: tty_check_change). */
static bool changes_state(unsigned cmd)
{
	switch (cmd) {
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
	case TCSETS2:
	case TCSETSW2:
	case TCSETSF2:
	case TIOCSETD:
	case TCSBRK:
	case TCSBRKP:
	case TIOCSBRK:
	case TIOCCBRK:
	case TCXONC:
	case TCFLSH:
		return true;
	}
	return false;
}

long tty_settings_ioctl(struct tty *t, unsigned cmd, uaddr_t arg)
{
	long r;

	switch (cmd) {
	case TIOCGWINSZ:
		return put_user(arg, t->winsize);
	case TIOCSWINSZ:
		return set_window(t, arg);
	}
	r = settings(t, cmd, arg);
	return r == -ENOTTY ? queues(t, cmd, arg) : r;
}

long tty_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct tty *t = f->priv;
	long r;

	if (tty_is_dead(t))
		return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
	switch (cmd) {
	case TIOCEXCL:
	case TIOCNXCL:
		t->exclusive = cmd == TIOCEXCL;
		return 0;
	case TIOCGEXCL:
		return put_user(arg, (int)t->exclusive);
	case TIOCGDEV:
		return put_user(arg, t->device);
	}
	if (changes_state(cmd)) {
		r = tty_check_foreground(t, SIGTTOU);
		if (r)
			return r;
	}
	r = tty_settings_ioctl(t, cmd, arg);
	return r == -ENOTTY ? tty_session_ioctl(t, f, false, cmd, arg) : r;
}
