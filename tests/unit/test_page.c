/* SPDX-License-Identifier: MIT */
/*
 * Page allocator: random operations against a map of who owns each frame.
 * unit: tests/unit/arena.c kernel/page.c
 */
#include "tests/unit/arena.h"
#include "tests/unit/unit.h"

#include <string.h>

enum { MAX_LIVE = 4096, MAX_FRAMES = 16384 };

static struct live {
	struct page *p;
	unsigned order, tag;
} live[MAX_LIVE];
static size_t n_live;
static uint8_t owned[MAX_FRAMES];
static paddr_t ram_start;

/* Mark a block in the model; every frame must have the expected previous state. */
static void mark(const struct page *p, unsigned order, int from, int to)
{
	size_t first = (page_to_phys(p) - ram_start) / PAGE_SIZE;

	for (size_t i = first; i < first + (1ul << order); i++) {
		CHECK(owned[i] == from);
		owned[i] = (uint8_t)to;
	}
}

/* Write a recognisable word into the first and last bytes of a block. */
static void stamp(struct live *l)
{
	uint32_t *words = page_to_virt(l->p);

	words[0] = words[(PAGE_SIZE << l->order) / 4 - 1] = l->tag;
}

static void check_stamp(struct live *l)
{
	uint32_t *words = page_to_virt(l->p);

	CHECK(words[0] == l->tag && words[(PAGE_SIZE << l->order) / 4 - 1] == l->tag);
}

static void add_live(struct page *p, unsigned order)
{
	static unsigned tag;

	live[n_live] = (struct live){p, order, ++tag};
	mark(p, order, 0, 1);
	stamp(&live[n_live++]);
	CHECK(IS_ALIGNED(page_to_phys(p), PAGE_SIZE << order));
	CHECK(p->refs == 1 && p->order == order && !(p->flags & PG_RESERVED));
	CHECK(phys_to_page(page_to_phys(p) + 17) == p && virt_to_page(page_to_virt(p)) == p);
}

static void random_alloc(void)
{
	unsigned order = rand() % 4 ? 0 : (unsigned)rand() % (PAGE_MAX_ORDER + 1);
	bool zero = rand() % 2;
	struct page *p, *many[16];
	size_t n;

	if (rand() % 8 == 0 && n_live + 16 <= MAX_LIVE) {
		n = page_alloc_many(many, (size_t)rand() % 17, PAGE_ZEROED);
		for (size_t i = 0; i < n; i++)
			add_live(many[i], 0);
		return;
	}
	p = page_alloc(order, zero ? PAGE_ZEROED : 0);
	if (!p)
		return;
	for (size_t i = 0; zero && i < (PAGE_SIZE << order); i += 1 + (size_t)rand() % 512)
		CHECK(((uint8_t *)page_to_virt(p))[i] == 0);
	add_live(p, order);
}

static void random_free(void)
{
	size_t i = (size_t)rand() % n_live;
	struct live l = live[i];

	check_stamp(&l);
	live[i] = live[--n_live];
	mark(l.p, l.order, 1, 0);
	if (l.order && rand() % 2) { /* split it and free the parts in a random order */
		size_t n = 1ul << l.order, flip = (size_t)rand() % n;

		page_split(l.p);
		for (size_t k = 0; k < n; k++)
			page_put(phys_to_page(page_to_phys(l.p) + (k ^ flip) * PAGE_SIZE));
		return;
	}
	page_get(l.p);
	page_put(l.p);
	CHECK(l.p->refs == 1);
	page_put(l.p);
}

static size_t model_used(void)
{
	size_t n = 0;

	for (size_t i = 0; i < n_live; i++)
		n += 1ul << live[i].order;
	return n;
}

