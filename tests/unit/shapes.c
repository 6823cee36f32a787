/* SPDX-License-Identifier: MIT */
/*
 * A function is a list of steps with a label before each. Steps are instructions of all lengths,
 * with and without memory, the red zone and addresses relative to RIP; branches of both lengths and
 * jump tables to any label, among them those straight before, at and behind a `syscall`; and
 * `syscall` itself, most often behind the ways in which programs set RAX. Every backward branch
 * costs one of R15, so that all end.
 */
#include "tests/unit/shapes.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#define STEPS 14

struct shape {
	FILE *f;
	unsigned index, steps, local;
	uint64_t random;
};

static unsigned pick(struct shape *s, unsigned n)
{
	s->random = s->random * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(s->random >> 33) % n;
}

/* Instructions that may be next to a `syscall`; RCX and R11 are not read, R15 is the counter. */
static const char *const plain[] = {
    "mov %edi,%eax",
    "mov %rsi,%rdi",
    "mov %r8,%r10",
    "mov $7,%edi",
    "mov $-1,%rdx",
    "mov $0x1122334455667788,%r9",
    "movb $3,%al",
    "movzbl %dil,%eax",
    "xor %eax,%eax",
    "xor %edx,%edx",
    "inc %esi",
    "add %rdi,%rsi",
    "sub $9,%rbx",
    "imul $77,%rdx,%rdx",
    "shl $3,%r12",
    "ror $5,%ebp",
    "test %rax,%rax",
    "cmp $-4096,%rax",
    "cmp $3,%edi",
    "cmovs %rsi,%rdx",
    "sete %bl",
    "adc $0,%rbx",
    "sbb %r13,%r13",
    "bt $3,%edi",
    "xchg %rdi,%rsi",
    "bswap %r14",
    "cmc",
    "stc",
    "std; cld",
    "nop",
    "nopw 0x10(%rax,%rax,1)",
    "endbr64",
    "lea 0x40(%rdi,%rsi,2),%rdx",
    "lea -8(%rsp),%r13",
    "mov %rdi,-8(%rsp)",
    "mov -16(%rsp),%r8",
    "mov %rax,-128(%rsp)",
    "movl $5,-100(%rsp)",
    "add %rdi,-24(%rsp)",
    "mov 8(%rsp),%r9",
    "mov %rdx,16(%rsp)",
    "push %rdi; pop %rsi",
    "pushq $39; pop %rax",
    "pushf; pop %r14",
    "movq %rdi,%xmm1",
    "movq %xmm1,%r10",
    "pxor %xmm1,%xmm1",
    "movups %xmm1,-48(%rsp)",
    "lock xadd %rdi,-32(%rsp)",
    "cltq",
    "cqto",
    "mov shapes_data(%rip),%rdx",
    "mov %edi,shapes_data+8(%rip)",
    "lea shapes_data(%rip),%rbx",
    "cmpl $5,shapes_data+16(%rip)",
    "mov $3,%ecx; lea -64(%rsp),%rdi; rep stosb",
};

/* How RAX comes to its value before a call. */
static const char *const before[] = {
    "mov $39,%eax",
    "mov $39,%rax",
    "xor %eax,%eax",
    "mov %ebx,%eax",
    "mov %rdi,%rax",
    "mov 8(%rsp),%rax",
    "push $60; pop %rax",
    "lea 1(%rdi),%eax",
    "movl $202,%eax",
    "mov -8(%rsp),%eax",
    "mov $1,%al",
    "mov shapes_data(%rip),%eax",
    "xchg %eax,%ebx",
    "mov $0x101,%eax",
    "mov $12,%eax; mov %rsi,%rdi",
    "mov %esi,%edi; mov %ebp,%eax",
    "mov 16(%rsp),%r9",
    "mov %r12,%r10; mov $9,%eax",
};

/* ... and what follows it. */
static const char *const after[] = {
    "cmp $-4095,%rax",	 "cmp $-4096,%rax; sbb %rdi,%rdi",
    "test %rax,%rax",	 "mov %eax,%edx",
    "mov %rax,%rbx",	 "test %eax,%eax; sete %bl",
    "mov 8(%rsp),%rdi",	 "push %rax; pop %rsi",
    "neg %eax",		 "cltq",
    "mov %rax,-8(%rsp)", "add $1,%r12d",
};

#define PICK(s, list) list[pick(s, sizeof(list) / sizeof(list[0]))]

static void emit(struct shape *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(s->f, fmt, ap);
	va_end(ap);
	fputc('\n', s->f);
}

/* The instruction itself: nothing but the table says where. */
static void emit_call(struct shape *s)
{
	unsigned n = s->local++;

	emit(s, ".Lc%u_%u: syscall", s->index, n);
	emit(s, ".pushsection .calls,\"a\"; .long .Lc%u_%u-shapes_calls; .popsection", s->index, n);
}

