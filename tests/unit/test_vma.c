/* SPDX-License-Identifier: MIT */
/* Area tree: 100,000 random operations against an array of pages. unit: kernel/vma.c */
#define _POSIX_C_SOURCE 200809L /* or the C library's headers would clash with Linux's */
#include "kernel/file.h"
#include "kernel/heap.h"
#include "kernel/vma.h"
#include "tests/unit/unit.h"

#include <string.h>

enum { PAGES = 1024, ROUNDS = 100000 };
#define BASE 0x10000000ul /* address of the model's first page */

/*
 * Attributes of one page; 0 = free. Two pages in a row with equal attributes and contiguous offsets
 * are one area.
 */
struct cell {
	unsigned prot, flags;
	struct file *file;
	uint64_t offset;
};

static struct cell model[PAGES];
static struct file file_a, file_b;
static struct mm mm;

void *kmalloc(size_t size)
{
	return malloc(size);
}

void kfree(void *p)
{
	free(p);
}

struct file *file_get(struct file *f)
{
	f->refs++;
	return f;
}

void file_put(struct file *f)
{
	f->refs--;
}

static uaddr_t addr_of(size_t page)
{
	return BASE + page * PAGE_SIZE;
}

static bool same_area(size_t a, size_t b)
{
	struct cell *x = &model[a], *y = &model[b];

	return x->prot == y->prot && x->flags == y->flags && x->file == y->file &&
	       (!x->file || x->offset + (b - a) * PAGE_SIZE == y->offset);
}

static void set_cells(size_t at, size_t n, const struct vma *like)
{
	for (size_t i = 0; i < n; i++)
		model[at + i] = (struct cell){like->prot, like->flags, like->file,
					      like->file ? like->offset + i * PAGE_SIZE : 0};
}

static void bury(void)
{
	struct vma *dead = mm.dead;

	mm.dead = NULL;
	vma_bury(dead);
}

/* ---- checks ---- */

static int check_tree(struct vma *v, uaddr_t *at, size_t *count, uaddr_t *lo, uaddr_t *hi,
		      size_t *gap)
{
	uaddr_t l_lo = 0, l_hi = 0, r_lo = 0, r_hi = 0;
	size_t l_gap = 0, r_gap = 0, hole;
	int l, r;

	if (!v)
		return 0;
	l = check_tree(v->left, at, count, &l_lo, &l_hi, &l_gap);
	CHECK(v->start < v->end && v->start >= *at);
	*at = v->end;
	++*count;
	r = check_tree(v->right, at, count, &r_lo, &r_hi, &r_gap);
	CHECK(abs(l - r) <= 1 && v->height == 1 + MAX(l, r));
	*lo = vma_gap_start(v);
	*hi = v->end;
	*gap = 0;
	if (v->left) {
		hole = *lo > l_hi ? *lo - l_hi : 0;
		*gap = MAX(l_gap, hole);
		*lo = l_lo;
	}
	if (v->right) {
		hole = r_lo > v->end ? r_lo - v->end : 0;
		*gap = MAX(*gap, MAX(r_gap, hole));
		*hi = r_hi;
	}
	CHECK(v->sub_lo == *lo && v->sub_hi == *hi && v->sub_gap == *gap);
	return v->height;
}

/* The areas are exactly the model's maximal runs. */
static void check_model(void)
{
	uaddr_t at = 0, lo, hi;
	size_t count = 0, gap, runs = 0, pages = 0, data = 0, locked = 0;
	struct vma *v = vma_next(&mm, 0);

	check_tree(mm.areas, &at, &count, &lo, &hi, &gap);
	for (size_t i = 0, end; i < PAGES; i = end) {
		end = i + 1;
		if (!model[i].flags)
			continue;
		while (end < PAGES && model[end].flags && same_area(i, end))
			end++;
		runs++;
		pages += end - i;
		data += vma_is_data(model[i].prot, model[i].flags) ? end - i : 0;
		locked += model[i].flags & MAP_LOCKED ? end - i : 0;
		CHECK(v && v->start == addr_of(i) && v->end == addr_of(end));
		if (!v)
			return;
		CHECK(v->prot == model[i].prot && v->flags == model[i].flags &&
		      v->file == model[i].file);
		CHECK(!v->file || v->offset == model[i].offset);
		v = vma_next(&mm, v->end);
	}
	CHECK(!v && count == runs && mm.n_areas == runs);
	CHECK(mm.total_pages == pages && mm.data_pages == data && mm.locked_pages == locked);
}

static void check_lookup(void)
{
	size_t p = (size_t)rand() % PAGES, q;
	uaddr_t a = addr_of(p) + (uaddr_t)rand() % PAGE_SIZE;
	struct vma *v = vma_find(&mm, a), *n = vma_next(&mm, a), *b = vma_prev(&mm, addr_of(p));

	CHECK(!v == !model[p].flags && (!v || (v->start <= a && a < v->end)));
	for (q = p; q < PAGES && !model[q].flags; q++)
		;
	CHECK(q == PAGES ? !n : n && n->start <= addr_of(q) && addr_of(q) < n->end);
	for (q = p; q > 0 && !model[q - 1].flags; q--)
		;
	CHECK(q == 0 ? !b : b && b->start < addr_of(q) && b->end >= addr_of(q));
}

