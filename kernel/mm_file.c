/* SPDX-License-Identifier: MIT */
/*
 * What file systems ask of the address spaces when the pages of a file change under its mappings.
 * They call before they drop their own references, so a frame in a private area that nobody else
 * holds is a private copy.
 */
#include "kernel/file.h"
#include "kernel/log.h"
#include "kernel/mm_private.h"
#include "kernel/page.h"

/* In order of creation: what is made while somebody goes through them is copied from one that he
 * has yet to see, or comes after all he has seen. */
static struct list all = LIST_INIT(all);

void mm_enlist(struct mm *mm)
{
	list_add_tail(&mm->link, &all);
}

void mm_delist(struct mm *mm)
{
	list_del(&mm->link);
}

/* The one after prev, whose structure is dropped, or the first; held. NULL: there is no other. */
static struct mm *next_mm(struct mm *prev)
{
	struct list *l = prev ? prev->link.next : all.next;
	struct mm *next = l == &all ? NULL : container_of(l, struct mm, link);

	if (next)
		__atomic_add_fetch(&next->refs, 1, __ATOMIC_RELAXED);
	if (prev)
		mm_drop(prev);
	return next;
}

#define for_each_mm(mm) for (struct mm *mm = next_mm(NULL); mm; mm = next_mm(mm))

static bool is_shared(const struct vma *v)
{
	return (v->flags & MAP_TYPE) == MAP_SHARED;
}

/*
 * Call fn for the part of each mapping of the file that shows its bytes [from, to).
 */
static void for_mappings(struct mm *mm, struct inode *inode, uint64_t from, uint64_t to,
			 void (*fn)(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end,
				    void *arg),
			 void *arg)
{
	for (struct vma *v = vma_next(mm, 0); v; v = vma_next(mm, v->end)) {
		uint64_t lo, hi, size = v->end - v->start;

		if (!v->file || v->file->mapped != inode)
			continue;
		lo = MAX(from, v->offset) - v->offset;
		hi = to > v->offset ? MIN(to - v->offset, size) : 0;
		if (lo < hi)
			fn(mm, v, v->start + lo, v->start + hi, arg);
	}
}

static void drop(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, void *arg)
{
	const bool *keep_copies = arg;
	struct gather g;

	gather_init(&g, mm);
	g.keep_copies = *keep_copies && !is_shared(v);
	gather_range(&g, start, end);
	gather_finish(&g);
}

/* Drop what mappings everywhere but in one address space show of the whole pages in [from, to). */
static void drop_all(struct inode *inode, uint64_t from, uint64_t to, bool keep_copies,
		     const struct mm *except)
{
	from = ALIGN_UP(from, PAGE_SIZE);
	to = ALIGN_DOWN(to, PAGE_SIZE);
	for_each_mm(mm)
	{
		if (mm == except)
			continue;
		mm_lock(mm);
		for_mappings(mm, inode, from, to, drop, &keep_copies);
		mm_unlock(mm);
	}
}

void mm_file_truncated(struct inode *inode, uint64_t from)
{
	drop_all(inode, from, UINT64_MAX, false, NULL);
}

void mm_file_punched(struct inode *inode, uint64_t from, uint64_t to)
{
	drop_all(inode, from, to, true, NULL);
}

void mm_file_replaced(struct inode *inode, uint64_t index)
{
	mm_file_punched(inode, index << PAGE_SHIFT, (index + 1) << PAGE_SHIFT);
}

/* ---- one page replaced by a store ---- */

struct replace {
	uaddr_t except;
	const struct page *now;
};

static void drop_other(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, void *arg)
{
	const struct replace *r = arg;
	struct pt_leaf leaf = pt_lookup(mm->root, start);
	bool keep_copies = true;

	if (start != r->except && leaf.mapped && phys_to_page(leaf.pa) != r->now)
		drop(mm, v, start, end, &keep_copies);
}

void mm_show_page(struct mm *mm, struct vma *v, uaddr_t va, struct page *p)
{
	uint64_t at = v->offset + (va - v->start);
	struct replace r = {.except = va, .now = p};

	for_mappings(mm, v->file->mapped, at, at + PAGE_SIZE, drop_other, &r);
	if (all.next->next == &all)
		return;
	assert(!mm->shown); /* one store at a time */
	mm->shown = file_get(v->file);
	mm->shown_at = at;
}

/* Two locks are never held at a time: others may be doing the same. */
void mm_show_elsewhere(struct mm *mm)
{
	struct file *f = mm->shown;
	uint64_t at = mm->shown_at;

	mm->shown = NULL;
	mutex_unlock(&mm->lock);
	drop_all(f->mapped, at, at + PAGE_SIZE, true, mm);
	file_put(f);
}

/* ---- write-back ---- */

struct clean {
	struct pt_visitor v;
	uaddr_t start, end; /* what lost the right to write */
};

static int clean_leaf(struct pt_visitor *v, uint64_t va, struct pt_leaf *leaf)
{
	struct clean *c = container_of(v, struct clean, v);

	if (!(leaf->prot & PT_WRITE))
		return PT_KEEP;
	c->start = MIN(c->start, va);
	c->end = va + (1ul << leaf->shift);
	return (int)(leaf->prot & ~(unsigned)PT_WRITE);
}

static void clean_area(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, void *arg)
{
	struct clean c = {.v.fn = clean_leaf, .start = UINT64_MAX};

	if (!is_shared(v))
		return;
	pt_visit(mm->root, start, end, &c.v);
	if (c.end)
		pt_flush(mm->root, c.start, c.end);
}

void mm_file_clean(struct inode *inode, uint64_t first, uint64_t last)
{
	for_each_mm(mm)
	{
		mm_lock(mm);
		for_mappings(mm, inode, first << PAGE_SHIFT, (last + 1) << PAGE_SHIFT, clean_area,
			     NULL);
		mm_unlock(mm);
	}
}

/* ---- memory is short ---- */

static size_t relieve_one(struct mm *mm)
{
	size_t before;

	mm_lock(mm);
	before = mm->resident_pages;
	for (struct vma *v = vma_next(mm, 0); v; v = vma_next(mm, v->end)) {
		struct gather g;

		if (!v->file || (v->flags & MAP_LOCKED))
			continue;
		gather_init(&g, mm);
		g.only_cached = true;
		gather_range(&g, v->start, v->end);
		gather_finish(&g);
	}
	before -= mm->resident_pages;
	mm_unlock(mm);
	return before;
}

bool mm_relieve(void)
{
	size_t n = 0;

	if (file_sync_all)
		(void)file_sync_all(false);
	for_each_mm(mm) n += relieve_one(mm);
	return n || file_sync_all;
}

/* ---- questions ---- */

static void note_writable(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, void *arg)
{
	bool *found = arg;

	*found |= is_shared(v) && !(v->flags & VMA_NOWRITE);
}

bool mm_file_writable_mapped(struct inode *inode)
{
	bool found = false;

	for_each_mm(mm)
	{
		mm_lock(mm);
		for_mappings(mm, inode, 0, UINT64_MAX, note_writable, &found);
		mm_unlock(mm);
	}
	return found;
}
