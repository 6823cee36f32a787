/* SPDX-License-Identifier: MIT */
/* Signals: generation, queues, order, default actions, stopping, waiting. */
/* unit: kernel/signal.c kernel/sigdeliver.c kernel/rseq.c kernel/x86_64/sigframe.c */
#define _POSIX_C_SOURCE 200809L
#include "tests/unit/signal_world.h"

/* ---- generation ---- */

static void test_queueing(void)
{
	siginfo_t si;

	reset();
	CHECK(send(SIGUSR1, SI_USER, 1) == 0 && send(SIGUSR1, SI_USER, 2) == 0);
	CHECK(signal_dequeue_next(&si) == SIGUSR1 && si.si_int == 1);
	CHECK(take() == 0 && proc.n_sigqueued == 0);

	for (int i = 0; i < 3; i++)
		CHECK(send(40, SI_QUEUE, i) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(signal_dequeue_next(&si) == 40 && si.si_int == i);
	CHECK(take() == 0);
}

static void test_limit(void)
{
	siginfo_t si;

	reset();
	proc.limits[RLIMIT_SIGPENDING].rlim_cur = 2;
	CHECK(send(40, SI_QUEUE, 0) == 0 && send(40, SI_QUEUE, 1) == 0);
	CHECK(send(40, SI_QUEUE, 2) == -EAGAIN);
	CHECK(send(41, SI_TKILL, 2) == -EAGAIN);
	/*
	 * kill() of a real-time signal arrives without its siginfo; standard ones from kill() are
	 * not limited.
	 */
	CHECK(send(42, SI_USER, 3) == 0);
	CHECK(send(SIGUSR1, SI_USER, 4) == 0);
	CHECK(signal_dequeue(~SIGBIT(SIGUSR1), &si) == SIGUSR1 && si.si_int == 4);
	CHECK(signal_dequeue(~SIGBIT(42), &si) == 42 && si.si_int == 0 && si.si_code == SI_USER);
	CHECK(signal_dequeue(~SIGBIT(42), &si) == 0);
	/* sigqueue() of a standard one beyond the limit: pending, siginfo lost. */
	CHECK(send(SIGUSR2, SI_QUEUE, 5) == 0);
	CHECK(signal_dequeue(~SIGBIT(SIGUSR2), &si) == SIGUSR2 && si.si_int == 0);
}

static void test_ignoring(void)
{
	reset();
	CHECK(send(SIGCHLD, SI_USER, 0) == 0 && send(SIGWINCH, SI_USER, 0) == 0);
	CHECK(send(SIGURG, SI_USER, 0) == 0 && send(SIGCONT, SI_USER, 0) == 0);
	ignore(SIGTERM, HANDLER_IGN);
	CHECK(send(SIGTERM, SI_USER, 0) == 0);
	CHECK(!signal_pending(&thr) && proc.pending.set == 0 && wakes == 0);
	/* Blocked signals are kept, ignored or not. */
	signal_set_mask(SIGBIT(SIGTERM) | SIGBIT(SIGCHLD));
	send(SIGTERM, SI_USER, 0);
	send(SIGCHLD, SI_USER, 0);
	CHECK(proc.pending.set == (SIGBIT(SIGTERM) | SIGBIT(SIGCHLD)));
	CHECK(!signal_pending(&thr));
	/* Choosing to ignore discards what is pending, also thread-directed. */
	send_thread(SIGTERM, SI_USER, 0);
	ignore(SIGTERM, HANDLER_IGN);
	CHECK(proc.pending.set == SIGBIT(SIGCHLD) && thr.pending.set == 0);
	ignore(SIGCHLD, HANDLER_DFL);
	CHECK(proc.pending.set == 0 && proc.n_sigqueued == 0);
}

static void test_masks(void)
{
	struct ksigaction act = {.handler = 0x1000, .mask = ~0ull, .flags = SA_SIGINFO | 0x400},
			  old;

	reset();
	signal_set_mask(~0ull);
	CHECK(thr.sigmask == ~SIGSET_KERNEL_ONLY);
	CHECK(signal_action(SIGKILL, &act, NULL) == -EINVAL &&
	      signal_action(SIGSTOP, &act, NULL) == -EINVAL);
	CHECK(signal_action(SIGKILL, NULL, &old) == 0 && old.handler == HANDLER_DFL);
	CHECK(signal_action(0, NULL, &old) == -EINVAL && signal_action(65, NULL, &old) == -EINVAL);
	CHECK(signal_action(64, &act, NULL) == 0);
	CHECK(signal_action(64, NULL, &old) == 0);
	CHECK(old.mask == ~SIGSET_KERNEL_ONLY &&
	      old.flags == SA_SIGINFO); /* unknown flags are cleared */
	/* The work flag follows what can be delivered. */
	send(SIGUSR1, SI_USER, 0);
	CHECK(!(thr.work & WORK_SIGNAL));
	signal_set_mask(0);
	CHECK(thr.work & WORK_SIGNAL);
	signal_set_mask(SIGBIT(SIGUSR1));
	CHECK(!(thr.work & WORK_SIGNAL));
}

static void test_order(void)
{
	siginfo_t si;

	reset();
	send(SIGHUP, SI_USER, 0);
	send(50, SI_QUEUE, 0);
	send(SIGTERM, SI_USER, 0);
	send(SIGSEGV, SI_USER, 0);
	send_thread(SIGUSR2, SI_TKILL, 0);
	send_thread(60, SI_QUEUE, 0);
	si = info_of(SIGFPE, FPE_INTDIV, 0);
	signal_force(&si);
	CHECK(take() == SIGFPE);  /* a fault of this instruction */
	CHECK(take() == SIGUSR2); /* the thread's own */
	CHECK(take() == 60);
	CHECK(take() == SIGSEGV); /* the process's: synchronous ones, then the lowest */
	CHECK(take() == SIGHUP);
	CHECK(take() == SIGTERM);
	CHECK(take() == 50);
	CHECK(take() == 0);
	send(SIGALRM, SI_KERNEL, 0);
	CHECK(take() == SIGALRM && rearms == 1);
	send_thread(SIGALRM, SI_TKILL, 0);
	CHECK(take() == SIGALRM && rearms == 1);
}

/* ---- default actions, stopping ---- */

static void test_default(void)
{
	static const int core[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGFPE,
				   SIGSEGV, SIGBUS, SIGSYS,  SIGXCPU, SIGXFSZ};

	for (int s = 1; s <= 64; s++) {
		bool ends = !(SIGBIT(s) & (SIGSET_IGNORED | SIGSET_STOP));

		if (s == SIGSTOP)
			continue;
		reset();
		send(s, SI_USER, 0);
		CHECK(deliver() == (ends ? s : -1));
	}
	for (size_t i = 0; i < ARRAY_SIZE(core); i++) {
		reset();
		send(core[i], SI_USER, 0);
		deliver();
		CHECK(reports == 1);
	}
	reset();
	signal_set_mask(~0ull);
	ignore(SIGTERM, HANDLER_IGN);
	send(SIGKILL, SI_USER, 0);
	CHECK(deliver() == SIGKILL && reports == 0);
}

static int naps;

static void continue_soon(void)
{
	CHECK(proc.stopped);
	if (++naps == 2)
		send(SIGTERM, SI_USER, 0); /* does not wake a stopped process */
	if (naps == 3)
		send(SIGCONT, SI_USER, 0);
}

static void kill_soon(void)
{
	send(SIGKILL, SI_USER, 0);
}

static void test_stop(void)
{
	reset();
	naps = 0;
	while_asleep = continue_soon;
	catch (SIGTERM, 0, 0);
	send(SIGSTOP, SI_USER, 0);
	CHECK(signal_pending(&thr));
	CHECK(deliver() == -1 && naps == 3 && !proc.stopped);
	CHECK(regs.rip == 0x500000 + SIGTERM);

	reset();
	while_asleep = kill_soon;
	send(SIGSTOP, SI_USER, 0);
	CHECK(deliver() == SIGKILL);

	/* They cancel each other, even blocked. */
	reset();
	signal_set_mask(~0ull);
	send(SIGTSTP, SI_USER, 0);
	send_thread(SIGTTIN, SI_USER, 0);
	send(SIGCONT, SI_USER, 0);
	CHECK(thr.pending.set == 0 && proc.pending.set == SIGBIT(SIGCONT));
	send(SIGTTOU, SI_USER, 0);
	CHECK(proc.pending.set == SIGBIT(SIGTTOU));

	/* In an orphaned group the terminal's stop signals do nothing. */
	reset();
	send(SIGTSTP, SI_USER, 0);
	CHECK(deliver() == -1 && !proc.stopped);
}

static void send_while_waiting(void)
{
	/* Ignored by default, but waited for: kept. */
	CHECK(!(thr.sigmask & SIGBIT(SIGCHLD)));
	send(SIGCHLD, SI_QUEUE, 5);
}

static void interrupt_wait(void)
{
	send(SIGTERM, SI_USER, 0);
}

static void test_sigwait(void)
{
	siginfo_t si;

	reset();
	signal_set_mask(SIGBIT(SIGCHLD));
	CHECK(signal_wait(SIGBIT(SIGCHLD), 0, &si) == -EAGAIN);
	CHECK(signal_wait(SIGBIT(SIGCHLD), 1000, &si) == -EAGAIN);
	while_asleep = send_while_waiting;
	CHECK(signal_wait(SIGBIT(SIGCHLD), NO_DEADLINE, &si) == SIGCHLD && si.si_int == 5);
	CHECK(thr.sigmask == SIGBIT(SIGCHLD) && !thr.wait_sigmask);
	while_asleep = interrupt_wait;
	CHECK(signal_wait(SIGBIT(SIGCHLD) | SIGBIT(SIGKILL), NO_DEADLINE, &si) == -EINTR);
	CHECK(proc.pending.set == SIGBIT(SIGTERM));
}

int main(void)
{
	test_queueing();
	test_limit();
	test_ignoring();
	test_masks();
	test_order();
	test_default();
	test_stop();
	test_sigwait();
	reset();
	CHECK(signal_exit_status(SIGSEGV) == 11 && strcmp(signal_name(SIGSYS), "SIGSYS") == 0);
	return UNIT_END();
}
