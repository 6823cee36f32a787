/* SPDX-License-Identifier: MIT */
/* Signals without a machine: program memory is an array, the vector state another. */
/* unit: kernel/signal.c kernel/sigdeliver.c kernel/rseq.c kernel/x86_64/sigframe.c */
#define _POSIX_C_SOURCE 200809L
#include "kernel/itimer.h"
#include "kernel/panic.h"
#include "kernel/rseq.h"
#include "kernel/signal.h"
#include "kernel/task.h"
#include "kernel/wait.h"
#include "kernel/x86_64/sigframe.h"
#include "tests/unit/unit.h"

#include <setjmp.h>
#include <string.h>

enum { XSTATE_SIZE = 832, XSTATE_MASK = 7, MEM_SIZE = 65536, RED_ZONE = 128 };

static struct process proc;
static struct thread thr;
static uint8_t mem[MEM_SIZE] __attribute__((aligned(4096)));
static uint8_t xstate[XSTATE_SIZE] __attribute__((aligned(64)));
static jmp_buf died;
static int exit_status, reports, rearms, wakes;
static void (*while_asleep)(void);

#define MEM ((uaddr_t)mem)
#define TOP (MEM + MEM_SIZE)

/* ---- what the code under test needs ---- */

struct thread *current_thread(void)
{
	return &thr;
}

void *kmalloc(size_t size)
{
	return aligned_alloc(4096, ALIGN_UP(size, 4096ul));
}

void kfree(void *p)
{
	free(p);
}

void thread_signal_wake(struct thread *t)
{
	wakes++;
}

void itimer_real_rearm(struct process *p)
{
	rearms++;
}

void fatal_signal_report(int signo, const siginfo_t *info, const struct regs *regs)
{
	reports++;
}

void process_exit(int wait_status)
{
	exit_status = wait_status;
	longjmp(died, 1);
}

void wait_prepare(struct waiter *w, struct wait_queue *wq)
{
}

void wait_finish(struct waiter *w)
{
}

size_t wait_wake(struct wait_queue *wq, size_t n)
{
	return 0;
}

int wait_sleep(uint64_t deadline_ns, bool interruptible)
{
	if (!while_asleep)
		return -ETIMEDOUT;
	while_asleep();
	return interruptible && signal_pending(&thr) ? -ERESTARTSYS : 0;
}

static bool mem_ok(uaddr_t a, size_t n)
{
	return a >= MEM && n <= MEM_SIZE && a - MEM <= MEM_SIZE - n;
}

size_t uaccess_read(void *dst, uaddr_t src, size_t n)
{
	if (!mem_ok(src, n))
		return n;
	memcpy(dst, (void *)src, n);
	return 0;
}

size_t uaccess_write(uaddr_t dst, const void *src, size_t n)
{
	if (!mem_ok(dst, n))
		return n;
	memcpy((void *)dst, src, n);
	return 0;
}

size_t uaccess_zero(uaddr_t dst, size_t n)
{
	if (!mem_ok(dst, n))
		return n;
	memset((void *)dst, 0, n);
	return 0;
}

size_t cpu_xstate_size(void)
{
	return XSTATE_SIZE;
}

uint64_t cpu_xstate_mask(void)
{
	return XSTATE_MASK;
}

bool cpu_has_xsave(void)
{
	return true;
}

void cpu_xsave(void *area)
{
	memcpy(area, xstate, 512 - 48);
	memcpy((uint8_t *)area + 512, xstate + 512, 8);
	memcpy((uint8_t *)area + 576, xstate + 576, XSTATE_SIZE - 576);
}

/*
 * The header decides what is loaded; a component that is off gets zeroes (its initial state, near
 * enough).
 */
void cpu_xrstor(const void *area)
{
	uint64_t features;

	memcpy(&features, (const uint8_t *)area + 512, 8);
	memset(xstate, 0, XSTATE_SIZE);
	memcpy(xstate + 24, (const uint8_t *)area + 24, 4);
	if (features & 3)
		memcpy(xstate, area, 512 - 48);
	if (features & 4)
		memcpy(xstate + 576, (const uint8_t *)area + 576, XSTATE_SIZE - 576);
	memcpy(xstate + 512, &features, 8);
}

int cpu_xsave_user(uaddr_t area)
{
	if (!mem_ok(area, XSTATE_SIZE) || area % 64)
		return -EFAULT;
	cpu_xsave((void *)area);
	return 0;
}

