/* SPDX-License-Identifier: MIT */
/*
 * Signals: signal(7). The semantics are in kernel/signal.c and kernel/sigdeliver.c, who belongs to
 * a group in kernel/jobctl.c.
 */
#include "kernel/signal.h"
#include "fs/pidfd.h"
#include "kernel/heap.h"
#include "kernel/process.h"
#include "kernel/string.h"
#include "kernel/wait.h"
#include "kernel/x86_64/cpu.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#define SIGINFO_KERNEL_SIZE 48 /* of the 128 bytes of siginfo_t, what Linux keeps */

/* Copy in a signal set of the size the program says it has. 0, -EINVAL or -EFAULT. */
static int sigset_from_user(uint64_t *set, uaddr_t uset, size_t size)
{
	if (size != sizeof(*set))
		return -EINVAL;
	return get_user(set, uset);
}

/* ---- dispositions, masks, stacks ---- */

/* rt_sigaction(2). What was set stays set if the old action cannot be stored, as on Linux. */
long sys_rt_sigaction(int sig, uaddr_t act, uaddr_t oldact, size_t sigsetsize)
{
	struct ksigaction new, old;
	int r;

	if (sigsetsize != sizeof(new.mask))
		return -EINVAL;
	if (act && get_user(&new, act))
		return -EFAULT;
	r = signal_action(sig, act ? &new : NULL, &old);
	if (r == 0 && oldact)
		r = put_user(oldact, old);
	return r;
}

/* rt_sigprocmask(2). */
long sys_rt_sigprocmask(int how, uaddr_t set, uaddr_t oldset, size_t sigsetsize)
{
	uint64_t old = current->sigmask, new;

	if (sigsetsize != sizeof(new))
		return -EINVAL;
	if (set) {
		if (get_user(&new, set))
			return -EFAULT;
		if (how == SIG_BLOCK)
			new = old | new;
		else if (how == SIG_UNBLOCK)
			new = old & ~new;
		else if (how != SIG_SETMASK)
			return -EINVAL;
		signal_set_mask(new);
	}
	return oldset ? put_user(oldset, old) : 0;
}

/* rt_sigpending(2): those that are blocked. A smaller set than ours is filled as far as it goes. */
long sys_rt_sigpending(uaddr_t set, size_t sigsetsize)
{
	struct thread *t = current;
	uint64_t pending = (t->pending.set | t->process->pending.set) & t->sigmask;

	if (sigsetsize > sizeof(pending))
		return -EINVAL;
	return copy_to_user(set, &pending, sigsetsize);
}

/* sigaltstack(2). */
long sys_sigaltstack(uaddr_t ss, uaddr_t old_ss)
{
	stack_t new, old;
	int r;

	memset(&old, 0, sizeof(old));
	if (ss && get_user(&new, ss))
		return -EFAULT;
	r = signal_altstack(ss ? &new : NULL, &old, current->regs->rsp);
	if (r == 0 && old_ss)
		r = put_user(old_ss, old);
	return r;
}

/* rt_sigreturn(2): the frame, not a return value, says how the program goes on. */
long sys_rt_sigreturn(void)
{
	struct regs *regs = current->regs;

	regs->rax = signal_return(regs);
	exit_regs_loaded();
}

/* ---- waiting ---- */

/* pause(2). */
long sys_pause(void)
{
	while (!signal_pending(current))
		(void)wait_sleep(NO_DEADLINE, true);
	return -ERESTARTNOHAND;
}

/* rt_sigsuspend(2): the old mask comes back when the handler has run. */
long sys_rt_sigsuspend(uaddr_t mask, size_t sigsetsize)
{
	uint64_t set;
	int r = sigset_from_user(&set, mask, sigsetsize);

	if (r)
		return r;
	signal_set_temp_mask(set);
	return sys_pause();
}

