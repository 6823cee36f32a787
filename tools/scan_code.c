/* SPDX-License-Identifier: MIT */
/*
 * Disassembly with Zydis. Compilers put no data between instructions, so the sweep finds the blocks
 * that only a jump table leads to; where it meets something that is no instruction, what follows is
 * in doubt.
 */
#include "tools/scan_code.h"

#include "tools/util.h"

#include <Zydis/Zydis.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	struct scan_code *code;
	ZydisDecoder decoder;
	size_t *todo; /* offsets to descend to */
	size_t n_todo, room;
	scan_target_fn tell;
	void *ctx;
};

/* Kinds of instructions that do the same wherever they are, as long as they name no address
 * relative to their own. */
static bool movable_category(ZydisInstructionCategory category)
{
	switch (category) {
	case ZYDIS_CATEGORY_BINARY:
	case ZYDIS_CATEGORY_BITBYTE:
	case ZYDIS_CATEGORY_CMOV:
	case ZYDIS_CATEGORY_CONVERT:
	case ZYDIS_CATEGORY_DATAXFER:
	case ZYDIS_CATEGORY_FLAGOP:
	case ZYDIS_CATEGORY_LOGICAL:
	case ZYDIS_CATEGORY_LOGICAL_FP:
	case ZYDIS_CATEGORY_NOP:
	case ZYDIS_CATEGORY_PUSH:
	case ZYDIS_CATEGORY_ROTATE:
	case ZYDIS_CATEGORY_SETCC:
	case ZYDIS_CATEGORY_SHIFT:
	case ZYDIS_CATEGORY_SSE:
	case ZYDIS_CATEGORY_WIDENOP:
		return true;
	default:
		return false;
	}
}

static bool movable(const ZydisDecodedInstruction *i)
{
	if (i->attributes & (ZYDIS_ATTRIB_IS_RELATIVE | ZYDIS_ATTRIB_HAS_REP |
			     ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE))
		return false;
	switch (i->mnemonic) {
	case ZYDIS_MNEMONIC_LEA:
	case ZYDIS_MNEMONIC_POP:
		return true;
	case ZYDIS_MNEMONIC_ENDBR64: /* an indirect branch may want it where it is */
	case ZYDIS_MNEMONIC_CLI:
	case ZYDIS_MNEMONIC_STI:
		return false;
	default:
		return movable_category(i->meta.category);
	}
}

static bool ends_block(const ZydisDecodedInstruction *i)
{
	switch (i->meta.category) {
	case ZYDIS_CATEGORY_UNCOND_BR:
	case ZYDIS_CATEGORY_RET:
	case ZYDIS_CATEGORY_SYSRET:
	case ZYDIS_CATEGORY_INTERRUPT:
		return true;
	default:
		return i->mnemonic == ZYDIS_MNEMONIC_HLT || i->mnemonic == ZYDIS_MNEMONIC_UD0 ||
		       i->mnemonic == ZYDIS_MNEMONIC_UD1 || i->mnemonic == ZYDIS_MNEMONIC_UD2;
	}
}

static void descend_to(struct reader *r, size_t at)
{
	if (r->n_todo == r->room) {
		r->room = r->room ? 2 * r->room : 256;
		r->todo = xrealloc(r->todo, r->room * sizeof(*r->todo));
	}
	r->todo[r->n_todo++] = at;
}

/* A direct branch, or an indirect jump that is not one through the global offset table. */
static void follow_branch(struct reader *r, size_t next, const ZydisDecodedInstruction *i,
			  bool descend)
{
	struct scan_code *c = r->code;
	uint64_t target = c->address + next + (uint64_t)i->raw.imm[0].value.s;

	if (!(i->attributes & ZYDIS_ATTRIB_IS_RELATIVE)) {
		c->indirect |= i->meta.category == ZYDIS_CATEGORY_UNCOND_BR;
		return;
	}
	if (!i->raw.imm[0].is_relative)
		return;
	r->tell(r->ctx, target, i->meta.category == ZYDIS_CATEGORY_CALL);
	if (target < c->address || target - c->address >= c->size)
		return;
	c->insn[target - c->address] |= INSN_LANDING;
	if (descend && i->meta.category != ZYDIS_CATEGORY_CALL)
		descend_to(r, target - c->address);
}

/* Take one instruction. Returns where control goes on behind it; 0: nowhere. *length gets its
 * length, 0 if there is none. */
static size_t take(struct reader *r, size_t at, bool reached, size_t *length)
{
	struct scan_code *c = r->code;
	ZydisDecodedInstruction i;
	size_t next;

	*length = 0;
	if (!ZYAN_SUCCESS(
		ZydisDecoderDecodeInstruction(&r->decoder, NULL, c->bytes + at, c->size - at, &i)))
		return 0;
	*length = i.length;
	next = at + i.length;
	c->length[at] = i.length;
	c->insn[at] |= (reached ? INSN_REACHED : 0) | (movable(&i) ? INSN_MOVABLE : 0) |
		       (i.mnemonic == ZYDIS_MNEMONIC_SYSCALL ? INSN_SYSCALL : 0);
	if (i.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE)
		follow_branch(r, next, &i, reached);
	if (ends_block(&i) || next >= c->size)
		return 0;
	c->back[next] = i.length;
	return next;
}