int cpu_xrstor_user(uaddr_t area)
{
	uint64_t features;

	if (!mem_ok(area, XSTATE_SIZE) || area % 64)
		return -EFAULT;
	memcpy(&features, (void *)(area + 512), 8);
	if (features & ~(uint64_t)XSTATE_MASK)
		return -EFAULT;
	cpu_xrstor((void *)area);
	return 0;
}

/* ---- helpers ---- */

static struct regs regs;

static void reset(void)
{
	siginfo_t si;

	if (thr.process)
		while (signal_dequeue(0, &si))
			;
	memset(&proc, 0, sizeof(proc));
	memset(&thr, 0, sizeof(thr));
	memset(&regs, 0, sizeof(regs));
	list_init(&proc.threads);
	sigpending_init(&proc.pending);
	sigpending_init(&thr.pending);
	thr.process = &proc;
	thr.tid = proc.pid = 100;
	list_add_tail(&thr.process_link, &proc.threads);
	proc.limits[RLIMIT_SIGPENDING].rlim_cur = 1000;
	exit_status = -1;
	reports = rearms = wakes = 0;
	while_asleep = NULL;
	memset(xstate, 0x5a, sizeof(xstate));
	memset(xstate + 24, 0, 8);
	memset(xstate + 512, 0, 8);
	xstate[512] = 7;
	regs.rsp = TOP - 8192;
	regs.rip = 0x401000;
	regs.orig_rax = (uint64_t)-1;
	regs.rflags = 0x202;
	regs.cs = 0x33;
	regs.ss = 0x2b;
}

static siginfo_t info_of(int signo, int code, int value)
{
	siginfo_t si;

	memset(&si, 0, sizeof(si));
	si.si_signo = signo;
	si.si_code = code;
	si.si_int = value;
	return si;
}

static int send(int signo, int code, int value)
{
	siginfo_t si = info_of(signo, code, value);

	return signal_send(&proc, &si);
}

static int send_thread(int signo, int code, int value)
{
	siginfo_t si = info_of(signo, code, value);

	return signal_send_thread(&thr, &si);
}

static void catch (int signo, uint64_t flags, uint64_t mask)
{
	struct ksigaction act = {0x500000 + signo, flags | SA_RESTORER, 0x600000, mask};

	CHECK(signal_action(signo, &act, NULL) == 0);
}

static void ignore(int signo, uaddr_t how)
{
	struct ksigaction act = {.handler = how};

	CHECK(signal_action(signo, &act, NULL) == 0);
}

static int take(void)
{
	siginfo_t si;

	return signal_dequeue_next(&si);
}

/* Deliver; returns the wait status if the process died, else -1. */
static int deliver(void)
{
	if (setjmp(died) == 0)
		signal_deliver(&regs);
	return exit_status;
}

static struct ucontext *frame_uc(void)
{
	return (struct ucontext *)regs.rdx;
}

/* The handler returns: its RET pops pretcode, the restorer calls rt_sigreturn. */
static void sigreturn(void)
{
	regs.rsp += 8;
	regs.orig_rax = 15;
	regs.rax = signal_return(&regs);
}

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

/* ---- handlers ---- */