/* rt_sigtimedwait(2): no timeout waits for ever, a zero one not at all. */
long sys_rt_sigtimedwait(uaddr_t set, uaddr_t info, uaddr_t timeout, size_t sigsetsize)
{
	uint64_t wanted, ns, deadline = NO_DEADLINE;
	siginfo_t si;
	int r = sigset_from_user(&wanted, set, sigsetsize);

	if (r)
		return r;
	if (timeout) {
		r = timespec_from_user(timeout, &ns);
		if (r)
			return r;
		deadline = ns ? deadline_in(ns) : 0;
	}
	r = signal_wait(wanted, deadline, &si);
	if (r > 0 && info && put_user(info, si))
		return -EFAULT;
	return r;
}

/*
 * restart_syscall(2): put into RAX by signal delivery when a call is to go on after a signal
 * without a handler.
 */
long sys_restart_syscall(void)
{
	struct restart r = current->restart;

	current->restart.fn = NULL;
	return r.fn ? r.fn(&r) : -EINTR;
}

/* ---- sending ---- */

static siginfo_t own_siginfo(int sig, int code)
{
	struct process *p = current_process();
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = code;
	info.si_pid = p->pid;
	info.si_uid = current->cred->uid;
	return info;
}

static bool signo_ok(int sig)
{
	return sig >= 0 && sig <= N_SIGNALS;
}

/* Signal 0 only asks whether the target is there. */
static int send_to_process(struct process *p, const siginfo_t *info)
{
	if (!signo_ok(info->si_signo))
		return -EINVAL;
	if (!signal_permitted(p, info->si_signo))
		return -EPERM;
	return info->si_signo ? signal_send(p, info) : 0;
}

/* A process by the number of any of its threads, as Linux looks for it. */
static struct process *find_process(int pid)
{
	struct thread *t = pid > 0 ? thread_find(pid) : NULL;

	return t ? t->process : NULL;
}

static int send_to_thread(int tgid, int tid, const siginfo_t *info)
{
	struct thread *t = thread_find(tid);

	if (!t || (t->state == THREAD_DEAD && !t->process->exited) ||
	    (tgid > 0 && t->process->pid != tgid))
		return -ESRCH;
	if (!signo_ok(info->si_signo))
		return -EINVAL;
	if (!signal_permitted(t->process, info->si_signo))
		return -EPERM;
	return info->si_signo ? signal_send_thread(t, info) : 0;
}

/* To everyone but the caller and the outside; as Linux, a refusal counts only as having been there.
 */
static long send_to_all(const siginfo_t *info)
{
	struct process *p;
	int r = 0;
	bool any = false;

	for_each_process(p)
	{
		int e;

		if (p == current_process())
			continue;
		e = send_to_process(p, info);
		any = true;
		if (e != -EPERM)
			r = e;
	}
	return any ? r : -ESRCH;
}

/* kill(2). */
long sys_kill(int pid, int sig)
{
	siginfo_t info = own_siginfo(sig, SI_USER);
	struct process *p;

	if (pid > 0) {
		p = find_process(pid);
		return p ? send_to_process(p, &info) : -ESRCH;
	}
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid == -1)
		return send_to_all(&info);
	pid = pid ? -pid : current_process()->pgid;
	if (!signo_ok(sig)) { /* told only if there is somebody */
		for_each_process(p) if (p->pgid == pid) return -EINVAL;
		return -ESRCH;
	}
	return group_signal(pid, &info, true);
}

/* tkill(2). */
long sys_tkill(int tid, int sig)
{
	siginfo_t info = own_siginfo(sig, SI_TKILL);

	return tid <= 0 ? -EINVAL : send_to_thread(0, tid, &info);
}

/* tgkill(2). */
long sys_tgkill(int tgid, int tid, int sig)
{
	siginfo_t info = own_siginfo(sig, SI_TKILL);

	return tgid <= 0 || tid <= 0 ? -EINVAL : send_to_thread(tgid, tid, &info);
}

