/* SPDX-License-Identifier: MIT */
/* What an address space holds, for /proc: counted by walking the page table when somebody asks. */
#include "kernel/file.h"
#include "kernel/mm_private.h"
#include "kernel/page.h"
#include "kernel/string.h"
#include "kernel/task.h"

/* Bits of a pagemap word: Documentation/admin-guide/mm/pagemap.rst. */
#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_FILE	(1ull << 61)
#define PAGEMAP_ALONE	(1ull << 56)

struct count {
	struct pt_visitor v;
	const struct vma *vma;
	struct mm_usage *out;
};

static bool is_shmem(const struct vma *v)
{
	return v->file && (v->file->kind & FILE_MAP_WRITE);
}

/* A private copy, or memory without a file? */
static bool is_anon(const struct vma *v, const struct page *p)
{
	return mm_sole_owner(p) && (v->flags & MAP_TYPE) == MAP_PRIVATE;
}

static int count_leaf(struct pt_visitor *visitor, uint64_t va, struct pt_leaf *leaf)
{
	struct count *c = container_of(visitor, struct count, v);
	const struct page *p = phys_to_page(leaf->pa);
	size_t n = 1ul << (leaf->shift - PAGE_SHIFT);
	struct mm_usage *u = c->out;

	if (!p || (!c->vma->file && (p->flags & PG_RESERVED))) /* the zero page */
		return PT_KEEP;
	u->resident += n;
	if (is_anon(c->vma, p)) {
		u->anon += n;
		u->private_dirty += n;
		if (leaf->shift != PAGE_SHIFT)
			u->huge += n;
		return PT_KEEP;
	}
	*(is_shmem(c->vma) || !c->vma->file ? &u->shmem : &u->file) += n;
	/* One reference is the file's, one this mapping's. */
	if (leaf->prot & PT_WRITE)
		*(p->refs > 2 ? &u->shared_dirty : &u->private_dirty) += n;
	else
		*(p->refs > 2 ? &u->shared_clean : &u->private_clean) += n;
	return PT_KEEP;
}

void mm_usage_locked(struct mm *mm, uaddr_t start, uaddr_t end, struct mm_usage *out)
{
	struct count c = {.v = {count_leaf}, .out = out};
	struct vma *v;

	for (v = vma_next(mm, start); v && v->start < end; v = vma_next(mm, v->end)) {
		c.vma = v;
		pt_visit(mm->root, MAX(start, v->start), MIN(end, v->end), &c.v);
	}
}

void mm_usage(struct mm *mm, uaddr_t start, uaddr_t end, struct mm_usage *out)
{
	mm_lock(mm);
	mm_usage_locked(mm, start, end, out);
	mm_unlock(mm);
}

uint64_t mm_pagemap(struct mm *mm, uaddr_t addr)
{
	struct vma *v = mm_find(mm, addr);
	struct pt_leaf leaf = pt_lookup(mm->root, addr);
	const struct page *p = leaf.mapped ? phys_to_page(leaf.pa) : NULL;
	uint64_t word = PAGEMAP_PRESENT;

	if (!v || !p)
		return 0;
	if (capable(CAP_SYS_ADMIN)) /* who else asks is not told frame numbers */
		word |=
		    (leaf.pa >> PAGE_SHIFT) + ((addr & ((1ul << leaf.shift) - 1)) >> PAGE_SHIFT);
	if (v->file && !is_anon(v, p))
		word |= PAGEMAP_FILE;
	if (is_anon(v, p))
		word |= PAGEMAP_ALONE;
	return word;
}

size_t mm_table_pages(struct mm *mm)
{
	return pt_tables(mm->root);
}

size_t mm_peek(struct mm *mm, uaddr_t addr, void *buf, size_t n)
{
	size_t done = 0;

	mm_lock(mm);
	while (done < n) {
		struct pt_leaf leaf = pt_lookup(mm->root, addr + done);
		size_t size = 1ul << (leaf.mapped ? leaf.shift : PAGE_SHIFT), chunk;
		size_t in_page = (addr + done) & (size - 1);

		if (!leaf.mapped || !leaf.prot || addr + done >= TASK_SIZE)
			break;
		chunk = MIN(size - in_page, n - done);
		memcpy((char *)buf + done, (char *)phys_to_virt(leaf.pa) + in_page, chunk);
		done += chunk;
	}
	mm_unlock(mm);
	return done;
}

size_t mm_copy(struct mm *mm, uaddr_t addr, void *buf, size_t n, enum mm_access access)
{
	size_t done = 0;

	mm_lock(mm);
	while (done < n && addr + done < TASK_SIZE && !mm_fault_locked(mm, addr + done, access)) {
		struct pt_leaf leaf = pt_lookup(mm->root, addr + done);
		size_t size = 1ul << leaf.shift, in_page = (addr + done) & (size - 1);
		size_t chunk = MIN(size - in_page, n - done);
		char *there = (char *)phys_to_virt(leaf.pa) + in_page;

		if (!leaf.mapped)
			break;
		if (access == MM_WRITE)
			memcpy(there, (char *)buf + done, chunk);
		else
			memcpy((char *)buf + done, there, chunk);
		done += chunk;
	}
	mm_unlock(mm);
	return done;
}