static void test_frame(void)
{
	struct regs before;
	struct ucontext *uc;
	struct _fpx_sw_bytes sw;
	uint32_t magic2;
	siginfo_t si;
	uint64_t fp;

	reset();
	for (size_t i = 0; i < 15; i++)
		((uint64_t *)&regs)[i] = 0x1111 * (i + 1);
	regs.rflags = 0x10f47; /* RF, OF, DF, IF, TF, ZF, PF, CF and the reserved one */
	thr.fault_trapno = 14;
	thr.fault_err = 6;
	thr.fault_addr = 0x10;
	thr.sigmask = SIGBIT(SIGHUP);
	before = regs;
	catch (SIGUSR1, SA_SIGINFO, SIGBIT(SIGTERM));
	send(SIGUSR1, SI_QUEUE, 77);
	CHECK(deliver() == -1);

	uc = frame_uc();
	fp = (uint64_t)uc->uc_mcontext.fpstate;
	CHECK(regs.rip == 0x500000 + SIGUSR1 && regs.rdi == SIGUSR1 && regs.rax == 0);
	CHECK((regs.rsp + 8) % 16 == 0 && regs.rdx == regs.rsp + 8 && regs.rsi == regs.rsp + 312);
	CHECK(*(uint64_t *)regs.rsp == 0x600000);
	CHECK(regs.rflags == 0x10f47 - 0x10000 - 0x400 - 0x100);
	CHECK(thr.sigmask == (SIGBIT(SIGHUP) | SIGBIT(SIGTERM) | SIGBIT(SIGUSR1)));
	CHECK(uc->uc_flags == 7 && uc->uc_link == NULL && uc->uc_sigmask == SIGBIT(SIGHUP));
	CHECK(fp % 64 == 0 && fp + XSTATE_SIZE + 4 <= before.rsp - RED_ZONE);
	CHECK(before.rsp - RED_ZONE - (fp + XSTATE_SIZE + 4) < 64);
	CHECK(uc->uc_mcontext.cs == 0x33 && uc->uc_mcontext.ss == 0x2b);
	CHECK(uc->uc_mcontext.trapno == 14 && uc->uc_mcontext.err == 6 &&
	      uc->uc_mcontext.cr2 == 0x10);
	CHECK(uc->uc_mcontext.rip == before.rip && uc->uc_mcontext.rsp == before.rsp);
	CHECK(uc->uc_mcontext.eflags == before.rflags && uc->uc_mcontext.oldmask == SIGBIT(SIGHUP));
	memcpy(&si, (void *)regs.rsi, sizeof(si));
	CHECK(si.si_signo == SIGUSR1 && si.si_code == SI_QUEUE && si.si_int == 77);
	memcpy(&sw, (void *)(fp + 464), sizeof(sw));
	memcpy(&magic2, (void *)(fp + XSTATE_SIZE), 4);
	CHECK(sw.magic1 == FP_XSTATE_MAGIC1 && magic2 == FP_XSTATE_MAGIC2);
	CHECK(sw.xstate_size == XSTATE_SIZE && sw.extended_size == XSTATE_SIZE + 4 &&
	      sw.xfeatures == 7);
	CHECK(*(uint8_t *)(fp + 600) == 0x5a &&
	      xstate[600] == 0); /* saved, and initial for the handler */

	sigreturn();
	before.rflags = (before.rflags & ~0x50dd5ull) | (0x10f47 & 0x50dd5);
	regs.orig_rax = before.orig_rax;
	CHECK(memcmp(&regs, &before, sizeof(regs)) == 0);
	CHECK(thr.sigmask == SIGBIT(SIGHUP) && xstate[600] == 0x5a && exit_status == -1);
}

static void test_flags(void)
{
	reset();
	catch (SIGUSR1, SA_NODEFER | SA_RESETHAND, 0);
	send(SIGUSR1, SI_USER, 0);
	CHECK(deliver() == -1 && thr.sigmask == 0);
	send(SIGUSR1, SI_USER, 0);
	CHECK(deliver() == SIGUSR1);

	/* Nested: both frames are made, the later signal's handler runs first. */
	reset();
	catch (SIGUSR1, 0, 0);
	catch (SIGUSR2, 0, 0);
	send(SIGUSR1, SI_USER, 0);
	send(SIGUSR2, SI_USER, 0);
	deliver();
	CHECK(regs.rip == 0x500000 + SIGUSR2);
	CHECK(frame_uc()->uc_mcontext.rip == 0x500000 + SIGUSR1);
	sigreturn();
	CHECK(regs.rip == 0x500000 + SIGUSR1 && thr.sigmask == SIGBIT(SIGUSR1));
	regs.rdx = regs.rsp + 8;
	sigreturn();
	CHECK(regs.rip == 0x401000 && thr.sigmask == 0);

	/* No restorer: SIGSEGV, as on Linux x86-64. */
	reset();
	catch (SIGUSR1, 0, 0);
	proc.sigactions[SIGUSR1 - 1].flags = 0;
	send(SIGUSR1, SI_USER, 0);
	CHECK(deliver() == SIGSEGV);
	/* A handler at an address that cannot be reached faults like any jump there. */
	reset();
	catch (SIGUSR1, 0, 0);
	proc.sigactions[SIGUSR1 - 1].handler = 0xffffffff80000000ull;
	send(SIGUSR1, SI_USER, 0);
	CHECK(deliver() == SIGSEGV && thr.fault_addr == 0xffffffff80000000ull &&
	      thr.fault_err == 0x15);
}