static void test_random(size_t size, paddr_t start, const struct mem_range *reserved,
			size_t n_reserved)
{
	size_t total, big = 0;
	struct page *p;

	ram_start = start;
	n_live = 0;
	memset(owned, 0, sizeof(owned));
	CHECK(arena_init(start, size, reserved, n_reserved, true) == 0);
	for (size_t r = 0; r < n_reserved; r++)
		for (paddr_t a = reserved[r].start & PAGE_MASK; a < reserved[r].end; a += PAGE_SIZE)
			owned[(a - start) / PAGE_SIZE] = 2;
	total = page_total();
	CHECK(total > size / PAGE_SIZE * 6 / 10 && page_free_count() == total);
	for (int i = 0; i < 30000; i++) {
		if (n_live == 0 || (n_live < MAX_LIVE && rand() % 100 < (i / 3000 % 2 ? 40 : 60)))
			random_alloc();
		else
			random_free();
		CHECK(page_free_count() == total - model_used());
	}
	while (n_live)
		random_free();
	CHECK(page_free_count() == total);
	/* Everything is there again, and joined: */
	while ((p = page_alloc(9, 0)) && ++big)
		live[n_live++] = (struct live){p, 9, 0};
	CHECK(big + 3 + n_reserved >= total >> 9);
	while ((p = page_alloc(0, 0)))
		live[n_live++] = (struct live){p, 0, 0};
	CHECK(page_free_count() == 0);
	CHECK(page_alloc(3, 0) == NULL && page_alloc(PAGE_MAX_ORDER + 1, 0) == NULL);
	while (n_live)
		page_put(live[--n_live].p);
	CHECK(page_free_count() == total);
}

static void test_reserved(void)
{
	struct mem_range reserved[] = {
	    {0x200000, 0x300800}, {0x100000, 0x180000}, {0x17f000, 0x190001}};
	struct page *p;

	CHECK(arena_init(0x100000, 8 << 20, reserved, ARRAY_SIZE(reserved), true) == 0);
	p = phys_to_page(0x300000);
	CHECK(p && (p->flags & PG_RESERVED));
	page_get(p);
	page_put(p);
	CHECK(phys_to_page(0x301000) && !(phys_to_page(0x301000)->flags & PG_RESERVED));
	CHECK(phys_to_page(0x190000)->flags & PG_RESERVED);
	CHECK(phys_to_page(0xff000) == NULL && phys_to_page(0x900000) == NULL);
	test_random(8 << 20, 0x100000, reserved, ARRAY_SIZE(reserved));
}

/* Ranges in any order, overlapping, with a hole; nothing is usable but the parts that are. */
static void test_ranges(void)
{
	struct mem_range usable[] = {
	    {0x600000, 0x800000}, {0x1000, 0x9fc00}, {0x100000, 0x500000}, {0x400000, 0x4ff000}};
	struct page *p;

	arena_init(0, 8 << 20, NULL, 0, true);
	direct_map_base = (uint64_t)arena;
	CHECK(page_init(usable, 4, NULL, 0) == 0);
	CHECK(phys_to_page(0x500000) == NULL && phys_to_page(0x9f000) == NULL &&
	      phys_to_page(0x600000) != NULL);
	while ((p = page_alloc(0, 0))) {
		paddr_t a = page_to_phys(p);

		CHECK((a >= 0x1000 && a < 0x9f000) || (a >= 0x100000 && a < 0x500000) ||
		      (a >= 0x600000 && a < 0x800000));
	}
	CHECK(page_init(usable + 1, 0, NULL, 0) < 0);
}

/* A large machine costs nothing until it is used. */
static void test_lazy(void)
{
	struct page *p;
	size_t base;

	CHECK(arena_init(0, 16ul << 30, NULL, 0, false) == 0);
	CHECK(arena_touched() <= 2);
	base = arena_touched();
	for (int i = 0; i < 100; i++)
		CHECK(page_alloc(0, 0) != NULL);
	CHECK(arena_touched() <= base + 2);
	CHECK(page_alloc(9, 0) != NULL);
	CHECK(arena_touched() <= base + 3);
	p = page_alloc(0, PAGE_ZEROED);
	base = arena_touched();
	for (int i = 0; i < 1000; i++) { /* the same frame again and again */
		page_put(p);
		p = page_alloc(0, PAGE_ZEROED);
	}
	CHECK(arena_touched() == base);
}

int main(void)
{
	struct mem_range image = {0x100000, 0x140000};

	srand(2);
	test_random(8 << 20, 0x100000, &image, 1);
	test_random(61 << 20, 0, &image, 1);
	test_reserved();
	test_ranges();
	test_lazy();
	return UNIT_END();
}