/* First page from a free one on that is not free, or too near to a growing stack, or hi. */
static size_t hole_end(size_t start, size_t hi)
{
	size_t end = start, stop;

	while (end < hi && !model[end].flags)
		end++;
	for (stop = end; stop < PAGES && !model[stop].flags; stop++)
		;
	if (stop < PAGES && (model[stop].flags & MAP_GROWSDOWN)) {
		size_t gap = STACK_GUARD_GAP / PAGE_SIZE, limit = stop > gap ? stop - gap : 0;

		end = MIN(end, MAX(limit, start));
	}
	return end;
}

static void check_gap(void)
{
	size_t lo = (size_t)rand() % PAGES, hi = lo + (size_t)rand() % (PAGES - lo);
	size_t len = 1 + (size_t)rand() % 64, align = (size_t)1 << (rand() % 4);
	size_t need = len + align - 1;
	uaddr_t best = 0;

	for (size_t i = lo; i < hi; i++) {
		size_t end;

		if (model[i].flags || (i > lo && !model[i - 1].flags))
			continue;
		end = hole_end(i, hi);
		if (end - i >= need)
			best = ALIGN_DOWN(addr_of(end - len), align * PAGE_SIZE);
	}
	CHECK(vma_find_gap(&mm, addr_of(lo), addr_of(hi), len * PAGE_SIZE, align * PAGE_SIZE) ==
	      best);
}

/* ---- operations ---- */

static void op_add(void)
{
	size_t at = (size_t)rand() % PAGES, n = 1 + (size_t)rand() % 40;
	struct vma like = {
	    .start = addr_of(at), .end = addr_of(at + n), .prot = (unsigned)rand() % 4};

	for (size_t i = at; i < at + n; i++)
		if (i >= PAGES || model[i].flags)
			return;
	like.flags = MAP_PRIVATE | (rand() % 8 ? 0 : MAP_LOCKED);
	switch (rand() % 16) {
	case 0:
		like.flags |= MAP_GROWSDOWN;
		break;
	case 1 ... 6:
		like.file = rand() % 2 ? &file_a : &file_b;
		like.offset = (at + (size_t)(rand() % 2)) * PAGE_SIZE;
		break;
	}
	CHECK(vma_add(&mm, &like) != NULL);
	set_cells(at, n, &like);
}

/* Clear a range as munmap does. */
static void op_clear(void)
{
	size_t at = (size_t)rand() % PAGES, n = 1 + (size_t)rand() % 60;
	uaddr_t start, end;
	struct vma *v;

	n = MIN(n, PAGES - at);
	start = addr_of(at);
	end = addr_of(at + n);
	while ((v = vma_next(&mm, start)) && v->start < end) {
		if (v->start < start)
			CHECK(vma_split(&mm, v, start, &v) == 0);
		if (v->end <= end)
			vma_remove(&mm, v);
		else
			vma_resize(&mm, v, end, v->end);
	}
	memset(&model[at], 0, n * sizeof(model[0]));
}

static void op_change(void)
{
	size_t at = (size_t)rand() % PAGES, n, end;
	unsigned prot = (unsigned)rand() % 4, flags;
	struct vma *v = vma_find(&mm, addr_of(at));

	if (!v)
		return;
	end = (v->end - BASE) / PAGE_SIZE;
	n = rand() % 3 ? 1 + (size_t)rand() % (end - at) : end - at;
	flags = rand() % 2 ? v->flags : v->flags ^ MAP_LOCKED;
	v = vma_change(&mm, v, addr_of(at), addr_of(at + n), prot, flags);
	CHECK(v && v->start <= addr_of(at) && v->end >= addr_of(at + n));
	for (size_t i = at; i < at + n; i++) {
		model[i].prot = prot;
		model[i].flags = flags;
	}
}

int main(void)
{
	srand(4);
	for (int i = 0; i < ROUNDS; i++) {
		int bias = i / 10000 % 2 ? 7 : 4;

		if (rand() % 10 < bias)
			op_add();
		else if (rand() % 2)
			op_clear();
		else
			op_change();
		bury();
		check_lookup();
		if (i % 4 == 0)
			check_gap();
		if (i % 16 == 0)
			check_model();
	}
	check_model();
	while (mm.areas)
		vma_remove(&mm, mm.areas);
	bury();
	CHECK(mm.n_areas == 0 && mm.total_pages == 0 && mm.data_pages == 0 && mm.locked_pages == 0);
	CHECK(file_a.refs == 0 && file_b.refs == 0);
	mm.n_areas = MM_MAX_AREAS;
	CHECK(vma_split(&mm, &(struct vma){.start = BASE, .end = BASE + 0x2000}, BASE + 0x1000,
			NULL) == -ENOMEM);
	return UNIT_END();
}
