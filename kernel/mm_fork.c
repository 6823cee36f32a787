/* SPDX-License-Identifier: MIT */
/*
 * fork(2)'s copy of an address space. Areas and page table are copied in one go, which is cheaper
 * than faults later, also for what could be found again in files. Frames of private areas are then
 * held by both sides, and both lose the right to write to them: the first write copies the frame,
 * or takes it over if the other side is gone (fault_cow in kernel/mm_fault.c).
 */
#include "kernel/heap.h"
#include "kernel/log.h"
#include "kernel/mm_private.h"
#include "kernel/page.h"
#include "kernel/string.h"
#include "kernel/stubs_private.h"

#define HUGE_PAGES (HUGE_SIZE / PAGE_SIZE)

struct copy {
	struct pt_visitor v;
	struct mm *to;
	unsigned keep;	    /* rights that both sides have afterwards */
	uaddr_t start, end; /* what lost the right to write */
	int result;
};

static int copy_leaf(struct pt_visitor *v, uint64_t va, struct pt_leaf *leaf)
{
	struct copy *c = container_of(v, struct copy, v);
	unsigned prot = leaf->prot & c->keep;

	if (!c->result)
		c->result = pt_map(c->to->root, va, leaf->pa, prot, leaf->shift);
	if (c->result)
		return PT_KEEP;
	page_get(phys_to_page(leaf->pa));
	c->to->resident_pages += 1ul << (leaf->shift - PAGE_SHIFT);
	if (prot == leaf->prot)
		return PT_KEEP;
	c->start = MIN(c->start, va);
	c->end = va + (1ul << leaf->shift);
	return (int)prot;
}

/* Locks: the parent's mm->lock. The child is not in use yet. 0 or -ENOMEM. */
static int copy_area(struct mm *mm, const struct vma *v, struct copy *c)
{
	struct vma like = *v;

	if (v->flags & VMA_DONTFORK)
		return 0;
	like.flags &= ~(MAP_LOCKED | VMA_LOCKONFAULT);
	if (!vma_add(c->to, &like))
		return -ENOMEM;
	if (v->flags & VMA_WIPEONFORK)
		return 0;
	c->keep = ~0u;
	if ((v->flags & MAP_TYPE) == MAP_PRIVATE)
		c->keep &= ~(unsigned)PT_WRITE;
	pt_visit(mm->root, v->start, v->end, &c->v);
	return c->result;
}

/* What is neither area nor page. */
static void copy_layout(struct mm *to, const struct mm *mm)
{
	to->mmap_top = mm->mmap_top;
	to->brk_start = mm->brk_start;
	to->brk = mm->brk;
	to->stack_top = mm->stack_top;
	to->arg_start = mm->arg_start;
	to->arg_end = mm->arg_end;
	to->env_start = mm->env_start;
	to->env_end = mm->env_end;
}

int mm_fork(struct mm *mm, struct mm **out)
{
	struct copy c = {.v.fn = copy_leaf, .start = UINT64_MAX};
	int r = 0;

	mm_lock(mm);
	r = mm_new(&c.to); /* behind mm in the list of all, see kernel/mm_file.c */
	for (struct vma *v = vma_next(mm, 0); v && !r; v = vma_next(mm, v->end))
		r = copy_area(mm, v, &c);
	if (!r)
		r = mm_stubs_fork(c.to, mm);
	if (c.end)
		pt_flush(mm->root, c.start, c.end);
	mm_unlock(mm);
	if (r) {
		if (c.to)
			mm_put(c.to);
		return r;
	}
	copy_layout(c.to, mm);
	*out = c.to;
	return 0;
}

/* ---- 2 MiB pages after a fork ---- */

/* Replace the leaf by 4 KiB copies: there are no 2 MiB in one piece. */
static int own_in_pieces(struct mm *mm, uaddr_t va, const struct pt_leaf *leaf, unsigned prot)
{
	paddr_t *pa = kmalloc(HUGE_PAGES * sizeof(*pa));
	size_t n = 0;

	if (!pa)
		return -ENOMEM;
	for (; n < HUGE_PAGES; n++) {
		struct page *p = page_alloc(0, 0);

		if (!p)
			goto fail;
		pa[n] = page_to_phys(p);
		memcpy(page_to_virt(p), phys_to_virt(leaf->pa + n * PAGE_SIZE), PAGE_SIZE);
	}
	(void)pt_unmap(mm->root, va);
	if (pt_map_many(mm->root, va, pa, HUGE_PAGES, prot) == HUGE_PAGES) {
		kfree(pa);
		return 0;
	}
	(void)pt_map(mm->root, va, leaf->pa, leaf->prot, HUGE_SHIFT); /* its slot is free */
fail:
	while (n)
		page_put(phys_to_page(pa[--n]));
	kfree(pa);
	return -ENOMEM;
}

int mm_own_huge(struct mm *mm, uaddr_t va, const struct pt_leaf *leaf, unsigned prot)
{
	struct page *old = phys_to_page(leaf->pa), *p;
	struct gather g;
	int r;

	va = ALIGN_DOWN(va, HUGE_SIZE);
	if (mm_sole_owner(old)) {
		pt_protect(mm->root, va, prot);
		return 0;
	}
	p = page_alloc(HUGE_SHIFT - PAGE_SHIFT, 0);
	if (p) {
		memcpy(page_to_virt(p), page_to_virt(old), HUGE_SIZE);
		r = pt_map(mm->root, va, page_to_phys(p), prot, HUGE_SHIFT);
		assert(!r); /* it takes the place of one */
	} else {
		r = own_in_pieces(mm, va, leaf, prot);
		if (r)
			return r;
	}
	gather_init(&g, mm);
	gather_page(&g, old, va, leaf);
	gather_finish(&g);
	return 0;
}
