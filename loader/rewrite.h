/* SPDX-License-Identifier: MIT */
/*
 * Turning a `syscall` into a jump: bytes in, bytes out. Pure, used on the host too. A site of the
 * plan (kernel/abi/plan.h) becomes a jump to a stub of its own within 2 GiB, which sets RCX as
 * `syscall` does and jumps to the kernel's entry; no stack is touched. What a stub needs to be
 * undone, and to tell the program's RIP from one inside of it, stands in the stub itself:
 *
 *	PLAN_BEFORE				PLAN_AFTER
 *	displaced instructions			lea tail(%rip), %rcx
 *	lea return(%rip), %rcx			jmp *entry
 *	jmp *entry				syscall		(for who is single-stepping)
 *					tail:	displaced instructions
 *						jmp back
 */
#ifndef LOADER_REWRITE_H
#define LOADER_REWRITE_H

#include "kernel/abi/plan.h"
#include "kernel/types.h"

#define REWRITE_JUMP	   5  /* length of what a site begins with afterwards */
#define REWRITE_MAX_LENGTH 24 /* of a site */
#define REWRITE_MOV	   5  /* length of `mov $number, %eax` */
#define REWRITE_SYSCALL	   2  /* length of `syscall` */

struct rewrite_stub {
	uint8_t code[48];
	uint64_t site; /* address of the first byte replaced; 0: not a stub */
	uint8_t length, tactic;
	uint8_t unused[6];
};

/* The check sum of plan_site.check. */
uint16_t rewrite_check(const uint8_t *bytes, size_t n);

/* Bytes of the site that `check` is about; a place of the plan whose bytes are fewer is not one. */
size_t rewrite_extent(const struct plan_site *s);

/*
 * Make the stub for s, and the bytes that take the place of s->length bytes of code. code: what is
 * at the site now, rewrite_extent(s) bytes; `at`: its address; stub_at: the stub's; entry: address
 * of a word that holds the address of the entry, in the lowest or highest 2 GiB.
 * Returns 0; -EINVAL: not a site; -ESTALE: its bytes are others; -ERANGE: too far apart.
 */
int rewrite_make(const struct plan_site *s, const uint8_t *code, uint64_t at, uint64_t stub_at,
		 uint64_t entry, struct rewrite_stub *stub, uint8_t *patched);

/*
 * Is code, REWRITE_MOV + REWRITE_SYSCALL bytes, `mov $nr, %eax; syscall`? Then *s becomes the plan
 * for it (with start 0). A thread between the two instructions needs no care: the `syscall` stays.
 */
bool rewrite_is_plain(const uint8_t *code, uint32_t nr, struct plan_site *s);

/* Does `code`, 5 bytes at the stub's site, jump to the stub at stub_at? */
bool rewrite_in_place(const struct rewrite_stub *stub, uint64_t stub_at, const uint8_t *code);

/* The stub->length bytes that were at the site before. */
void rewrite_original(const struct rewrite_stub *stub, uint8_t *code);

/*
 * Where the program is when RIP is `offset` bytes into the stub, in terms of its own code. Before
 * the call it is at the `syscall`, which does the call when it is gone back to.
 */
uint64_t rewrite_program_rip(const struct rewrite_stub *stub, size_t offset);

/*
 * The reverse: where to go on, as an offset into the stub, when the program's RIP lies among the
 * bytes that were replaced, behind the first. 0: it does not.
 */
size_t rewrite_stub_offset(const struct rewrite_stub *stub, uint64_t rip);

/*
 * Where to go on when the program has single-stepped into the stub, as an offset. It has not
 * done an instruction of its own by that.
 */
size_t rewrite_step_offset(const struct rewrite_stub *stub);

#endif
