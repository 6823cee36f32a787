/* SPDX-License-Identifier: MIT */
/*
 * Terminals and sessions: whose controlling terminal it is, who is in the foreground, and what the
 * others hear when it or the session's leader goes (setsid(2), credentials(7), ioctl_tty(2)). A
 * terminal knows the session that it controls, and each process its terminal: one may lack it
 * though its session has one, because it was there before or gave it up.
 */
#include "fs/tty_state.h"
#include "fs/vfs.h"
#include "kernel/process.h"
#include "kernel/uaccess.h"

#include <linux/tty.h>

void tty_raise(struct tty *t, uint64_t set)
{
	while (set && t->pgrp) {
		int bit = __builtin_ctzll(set);

		set &= set - 1;
		group_raise(t->pgrp, bit + 1);
	}
}

bool tty_is_ours(const struct tty *t)
{
	return current_process()->tty == t;
}

bool tty_controlling(const struct process *p, int *pgrp, unsigned *device)
{
	if (p->tty) {
		*pgrp = p->tty->pgrp;
		*device = p->tty->device;
	}
	return p->tty;
}

/* ---- the foreground ---- */

/* Would the signal do nothing to the caller? */
static bool is_deaf_to(int signo)
{
	return (current->sigmask & SIGBIT(signo)) ||
	       current_process()->sighand->actions[signo - 1].handler == HANDLER_IGN;
}

int tty_check_foreground(struct tty *t, int signo)
{
	int pgid = current_process()->pgid;

	if (!tty_is_ours(t) || !t->pgrp || t->pgrp == pgid)
		return 0;
	if (is_deaf_to(signo))
		return signo == SIGTTIN ? -EIO : 0;
	if (group_orphaned(pgid, NULL))
		return -EIO;
	group_raise(pgid, signo);
	return -ERESTARTSYS;
}

/* The session of a group or, as Linux, of a process of that number; 0: there is neither. */
static int session_of(int id)
{
	struct process *p;

	for_each_process(p) if (p->pgid == id) return p->sid;
	p = process_find(id);
	return p ? p->sid : 0;
}

static long set_foreground(struct tty *t, uaddr_t arg)
{
	int pgrp, sid, r = tty_check_foreground(t, SIGTTOU);

	if (r)
		return r == -EIO ? -ENOTTY : r;
	if (!tty_is_ours(t) || t->session != current_process()->sid)
		return -ENOTTY;
	if (get_user(&pgrp, arg))
		return -EFAULT;
	if (pgrp < 0)
		return -EINVAL;
	sid = session_of(pgrp);
	if (sid != t->session)
		return sid ? -EPERM : -ESRCH;
	t->pgrp = pgrp;
	return 0;
}

/* ---- getting it ---- */

static void take(struct tty *t, struct process *leader)
{
	t->session = leader->sid;
	t->pgrp = leader->pgid;
	leader->tty = t;
	leader->hung_up_pgrp = 0;
}

void tty_maybe_take(struct tty *t, unsigned flags)
{
	struct process *p = current_process();

	if (!(flags & O_NOCTTY) && (flags & O_ACCMODE) != O_WRONLY && p->pid == p->sid && !p->tty &&
	    !t->session)
		take(t, p);
}

static void leave_session(int sid)
{
	struct process *p;

	for_each_process(p) if (p->sid == sid) p->tty = NULL;
}

/* The leader of a session without terminal may take one that is nobody's; root with argument 1
 * any. */
static long become_controlling(struct tty *t, const struct file *f, unsigned long steal)
{
	struct process *p = current_process();

	if (p->pid == p->sid && t->session == p->sid)
		return 0;
	if (p->pid != p->sid || p->tty)
		return -EPERM;
	if (t->session && !(steal == 1 && capable(CAP_SYS_ADMIN)))
		return -EPERM;
	if (!file_readable(f) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (t->session)
		leave_session(t->session);
	take(t, p);
	return 0;
}

/* ---- losing it ---- */

/* The session has no terminal any more. */
static void release_by(struct process *leader)
{
	if (leader->tty)
		leader->tty->session = leader->tty->pgrp = 0;
	leave_session(leader->sid);
}

void tty_session_end(struct process *leader)
{
	if (leader->tty) {
		tty_raise(leader->tty, SIGBIT(SIGHUP));
	} else if (leader->hung_up_pgrp) {
		group_raise(leader->hung_up_pgrp, SIGHUP);
		group_raise(leader->hung_up_pgrp, SIGCONT);
	}
	release_by(leader);
}

/* TIOCNOTTY: a leader takes the foreground along. */
static long give_up(struct tty *t)
{
	struct process *p = current_process();

	if (!tty_is_ours(t))
		return -ENOTTY;
	if (p->pid == p->sid) {
		tty_raise(t, SIGBIT(SIGHUP) | SIGBIT(SIGCONT));
		release_by(p);
	}
	p->tty = NULL;
	return 0;
}

void tty_forget(struct tty *t)
{
	struct process *p;

	for_each_process(p) if (p->tty == t) p->tty = NULL;
}

void tty_hang_up(struct tty *t)
{
	struct process *leader;

	if (t->hung_up)
		return;
	t->hung_up = true;
	leader = t->session ? process_find(t->session) : NULL;
	if (leader) { /* the foreground hears it when the leader ends */
		leader->hung_up_pgrp = t->pgrp;
		signal_raise(leader, SIGHUP);
		signal_raise(leader, SIGCONT);
	}
	tty_forget(t);
	t->session = t->pgrp = 0;
	tty_changed(t);
	wait_wake_all(&t->write_wq);
}

/* ---- ioctl ---- */

long tty_session_ioctl(struct tty *t, const struct file *f, bool master, unsigned cmd, uaddr_t arg)
{
	bool may_ask = master || tty_is_ours(t);

	switch (cmd) {
	case TIOCSCTTY:
		return become_controlling(t, f, arg);
	case TIOCNOTTY:
		return master ? -ENOTTY : give_up(t);
	case TIOCGPGRP:
		return may_ask ? put_user(arg, t->pgrp) : -ENOTTY;
	case TIOCGSID:
		return may_ask && t->session ? put_user(arg, t->session) : -ENOTTY;
	case TIOCSPGRP:
		return set_foreground(t, arg);
	}
	return -ENOTTY;
}