static void descend(struct reader *r)
{
	struct scan_code *c = r->code;

	descend_to(r, 0);
	while (r->n_todo) {
		size_t at = r->todo[--r->n_todo], length;

		while (c->length[at] == 0) {
			at = take(r, at, true, &length);
			if (at == 0)
				break;
		}
	}
}

static void sweep(struct reader *r)
{
	struct scan_code *c = r->code;
	size_t at = 0, length;

	c->clean = c->size;
	while (at < c->size) {
		length = c->length[at];
		if (length == 0)
			take(r, at, false, &length);
		if (length == 0 && c->clean == c->size)
			c->clean = at;
		at += length ? length : 1;
	}
}

void scan_code_read(struct scan_code *c, uint64_t address, const uint8_t *bytes, size_t size,
		    bool function, scan_target_fn tell, void *ctx)
{
	struct reader r = {.code = c, .tell = tell, .ctx = ctx};

	*c = (struct scan_code){.address = address, .size = size, .bytes = bytes};
	c->length = xrealloc(NULL, 3 * size);
	memset(c->length, 0, 3 * size);
	c->back = c->length + size;
	c->insn = c->back + size;
	ZydisDecoderInit(&r.decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	if (function)
		descend(&r);
	sweep(&r);
	free(r.todo);
}

void scan_code_free(struct scan_code *c)
{
	free(c->length);
	*c = (struct scan_code){0};
}

/* ---- operands ---- */

bool scan_code_operand(const struct scan_code *c, size_t at, bool distance)
{
	ZydisDecoder decoder;
	ZydisDecodedInstruction i;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	for (size_t d = 1; d < ZYDIS_MAX_INSTRUCTION_LENGTH && d <= at; d++) {
		size_t start = at - d;

		if (c->length[start] < d + 4 ||
		    !ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, c->bytes + start,
								c->length[start], &i)))
			continue;
		if (i.raw.disp.size && i.raw.disp.offset == d &&
		    distance == (i.raw.modrm.mod == 0 && i.raw.modrm.rm == 5))
			return true;
		if (i.raw.imm[0].size && i.raw.imm[0].offset == d &&
		    distance == i.raw.imm[0].is_relative)
			return true;
	}
	return false;
}

/* ---- the number ---- */

#define LOOK_BACK 40 /* instructions */

static ZydisRegister whole(ZydisRegister r)
{
	return ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, r);
}

/* Does the instruction write the register (any part of it)? */
static bool writes(const ZydisDecodedInstruction *i, const ZydisDecodedOperand *o, ZydisRegister r)
{
	for (unsigned k = 0; k < i->operand_count; k++)
		if (o[k].type == ZYDIS_OPERAND_TYPE_REGISTER && whole(o[k].reg.value) == r &&
		    (o[k].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
			return true;
	return false;
}

/* `mov` of a constant or `xor` of a register with itself: its value; -1: neither. */
static int64_t constant(const ZydisDecodedInstruction *i, const ZydisDecodedOperand *o)
{
	if (i->mnemonic == ZYDIS_MNEMONIC_MOV && o[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
		return (int64_t)o[1].imm.value.u;
	if ((i->mnemonic == ZYDIS_MNEMONIC_XOR || i->mnemonic == ZYDIS_MNEMONIC_SUB) &&
	    o[1].type == ZYDIS_OPERAND_TYPE_REGISTER && o[0].reg.value == o[1].reg.value)
		return 0;
	return -1;
}

int scan_code_number(const struct scan_code *c, size_t at)
{
	ZydisRegister wanted = ZYDIS_REGISTER_RAX;
	ZydisDecoder decoder;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	for (int n = 0; n < LOOK_BACK; n++) {
		ZydisDecodedOperand o[ZYDIS_MAX_OPERAND_COUNT];
		ZydisDecodedInstruction i;
		int64_t value;

		if ((c->insn[at] & INSN_LANDING) || c->back[at] == 0)
			return -1;
		at -= c->back[at];
		if (!ZYAN_SUCCESS(
			ZydisDecoderDecodeFull(&decoder, c->bytes + at, c->length[at], &i, o)) ||
		    i.meta.category == ZYDIS_CATEGORY_CALL || (c->insn[at] & INSN_SYSCALL))
			return -1;
		if (!writes(&i, o, wanted))
			continue;
		value = constant(&i, o);
		if (value >= 0 && o[0].size >= 32)
			return value <= INT32_MAX ? (int)value : -1;
		if (i.mnemonic != ZYDIS_MNEMONIC_MOV || o[0].size < 32 ||
		    o[1].type != ZYDIS_OPERAND_TYPE_REGISTER)
			return -1;
		wanted = whole(o[1].reg.value);
	}
	return -1;
}
