/* SPDX-License-Identifier: MIT */
/*
 * The scanner: finds the `syscall` instructions of an ELF file and decides which of them may become
 * jumps (kernel/abi/plan.h). In doubt it leaves them alone: a site that is not rewritten is slower,
 * one that is rewritten wrongly breaks the program.
 */
#ifndef TOOLS_SCAN_H
#define TOOLS_SCAN_H

#include "kernel/abi/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Part of what cached plans depend on: grows when the same file gives another plan. */
#define SCAN_VERSION 4

enum scan_reason { /* why a site is left to the trap */
		   SCAN_REWRITTEN,
		   SCAN_NOT_REACHED,  /* perhaps data: it was not met as an instruction */
		   SCAN_SIGNAL_FRAME, /* unwinders recognise rt_sigreturn by these bytes */
		   SCAN_LANDING,      /* a branch or a pointer leads into the bytes needed */
		   SCAN_UNSURE,	      /* a jump table or a handler of exceptions may do so */
		   SCAN_TWO_PAGES,
		   SCAN_NO_ROOM, /* too few bytes that can be moved */
};

struct scan_site {
	uint64_t address;     /* of the `syscall`, as linked */
	const char *function; /* symbol; NULL: not known */
	uint64_t into;	      /* distance from there, or from the function's beginning */
	int number;	      /* of the system call; -1: not known before it is made */
	enum scan_reason reason;
	struct plan_site plan; /* if the reason is SCAN_REWRITTEN */
};

struct scan {
	struct scan_site *sites; /* by ascending address */
	size_t n, room;
	void *map; /* names are in there */
	size_t map_size;
};

/*
 * Scan the `size` bytes from `offset` of fd. Returns 0 (also for what is no ELF program or library:
 * no sites) or -errno. scan_free() is needed in any case.
 */
int scan_file(struct scan *s, int fd, uint64_t offset, uint64_t size);
/* The same for bytes in memory, 8-byte aligned, that outlive the result. */
void scan_bytes(struct scan *s, const uint8_t *data, uint64_t size);
void scan_free(struct scan *s);

/* For people: "mov before", ... and why not. */
const char *scan_tactic_text(const struct scan_site *site);
const char *scan_reason_text(enum scan_reason reason);

#endif
