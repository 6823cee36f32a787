/* SPDX-License-Identifier: MIT */
/*
 * Exceptions, and the work done on every way out to the program. A fault of the program is resolved
 * by mm_fault or becomes its signal. A fault of the kernel is legal in two places only: while
 * touching program memory (uaccess) and at the very instruction that leaves for the program;
 * anywhere else it is our bug.
 */
#include "kernel/abi/linux.h"
#include "kernel/log.h"
#include "kernel/mm.h"
#include "kernel/oom.h"
#include "kernel/panic.h"
#include "kernel/rseq.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "kernel/string.h"
#include "kernel/stubs.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/entry.h"
#include "kernel/x86_64/layout.h"
#include "kernel/x86_64/percpu.h"
#include "kernel/x86_64/smp.h"

/* Exception vectors (SDM 3A 6.3.1). */
enum {
	VEC_DE = 0,
	VEC_DB = 1,
	VEC_BP = 3,
	VEC_OF = 4,
	VEC_BR = 5,
	VEC_UD = 6,
	VEC_NM = 7,
	VEC_SS = 12,
	VEC_GP = 13,
	VEC_PF = 14,
	VEC_MF = 16,
	VEC_AC = 17,
	VEC_XM = 19,
};

#define PF_PRESENT 1
#define PF_WRITE   2
#define PF_FETCH   16
#define RFLAGS_AC  0x40000
#define INSN_INT1  0xf1

static void force(int signo, int code, uint64_t addr)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = signo;
	info.si_code = code;
	info.si_addr = (void *)addr;
	signal_force(&info);
}

static enum mm_access fault_access(uint64_t error)
{
	return error & PF_FETCH ? MM_EXEC : error & PF_WRITE ? MM_WRITE : MM_READ;
}

/* What a signal frame shows is set only when there is a signal. Linux hides whether kernel
 * addresses are mapped. */
static void page_fault(struct regs *regs, uint64_t addr, uint64_t error)
{
	int r = addr < TASK_SIZE ? mm_fault(current_mm(), addr, fault_access(error)) : -EFAULT;

	if (r == 0) {
		current_process()->counts.faults++;
		if (error & PF_FETCH) /* the page may have come with another code */
			stubs_enter(regs);
		return;
	}
	stubs_leave(regs);
	current->fault_trapno = VEC_PF;
	current->fault_err = addr < TASK_SIZE ? error : error | PF_PRESENT;
	current->fault_addr = addr;
	switch (r) {
	case -EACCES:
		force(SIGSEGV, SEGV_ACCERR, addr);
		return;
	case -ENODATA:
	case -EIO:
		force(SIGBUS, BUS_ADRERR, addr);
		return;
	case -ENOMEM:
		oom_kill(); /* then it happens again */
		return;
	default:
		force(SIGSEGV, SEGV_MAPERR, addr);
	}
}

/* si_code of an x87 or SSE exception: the lowest unmasked one (Linux: fpu__exception_code). */
static int fpu_code(unsigned vec)
{
	uint32_t err = cpu_fpu_exceptions(vec == VEC_XM);

	return err & 1	    ? FPE_FLTINV
	       : err & 4    ? FPE_FLTDIV
	       : err & 8    ? FPE_FLTOVF
	       : err & 0x12 ? FPE_FLTUND
	       : err & 0x20 ? FPE_FLTRES
			    : 0;
}

/* A debug exception of the program is a single step, or the instruction that asks for one. */
static bool is_int1(uint64_t rip)
{
	uint8_t insn;

	return copy_from_user(&insn, rip - 1, 1) == 0 && insn == INSN_INT1;
}

