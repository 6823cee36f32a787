/* SPDX-License-Identifier: MIT */
/*
 * Page-table format and walking (SDM 3A 4.5). Tables are ordinary frames reached through the direct map. The caller
 * serialises changes to one tree. Every leaf is user-accessible: kernel and program both run in ring 3.
 *
 * A change that takes rights away or replaces a frame must be followed by pt_flush before the frame is reused;
 * adding a mapping where there was none needs no flush.
 */
#ifndef KERNEL_X86_64_PT_H
#define KERNEL_X86_64_PT_H

#include "kernel/types.h"

enum pt_prot {
	PT_READ = 1, /* without it the page is not present */
	PT_WRITE = 2,
	PT_EXEC = 4,
	PT_UNCACHED = 8, /* device memory */
};

/* What a virtual address maps to. */
struct pt_leaf {
	paddr_t pa;	 /* of the page's start */
	unsigned prot;	 /* enum pt_prot; 0 = not mapped */
	unsigned shift;	 /* 12 or 21 */
	bool dirty, accessed;
};

/* Map one page of 2^shift bytes (12 or 21), replacing what was there (for 21: no table may be there). 0 or -ENOMEM. */
int pt_map(paddr_t root, uint64_t va, paddr_t pa, unsigned prot, unsigned shift);
/* Look va up. */
struct pt_leaf pt_lookup(paddr_t root, uint64_t va);
/* Remove the leaf covering va; returns what was there. The page itself is not touched. */
struct pt_leaf pt_unmap(paddr_t root, uint64_t va);
/* Change the rights of the leaf covering va, if any. prot 0 keeps the frame but makes the page inaccessible. */
void pt_protect(paddr_t root, uint64_t va, unsigned prot);
/* Break the 2 MiB leaf covering va into 4 KiB leaves with the same rights. 0 or -ENOMEM. */
int pt_split(paddr_t root, uint64_t va);
/* Free tables that hold no leaf in [start, end). */
void pt_free_tables(paddr_t root, uint64_t start, uint64_t end);
/* The next address >= va that may be mapped (skips empty tables), at most end. */
uint64_t pt_skip_empty(paddr_t root, uint64_t va, uint64_t end);
/* New root sharing the kernel half. */
int pt_new_root(paddr_t *out);
void pt_free_root(paddr_t root);

/* Forget cached translations of [start, end) on every CPU that may use this root. In kernel/x86_64/cpu.c. */
void pt_flush(paddr_t root, uint64_t start, uint64_t end);

#endif
