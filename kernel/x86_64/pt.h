/* SPDX-License-Identifier: MIT */
/*
 * Page-table format and walking (SDM 3A 4.5). Tables are ordinary frames reached through the direct
 * map. The caller serialises changes to one tree. Every leaf is user-accessible: kernel and program
 * both run in ring 3.
 *
 * A change that takes rights away or replaces a frame must be followed by pt_flush before the frame
 * is reused; adding a mapping or rights needs no flush (a fault on a stale translation is resolved
 * by doing nothing).
 *
 * Entries are written once and only when they change: on some hosts each write is trapped. Accessed
 * and dirty bits are preset for the same reason; they carry no information.
 */
#ifndef KERNEL_X86_64_PT_H
#define KERNEL_X86_64_PT_H

#include "kernel/types.h"

struct list;

enum pt_prot {
	PT_READ = 1, /* without it the page is not present */
	PT_WRITE = 2,
	PT_EXEC = 4,
	PT_UNCACHED = 8, /* device memory */
};

/* What a virtual address maps to. */
struct pt_leaf {
	paddr_t pa;	/* of the page's start */
	unsigned prot;	/* enum pt_prot; 0 = inaccessible */
	unsigned shift; /* 12 or 21 */
	bool mapped;	/* there is a leaf (with prot 0 it only holds its frame) */
};

/*
 * Map one page of 2^shift bytes (12 or 21), replacing a leaf of that size. Returns 0, -ENOMEM (no
 * frame for a table) or -EEXIST (a table where a 2 MiB leaf should go, or the reverse).
 */
int pt_map(paddr_t root, uint64_t va, paddr_t pa, unsigned prot, unsigned shift);
/*
 * Map n consecutive pages, skipping those with pa[i] == 0. Returns how many of the n were dealt
 * with; fewer than n when there was no frame for a table.
 */
size_t pt_map_many(paddr_t root, uint64_t va, const paddr_t *pa, size_t n, unsigned prot);
/* Bit i tells whether the page at va + i * PAGE_SIZE is mapped, n <= 64. */
uint64_t pt_mapped_mask(paddr_t root, uint64_t va, size_t n);
/* Look va up. */
struct pt_leaf pt_lookup(paddr_t root, uint64_t va);
/* May a 2 MiB leaf be put at va, that is, is nothing there, not even an empty table? */
bool pt_huge_slot_free(paddr_t root, uint64_t va);
/* Remove the leaf covering va; returns what was there. The page itself is not touched. */
struct pt_leaf pt_unmap(paddr_t root, uint64_t va);
/*
 * Change the rights of the leaf covering va, if any. prot 0 keeps the frame but makes the page
 * inaccessible.
 */
void pt_protect(paddr_t root, uint64_t va, unsigned prot);
/*
 * Break the 2 MiB leaf covering va, if any, into 4 KiB leaves with the same rights. 0 or -ENOMEM.
 */
int pt_split(paddr_t root, uint64_t va);

enum { PT_KEEP = -1, PT_CLEAR = -2 };

/*
 * Visitor of leaves: fn returns PT_KEEP, PT_CLEAR (remove the leaf) or new rights, and may then
 * also change leaf->pa.
 * Leaves are visited in ascending order; a 2 MiB leaf that reaches into [start, end) is visited
 * once, as a whole.
 */
struct pt_visitor {
	int (*fn)(struct pt_visitor *v, uint64_t va, struct pt_leaf *leaf);
};
void pt_visit(paddr_t root, uint64_t start, uint64_t end, struct pt_visitor *v);

/*
 * Take out the tables that lie wholly inside [start, end), where there must be no leaf, and append
 * their frames to `freed` (by page->link). The caller flushes, then drops them.
 */
void pt_detach_tables(paddr_t root, uint64_t start, uint64_t end, struct list *freed);
/* Frames used for tables below this root. */
size_t pt_tables(paddr_t root);
/* New root sharing the kernel half. */
int pt_new_root(paddr_t *out);
/*
 * Free the root and all tables of the lower half; no CPU may be using it. Leaves are dropped, not
 * their frames.
 */
void pt_free_root(paddr_t root);

/*
 * Forget cached translations of [start, end) on every CPU that may use this root. In
 * kernel/x86_64/cpu.c.
 */
void pt_flush(paddr_t root, uint64_t start, uint64_t end);

#endif
