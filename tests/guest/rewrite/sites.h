/* SPDX-License-Identifier: MIT */
/*
 * Functions around a `syscall` each, in the shapes that a rewriter treats differently. Each is long
 * f(a, b, c): a call with number c and arguments a and b. Places in them are counted in bytes,
 * because a symbol there would be a place to jump to; and they are known as functions, because
 * nothing is moved out of unknown code.
 */
#ifndef TESTS_GUEST_REWRITE_SITES_H
#define TESTS_GUEST_REWRITE_SITES_H

#include "tests/guest/tap.h"

#include <ucontext.h>

typedef long (*site_fn)(long a, long b, long c);

/* The number is a constant: getpid. */
long site_mov(long a, long b, long c);
#define site_mov_call	((const char *)site_mov + 5)
#define site_mov_return ((const char *)site_mov + 7)
__asm__(".text; .globl site_mov; .type site_mov, @function\n"
	"site_mov: mov $39, %eax\n"
	"syscall\n"
	"ret\n"
	".size site_mov, . - site_mov\n");

/*
 * Several short instructions before it, one of which reads memory: what b points to becomes the
 * third argument.
 */
long site_before(long a, long b, long c);
#define site_before_load   ((const char *)site_before + 4)
#define site_before_last   ((const char *)site_before + 7)
#define site_before_call   ((const char *)site_before + 9)
#define site_before_return ((const char *)site_before + 11)
__asm__(".text; .globl site_before; .type site_before, @function\n"
	"site_before: mov %rdx, %rax\n"
	"nop\n"
	"mov (%rsi), %rdx\n"
	"nop\n"
	"nop\n"
	"syscall\n"
	"ret\n"
	".size site_before, . - site_before\n");

/*
 * A branch leads to the `syscall`, so only what follows can be moved: *b is added to the result.
 */
long site_after(long a, long b, long c);
#define site_after_call	  ((const char *)site_after + 11)
#define site_after_return ((const char *)site_after + 13)
#define site_after_load	  ((const char *)site_after + 15)
#define site_after_last	  ((const char *)site_after + 18)
__asm__(".text; .globl site_after; .type site_after, @function\n"
	"site_after: mov %rdx, %rax\n"
	"test %rax, %rax\n"
	"jns 1f\n"
	"neg %rax\n"
	"1: syscall\n"
	"nop\n"
	"nop\n"
	"add (%rsi), %rax\n"
	"ret\n"
	".size site_after, . - site_after\n");

/* tkill to the caller. */
long tkill_self(long signo);
#define tkill_return ((const char *)tkill_self + 23)
__asm__(".text; .globl tkill_self; .type tkill_self, @function\n"
	"tkill_self: mov %rdi, %r8\n"
	"mov $186, %eax\n" /* gettid */
	"syscall\n"
	"mov %rax, %rdi; mov %r8, %rsi\n"
	"mov $200, %eax\n"
	"syscall\n"
	"ret\n"
	".size tkill_self, . - tkill_self\n");

/* getpid with a stack pointer that leads nowhere. */
long site_no_stack(void);
__asm__(".text; .globl site_no_stack; .type site_no_stack, @function\n"
	"site_no_stack: mov %rsp, %rdx\n"
	"mov $16, %esp\n"
	"mov $39, %eax\n"
	"syscall\n"
	"mov %rdx, %rsp\n"
	"ret\n"
	".size site_no_stack, . - site_no_stack\n");

/* Is this in memory that Linux would not have: where rewritten system calls go through? */
static inline bool in_stubs(const char *p)
{
	unsigned long start, end;
	char line[512];
	bool in = false;
	FILE *f = fopen("/proc/self/maps", "r");

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "[uniload]") && sscanf(line, "%lx-%lx", &start, &end) == 2)
			in |= (unsigned long)p >= start && (unsigned long)p < end;
	if (f)
		fclose(f);
	return in;
}

static inline greg_t *reg(void *context, int which)
{
	return &((ucontext_t *)context)->uc_mcontext.gregs[which];
}

static inline void on_signal(int signo, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = {.sa_sigaction = fn, .sa_flags = SA_SIGINFO | flags};

	sigaction(signo, &sa, NULL);
}

#endif
