/* SPDX-License-Identifier: MIT */
/* Signal frames, sigreturn, interrupted calls, restartable sequences. */
/* unit: kernel/signal.c kernel/sigdeliver.c kernel/rseq.c kernel/x86_64/sigframe.c */
#define _POSIX_C_SOURCE 200809L
#include "tests/unit/signal_world.h"

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
	proc.sighand->actions[SIGUSR1 - 1].flags = 0;
	send(SIGUSR1, SI_USER, 0);
	CHECK(deliver() == SIGSEGV);
	/* A handler at an address that cannot be reached faults like any jump there. */
	reset();
	catch (SIGUSR1, 0, 0);
	proc.sighand->actions[SIGUSR1 - 1].handler = 0xffffffff80000000ull;
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
	test_frame();
	test_flags();
	test_stack_overflow();
	test_altstack();
	test_bad_frames();
	test_restart();
	test_temp_mask();
	test_rseq();
	return UNIT_END();
}