static void test_stack_overflow(void)
{
	stack_t ss = {.ss_sp = mem, .ss_size = 8192};
	siginfo_t si = info_of(SIGSEGV, SEGV_MAPERR, 0);

	reset();
	catch (SIGSEGV, 0, 0);
	regs.rsp = MEM + 100;
	signal_force(&si);
	CHECK(deliver() == SIGSEGV);

	/* With an alternate stack the handler runs there. */
	reset();
	catch (SIGSEGV, SA_ONSTACK, 0);
	CHECK(signal_altstack(&ss, NULL, regs.rsp) == 0);
	regs.rsp = MEM - 4096;
	signal_force(&si);
	CHECK(deliver() == -1 && regs.rsp > MEM && regs.rsp < MEM + 8192);
	CHECK((uint64_t)frame_uc()->uc_mcontext.fpstate > MEM + 8192 - XSTATE_SIZE - 4 - 64);
	/* A second handler goes below, until the stack is full: then death instead of overflow. */
	for (int i = 0; i < 20 && exit_status == -1; i++) {
		thr.sigmask = 0;
		signal_force(&si);
		deliver();
		CHECK(exit_status != -1 || regs.rsp > MEM);
	}
	CHECK(exit_status == SIGSEGV);

	/* A forced signal that is blocked or ignored takes the default action. */
	reset();
	catch (SIGSEGV, 0, 0);
	signal_set_mask(SIGBIT(SIGSEGV));
	signal_force(&si);
	CHECK(deliver() == SIGSEGV);
	reset();
	ignore(SIGFPE, HANDLER_IGN);
	si.si_signo = SIGFPE;
	signal_force(&si);
	CHECK(deliver() == SIGFPE && reports == 1);
}

static void test_altstack(void)
{
	stack_t ss = {.ss_sp = mem, .ss_size = 8192}, old;

	reset();
	CHECK(signal_altstack(NULL, &old, regs.rsp) == 0 && old.ss_flags == SS_DISABLE &&
	      !old.ss_size);
	ss.ss_size = 2047;
	CHECK(signal_altstack(&ss, NULL, regs.rsp) == -ENOMEM);
	ss.ss_size = 8192;
	ss.ss_flags = 4;
	CHECK(signal_altstack(&ss, NULL, regs.rsp) == -EINVAL);
	ss.ss_flags = SS_ONSTACK;
	CHECK(signal_altstack(&ss, NULL, regs.rsp) == 0);
	CHECK(signal_altstack(NULL, &old, regs.rsp) == 0 && old.ss_flags == 0 &&
	      old.ss_size == 8192);
	CHECK(signal_altstack(NULL, &old, MEM + 100) == 0 && old.ss_flags == SS_ONSTACK);
	CHECK(signal_altstack(&ss, NULL, MEM + 100) == -EPERM);
	ss.ss_flags = SS_DISABLE;
	CHECK(signal_altstack(&ss, NULL, regs.rsp) == 0);
	CHECK(signal_altstack(NULL, &old, regs.rsp) == 0 && old.ss_flags == SS_DISABLE &&
	      !old.ss_sp);

	/* SS_AUTODISARM: gone while the handler runs, back after it. */
	ss.ss_flags = (int)SS_AUTODISARM;
	CHECK(signal_altstack(&ss, NULL, regs.rsp) == 0);
	catch (SIGUSR1, SA_ONSTACK, 0);
	send(SIGUSR1, SI_USER, 0);
	deliver();
	CHECK(regs.rsp < MEM + 8192 && thr.altstack.ss_size == 0);
	CHECK(frame_uc()->uc_stack.ss_size == 8192);
	sigreturn();
	CHECK(thr.altstack.ss_size == 8192 && thr.altstack.ss_sp == mem);
}

/* ---- sigreturn with frames that programs made or changed ---- */

static void enter_handler(void)
{
	reset();
	catch (SIGUSR1, SA_SIGINFO, 0);
	send(SIGUSR1, SI_USER, 0);
	deliver();
}

static int return_and_deliver(void)
{
	sigreturn();
	return deliver();
}

