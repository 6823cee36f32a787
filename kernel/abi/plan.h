/* SPDX-License-Identifier: MIT */
/*
 * The rewrite plan: which `syscall` instructions of which file may become jumps. The host's scanner
 * (tools/) makes it, the guest's patcher (loader/rewrite.c) carries it out when a file's executable
 * pages are mapped. Self-contained, little-endian, in the boot module at bi->plan_offset: struct
 * plan_header, plan_file[files] sorted by nid, plan_site[sites], the sites of a file together,
 * sorted by start and without overlap. The guest trusts none of it: every place is checked against
 * the bytes found there.
 */
#ifndef KERNEL_ABI_PLAN_H
#define KERNEL_ABI_PLAN_H

#include <stdint.h>

#define PLAN_MAGIC   0x4e4c5055u /* "UPLN" */
#define PLAN_VERSION 1

struct plan_header {
	uint32_t magic, version;
	uint32_t files, sites;
};

struct plan_file {
	uint64_t nid;  /* of the file in the root image; of a file in the module: PLAN_MODULE_FILE +
			  its index */
	uint64_t size; /* of the whole file: a file of another size has changed */
	uint32_t first_site, sites;
};
#define PLAN_MODULE_FILE (1ull << 63)

/*
 * `mov $15, %rax; syscall` in its 7 + 2 bytes (rt_sigreturn) is nobody's site unless .eh_frame
 * describes it: libgcc and gdb know the frame of a signal by these bytes.
 */
enum plan_tactic {
	/*
	 * The jump takes the place of whole instructions before the `syscall`, whose two bytes
	 * stay: who jumps straight to them still traps. [start, start + length) are those
	 * instructions, 5 <= length <= 24, start + length is the `syscall`. Each can be moved as it
	 * is (no branch, nothing relative to RIP), and no branch lands on one of them but the
	 * first.
	 */
	PLAN_BEFORE = 0,
	/*
	 * The `syscall` and whole instructions after it: [start, start + length) begins with 0f 05;
	 * 5 <= length <= 24.
	 * The rest can be moved as it is and no branch lands on it.
	 */
	PLAN_AFTER = 1,
};

struct plan_site {
	uint32_t start; /* offset in the file of the first byte replaced */
	uint8_t length; /* bytes covered; 5 of them become the jump, the rest of them int3
			   (PLAN_BEFORE: up to the `syscall`) */
	uint8_t tactic; /* enum plan_tactic */
	uint16_t check; /* low half of the CRC-32 of bytes [start, start + length), with the
			   `syscall` in PLAN_BEFORE: rewrite_check() of loader/rewrite.h. Sites
			   whose replaced bytes lie in two pages are left to the trap */
};

#endif
