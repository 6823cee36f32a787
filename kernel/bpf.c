/* SPDX-License-Identifier: MIT */
/* Classic BPF: checking and interpreting. */
#include "kernel/bpf.h"

#include "kernel/abi/errno.h"
#include "kernel/heap.h"

/* What struct sock_filter.code consists of; linux/bpf_common.h has the values. */
#define OP_ALU(op) BPF_ALU | op | BPF_K : case BPF_ALU | op | BPF_X
#define OP_JMP(op) BPF_JMP | op | BPF_K : case BPF_JMP | op | BPF_X

/* ---- checking ---- */

/* Data, or one of the things beside it that can be asked for. */
static bool place_ok(uint32_t k)
{
	if (k < (uint32_t)SKF_AD_OFF)
		return true;
	switch (k - (uint32_t)SKF_AD_OFF) {
	case SKF_AD_PROTOCOL:
	case SKF_AD_PKTTYPE:
	case SKF_AD_IFINDEX:
	case SKF_AD_MARK:
	case SKF_AD_QUEUE:
	case SKF_AD_HATYPE:
	case SKF_AD_RXHASH:
	case SKF_AD_CPU:
	case SKF_AD_ALU_XOR_X:
	case SKF_AD_VLAN_TAG:
	case SKF_AD_VLAN_TAG_PRESENT:
	case SKF_AD_RANDOM:
	case SKF_AD_VLAN_TPID:
		return true;
	}
	return false;
}

/* Is it an instruction, with sound operands? Jumps: jumps_ok. */
static bool insn_ok(const struct sock_filter *i)
{
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
		return place_ok(i->k);
	case BPF_ALU | BPF_DIV | BPF_K:
	case BPF_ALU | BPF_MOD | BPF_K:
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
	case BPF_ALU | BPF_MOD | BPF_X:
	case BPF_ALU | BPF_LSH | BPF_X:
	case BPF_ALU | BPF_RSH | BPF_X:
	case BPF_ALU | BPF_NEG:
	case BPF_LD | BPF_W | BPF_IND:
	case BPF_LD | BPF_H | BPF_IND:
	case BPF_LD | BPF_B | BPF_IND:
	case BPF_LDX | BPF_B | BPF_MSH:
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
static bool jumps_ok(const struct sock_filter *insn, uint32_t len, uint32_t pc)
{
	const struct sock_filter *i = &insn[pc];
	uint32_t left = len - pc - 1;

	if (BPF_CLASS(i->code) != BPF_JMP)
		return true;
	if (i->code == (BPF_JMP | BPF_JA))
		return i->k < left;
	return i->jt < left && i->jf < left;
}

/* No word of the memory is read that was not written on every way there. known[pc]: written words,
 * all of them for instructions that nothing leads to yet. */
static bool memory_ok(const struct sock_filter *insn, uint32_t len, uint16_t *known)
{
	uint16_t now = 0;

	for (uint32_t pc = 0; pc < len; pc++) {
		const struct sock_filter *i = &insn[pc];

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

int bpf_check(const struct sock_filter *insn, uint32_t len)
{
	const struct sock_filter *last = &insn[len - 1];
	uint16_t *known;
	bool good;

	for (uint32_t pc = 0; pc < len; pc++)
		if (!insn_ok(&insn[pc]) || !jumps_ok(insn, len, pc))
			return -EINVAL;
	if (last->code != (BPF_RET | BPF_K) && last->code != (BPF_RET | BPF_A))
		return -EINVAL;
	known = kmalloc(len * sizeof(known[0]));
	if (!known)
		return -ENOMEM;
	for (uint32_t pc = 0; pc < len; pc++)
		known[pc] = UINT16_MAX;
	good = memory_ok(insn, len, known);
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
	case BPF_MOD:
		return a % b;
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

struct registers {
	uint32_t a, x, mem[BPF_MEMWORDS];
};

/* The operand of a load into one of the registers. False: it is not there. */
static bool load(const struct sock_filter *i, const struct registers *r, const struct bpf_input *in,
		 uint32_t *out)
{
	static const uint8_t sizes[] = {[BPF_W] = 4, [BPF_H] = 2, [BPF_B] = 1};

	switch (BPF_MODE(i->code)) {
	case BPF_ABS:
		if (i->k == (uint32_t)(SKF_AD_OFF + SKF_AD_ALU_XOR_X)) {
			*out = r->a ^ r->x;
			return true;
		}
		return in->load(in, i->k, sizes[BPF_SIZE(i->code)], out);
	case BPF_IND:
		return in->load(in, r->x + i->k, sizes[BPF_SIZE(i->code)], out);
	case BPF_MSH: /* the length of an IPv4 header */
		if (!in->load(in, i->k, 1, out))
			return false;
		*out = (*out & 15) * 4;
		return true;
	case BPF_MEM:
		*out = r->mem[i->k];
		return true;
	}
	*out = BPF_MODE(i->code) == BPF_LEN ? in->len : i->k;
	return true;
}

uint32_t bpf_run(const struct sock_filter *insn, const struct bpf_input *in)
{
	struct registers r; /* mem: memory_ok */

	r.a = r.x = 0;
	for (const struct sock_filter *i = insn;; i++) {
		uint32_t operand = BPF_SRC(i->code) == BPF_X ? r.x : i->k;
		uint32_t op = BPF_OP(i->code);

		switch (BPF_CLASS(i->code)) {
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? r.a : i->k;
		case BPF_LD:
			if (!load(i, &r, in, &r.a))
				return 0;
			break;
		case BPF_LDX:
			if (!load(i, &r, in, &r.x))
				return 0;
			break;
		case BPF_ST:
			r.mem[i->k] = r.a;
			break;
		case BPF_STX:
			r.mem[i->k] = r.x;
			break;
		case BPF_ALU:
			if ((op == BPF_DIV || op == BPF_MOD) && !operand)
				return 0;
			r.a = alu(op, r.a, operand);
			break;
		case BPF_JMP:
			if (op == BPF_JA)
				i += i->k;
			else
				i += holds(op, r.a, operand) ? i->jt : i->jf;
			break;
		case BPF_MISC:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				r.x = r.a;
			else
				r.a = r.x;
		}
	}
}
