/* SPDX-License-Identifier: MIT */
/*
 * ioctl_tty(2): settings, window size, flushing and flow control, and the terminal's place in its
 * session.
 */
#include "fs/tty_state.h"
#include "fs/vfs.h"
#include "kernel/file.h"
#include "kernel/process.h"
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
	if (t->driver->event)
		t->driver->event(t, (queue != TCOFLUSH ? TIOCPKT_FLUSHREAD : 0) |
					(queue != TCIFLUSH ? TIOCPKT_FLUSHWRITE : 0));
	t->driver->resume(t);
	tty_changed(t);
	return 0;
}

static long flow(struct tty *t, unsigned long action)
{
	struct n_tty *n = &t->n;

	if (action > TCION)
		return -EINVAL;
	spin_lock(&t->lock);
	if (action == TCOOFF || action == TCOON)
		n->stopped = action == TCOOFF;
	else if (n->tios.c_cc[action == TCIOFF ? VSTOP : VSTART])
		n_tty_show(n, n->tios.c_cc[action == TCIOFF ? VSTOP : VSTART]);
	spin_unlock(&t->lock);
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

/* ---- the session ---- */

static long set_foreground(struct tty *t, uaddr_t arg)
{
	int pgrp, r = tty_check_foreground(t, SIGTTOU);

	if (r)
		return r;
	if (get_user(&pgrp, arg))
		return -EFAULT;
	if (pgrp < 0)
		return -EINVAL;
	if (!group_exists(pgrp, 0))
		return -ESRCH;
	if (!group_exists(pgrp, current_process()->sid))
		return -EPERM;
	t->pgrp = pgrp;
	return 0;
}

/* The leader of a session without terminal may take one that is nobody's; root with argument 1
 * any. */
static long become_controlling(struct tty *t, unsigned long steal)
{
	const struct process *p = current_process();

	if (tty_is_ours(t) && p->pid == p->sid)
		return 0;
	if (p->pid != p->sid || tty_is_ours(t))
		return -EPERM;
	if (t->session && !(steal == 1 && capable(CAP_SYS_ADMIN)))
		return -EPERM;
	t->session = p->sid;
	t->pgrp = p->pgid;
	return 0;
}

/* A session leader that lets go takes the foreground along: SIGHUP, SIGCONT. */
static long give_up(struct tty *t)
{
	const struct process *p = current_process();

	if (!tty_is_ours(t))
		return -ENOTTY;
	if (p->pid == p->sid)
		process_hooks.session_end(p->sid);
	return 0;
}

static long session(struct tty *t, unsigned cmd, uaddr_t arg)
{
	switch (cmd) {
	case TIOCSCTTY:
		return become_controlling(t, arg);
	case TIOCNOTTY:
		return give_up(t);
	case TIOCGPGRP:
		return tty_is_ours(t) ? put_user(arg, t->pgrp) : -ENOTTY;
	case TIOCGSID:
		return tty_is_ours(t) ? put_user(arg, t->session) : -ENOTTY;
	case TIOCSPGRP:
		return tty_is_ours(t) ? set_foreground(t, arg) : -ENOTTY;
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

	if (t->hung_up && t->driver->hung_up_events)
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
	return r == -ENOTTY ? session(t, cmd, arg) : r;
}
