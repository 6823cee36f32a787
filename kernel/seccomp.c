/* SPDX-License-Identifier: MIT */
/* Filters of system calls: keeping, checking and interpreting them. */
#include "kernel/seccomp.h"

#include "kernel/abi/errno.h"
#include "kernel/heap.h"

/* What struct sock_filter.code consists of; linux/bpf_common.h has the values. */
#define OP_ALU(op) BPF_ALU | op | BPF_K : case BPF_ALU | op | BPF_X
#define OP_JMP(op) BPF_JMP | op | BPF_K : case BPF_JMP | op | BPF_X

struct seccomp_filter *seccomp_new(uint16_t len)
{
	struct seccomp_filter *f = kzalloc(sizeof(*f) + len * sizeof(f->insn[0]));

	if (f) {
		f->refs = 1;
		f->len = len;
	}
	return f;
}

struct seccomp_filter *seccomp_get(struct seccomp_filter *f)
{
	if (f)
		__atomic_add_fetch(&f->refs, 1, __ATOMIC_RELAXED);
	return f;
}

void seccomp_put(struct seccomp_filter *f)
{
	while (f && !__atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL)) {
		struct seccomp_filter *prev = f->prev;

		kfree(f);
		f = prev;
	}
}

bool seccomp_is_above(const struct seccomp_filter *a, const struct seccomp_filter *b)
{
	while (b && b != a)
		b = b->prev;
	return a == b;
}

/* ---- checking ---- */

/* Is it an instruction that filters may have, with sound operands? Jumps: jumps_ok. */
static bool insn_ok(const struct sock_filter *i)
{
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return i->k < sizeof(struct seccomp_data) && i->k % 4 == 0;
	case BPF_ALU | BPF_DIV | BPF_K:
		return i->k != 0;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return i->k < 32;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return i->k < BPF_MEMWORDS;
	case OP_ALU(BPF_ADD):
	case OP_ALU(BPF_SUB):
	case OP_ALU(BPF_MUL):
	case OP_ALU(BPF_AND):
	case OP_ALU(BPF_OR):
	case OP_ALU(BPF_XOR):
	case BPF_ALU | BPF_DIV | BPF_X:
	case BPF_ALU | BPF_LSH | BPF_X:
	case BPF_ALU | BPF_RSH | BPF_X:
	case BPF_ALU | BPF_NEG:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_JMP | BPF_JA:
	case OP_JMP(BPF_JEQ):
	case OP_JMP(BPF_JGT):
	case OP_JMP(BPF_JGE):
	case OP_JMP(BPF_JSET):
		return true;
	}
	return false;
}

/* All jumps go forward and stay inside. */
static bool jumps_ok(const struct seccomp_filter *f, uint32_t pc)
{
	const struct sock_filter *i = &f->insn[pc];
	uint32_t left = f->len - pc - 1;

	if (BPF_CLASS(i->code) != BPF_JMP)
		return true;
	if (i->code == (BPF_JMP | BPF_JA))
		return i->k < left;
	return i->jt < left && i->jf < left;
}

/* No word of the memory is read that was not written on every way there. known[pc]: written words,
 * all of them for instructions that nothing leads to yet. */
static bool memory_ok(const struct seccomp_filter *f, uint16_t *known)
{
	uint16_t now = 0;

	for (uint32_t pc = 0; pc < f->len; pc++) {
		const struct sock_filter *i = &f->insn[pc];

		now &= known[pc];
		switch (i->code) {
		case BPF_ST:
		case BPF_STX:
			now |= 1u << i->k;
			break;
		case BPF_LD | BPF_MEM:
		case BPF_LDX | BPF_MEM:
			if (!(now & 1u << i->k))
				return false;
			break;
		case BPF_JMP | BPF_JA:
			known[pc + 1 + i->k] &= now;
			now = UINT16_MAX;
			break;
		default:
			if (BPF_CLASS(i->code) == BPF_JMP) {
				known[pc + 1 + i->jt] &= now;
				known[pc + 1 + i->jf] &= now;
				now = UINT16_MAX;
			}
		}
	}
	return true;
}

int seccomp_check(const struct seccomp_filter *f)
{
	const struct sock_filter *last = &f->insn[f->len - 1];
	uint16_t *known;
	bool good;

	for (uint32_t pc = 0; pc < f->len; pc++)
		if (!insn_ok(&f->insn[pc]) || !jumps_ok(f, pc))
			return -EINVAL;
	if (last->code != (BPF_RET | BPF_K) && last->code != (BPF_RET | BPF_A))
		return -EINVAL;
	known = kmalloc(f->len * sizeof(known[0]));
	if (!known)
		return -ENOMEM;
	for (uint32_t pc = 0; pc < f->len; pc++)
		known[pc] = UINT16_MAX;
	good = memory_ok(f, known);
	kfree(known);
	return good ? 0 : -EINVAL;
}

/* ---- running ---- */

static uint32_t alu(uint32_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return a / b;
	case BPF_AND:
		return a & b;
	case BPF_OR:
		return a | b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return a << (b & 31);
	case BPF_RSH:
		return a >> (b & 31);
	}
	return -a; /* BPF_NEG */
}

static bool holds(uint32_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_JEQ:
		return a == b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	}
	return a & b; /* BPF_JSET */
}

static uint32_t run_one(const struct seccomp_filter *f, const struct seccomp_data *data)
{
	uint32_t a = 0, x = 0, mem[BPF_MEMWORDS];

	for (const struct sock_filter *i = f->insn;; i++) {
		uint32_t operand = BPF_SRC(i->code) == BPF_X ? x : i->k;

		switch (BPF_CLASS(i->code)) {
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? a : i->k;
		case BPF_LD:
			a = BPF_MODE(i->code) == BPF_ABS   ? ((const uint32_t *)data)[i->k / 4]
			    : BPF_MODE(i->code) == BPF_MEM ? mem[i->k]
			    : BPF_MODE(i->code) == BPF_LEN ? sizeof(*data)
							   : i->k;
			break;
		case BPF_LDX:
			x = BPF_MODE(i->code) == BPF_MEM   ? mem[i->k]
			    : BPF_MODE(i->code) == BPF_LEN ? sizeof(*data)
							   : i->k;
			break;
		case BPF_ST:
			mem[i->k] = a;
			break;
		case BPF_STX:
			mem[i->k] = x;
			break;
		case BPF_ALU:
			if (BPF_OP(i->code) == BPF_DIV && !operand)
				return 0;
			a = alu(BPF_OP(i->code), a, operand);
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA)
				i += i->k;
			else
				i += holds(BPF_OP(i->code), a, operand) ? i->jt : i->jf;
			break;
		case BPF_MISC:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				x = a;
			else
				a = x;
		}
	}
}

/* The more severe an action, the smaller as a signed number. */
static int32_t severity(uint32_t ret)
{
	return (int32_t)(ret & SECCOMP_RET_ACTION_FULL);
}

uint32_t seccomp_run(const struct seccomp_filter *f, const struct seccomp_data *data,
		     const struct seccomp_filter **who)
{
	uint32_t ret = SECCOMP_RET_ALLOW;

	for (*who = NULL; f; f = f->prev) {
		uint32_t r = run_one(f, data);

		if (severity(r) < severity(ret)) {
			ret = r;
			*who = f;
		}
	}
	return ret;
}
