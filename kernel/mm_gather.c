/* SPDX-License-Identifier: MIT */
/*
 * Taking pages out of an address space. The order is what matters: clear the entries, flush once,
 * then give the frames back, so that no CPU can reach a frame that belongs to somebody else
 * already.
 */
#include "kernel/mm_private.h"
#include "kernel/page.h"

static int clear_leaf(struct pt_visitor *v, uint64_t va, struct pt_leaf *leaf)
{
	struct gather *g = container_of(v, struct gather, v);
	struct page *p = phys_to_page(leaf->pa);

	if (g->keep_copies && mm_sole_owner(p))
		return PT_KEEP;
	if (g->only_cached &&
	    ((leaf->prot & PT_WRITE) || (p->flags & (PG_CACHED | PG_DIRTY)) != PG_CACHED))
		return PT_KEEP;
	gather_page(g, p, va, leaf);
	g->mm->resident_pages -= 1ul << (leaf->shift - PAGE_SHIFT);
	return PT_CLEAR;
}

void gather_init(struct gather *g, struct mm *mm)
{
	g->v.fn = clear_leaf;
	g->mm = mm;
	mm->peak_resident = MAX(mm->peak_resident, mm->resident_pages);
	g->keep_copies = g->only_cached = false;
	g->start = UINT64_MAX;
	g->end = 0;
	g->n_shared = 0;
	list_init(&g->pages);
	list_init(&g->tables);
}

static void flush_and_drop(struct gather *g)
{
	if (g->end && g->mm->users) /* else nobody will ever be there again */
		pt_flush(g->mm->root, g->start, g->end);
	g->start = UINT64_MAX;
	g->end = 0;
	while (g->n_shared)
		page_put(g->shared[--g->n_shared]);
	page_put_list(&g->pages);
	page_put_list(&g->tables);
}

void gather_page(struct gather *g, struct page *p, uaddr_t va, const struct pt_leaf *leaf)
{
	if (g->n_shared == ARRAY_SIZE(g->shared))
		flush_and_drop(g);
	if (leaf->prot) { /* only what was accessible can be in a TLB */
		g->start = MIN(g->start, va);
		g->end = MAX(g->end, va + (1ul << leaf->shift));
	}
	if (mm_sole_owner(p))
		list_add_tail(&p->link, &g->pages);
	else
		g->shared[g->n_shared++] = p;
}

void gather_range(struct gather *g, uaddr_t start, uaddr_t end)
{
	pt_visit(g->mm->root, start, end, &g->v);
}

void gather_finish(struct gather *g)
{
	if (!list_empty(&g->tables)) { /* any flush also forgets cached table entries */
		g->start = MIN(g->start, MMAP_MIN_ADDR);
		g->end = MAX(g->end, MMAP_MIN_ADDR + PAGE_SIZE);
	}
	flush_and_drop(g);
}

static int split_at(struct mm *mm, uaddr_t va)
{
	struct pt_leaf leaf;

	if (IS_ALIGNED(va, HUGE_SIZE))
		return 0;
	leaf = pt_lookup(mm->root, va);
	if (!leaf.mapped || leaf.shift != HUGE_SHIFT)
		return 0;
	if (!mm_sole_owner(phys_to_page(leaf.pa))) {
		if (mm_own_huge(mm, va, &leaf, leaf.prot))
			return -ENOMEM;
		leaf = pt_lookup(mm->root, va);
		if (leaf.shift != HUGE_SHIFT)
			return 0;
	}
	if (pt_split(mm->root, va))
		return -ENOMEM;
	page_split(phys_to_page(leaf.pa));
	return 0;
}

int mm_split_edges(struct mm *mm, uaddr_t start, uaddr_t end)
{
	return split_at(mm, start) || split_at(mm, end) ? -ENOMEM : 0;
}
