/* SPDX-License-Identifier: MIT */
/*
 * Process groups and sessions: who gets a signal sent to many, which groups are orphaned, and what
 * a parent hears of a child that stops or goes on (credentials(7), POSIX 2.4, 11.1).
 */
#include "kernel/process.h"
#include "kernel/string.h"
#include "kernel/wait.h"

bool signal_permitted(const struct process *p, int signo)
{
	const struct cred *me = current->cred, *to = process_cred(p);

	if (p == current_process() || capable(CAP_KILL))
		return true;
	if (me->euid == to->suid || me->euid == to->uid || me->uid == to->suid ||
	    me->uid == to->uid)
		return true;
	return signo == SIGCONT && p->sid == current_process()->sid;
}

int group_signal(int pgid, const siginfo_t *info, bool check)
{
	struct process *p;
	int r = -ESRCH;
	bool sent = false;

	for_each_process(p)
	{
		if (p->pgid != pgid)
			continue;
		r = check && !signal_permitted(p, info->si_signo) ? -EPERM : 0;
		if (!r && info->si_signo && !p->exited)
			r = signal_send(p, info);
		sent |= !r;
	}
	return sent ? 0 : r;
}

void group_raise(int pgid, int signo)
{
	siginfo_t info = {.si_signo = signo, .si_code = SI_KERNEL};

	(void)group_signal(pgid, &info, false);
}

bool group_exists(int pgid, int sid)
{
	struct process *p;

	for_each_process(p) if (p->pgid == pgid && (!sid || p->sid == sid)) return true;
	return false;
}

/* Does its parent belong to another group of the same session? */
static bool has_guardian(const struct process *p)
{
	return p->parent && p->parent->pgid != p->pgid && p->parent->sid == p->sid;
}

bool group_orphaned(int pgid, const struct process *except)
{
	struct process *p;

	for_each_process(p) if (p->pgid == pgid && p != except && !p->exited &&
				has_guardian(p)) return false;
	return true;
}

static bool has_stopped(int pgid)
{
	struct process *p;

	for_each_process(p) if (p->pgid == pgid && p->stopped) return true;
	return false;
}

void group_maybe_orphaned(struct process *p, const struct process *parent)
{
	const struct process *except = parent ? NULL : p;

	if (!parent)
		parent = p->parent;
	if (!parent || parent->pgid == p->pgid || parent->sid != p->sid)
		return;
	if (!group_orphaned(p->pgid, except) || !has_stopped(p->pgid))
		return;
	group_raise(p->pgid, SIGHUP);
	group_raise(p->pgid, SIGCONT);
}

void notify_stopped(struct process *p, int code)
{
	struct process *parent = p->parent;
	const struct ksigaction *act;
	siginfo_t info;

	p->stop_event = code == CLD_STOPPED ? p->stop_signal : 0;
	p->continue_event = code == CLD_CONTINUED;
	if (!parent || parent->exited)
		return;
	act = &parent->sighand->actions[SIGCHLD - 1];
	info = child_siginfo(p, code, code == CLD_STOPPED ? p->stop_signal : SIGCONT);
	if (act->handler != HANDLER_IGN && !(act->flags & SA_NOCLDSTOP))
		(void)signal_send(parent, &info);
	wait_wake_all(&parent->child_wq);
}
