/* SPDX-License-Identifier: MIT */
/*
 * Shared by the files of the address space, kernel/mm*.c, and by nothing else. All under mm->lock.
 */
#ifndef KERNEL_MM_PRIVATE_H
#define KERNEL_MM_PRIVATE_H

#include "kernel/mm.h"
#include "kernel/vma.h"
#include "kernel/x86_64/pt.h"

#define WINDOW (16 * PAGE_SIZE) /* filled at once: a fault costs more than clearing a few pages */

/* The list of all address spaces. */
void mm_enlist(struct mm *mm);
void mm_delist(struct mm *mm);
/* Drop the structure, not a use of it. */
void mm_drop(struct mm *mm);

void mm_lock(struct mm *mm);
/* Also drops what vma_remove left behind. */
void mm_unlock(struct mm *mm);

/*
 * Removal of leaves: frames are collected while their entries are cleared, translations are flushed
 * once, and only then are the frames dropped.
 */
struct gather {
	struct pt_visitor v;
	struct mm *mm;
	uaddr_t start, end; /* what to flush; end 0: nothing */
	bool keep_copies;   /* leave frames that nobody else holds */
	bool only_cached;   /* take nothing but unmodified pages of the page cache */
	struct list pages;  /* frames nobody else holds */
	struct list tables; /* of the page table */
	struct page *shared[32];
	size_t n_shared;
};

void gather_init(struct gather *g, struct mm *mm);
/* Remember a frame whose leaf at va is about to be cleared or replaced. */
void gather_page(struct gather *g, struct page *p, uaddr_t va, const struct pt_leaf *leaf);
/* Clear every leaf in [start, end). Leaves of 2 MiB must not reach out of it (mm_split_edges). */
void gather_range(struct gather *g, uaddr_t start, uaddr_t end);
/* Flush if need be and drop the frames. */
void gather_finish(struct gather *g);

/*
 * Make the frame of the 2 MiB leaf at va, shared since a fork, one of mm's own, with rights prot: a
 * copy, in 4 KiB pages if need be. 0 or -ENOMEM.
 */
int mm_own_huge(struct mm *mm, uaddr_t va, const struct pt_leaf *leaf, unsigned prot);

/* Break 2 MiB leaves that straddle start or end. 0 or -ENOMEM. */
int mm_split_edges(struct mm *mm, uaddr_t start, uaddr_t end);

/* munmap(2) of a valid range. 0 or -ENOMEM. */
int mm_unmap_locked(struct mm *mm, uaddr_t start, uaddr_t end);

/*
 * A free range by Linux's rules (topmost below mm->mmap_top, THP-friendly alignment), or -ENOMEM.
 */
int64_t mm_choose(struct mm *mm, size_t len, size_t align);

/* RLIMIT_DATA for n more pages. */
bool mm_may_have_data(const struct mm *mm, size_t n_pages);
/* RLIMIT_AS and RLIMIT_DATA for n more pages with these attributes. */
bool mm_may_expand(struct mm *mm, size_t n_pages, unsigned prot, unsigned flags);
/* Would committing n pages be an obvious overcommit (vm.overcommit_memory = 0)? */
bool mm_overcommits(size_t n_pages, unsigned prot, unsigned flags);
/* RLIMIT_MEMLOCK for n more pages. */
bool mm_may_lock(struct mm *mm, size_t n_pages);

/* Rights of page-table leaves for an area's PROT_*. */
unsigned mm_pt_prot(unsigned prot);
/* Does nobody but this leaf hold the frame, so that a private mapping may write to it? */
bool mm_sole_owner(const struct page *p);

/*
 * Fill [start, end) of a private anonymous area, at most a window's length, with zero pages. 0 or
 * -ENOMEM.
 */
int mm_fill_anon(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end);
int mm_fault_locked(struct mm *mm, uaddr_t addr, enum mm_access access);
/*
 * Fault in what is missing of [start, end), part of the accessible area v. 0 or an error of
 * mm_fault_locked.
 */
int mm_fill_area(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, enum mm_access access);
/*
 * Fault everything in [start, end) in: writable private areas for writing. Holes and inaccessible
 * areas are skipped.
 * 0 or the first error of mm_fault_locked.
 */
int mm_populate_locked(struct mm *mm, uaddr_t start, uaddr_t end);
/* Is at least 1/2^shift of memory free? */
bool mm_plenty(unsigned shift);

/*
 * The file's page at va of v is now p: drop translations elsewhere that show another one (not
 * private copies); in other address spaces when mm is unlocked. In kernel/mm_file.c.
 */
void mm_show_page(struct mm *mm, struct vma *v, uaddr_t va, struct page *p);

void mm_show_elsewhere(struct mm *mm); /* that, by mm_unlock */

uint64_t mm_rlimit(int resource);

#endif
