/* SPDX-License-Identifier: MIT */
/* rt_sigreturn(2) through handlers: registers, flags, vector state and the red zone survive; a
 * handler can change them. */
#include "tests/guest/tap.h"

#include <setjmp.h>
#include <ucontext.h>

static volatile int calls;
static void *volatile jump_to;

static void clobber(int sig, siginfo_t *si, void *ctx)
{
	calls++;
	__asm__ volatile(
	    "pxor %%xmm0,%%xmm0; pxor %%xmm7,%%xmm7; pxor %%xmm15,%%xmm15; fninit; std; cld"
	    :
	    :
	    : "xmm0", "xmm7", "xmm15");
}

static void edit(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	calls++;
	uc->uc_mcontext.gregs[REG_RBX] = 0x1234;
	uc->uc_mcontext.gregs[REG_RIP] += 2; /* over the ud2 */
}

static void block_usr2(int sig, siginfo_t *si, void *ctx)
{
	sigaddset(&((ucontext_t *)ctx)->uc_sigmask, SIGUSR2);
}

static void install(int sig, void (*fn)(int, siginfo_t *, void *))
{
	struct sigaction sa = {.sa_sigaction = fn, .sa_flags = SA_SIGINFO};

	sigaction(sig, &sa, NULL);
}

/* kill(getpid(), SIGUSR1) with known values in every register; returns the number of those that
 * changed. */
static int registers_survive(void)
{
	uint64_t in[16] = {0x1111, 0x2222, 0x3333, 0x4444, 0x5555,
			   0x6666, 0x7777, 0x8888, 0x9999, 0xaaaa},
		 out[16] = {0};
	long pid = getpid();
	int bad = 0;

	__asm__ volatile("push %%rbp\n"
			 "push %[out]\n"
			 "mov %[pid], %%rdi\n"
			 "mov $10, %%esi\n"
			 "mov 0(%[in]), %%rbx\n"
			 "mov 8(%[in]), %%rbp\n"
			 "mov 16(%[in]), %%r12\n"
			 "mov 24(%[in]), %%r13\n"
			 "mov 32(%[in]), %%r14\n"
			 "mov 40(%[in]), %%r15\n"
			 "mov 48(%[in]), %%rdx\n"
			 "mov 56(%[in]), %%r10\n"
			 "mov 64(%[in]), %%r9\n"
			 "mov 72(%[in]), %%r8\n"
			 "mov $62, %%eax\n"
			 "syscall\n"
			 "pop %%rcx\n"
			 "mov %%rbx, 0(%%rcx)\n"
			 "mov %%rbp, 8(%%rcx)\n"
			 "mov %%r12, 16(%%rcx)\n"
			 "mov %%r13, 24(%%rcx)\n"
			 "mov %%r14, 32(%%rcx)\n"
			 "mov %%r15, 40(%%rcx)\n"
			 "mov %%rdx, 48(%%rcx)\n"
			 "mov %%r10, 56(%%rcx)\n"
			 "mov %%r9, 64(%%rcx)\n"
			 "mov %%r8, 72(%%rcx)\n"
			 "mov %%rax, 80(%%rcx)\n"
			 "mov %%rsi, 88(%%rcx)\n"
			 "pop %%rbp\n"
			 :
			 : [in] "a"(in), [out] "c"(out), [pid] "D"(pid)
			 : "rbx", "r12", "r13", "r14", "r15", "rdx", "r10", "r9", "r8", "r11",
			   "rsi", "memory");
	for (int i = 0; i < 10; i++)
		bad += in[i] != out[i];
	return bad + (out[10] != 0) + (out[11] != 10);
}

/* Vector registers around a handler that clears them. */
static int vectors_survive(void)
{
	double in[4] = {1.5, -2.25, 1e300, 4.0}, out[4] = {0};
	long pid = getpid(), ret;

	__asm__ volatile("movupd 0(%[in]), %%xmm0\n"
			 "movupd 16(%[in]), %%xmm15\n"
			 "movapd %%xmm0, %%xmm7\n"
			 "fldpi\n"
			 "syscall\n"
			 "fldpi\n"
			 "fcomip %%st(1), %%st\n"
			 "fstp %%st(0)\n"
			 "setne %%cl\n"
			 "movzbl %%cl, %%ecx\n"
			 "add %%rcx, %%rax\n"
			 "movupd %%xmm7, 0(%[out])\n"
			 "movupd %%xmm15, 16(%[out])\n"
			 : "=a"(ret)
			 : "a"(SYS_kill), "D"(pid), "S"(SIGUSR1), [in] "r"(in), [out] "r"(out)
			 : "rcx", "r11", "xmm0", "xmm7", "xmm15", "memory", "cc", "st", "st(1)");
	return ret || memcmp(in, out, sizeof(in));
}

static int ymm_survive(void)
{
	char in[32], out[32] = {0};
	long pid = getpid();

	for (int i = 0; i < 32; i++)
		in[i] = i * 3 + 1;
	__asm__ volatile("vmovdqu (%[in]), %%ymm3\n"
			 "syscall\n"
			 "vmovdqu %%ymm3, (%[out])\n"
			 "vzeroupper\n"
			 :
			 : "a"(SYS_kill), "D"(pid), "S"(SIGUSR1), [in] "r"(in), [out] "r"(out)
			 : "rcx", "r11", "memory", "xmm3");
	return memcmp(in, out, 32) != 0;
}

/* A fault at an instruction that leaves data below the stack pointer: the red zone must survive the
 * handler. */
static uint64_t red_zone(void)
{
	uint64_t got;

	__asm__ volatile("movq $0x5ca1ab1e, -8(%%rsp)\n"
			 "movq $0x0ddba11, -128(%%rsp)\n"
			 "ud2\n"
			 "movq -8(%%rsp), %%rax\n"
			 "xorq -128(%%rsp), %%rax\n"
			 : "=a"(got)
			 :
			 : "rbx", "memory");
	return got;
}

static uint64_t edited_register(void)
{
	uint64_t got;

	__asm__ volatile("mov $1, %%rbx\n"
			 "ud2\n"
			 "mov %%rbx, %0\n"
			 : "=r"(got)
			 :
			 : "rbx");
	return got;
}

static sigjmp_buf env;

static void jump(int sig)
{
	siglongjmp(env, 7);
}

int main(void)
{
	sigset_t set;
	int wrong = 0;

	install(SIGUSR1, clobber);
	is(registers_survive(), 0);
	is(calls, 1);
	is(vectors_survive(), 0);
	is(calls, 2);
	if (__builtin_cpu_supports("avx"))
		is(ymm_survive(), 0);
	else
		skip("no AVX here");
	for (int i = 0; i < 1000; i++)
		wrong += vectors_survive() != 0;
	is(wrong, 0);
	install(SIGILL, edit);
	is(edited_register(), 0x1234);
	is(red_zone(), 0x5ca1ab1e ^ 0x0ddba11);
	install(SIGUSR1, block_usr2);
	raise(SIGUSR1);
	sigprocmask(SIG_BLOCK, NULL, &set);
	ok(sigismember(&set, SIGUSR2), "sigreturn takes the mask from the frame");
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGUSR1, jump);
	for (int i = 0; i < 100; i++)
		if (sigsetjmp(env, 1) == 0)
			raise(SIGUSR1);
		else
			calls++;
	ok(calls >= 100, "siglongjmp out of a handler, a hundred times");
	sigprocmask(SIG_BLOCK, NULL, &set);
	ok(!sigismember(&set, SIGUSR1));
	return tap_done();
}
