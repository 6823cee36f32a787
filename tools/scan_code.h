/* SPDX-License-Identifier: MIT */
/*
 * A piece of code taken apart: from where something begins (struct scan_start) to where the next
 * thing does.
 */
#ifndef TOOLS_SCAN_CODE_H
#define TOOLS_SCAN_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum scan_insn {		   /* what is known of the instruction that begins at a byte */
		 INSN_REACHED = 1, /* control flow gets there from the beginning */
		 INSN_MOVABLE = 2, /* it does the same at any other address */
		 INSN_LANDING = 4, /* a branch in this piece goes there */
		 INSN_SYSCALL = 8,
};

struct scan_code {
	uint64_t address;
	size_t size;
	const uint8_t *bytes;
	/* For every byte: the length of the instruction that begins there (0: none does), and of
	 * the one that ends before it and goes on to it (0: none). */
	uint8_t *length, *back, *insn; /* insn: enum scan_insn */
	size_t clean;  /* bytes from the beginning that are instructions without doubt */
	bool indirect; /* it jumps to where a table says */
};

/* Tells of a direct branch to `target`, and whether it is a call. */
typedef void (*scan_target_fn)(void *ctx, uint64_t target, bool call);

/*
 * Take apart `size` bytes: first by recursive descent from the beginning (if `function`: else
 * nothing counts as reached), then by a linear sweep over what is left. Every direct branch is
 * told. scan_code_free() is needed.
 */
void scan_code_read(struct scan_code *c, uint64_t address, const uint8_t *bytes, size_t size,
		    bool function, scan_target_fn tell, void *ctx);
void scan_code_free(struct scan_code *c);

/* Is what stands at offset `at`, four bytes or more, an operand of an instruction of this piece? A
 * distance from that instruction's end, or else a value or an address. */
bool scan_code_operand(const struct scan_code *c, size_t at, bool distance);

/* The number that EAX has at the instruction at offset `at`, as far as the instructions straight
 * before it say; -1: they do not. */
int scan_code_number(const struct scan_code *c, size_t at);

#endif
