/* SPDX-License-Identifier: MIT */
/*
 * Signal delivery: what happens to pending signals when a thread is about to leave for the program.
 * Promises Linux's order (faults, then the thread's own, then the process's; lowest number first),
 * its decisions about interrupted calls, and its default actions. The frame a handler runs on is
 * made by kernel/x86_64/sigframe.c.
 *
 * Stopping: SIGSTOP suspends every thread until SIGCONT or SIGKILL comes. SIGTSTP, SIGTTIN and
 * SIGTTOU do too, but in an orphaned process group, as that of the first program is (its parent is
 * not in this machine), Linux discards them, because nobody could continue it.
 */
#include "kernel/panic.h"
#include "kernel/process.h"
#include "kernel/rseq.h"
#include "kernel/signal.h"
#include "kernel/stubs.h"
#include "kernel/x86_64/sigframe.h"

#include <asm/unistd_64.h>

/* Addresses from here up to minus it are not canonical (48-bit). */
#define CANONICAL_HOLE (1ull << 47)

/*
 * What the frame of a fault on the way to a kernel address shows: SDM 3A 6.3.1, page-fault bits P,
 * U and I.
 */
#define TRAP_GENERAL_PROTECTION 13
#define TRAP_PAGE_FAULT		14
#define PF_KERNEL_FETCH		0x15

/* Is the frame that of a call that asks to be restarted? Returns the restart code (positive) or 0.
 */
static int restart_code(const struct regs *regs)
{
	int64_t error = -(int64_t)regs->rax;

	if ((int)regs->orig_rax == -1)
		return 0;
	switch (error) {
	case ERESTARTSYS:
	case ERESTARTNOINTR:
	case ERESTARTNOHAND:
	case ERESTART_RESTARTBLOCK:
		return error;
	default:
		return 0;
	}
}

/* Go back to the `syscall` instruction (two bytes), with this number in RAX. */
static void repeat_call(struct regs *regs, uint64_t nr)
{
	regs->rax = nr;
	regs->rip -= 2;
}

/* A handler will run: the call fails with EINTR, or starts again after it. */
static void interrupt_call(struct regs *regs, const struct ksigaction *act)
{
	int code = restart_code(regs);

	if (code == ERESTARTNOINTR || (code == ERESTARTSYS && (act->flags & SA_RESTART)))
		repeat_call(regs, regs->orig_rax);
	else if (code)
		regs->rax = (uint64_t)-EINTR;
}

/* No handler runs: the call goes on as if nothing had happened. */
static void resume_call(struct regs *regs)
{
	int code = restart_code(regs);

	if (code == ERESTART_RESTARTBLOCK)
		repeat_call(regs, __NR_restart_syscall);
	else if (code)
		repeat_call(regs, regs->orig_rax);
}

__noreturn static void die(int signo, const siginfo_t *info, const struct regs *regs)
{
	if (SIGBIT(signo) & SIGSET_CORE)
		fatal_signal_report(signo, info, regs);
	process_exit(signal_exit_status(signo));
}

/* Carry out the default action; returns if the process survives it. */
static void default_action(int signo, const siginfo_t *info, const struct regs *regs)
{
	if (SIGBIT(signo) & SIGSET_IGNORED)
		return;
	if (!(SIGBIT(signo) & SIGSET_STOP))
		die(signo, info, regs);
	if (signo == SIGSTOP || !group_orphaned(current_process()->pgid, NULL))
		signal_stop_process(signo);
}

/* Take pending signals until one has a handler. Returns its number and a copy of the action, or 0.
 */
static int next_handled(const struct regs *regs, siginfo_t *info, struct ksigaction *act)
{
	struct process *p = current_process();

	for (;;) {
		struct ksigaction *slot;
		int signo;

		signal_wait_stopped();
		signo = signal_dequeue_next(info);
		if (!signo)
			return 0;
		if (trace_hooks.signal)
			trace_hooks.signal(info);
		spin_lock(&p->lock);
		slot = &p->sighand->actions[signo - 1];
		*act = *slot;
		if (act->handler > HANDLER_IGN && (act->flags & SA_RESETHAND))
			slot->handler = HANDLER_DFL;
		spin_unlock(&p->lock);
		if (act->handler > HANDLER_IGN)
			return signo;
		if (act->handler == HANDLER_DFL)
			default_action(signo, info, regs);
	}
}

/* Make the program enter the handler next. */
static void handle(struct regs *regs, const siginfo_t *info, const struct ksigaction *act)
{
	struct thread *t = current;
	uint64_t saved = t->has_saved_sigmask ? t->saved_sigmask : t->sigmask;
	uint64_t mask = t->sigmask | act->mask;

	interrupt_call(regs, act);
	rseq_signal(regs, info->si_signo);
	if (sigframe_push(regs, act, info, saved) < 0) {
		signal_force_segv(info->si_signo);
		return;
	}
	t->has_saved_sigmask = false;
	if (!(act->flags & SA_NODEFER))
		mask |= SIGBIT(info->si_signo);
	signal_set_mask(mask);
	if (t->altstack.ss_flags & SS_AUTODISARM)
		t->altstack = (stack_t){.ss_flags = SS_DISABLE};
}

/* Going on at rip would fault; Linux notices when it gets there, we must not go there. */
static void check_rip(const struct regs *regs)
{
	siginfo_t info = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};

	if (regs->rip < CANONICAL_HOLE)
		return;
	current->fault_trapno = TRAP_GENERAL_PROTECTION;
	current->fault_err = 0;
	if (regs->rip >= -CANONICAL_HOLE) {
		info.si_code = SEGV_MAPERR;
		info.si_addr = (void *)regs->rip;
		current->fault_trapno = TRAP_PAGE_FAULT;
		current->fault_err = PF_KERNEL_FETCH;
		current->fault_addr = regs->rip;
	}
	signal_force(&info);
}

static void run_handlers(struct regs *regs)
{
	struct ksigaction act;
	siginfo_t info;

	while (next_handled(regs, &info, &act)) {
		handle(regs, &info, &act);
		check_rip(regs);
	}
}

void signal_deliver(struct regs *regs)
{
	run_handlers(regs);
	resume_call(regs);
	if (current->has_saved_sigmask) {
		/* The old mask may let through what the temporary one held back. */
		signal_restore_temp_mask();
		run_handlers(regs);
	}
	signal_recalc();
}

long signal_return(struct regs *regs)
{
	struct sigframe_state st = {.mask = current->sigmask};
	int r;

	current->restart.fn = NULL;
	r = sigframe_pop(regs, &st);
	signal_set_mask(st.mask);
	if (r < 0) {
		signal_force_segv(0);
		return 0;
	}
	/* A stack that cannot be set now is left as it is, as Linux does. */
	(void)signal_altstack(&st.altstack, NULL, regs->rsp);
	stubs_enter(regs);
	check_rip(regs);
	return (long)regs->rax;
}