/* What Linux's arch/x86/kernel/traps.c sends for each exception. */
static void exception_signal(unsigned vec, const struct regs *regs)
{
	switch (vec) {
	case VEC_DE:
		force(SIGFPE, FPE_INTDIV, regs->rip);
		break;
	case VEC_DB:
		force(SIGTRAP, is_int1(regs->rip) ? TRAP_BRKPT : TRAP_TRACE, regs->rip);
		break;
	case VEC_BP:
		force(SIGTRAP, SI_KERNEL, 0);
		break;
	case VEC_UD:
		force(SIGILL, ILL_ILLOPN, regs->rip);
		break;
	case VEC_MF:
	case VEC_XM:
		force(SIGFPE, fpu_code(vec), regs->rip);
		break;
	case VEC_AC:
		force(SIGBUS, BUS_ADRALN, 0);
		break;
	case VEC_SS:
		force(SIGBUS, SI_KERNEL, 0);
		break;
	default:
		force(SIGSEGV, SI_KERNEL, 0);
	}
}

void exception_in_program(struct regs *regs)
{
	struct cpu *c = this_cpu();
	unsigned vec = c->exc_vector;
	uint64_t addr = c->cr2, error = regs->orig_rax;

	regs->orig_rax = (uint64_t)-1; /* not a system call: nothing to restart */
	if (vec == VEC_PF) {
		page_fault(regs, addr, error);
	} else if (vec != VEC_DB || is_int1(regs->rip) || !stubs_step(regs)) {
		stubs_leave(regs);
		current->fault_trapno = vec;
		current->fault_err = error;
		exception_signal(vec, regs);
	}
}

/* The jump or IRETQ to the program faulted (its RIP is not canonical): it gets the signal Linux
 * sends. */
static __noreturn void fault_on_exit(struct regs *regs)
{
	struct regs *prog = this_cpu()->regs;

	if (regs->rip == (uint64_t)exit_syscall_jmp) {
		*prog = *regs;
		prog->rip = regs->rcx;
	}
	prog->orig_rax = (uint64_t)-1;
	WRITE_ONCE(this_cpu()->masked, 1);
	kernel_lock_enter();
	force(SIGSEGV, SI_KERNEL, 0);
	exit_regs_loaded();
}

void exception_in_kernel(struct regs *regs)
{
	struct cpu *c = this_cpu();
	unsigned vec = c->exc_vector;
	uint64_t addr = c->cr2, error = regs->orig_rax;

	if (vec == VEC_AC) { /* the program's alignment checks are not for the kernel's accesses */
		regs->rflags &= ~RFLAGS_AC;
		return;
	}
	if (regs->rip >= (uint64_t)exit_begin && regs->rip < (uint64_t)exit_end)
		fault_on_exit(regs);
	if (regs->rip >= (uint64_t)user_access_begin && regs->rip < (uint64_t)user_access_end) {
		if (vec == VEC_PF && addr < TASK_SIZE && current && current_mm() &&
		    mm_fault(current_mm(), addr, fault_access(error)) == 0) {
			current_process()->counts.faults++;
			return;
		}
		regs->rip = (uint64_t)user_access_fault;
		return;
	}
	panic_regs(regs, "exception %u in the kernel, error %lx, address %lx", vec, error, addr);
}

void exception_bad_stack(struct regs *regs)
{
	panic_regs(regs, "kernel stack unusable (overflow?), exception %u, address %lx",
		   this_cpu()->exc_vector, this_cpu()->cr2);
}

void exit_to_program(struct regs *regs)
{
	struct thread *t = current;

	for (;;) {
		sched_interrupts();
		if (t->work & WORK_RESCHED) {
			__atomic_fetch_and(&t->work, ~WORK_RESCHED, __ATOMIC_RELAXED);
			if (t->rseq)
				__atomic_or_fetch(&t->work, WORK_RSEQ, __ATOMIC_RELAXED);
			schedule();
		} else if (t->work & WORK_RSEQ) {
			__atomic_fetch_and(&t->work, ~WORK_RSEQ, __ATOMIC_RELAXED);
			stubs_hidden(regs, rseq_resume);
		} else if (thread_must_end(t)) {
			thread_exit(0);
		} else if (t->work & WORK_ASYNC) {
			thread_async.run();
		} else if (t->work & WORK_SIGNAL) {
			stubs_hidden(regs, signal_deliver);
		} else {
			return;
		}
	}
}
