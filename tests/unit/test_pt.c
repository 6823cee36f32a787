/* SPDX-License-Identifier: MIT */
/* Page tables against a flat array. unit: kernel/x86_64/pt.c kernel/page.c tests/unit/arena.c */
#include "kernel/abi/errno.h"
#include "kernel/x86_64/pt.h"
#include "tests/unit/arena.h"
#include "tests/unit/unit.h"

#include <string.h>

enum { PAGES = 8192, HUGE_PAGES = HUGE_SIZE / PAGE_SIZE, ROUNDS = 60000 };
#define BASE (0x7f0000000000ul - 5 * HUGE_SIZE) /* the window crosses a 512 GiB border */

paddr_t kernel_root;
static paddr_t root;

static struct cell {
	paddr_t pa;
	unsigned prot;
	bool mapped, huge;
} model[PAGES];

static uint64_t va_of(size_t page)
{
	return BASE + page * PAGE_SIZE;
}

static void check_page(size_t p)
{
	struct pt_leaf leaf = pt_lookup(root, va_of(p) + 123);
	struct cell *c = &model[p];

	CHECK(leaf.mapped == c->mapped);
	if (!c->mapped)
		return;
	CHECK(leaf.prot == c->prot && leaf.shift == (c->huge ? HUGE_SHIFT : PAGE_SHIFT));
	CHECK(leaf.pa + (c->huge ? p % HUGE_PAGES * PAGE_SIZE : 0) == c->pa);
}

static unsigned random_prot(void)
{
	static const unsigned prots[] = {0,
					 PT_READ,
					 PT_READ | PT_WRITE,
					 PT_READ | PT_EXEC,
					 PT_READ | PT_WRITE | PT_EXEC,
					 PT_READ | PT_WRITE | PT_UNCACHED};

	return prots[rand() % 6];
}

static paddr_t random_pa(void)
{
	return ((paddr_t)rand() + 1) << HUGE_SHIFT;
}

static void op_map(size_t p)
{
	unsigned prot = random_prot();
	paddr_t pa = random_pa();
	int r = pt_map(root, va_of(p), pa, prot, PAGE_SHIFT);

	CHECK(r == (model[p].huge ? -EEXIST : 0));
	if (r == 0)
		model[p] = (struct cell){pa, prot, true, false};
}

static void op_map_many(size_t p)
{
	paddr_t pa[64];
	size_t n = MIN((size_t)rand() % 65, PAGES - p);
	unsigned prot = random_prot();
	uint64_t mask;

	for (size_t i = 0; i < n; i++)
		if (model[p + i].huge)
			return;
	mask = pt_mapped_mask(root, va_of(p), n);
	for (size_t i = 0; i < n; i++) {
		CHECK((mask >> i & 1) == model[p + i].mapped);
		pa[i] = rand() % 3 ? random_pa() : 0;
		if (pa[i])
			model[p + i] = (struct cell){pa[i], prot, true, false};
	}
	CHECK(pt_map_many(root, va_of(p), pa, n, prot) == n);
}

static void op_map_huge(size_t p)
{
	size_t first = ALIGN_DOWN(p, (size_t)HUGE_PAGES);
	unsigned prot = random_prot();
	paddr_t pa = random_pa();
	bool free_slot = pt_huge_slot_free(root, va_of(first));
	int r = pt_map(root, va_of(first), pa, prot, HUGE_SHIFT);

	CHECK((r == 0) == (free_slot || model[first].huge));
	for (size_t i = first; r == 0 && i < first + HUGE_PAGES; i++) {
		CHECK(model[i].huge || !model[i].mapped);
		model[i] = (struct cell){pa + (i - first) * PAGE_SIZE, prot, true, true};
	}
}

static void op_split(size_t p)
{
	size_t first = ALIGN_DOWN(p, (size_t)HUGE_PAGES);

	CHECK(pt_split(root, va_of(p)) == 0);
	for (size_t i = first; i < first + HUGE_PAGES; i++)
		model[i].huge = false;
}

static void op_unmap(size_t p)
{
	struct pt_leaf leaf;
	size_t first = p, n = 1;

	if (model[p].huge) {
		first = ALIGN_DOWN(p, (size_t)HUGE_PAGES);
		n = HUGE_PAGES;
	}
	leaf = pt_unmap(root, va_of(p));
	CHECK(leaf.mapped == model[p].mapped && (!leaf.mapped || leaf.pa == model[first].pa));
	memset(&model[first], 0, n * sizeof(model[0]));
}

static void op_protect(size_t p)
{
	unsigned prot = random_prot();
	size_t first = model[p].huge ? ALIGN_DOWN(p, (size_t)HUGE_PAGES) : p;
	size_t n = model[p].huge ? HUGE_PAGES : 1;

	pt_protect(root, va_of(p), prot);
	for (size_t i = first; i < first + n; i++)
		model[i].prot = prot;
}

/* A visit sees every leaf that reaches into the range once, in order, and does what it is told. */
struct visit {
	struct pt_visitor v;
	size_t start, end, next;
	int todo;
};

