/* SPDX-License-Identifier: MIT */
/* Between kernel/stubs.c, kernel/mm_stubs.c and the files of the address space. */
#ifndef KERNEL_STUBS_PRIVATE_H
#define KERNEL_STUBS_PRIVATE_H

#include "kernel/stubs.h"

struct file;
struct plan_site;
struct vma;

/* ---- kernel/stubs.c ---- */

/* The sites of one file. */
struct plan_view {
	const struct plan_site *sites;
	uint32_t n;
};
/* False: there are none, or the file is not as it was when the plan was made. */
bool stubs_plan_of(const struct file *f, struct plan_view *out);

/* Address of the word that `jmp *` in a stub reads: in the highest 2 GiB, as all of the kernel. */
uint64_t stubs_entry_word(void);

enum stubs_counter { STUBS_PLANNED, STUBS_ONLINE, STUBS_COUNTERS };
void stubs_note(enum stubs_counter which, unsigned n);
/* Code has become executable: what could not be rewritten may now. */
void stubs_look_again(void);

/* ---- kernel/mm_stubs.c; all under mm->lock ---- */

/* What pages are wanted for: */
enum stubs_use {
	STUBS_RUN,     /* their instructions are about to be executed */
	STUBS_MAY_RUN, /* they are near those */
	STUBS_SEE,     /* they are near something that is only read */
};
/*
 * pages[i] is about to be mapped at start + i pages of v, a file's area: put changed copies in the
 * places of those with sites of the plan. References go with them; entries may be NULL. Left out
 * (NULL) are pages with sites that may run where a fault is cheaper than a copy, and all with sites
 * that are only seen: they stay as they are until they run, for programs that interpret others.
 */
void mm_stubs_plan(struct mm *mm, struct vma *v, uaddr_t start, struct page **pages, size_t n,
		   enum stubs_use use);
/* Would the page at va be changed? Then what is mapped to be seen must not be executable. */
bool mm_stubs_planned(const struct vma *v, uaddr_t va);
/* Rewrite the site of a `syscall` that returns to rip and had nr in RAX: 0, -EINVAL (it cannot be),
 * -ENOMEM. */
int mm_stubs_add(struct mm *mm, uaddr_t rip, uint64_t nr);
/* [start, end), a part of v, is about to get other rights or another place: give code in it its own
 * bytes back, as well as code whose stubs are there. 0 or -ENOMEM. */
int mm_stubs_moving(struct mm *mm, const struct vma *v, uaddr_t start, uaddr_t end);
/* Areas of stubs that reach into [start, end) are about to go, or to be no areas of stubs any more:
 * 0 or -ENOMEM. */
int mm_stubs_lose(struct mm *mm, uaddr_t start, uaddr_t end);
int mm_stubs_fork(struct mm *to, const struct mm *mm); /* 0 or -ENOMEM */
/* See stubs_leave, stubs_enter (rip itself, if nothing was moved), stubs_step (0: no). */
uaddr_t mm_stubs_program_rip(struct mm *mm, uaddr_t rip);
uaddr_t mm_stubs_moved_rip(struct mm *mm, uaddr_t rip);
uaddr_t mm_stubs_step_rip(struct mm *mm, uaddr_t rip);

#endif
