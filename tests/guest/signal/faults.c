/* SPDX-License-Identifier: MIT */
/* Faults as signals: number, si_code, si_addr, and the registers in the ucontext (signal(7),
 * rt_sigaction(2), SDM 3A 6). */
#include "tests/guest/tap.h"

#include <setjmp.h>
#include <ucontext.h>

static sigjmp_buf back;
static volatile int sig, code;
static volatile uintptr_t addr, rip, rsp, rax, trapno, err, cr2;

static void caught(int s, siginfo_t *si, void *ctx)
{
	greg_t *g = ((ucontext_t *)ctx)->uc_mcontext.gregs;

	sig = s;
	code = si->si_code;
	addr = (uintptr_t)si->si_addr;
	rip = g[REG_RIP];
	rsp = g[REG_RSP];
	rax = g[REG_RAX];
	trapno = g[REG_TRAPNO];
	err = g[REG_ERR];
	cr2 = g[REG_CR2];
	siglongjmp(back, 1);
}

/* Runs one statement that must fault. */
#define FAULT(stmt)                                                                                \
	do {                                                                                       \
		sig = code = 0;                                                                    \
		addr = 1;                                                                          \
		if (!sigsetjmp(back, 1)) {                                                         \
			stmt;                                                                      \
		}                                                                                  \
	} while (0)

extern char here_ud2[], here_div[], here_int3[], here_load[], here_hlt[];

static void memory(void)
{
	char *ro = readonly_page(),
	     *none = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	FAULT(__asm__ volatile("mov $0x77, %%eax; here_load: movb (%0), %%cl" ::"D"(0x123456000ul)
			       : "rax", "rcx"));
	is(sig, SIGSEGV);
	is(code, SEGV_MAPERR);
	is(addr, 0x123456000);
	is(cr2, 0x123456000);
	is(rip, here_load);
	is(rax, 0x77);
	is(trapno, 14);
	is(err, 4);
	FAULT(*(volatile char *)0x123456001 = 1);
	is(addr, 0x123456001);
	is(err, 6);
	(void)*(volatile char *)ro; /* now it is present */
	FAULT(*(volatile char *)ro = 1);
	is(sig, SIGSEGV);
	is(code, SEGV_ACCERR);
	is(addr, ro);
	is(err, 7);
	FAULT((void)*(volatile char *)(none + 7));
	is(code, SEGV_ACCERR);
	is(addr, none + 7);
	FAULT(((void (*)(void))ro)());
	is(sig, SIGSEGV);
	is(code, SEGV_ACCERR);
	is(addr, ro);
	is(rip, ro);
	FAULT(((void (*)(void))0x10)());
	is(code, SEGV_MAPERR);
	is(addr, 0x10);
	is(rip, 0x10);
	FAULT((void)*(volatile char *)0x8000000000000000ul);
	is(sig, SIGSEGV);
	is(code, SI_KERNEL);
	is(addr, 0);
	is(trapno, 13);
}

static void instructions(void)
{
	FAULT(__asm__ volatile("here_ud2: ud2"));
	is(sig, SIGILL);
	is(code, ILL_ILLOPN);
	is(addr, here_ud2);
	is(rip, here_ud2);
	is(trapno, 6);
	FAULT(__asm__ volatile(
	    "xor %%edx, %%edx; mov $5, %%eax; xor %%ecx, %%ecx; here_div: div %%ecx" ::
		: "rax", "rcx", "rdx"));
	is(sig, SIGFPE);
	is(code, FPE_INTDIV);
	is(addr, here_div);
	is(rip, here_div);
	is(trapno, 0);
	FAULT(__asm__ volatile("here_int3: int3"));
	is(sig, SIGTRAP);
	is(code, SI_KERNEL);
	is(rip, here_int3 + 1);
	is(trapno, 3);
	FAULT(__asm__ volatile("here_hlt: hlt"));
	is(sig, SIGSEGV);
	is(code, SI_KERNEL);
	is(rip, here_hlt);
	is(trapno, 13);
	FAULT(__asm__ volatile("cli"));
	is(sig, SIGSEGV);
	FAULT(__asm__ volatile("mov %%cr3, %%rax" ::: "rax"));
	is(sig, SIGSEGV);
	FAULT(__asm__ volatile("xor %%ecx, %%ecx; rdmsr" ::: "rax", "rcx", "rdx"));
	is(sig, SIGSEGV);
	FAULT(__asm__ volatile("in $0x80, %%al" ::: "rax"));
	is(sig, SIGSEGV);
	FAULT(__asm__ volatile("lgdt (%%rsp)" ::: "memory"));
	is(sig, SIGSEGV);
	FAULT(__asm__ volatile("mov $1, %%eax; xor %%edx, %%edx; mov %%eax, %%ss" ::
				   : "rax", "rdx"));
	is(sig, SIGSEGV);
}

static void arithmetic(void)
{
	uint32_t mxcsr = 0x1f80 & ~(1u << 9); /* unmask division by zero */
	uint16_t cw = 0x37f & ~4;

	FAULT(__asm__ volatile("ldmxcsr %0; xorps %%xmm1, %%xmm1; mov $1, %%eax; cvtsi2ss %%eax, "
			       "%%xmm0; divss %%xmm1, %%xmm0" ::"m"(mxcsr)
			       : "rax", "xmm0", "xmm1"));
	is(sig, SIGFPE);      /* xfail(tcg): QEMU 7.2 does not emulate SIMD exceptions */
	is(code, FPE_FLTDIV); /* xfail(tcg): QEMU 7.2 does not emulate SIMD exceptions */
	is(trapno, 19);	      /* xfail(tcg): QEMU 7.2 does not emulate SIMD exceptions */
	mxcsr = 0x1f80;
	__asm__ volatile("ldmxcsr %0" ::"m"(mxcsr));
	FAULT(__asm__ volatile("fldcw %0; fld1; fldz; fdivrp; fwait" ::"m"(cw)));
	is(sig, SIGFPE);
	is(code, FPE_FLTDIV);
	is(trapno, 16);
	__asm__ volatile("fninit");
}

static void single_step(void)
{
	FAULT(__asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; nop; nop" ::: "memory", "cc"));
	is(sig, SIGTRAP);
	is(code, TRAP_TRACE);
	is(trapno, 1);
	__asm__ volatile("pushfq; andl $~0x100, (%%rsp); popfq" ::: "memory", "cc");
}

static void system_call_with_bad_stack(void)
{
	FAULT(__asm__ volatile(
	    "mov %%rsp, %%r12; mov $0x40, %%esp; mov $39, %%eax; syscall; mov %%r12, %%rsp; ud2" ::
		: "rax", "rcx", "r11", "r12", "memory"));
	is(sig, SIGILL); /* the call does not touch the program's stack */
}

int main(void)
{
	struct sigaction sa = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
	const int sigs[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};

	for (int i = 0; i < 5; i++)
		sigaction(sigs[i], &sa, NULL);
	memory();
	instructions();
	arithmetic();
	single_step();
	system_call_with_bad_stack();
	return tap_done();
}