static void test_bad_frames(void)
{
	struct _fpx_sw_bytes *sw;
	uint8_t *fp;

	enter_handler();
	frame_uc()->uc_mcontext.eflags = ~0ull; /* IOPL, NT, VM, ... */
	frame_uc()->uc_sigmask = ~0ull;
	frame_uc()->uc_mcontext.rip = 0x123456;
	CHECK(return_and_deliver() == -1);
	CHECK(regs.rflags == (0x202 | 0x50dd5) && regs.rip == 0x123456 &&
	      thr.sigmask == ~SIGSET_KERNEL_ONLY);

	enter_handler();
	frame_uc()->uc_mcontext.cs = 0x10;
	CHECK(return_and_deliver() == SIGSEGV);
	enter_handler();
	frame_uc()->uc_mcontext.ss = 0x18;
	CHECK(return_and_deliver() == SIGSEGV);
	enter_handler();
	frame_uc()->uc_mcontext.ss = 0;
	frame_uc()->uc_flags &= ~(uint64_t)UC_STRICT_RESTORE_SS;
	CHECK(return_and_deliver() == -1 && regs.ss == 0x2b);
	enter_handler();
	frame_uc()->uc_mcontext.rip = 1ull << 47;
	CHECK(return_and_deliver() == SIGSEGV && thr.fault_trapno == 13);
	enter_handler();
	frame_uc()->uc_mcontext.rip = -1ull;
	CHECK(return_and_deliver() == SIGSEGV && thr.fault_trapno == 14 && thr.fault_addr == -1ull);
	enter_handler();
	regs.rsp = 0x1000;
	CHECK(return_and_deliver() == SIGSEGV);
	enter_handler();
	frame_uc()->uc_mcontext.fpstate = (void *)0x1000;
	CHECK(return_and_deliver() == SIGSEGV);
	enter_handler();
	fp = (uint8_t *)frame_uc()->uc_mcontext.fpstate;
	fp[512 + 4] = 1; /* a component there is not */
	CHECK(return_and_deliver() == SIGSEGV);

	/* No vector state: the initial one. Only the legacy part: that, and the rest initial. */
	enter_handler();
	frame_uc()->uc_mcontext.fpstate = NULL;
	CHECK(return_and_deliver() == -1 && xstate[600] == 0 && xstate[100] == 0);
	enter_handler();
	fp = (uint8_t *)frame_uc()->uc_mcontext.fpstate;
	((struct _fpx_sw_bytes *)(fp + 464))->magic1 = 0;
	CHECK(return_and_deliver() == -1 && xstate[100] == 0x5a && xstate[600] == 0);
	enter_handler();
	fp = (uint8_t *)frame_uc()->uc_mcontext.fpstate;
	sw = (struct _fpx_sw_bytes *)(fp + 464);
	sw->xfeatures = 3;
	CHECK(return_and_deliver() == -1 && xstate[100] == 0x5a && xstate[600] == 0);
	enter_handler();
	fp = (uint8_t *)frame_uc()->uc_mcontext.fpstate;
	((struct _fpx_sw_bytes *)(fp + 464))->magic1 = 0;
	fp[26] = 0xff; /* MXCSR bits that do not exist */
	CHECK(return_and_deliver() == SIGSEGV);
}

/* ---- interrupted calls ---- */

static void in_call(long nr, long result)
{
	reset();
	regs.orig_rax = nr;
	regs.rax = result;
}

static void test_restart(void)
{
	static const struct {
		int code;
		bool with_restart, without;
	} cases[] = {{ERESTARTSYS, true, false},
		     {ERESTARTNOHAND, false, false},
		     {ERESTART_RESTARTBLOCK, false, false}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (int flag = 0; flag < 2; flag++) {
			bool again = flag ? cases[i].with_restart : cases[i].without;

			in_call(7, -cases[i].code);
			catch (SIGUSR1, flag ? SA_RESTART : 0, 0);
			send(SIGUSR1, SI_USER, 0);
			deliver();
			CHECK((long)frame_uc()->uc_mcontext.rax == (again ? 7 : -EINTR));
			CHECK(frame_uc()->uc_mcontext.rip == (again ? 0x400ffe : 0x401000));
		}
		/* No handler: goes on, and RESTARTBLOCK through restart_syscall. */
		in_call(7, -cases[i].code);
		thr.sigmask = SIGBIT(SIGCHLD);
		send(SIGCHLD, SI_USER, 0);
		thr.sigmask = 0;
		CHECK(deliver() == -1);
		CHECK(regs.rip == 0x400ffe);
		CHECK(regs.rax == (cases[i].code == ERESTART_RESTARTBLOCK ? 219 : 7));
	}
	/* Finished calls and faults are left alone. */
	in_call(7, -EINTR);
	deliver();
	CHECK(regs.rip == 0x401000 && (long)regs.rax == -EINTR);
	in_call(-1, -ERESTARTSYS);
	deliver();
	CHECK(regs.rip == 0x401000 && (long)regs.rax == -ERESTARTSYS);
}