static void emit_branch(struct shape *s, unsigned at)
{
	static const char *const conditions[] = {"e",  "ne", "s", "ns", "b",
						 "ae", "l",  "g", "p",	"o"};
	unsigned to = pick(s, s->steps + 1), skip = s->local++;
	const char *condition = PICK(s, conditions);

	if (to > at) {
		emit(s, "%sj%s .L%u_%u", pick(s, 3) ? "" : "{disp32} ", condition, s->index, to);
		return;
	}
	emit(s, "dec %%r15d; jle .Ls%u_%u; j%s .L%u_%u; .Ls%u_%u:", s->index, skip, condition,
	     s->index, to, s->index, skip);
}

/* A table of four places to go on. */
static void emit_table(struct shape *s, unsigned at)
{
	unsigned n = s->local++;

	emit(s, "dec %%r15d; jle .L%u_%u", s->index, at + 1);
	emit(s, "mov %%edi,%%ebp; and $3,%%ebp; lea .Lt%u_%u(%%rip),%%rbx", s->index, n);
	emit(s, "movslq (%%rbx,%%rbp,4),%%rbp; add %%rbx,%%rbp; jmp *%%rbp");
	emit(s, ".pushsection .rodata; .p2align 2; .Lt%u_%u:", s->index, n);
	for (int i = 0; i < 4; i++)
		emit(s, ".long .L%u_%u-.Lt%u_%u", s->index, pick(s, s->steps + 1), s->index, n);
	emit(s, ".popsection");
}

/* A call whose `mov` is jumped into: its immediate operand is code as well. */
static void emit_jump_into_mov(struct shape *s)
{
	unsigned n = s->local++;

	emit(s, "test %%edi,%%edi; js .Li%u_%u; .byte 0xb8; .Li%u_%u: .byte 0x90,0x90,0x90,0x90",
	     s->index, n, s->index, n);
	emit_call(s);
}

/* Somebody holds the address behind the call, or between it and what sets RAX. */
static void emit_known_address(struct shape *s)
{
	unsigned n = s->local++;
	bool behind = pick(s, 2);

	emit(s, "%s; lea .La%u_%u(%%rip),%%rbx; test %%esi,%%esi; jns .Lb%u_%u; jmp *%%rbx",
	     PICK(s, plain), s->index, n, s->index, n);
	emit(s, ".Lb%u_%u: mov %%edi,%%eax", s->index, n);
	if (!behind)
		emit(s, ".La%u_%u: mov %%esi,%%edx", s->index, n);
	emit_call(s);
	if (behind)
		emit(s, ".La%u_%u: cmp $-4096,%%rax", s->index, n);
}

static void emit_step(struct shape *s, unsigned at)
{
	switch (pick(s, 16)) {
	case 0:
	case 1:
	case 2:
		emit_branch(s, at);
		break;
	case 3:
	case 4:
		emit_call(s);
		break;
	case 5:
	case 6:
	case 7:
		emit(s, "%s", PICK(s, before));
		emit_call(s);
		break;
	case 8:
		emit(s, "%s", PICK(s, before));
		emit_call(s);
		emit(s, "%s", PICK(s, after));
		break;
	case 9:
		emit_call(s);
		emit(s, "%s", PICK(s, after));
		break;
	case 10:
		if (pick(s, 4) == 0)
			emit_table(s, at);
		else if (pick(s, 2))
			emit_jump_into_mov(s);
		else
			emit_known_address(s);
		break;
	case 11:
		emit(s, "dec %%r15d; jle .Lk%u_%u; call shapes_leaf; .Lk%u_%u:", s->index, s->local,
		     s->index, s->local);
		s->local++;
		break;
	default:
		emit(s, "%s", PICK(s, plain));
	}
}

static void emit_function(struct shape *s, bool described)
{
	s->steps = 1 + pick(s, STEPS);
	s->local = 0;
	if (pick(s, 8) == 0) /* so that it lies across the end of a page */
		emit(s, ".p2align 12,0x90; .skip %u,0x90", 4096 - 4 * pick(s, 12));
	emit(s, ".type shape_%u,@function; shape_%u:", s->index, s->index);
	emit(s, ".pushsection .functions,\"a\"; .long shape_%u-shapes_functions; .popsection",
	     s->index);
	if (described)
		emit(s, ".cfi_startproc");
	for (unsigned i = 0; i < s->steps; i++) {
		emit(s, ".L%u_%u:", s->index, i);
		emit_step(s, i);
	}
	emit(s, ".L%u_%u: ret", s->index, s->steps);
	if (described)
		emit(s, ".cfi_endproc");
	emit(s, ".size shape_%u,.-shape_%u", s->index, s->index);
	if (pick(s, 2))
		emit(s, ".p2align 4");
}

void shapes_write(FILE *f, unsigned count, unsigned seed)
{
	struct shape s = {.f = f, .random = seed};

	emit(&s, ".section .functions,\"a\"; .globl shapes_functions; shapes_functions:");
	emit(&s, ".section .calls,\"a\"; .globl shapes_calls; shapes_calls:");
	emit(&s, ".data; shapes_data: .quad 39,2,3,4; .text");
	emit(&s, ".type shapes_leaf,@function; shapes_leaf: add $3,%%rdi; ret; .p2align 4");
	for (; s.index < count; s.index++)
		emit_function(&s, pick(&s, 4) > 0);
	emit(&s, ".section .functions; .long 0; .section .calls; .long 0");
	emit(&s, ".section .note.GNU-stack,\"\",@progbits");
}