static int on_leaf(struct pt_visitor *pv, uint64_t va, struct pt_leaf *leaf)
{
	struct visit *v = container_of(pv, struct visit, v);
	size_t p = (va - BASE) / PAGE_SIZE, n = leaf->shift == HUGE_SHIFT ? HUGE_PAGES : 1;

	for (; v->next < p; v->next++)
		CHECK(v->next < v->start || !model[v->next].mapped);
	CHECK(p + n > v->start && p < v->end && model[p].pa == leaf->pa &&
	      model[p].prot == leaf->prot);
	CHECK(model[p].huge == (n > 1));
	v->next = p + n;
	for (size_t i = p; i < p + n; i++) {
		if (v->todo == PT_CLEAR)
			model[i] = (struct cell){0};
		else if (v->todo >= 0)
			model[i].prot = (unsigned)v->todo;
	}
	return v->todo;
}

static void op_visit(size_t p)
{
	size_t n = (size_t)rand() % (rand() % 4 ? 100 : 2000);
	struct visit v = {.v.fn = on_leaf, .start = p, .next = p, .todo = PT_KEEP};

	v.end = MIN(p + n, (size_t)PAGES);
	if (rand() % 2)
		v.todo = rand() % 2 ? PT_CLEAR : (int)random_prot();
	if (model[p].huge)
		v.next = ALIGN_DOWN(p, (size_t)HUGE_PAGES);
	pt_visit(root, va_of(v.start), va_of(v.end), &v.v);
	for (; v.next < v.end; v.next++)
		CHECK(!model[v.next].mapped);
}

/* Free the tables of a range that is empty. */
static void op_detach(size_t p)
{
	struct list freed = LIST_INIT(freed);
	size_t lo = p, hi = p, before = pt_tables(root), n = 0, free_pages = page_free_count();

	if (model[p].mapped)
		return;
	while (lo > 0 && !model[lo - 1].mapped)
		lo--;
	while (hi < PAGES && !model[hi].mapped)
		hi++;
	pt_detach_tables(root, va_of(lo), va_of(hi), &freed);
	for (struct list *l = freed.next; l != &freed; l = l->next)
		n++;
	CHECK(pt_tables(root) == before - n);
	page_put_list(&freed);
	CHECK(page_free_count() == free_pages + n);
	for (size_t i = ALIGN_UP(lo, (size_t)HUGE_PAGES); i + HUGE_PAGES <= hi; i += HUGE_PAGES)
		CHECK(pt_huge_slot_free(root, va_of(i)));
}

static void op_any(size_t p)
{
	switch (rand() % 16) {
	case 0 ... 3:
		op_map(p);
		break;
	case 4 ... 5:
		op_map_many(p);
		break;
	case 6:
		op_map_huge(p);
		break;
	case 7:
		op_split(p);
		break;
	case 8 ... 9:
		op_unmap(p);
		break;
	case 10 ... 11:
		op_protect(p);
		break;
	case 12 ... 14:
		op_visit(p);
		break;
	default:
		op_detach(p);
	}
}

static void test_exhaustion(void)
{
	paddr_t pa[4] = {0x1000, 0x2000, 0x3000, 0x4000}, other;

	CHECK(pt_new_root(&other) == 0);
	CHECK(pt_map(other, HUGE_SIZE - 2 * PAGE_SIZE, 0x1000, PT_READ, PAGE_SHIFT) == 0);
	CHECK(pt_map(other, 4ul << 30, 7ul << HUGE_SHIFT, PT_READ, HUGE_SHIFT) == 0);
	while (page_alloc(0, 0))
		;
	CHECK(pt_map_many(other, HUGE_SIZE - 2 * PAGE_SIZE, pa, 4, PT_READ) == 2);
	CHECK(pt_map(other, 1ul << 40, 0x1000, PT_READ, PAGE_SHIFT) == -ENOMEM);
	CHECK(pt_split(other, 4ul << 30) == -ENOMEM);
	CHECK(pt_lookup(other, (4ul << 30) + PAGE_SIZE).shift == HUGE_SHIFT);
}

int main(void)
{
	uint64_t *kernel_table;
	size_t free_pages;

	srand(5);
	CHECK(arena_init(0x100000, 16 << 20, NULL, 0, true) == 0);
	kernel_root = page_to_phys(page_alloc(0, PAGE_ZEROED));
	kernel_table = phys_to_virt(kernel_root);
	kernel_table[511] = 0x1234003;
	free_pages = page_free_count();
	CHECK(pt_new_root(&root) == 0);
	CHECK(((uint64_t *)phys_to_virt(root))[511] == 0x1234003 &&
	      ((uint64_t *)phys_to_virt(root))[0] == 0);
	for (int i = 0; i < ROUNDS; i++) {
		op_any((size_t)rand() % PAGES);
		for (int k = 0; k < 8; k++)
			check_page((size_t)rand() % PAGES);
	}
	for (size_t p = 0; p < PAGES; p++)
		check_page(p);
	pt_free_root(root);
	CHECK(page_free_count() == free_pages);
	test_exhaustion();
	return UNIT_END();
}
