/* SPDX-License-Identifier: MIT */
/* Making, undoing and reading the stubs of rewritten `syscall` instructions. */
#include "loader/rewrite.h"

#include "kernel/abi/errno.h"
#include "kernel/string.h"

enum {
	JUMP = REWRITE_JUMP,
	LEA = 7,      /* lea rel32(%rip), %rcx */
	INDIRECT = 7, /* jmp *abs32 */
	ENTER = LEA + INDIRECT,
	TAIL = ENTER + REWRITE_SYSCALL, /* in a stub of PLAN_AFTER */
	INT3 = 0xcc,
	MOV_EAX = 0xb8, /* and imm32 */
};

static const uint8_t syscall_insn[REWRITE_SYSCALL] = {0x0f, 0x05};

_Static_assert(sizeof(struct rewrite_stub) == 64, "one cache line");
_Static_assert(TAIL + REWRITE_MAX_LENGTH - REWRITE_SYSCALL + JUMP <=
		   sizeof(((struct rewrite_stub *)0)->code),
	       "the longest stub");

uint16_t rewrite_check(const uint8_t *bytes, size_t n)
{
	/* CRC-32 (IEEE 802.3), four bits at a time. */
	static const uint32_t table[16] = {
	    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
	    0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
	    0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t crc = ~0u;

	for (size_t i = 0; i < n; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return (uint16_t)~crc;
}

size_t rewrite_extent(const struct plan_site *s)
{
	return s->length + (s->tactic == PLAN_BEFORE ? REWRITE_SYSCALL : 0u);
}

/* Write a displacement that ends an instruction, which ends at address `end`. */
static bool put_rel32(uint8_t *where, uint64_t target, uint64_t end)
{
	int64_t distance = (int64_t)(target - end);
	int32_t rel = (int32_t)distance;

	memcpy(where, &rel, sizeof(rel));
	return rel == distance;
}

/* lea back(%rip), %rcx; jmp *entry */
static bool put_enter(uint8_t *code, uint64_t at, uint64_t back, uint64_t entry)
{
	static const uint8_t lea_rcx[] = {0x48, 0x8d, 0x0d}, jmp_abs[] = {0xff, 0x24, 0x25};
	int32_t slot = (int32_t)entry;

	memcpy(code, lea_rcx, sizeof(lea_rcx));
	memcpy(code + LEA, jmp_abs, sizeof(jmp_abs));
	memcpy(code + LEA + sizeof(jmp_abs), &slot, sizeof(slot));
	return put_rel32(code + sizeof(lea_rcx), back, at + LEA) && slot == (int64_t)entry;
}

static bool put_jump(uint8_t *code, uint64_t at, uint64_t target)
{
	code[0] = 0xe9;
	return put_rel32(code + 1, target, at + JUMP);
}

static bool put_before(struct rewrite_stub *stub, const uint8_t *code, uint64_t stub_at,
		       uint64_t entry)
{
	size_t n = stub->length;

	memcpy(stub->code, code, n);
	return put_enter(stub->code + n, stub_at + n, stub->site + n + REWRITE_SYSCALL, entry);
}

static bool put_after(struct rewrite_stub *stub, const uint8_t *code, uint64_t stub_at,
		      uint64_t entry)
{
	size_t n = stub->length - REWRITE_SYSCALL;

	memcpy(stub->code + ENTER, code, stub->length);
	return put_enter(stub->code, stub_at, stub_at + TAIL, entry) &&
	       put_jump(stub->code + TAIL + n, stub_at + TAIL + n, stub->site + stub->length);
}

int rewrite_make(const struct plan_site *s, const uint8_t *code, uint64_t at, uint64_t stub_at,
		 uint64_t entry, struct rewrite_stub *stub, uint8_t *patched)
{
	const uint8_t *call = s->tactic == PLAN_BEFORE ? code + s->length : code;
	bool near;

	if (s->length < JUMP || s->length > REWRITE_MAX_LENGTH || s->tactic > PLAN_AFTER)
		return -EINVAL;
	if (memcmp(call, syscall_insn, sizeof(syscall_insn)) != 0 ||
	    rewrite_check(code, rewrite_extent(s)) != s->check)
		return -ESTALE;
	memset(stub, 0, sizeof(*stub));
	memset(stub->code, INT3, sizeof(stub->code));
	stub->site = at;
	stub->length = s->length;
	stub->tactic = s->tactic;
	near = s->tactic == PLAN_BEFORE ? put_before(stub, code, stub_at, entry)
					: put_after(stub, code, stub_at, entry);
	memset(patched, INT3, s->length);
	return put_jump(patched, at, stub_at) && near ? 0 : -ERANGE;
}

bool rewrite_is_plain(const uint8_t *code, uint32_t nr, struct plan_site *s)
{
	if (code[0] != MOV_EAX || memcmp(code + 1, &nr, sizeof(nr)) != 0 ||
	    memcmp(code + REWRITE_MOV, syscall_insn, sizeof(syscall_insn)) != 0)
		return false;
	*s = (struct plan_site){.length = REWRITE_MOV, .tactic = PLAN_BEFORE};
	s->check = rewrite_check(code, rewrite_extent(s));
	return true;
}

bool rewrite_in_place(const struct rewrite_stub *stub, uint64_t stub_at, const uint8_t *code)
{
	uint8_t jump[JUMP];

	return stub->site && put_jump(jump, stub->site, stub_at) && memcmp(code, jump, JUMP) == 0;
}

void rewrite_original(const struct rewrite_stub *stub, uint8_t *code)
{
	memcpy(code, stub->code + (stub->tactic == PLAN_AFTER ? ENTER : 0), stub->length);
}

uint64_t rewrite_program_rip(const struct rewrite_stub *stub, size_t offset)
{
	if (stub->tactic == PLAN_AFTER)
		offset = offset < TAIL ? 0 : offset - ENTER;
	return stub->site + MIN(offset, stub->length);
}

size_t rewrite_stub_offset(const struct rewrite_stub *stub, uint64_t rip)
{
	uint64_t offset = rip - stub->site;

	if (!stub->site || offset - 1 >= stub->length - 1ul)
		return 0;
	return stub->tactic == PLAN_AFTER ? offset + ENTER : offset;
}

size_t rewrite_step_offset(const struct rewrite_stub *stub)
{
	return stub->tactic == PLAN_AFTER ? ENTER : 0;
}