static void test_temp_mask(void)
{
	/* sigsuspend: the handler's frame restores the mask from before it. */
	in_call(130, -ERESTARTNOHAND);
	signal_set_mask(SIGBIT(SIGUSR1) | SIGBIT(SIGUSR2));
	catch (SIGUSR1, 0, 0);
	catch (SIGUSR2, 0, 0);
	send(SIGUSR1, SI_USER, 0);
	signal_set_temp_mask(SIGBIT(SIGUSR2));
	CHECK(signal_pending(&thr));
	deliver();
	CHECK(regs.rip == 0x500000 + SIGUSR1 && (long)frame_uc()->uc_mcontext.rax == -EINTR);
	CHECK(frame_uc()->uc_sigmask == (SIGBIT(SIGUSR1) | SIGBIT(SIGUSR2)) &&
	      !thr.has_saved_sigmask);
	sigreturn();
	CHECK(thr.sigmask == (SIGBIT(SIGUSR1) | SIGBIT(SIGUSR2)));

	/* No handler: restored when the call ends, and what it held back comes now. */
	in_call(7, 0);
	catch (SIGUSR1, 0, 0);
	signal_set_temp_mask(SIGBIT(SIGUSR1));
	send(SIGUSR1, SI_USER, 0);
	CHECK((thr.work & WORK_SIGNAL) && !signal_pending(&thr));
	deliver();
	CHECK(regs.rip == 0x500000 + SIGUSR1 && frame_uc()->uc_sigmask == 0);
	CHECK(!(thr.work & WORK_SIGNAL));
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

/* ---- restartable sequences ---- */

static void test_rseq(void)
{
	uint64_t *area = (uint64_t *)(mem + 4096);
	struct rseq_cs *cs = (struct rseq_cs *)(mem + 8192);
	uaddr_t at = (uaddr_t)area;

	reset();
	memset(area, 0xff, 32);
	CHECK(rseq_register(at + 8, 32, 0, 0x53053053) == -EINVAL);
	CHECK(rseq_register(at, 16, 0, 0x53053053) == -EINVAL);
	CHECK(rseq_register(at, 32, 2, 0x53053053) == -EINVAL);
	CHECK(rseq_register(0x1000, 32, 0, 0x53053053) == -EFAULT);
	CHECK(rseq_register(at, 32, 0, 0x53053053) == 0);
	CHECK(area[0] == 0 && area[1] == 0);
	CHECK(rseq_register(at, 32, 0, 0x53053053) == -EBUSY);
	CHECK(rseq_register(at, 32, 0, 1) == -EPERM);
	CHECK(rseq_register(at + 32, 32, 0, 0x53053053) == -EINVAL);
	CHECK(rseq_register(at, 32, RSEQ_FLAG_UNREGISTER, 1) == -EPERM);
	CHECK(rseq_register(at, 32, RSEQ_FLAG_UNREGISTER, 0x53053053) == 0);
	CHECK((uint32_t)(area[0] >> 32) == 0xffffffff);
	CHECK(rseq_register(at, 32, RSEQ_FLAG_UNREGISTER, 0x53053053) == -EINVAL);

	for (int inside = 0; inside < 2; inside++) {
		reset();
		memset(area, 0, 32);
		CHECK(rseq_register(at, 32, 0, 0x53053053) == 0);
		*cs = (struct rseq_cs){.start_ip = 0x401000 - 16,
				       .post_commit_offset = inside ? 17 : 16,
				       .abort_ip = MEM + 1004};
		*(uint32_t *)(mem + 1000) = 0x53053053;
		area[1] = (uint64_t)cs;
		catch (SIGUSR1, 0, 0);
		send(SIGUSR1, SI_USER, 0);
		deliver();
		CHECK(frame_uc()->uc_mcontext.rip == (inside ? MEM + 1004 : 0x401000));
		CHECK(area[1] == 0);
	}
	/* A wrong signature before the abort handler costs a SIGSEGV. */
	reset();
	CHECK(rseq_register(at, 32, 0, 1) == 0);
	area[1] = (uint64_t)cs;
	rseq_resume(&regs);
	CHECK(deliver() == SIGSEGV);
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
	test_frame();
	test_flags();
	test_stack_overflow();
	test_altstack();
	test_bad_frames();
	test_restart();
	test_temp_mask();
	test_sigwait();
	test_rseq();
	reset();
	CHECK(signal_exit_status(SIGSEGV) == 11 && strcmp(signal_name(SIGSYS), "SIGSYS") == 0);
	return UNIT_END();
}