/* Does Linux know what the siginfo of this signal and code holds? (known_siginfo_layout) */
static bool siginfo_known(int sig, int code)
{
	static const struct {
		int signo, max_code;
	} specific[] = {{SIGILL, NSIGILL},   {SIGFPE, NSIGFPE},	  {SIGSEGV, NSIGSEGV},
			{SIGBUS, NSIGBUS},   {SIGTRAP, NSIGTRAP}, {SIGCHLD, NSIGCHLD},
			{SIGPOLL, NSIGPOLL}, {SIGSYS, NSIGSYS}};

	if (code == SI_KERNEL || code == SI_ASYNCNL)
		return true;
	if (code <= SI_USER)
		return code >= SI_DETHREAD;
	for (size_t i = 0; i < ARRAY_SIZE(specific); i++)
		if (specific[i].signo == sig && code <= specific[i].max_code)
			return true;
	return code <= NSIGPOLL;
}

/*
 * Copy in a siginfo. Bytes beyond what we keep may hold something only where we know that they mean
 * nothing.
 */
static int siginfo_from_user(siginfo_t *info, int sig, uaddr_t uinfo)
{
	uint8_t *tail = (uint8_t *)info + SIGINFO_KERNEL_SIZE;
	size_t tail_len = sizeof(*info) - SIGINFO_KERNEL_SIZE;

	memset(info, 0, sizeof(*info));
	if (copy_from_user(info, uinfo, SIGINFO_KERNEL_SIZE))
		return -EFAULT;
	info->si_signo = sig;
	if (siginfo_known(sig, info->si_code))
		return 0;
	if (copy_from_user(tail, uinfo + SIGINFO_KERNEL_SIZE, tail_len))
		return -EFAULT;
	for (size_t i = 0; i < tail_len; i++)
		if (tail[i])
			return -E2BIG;
	return 0;
}

/*
 * A program may say of itself whatever it likes, but to others not that the kernel or kill(2) sent
 * a signal.
 */
static bool may_claim(const siginfo_t *info, int target)
{
	return (info->si_code < 0 && info->si_code != SI_TKILL) || target == current_process()->pid;
}

/* rt_sigqueueinfo(2). */
long sys_rt_sigqueueinfo(int pid, int sig, uaddr_t uinfo)
{
	struct process *p;
	siginfo_t info;
	int r = siginfo_from_user(&info, sig, uinfo);

	if (r)
		return r;
	if (!may_claim(&info, pid))
		return -EPERM;
	p = find_process(pid);
	return p ? send_to_process(p, &info) : -ESRCH;
}

/* rt_tgsigqueueinfo(2). */
long sys_rt_tgsigqueueinfo(int tgid, int tid, int sig, uaddr_t uinfo)
{
	siginfo_t info;
	int r = siginfo_from_user(&info, sig, uinfo);

	if (r)
		return r;
	if (tgid <= 0 || tid <= 0)
		return -EINVAL;
	if (!may_claim(&info, tid))
		return -EPERM;
	return send_to_thread(tgid, tid, &info);
}

/* pidfd_send_signal(2): also by an open directory of /proc. */
long sys_pidfd_send_signal(int pidfd, int sig, uaddr_t uinfo, unsigned flags)
{
	struct file *f;
	struct process *p;
	siginfo_t info = own_siginfo(sig, SI_USER);
	long r;

	if (flags)
		return -EINVAL;
	f = fd_file(pidfd);
	if (!f)
		return -EBADF;
	r = pidfd_or_dir(f, &p);
	file_put(f);
	if (r)
		return r;
	if (uinfo) {
		r = siginfo_from_user(&info, sig, uinfo);
		if (!r && get_user(&info.si_signo, uinfo))
			r = -EFAULT;
		if (!r && info.si_signo != sig)
			r = -EINVAL;
		if (!r && !may_claim(&info, p->pid))
			r = -EPERM;
	}
	if (!r)
		r = p->reaped ? -ESRCH : send_to_process(p, &info);
	process_put(p);
	return r;
}
