/* SPDX-License-Identifier: MIT */
/*
 * The stand-in for the kernel: it does what `syscall` and a handler do to registers (RAX becomes
 * the result, made of the arguments; RCX and R11 are lost), on a stack of its own. RCX and R11 are
 * not compared: after a call they are addresses and flags.
 */
#include "tests/unit/shapes_run.h"

#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>

#define STACK 512
#define FLAGS 0xcd5 /* those of arithmetic, and the direction */

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, N_REGS };

/* Used by the assembly below, which knows where members are. */
struct cpu {
	uint64_t r[N_REGS], flags;
	uint64_t code, host_rsp;
	uint8_t vector[512] __attribute__((aligned(16)));
} shapes_cpu __attribute__((aligned(16), visibility("hidden")));
uint8_t shapes_stack[65536] __attribute__((aligned(16), visibility("hidden")));

void shapes_enter(void);
void shapes_called(void);

#define REG(n)	  "8*" #n "+shapes_cpu(%rip)"
#define FLAGS_AT  "8*16+shapes_cpu(%rip)"
#define CODE_AT	  "8*17+shapes_cpu(%rip)"
#define HOST_AT	  "8*18+shapes_cpu(%rip)"
#define VECTOR_AT "160+shapes_cpu(%rip)"
#define MOVES(op)                                                                                  \
	op(rcx, 1) op(rdx, 2) op(rbx, 3) op(rbp, 5) op(rsi, 6) op(rdi, 7) op(r8, 8) op(r9, 9)      \
	    op(r10, 10) op(r11, 11) op(r12, 12) op(r13, 13) op(r14, 14) op(r15, 15)
#define LOAD(reg, n)  "mov " REG(n) ",%" #reg "\n"
#define STORE(reg, n) "mov %" #reg "," REG(n) "\n"

_Static_assert(offsetof(struct cpu, vector) == 160, "as the assembly says");

/* shapes_enter: from C to the function and back; shapes_entry: from a stub to C and back. */
asm(".text\n.globl shapes_enter, shapes_entry\n"
    "shapes_enter: push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "mov %rsp," HOST_AT "\n"
    "push " FLAGS_AT "\n popf\n" LOAD(rsp, 4) LOAD(rax, 0)
	MOVES(LOAD) "call *" CODE_AT "\n" STORE(rax, 0) MOVES(STORE)
	    STORE(rsp, 4) "mov " HOST_AT ",%rsp\n pushf\n pop " FLAGS_AT "\n cld\n"
			  "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n"
			  "shapes_entry:\n" STORE(rax, 0) MOVES(STORE)
			      STORE(rsp,
				    4) "lea 65536+shapes_stack(%rip),%rsp\n pushf\n pop " FLAGS_AT
				       "\n cld\n"
				       "fxsave64 " VECTOR_AT
				       "\n call shapes_called\n fxrstor64 " VECTOR_AT "\n"
				       "push " FLAGS_AT "\n popf\n" LOAD(rsp, 4) LOAD(rax, 0)
					   MOVES(LOAD) "jmp *%rcx\n");

static const struct run_spec *now;
static uint8_t stack[2 * STACK] __attribute__((aligned(16)));
static uint64_t digest;
static sigjmp_buf lost;

static void mix(uint64_t value)
{
	digest = (digest ^ value) * 0x9e3779b97f4a7c15;
	digest ^= digest >> 29;
}

static void mix_state(const uint64_t r[N_REGS], uint64_t flags)
{
	for (int i = 0; i < N_REGS; i++)
		if (i != RCX && i != R11)
			mix(r[i]);
	mix(flags & FLAGS);
	for (size_t i = 0; i < sizeof(stack); i += 8) {
		uint64_t word;

		memcpy(&word, stack + i, sizeof(word));
		mix(word);
	}
}

/* The call itself, by whatever way it came. */
static void call(uint64_t r[N_REGS], uint64_t flags)
{
	mix_state(r, flags);
	r[RAX] = (r[RAX] * 31 + r[RDI] + r[RSI] * 3 - r[RDX] + r[R10] * 7 + r[R8] + r[R9]) % 8191;
	if (r[RAX] % 3 == 0)
		r[RAX] = -r[RAX];
	r[R11] = flags;
}

static bool is_call(const uint8_t *at)
{
	int64_t offset = at - (const uint8_t *)now->calls;
	size_t lo = 0, hi = now->n_calls;

	while (lo < hi) { /* they ascend */
		size_t mid = (lo + hi) / 2;

		if (now->calls[mid] < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < now->n_calls && now->calls[lo] == offset;
}

void shapes_called(void)
{
	const uint8_t *back = (const uint8_t *)shapes_cpu.r[RCX];

	now->stats->direct++;
	/* Behind a `syscall`, or where its stub goes on. */
	if (!is_call(back - REWRITE_SYSCALL) &&
	    (back < now->stubs->code || back >= now->stubs_end->code))
		siglongjmp(lost, 1);
	call(shapes_cpu.r, shapes_cpu.flags);
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
	static const int from[N_REGS] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
					 REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
					 REG_R12, REG_R13, REG_R14, REG_R15};
	greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;
	uint64_t r[N_REGS];

	if (now == NULL)
		abort();
	if (sig != SIGTRAP || !is_call((const uint8_t *)g[REG_RIP] - 1))
		siglongjmp(lost, sig);
	now->stats->trapped++;
	for (int i = 0; i < N_REGS; i++)
		r[i] = (uint64_t)g[from[i]];
	g[REG_RIP]++;
	r[RCX] = (uint64_t)g[REG_RIP];
	call(r, (uint64_t)g[REG_EFL]);
	for (int i = 0; i < N_REGS; i++)
		g[from[i]] = (greg_t)r[i];
}

void shapes_prepare(void)
{
	static uint8_t handler_stack[65536];
	const stack_t alt = {.ss_sp = handler_stack, .ss_size = sizeof(handler_stack)};
	const struct sigaction sa = {.sa_sigaction = on_signal,
				     .sa_flags = SA_SIGINFO | SA_ONSTACK};
	static const int signals[] = {SIGTRAP, SIGSEGV, SIGILL, SIGBUS, SIGFPE, SIGVTALRM};

	if (sigaltstack(&alt, NULL) < 0)
		abort();
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
}

uint64_t shapes_run(const struct run_spec *spec)
{
	const struct itimerval limit = {.it_value.tv_sec =
					    2}; /* of CPU time: it has lost its way */
	uint64_t random = spec->seed * 0x9e3779b97f4a7c15 + 1;

	for (size_t i = 0; i < sizeof(stack); i++)
		stack[i] = (uint8_t)(i * 3);
	for (int i = 0; i < N_REGS; i++) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		shapes_cpu.r[i] = random >> (random >> 60) % 3 * 16;
	}
	shapes_cpu.r[RSP] = (uint64_t)stack + STACK;
	shapes_cpu.r[R15] = 1 + random % 63;
	shapes_cpu.flags = 0x202 | (random >> 20 & 0x8d5);
	shapes_cpu.code = (uint64_t)spec->code;
	digest = 0;
	now = spec;
	setitimer(ITIMER_VIRTUAL, &limit, NULL);
	if (sigsetjmp(lost, 1) == 0)
		shapes_enter();
	else
		spec->stats->lost++;
	setitimer(ITIMER_VIRTUAL, &(struct itimerval){0}, NULL);
	now = NULL;
	mix_state(shapes_cpu.r, shapes_cpu.flags);
	return digest;
}
