/* SPDX-License-Identifier: MIT */
/*
 * The set of areas of an address space: a balanced tree by address that also knows its holes.
 * Private to kernel/mm*.c; knows nothing of page tables. All under mm->lock. Keeps mm->n_areas,
 * total_pages, data_pages and locked_pages.
 */
#ifndef KERNEL_VMA_H
#define KERNEL_VMA_H

#include "kernel/mm.h"

#define STACK_GUARD_GAP                                                                            \
	(256 * PAGE_SIZE) /* kept free below a growing stack: Linux's stack_guard_gap */

/*
 * Neighbours: the area that contains addr; the first with end > addr; the last with start < addr.
 * NULL if none.
 */
struct vma *vma_find(struct mm *mm, uaddr_t addr);
struct vma *vma_next(struct mm *mm, uaddr_t addr);
struct vma *vma_prev(struct mm *mm, uaddr_t addr);

/* Where the area begins for others that want to be placed below it. */
uaddr_t vma_gap_start(const struct vma *v);

/* Highest aligned address of `len` free bytes in [low, high), or 0. */
uaddr_t vma_find_gap(struct mm *mm, uaddr_t low, uaddr_t high, size_t len, size_t align);

/*
 * Add an area described by *like (its range must be free), merged with its neighbours where that is
 * possible. Takes its own reference to like->file. Returns the area that now covers the range, or
 * NULL (-ENOMEM).
 */
struct vma *vma_add(struct mm *mm, const struct vma *like);

/*
 * Make [v->start, at) and [at, v->end) two areas; *upper (if not NULL) gets the second. 0 or
 * -ENOMEM.
 */
int vma_split(struct mm *mm, struct vma *v, uaddr_t at, struct vma **upper);

/* Move the borders of an area; it must not pass a neighbour. */
void vma_resize(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end);

/* Take an area out. Its file is dropped when mm->lock is released (vma_bury). */
void vma_remove(struct mm *mm, struct vma *v);
/* Free areas taken out. Called without mm->lock: dropping a file may sleep and take other locks. */
void vma_bury(struct vma *dead);

/*
 * Give [start, end), a part of v, other rights and flags: splits v if need be and merges the result
 * with its equals.
 * Returns the area that now contains the range, or NULL (-ENOMEM; nothing changed but splits).
 */
struct vma *vma_change(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, unsigned prot,
		       unsigned flags);

/* Does it count for RLIMIT_DATA: private, writable, not a stack? */
bool vma_is_data(unsigned prot, unsigned flags);

#endif
