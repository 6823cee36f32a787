/* SPDX-License-Identifier: MIT */
/*
 * Kernel heap: random operations, contents checked, memory accounted for.
 * unit: tests/unit/arena.c kernel/heap.c kernel/page.c
 */
#include "kernel/heap.h"
#include "tests/unit/arena.h"
#include "tests/unit/unit.h"

#include <string.h>

enum { MAX_LIVE = 2000 };

static struct {
	uint8_t *p;
	size_t size;
	uint8_t fill;
} live[MAX_LIVE];
static size_t n_live;

static size_t random_size(void)
{
	switch (rand() % 8) {
	case 0:
		return (size_t)rand() % 40000;
	case 1:
		return (size_t)rand() % 20;
	default:
		return (size_t)rand() % ((size_t)16 << (rand() % 9));
	}
}

static void check_fill(size_t i, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (live[i].p[k] != live[i].fill) {
			CHECK(!"contents kept");
			return;
		}
}

static void set_live(size_t i, void *p, size_t size)
{
	CHECK((uint64_t)p % 16 == 0 && (size < PAGE_SIZE || (uint64_t)p % PAGE_SIZE == 0));
	live[i].p = p;
	live[i].size = size;
	live[i].fill = (uint8_t)rand();
	memset(p, live[i].fill, size);
}

static void step(void)
{
	size_t size = random_size(), i;
	uint8_t *p;

	if (n_live < MAX_LIVE && (n_live == 0 || rand() % 100 < 52)) {
		bool zero = rand() % 3 == 0;

		p = zero ? kzalloc(size) : kmalloc(size);
		if (!p)
			return;
		for (size_t k = 0; zero && k < size; k++)
			if (p[k]) {
				CHECK(!"zeroed");
				break;
			}
		set_live(n_live++, p, size);
		return;
	}
	i = (size_t)rand() % n_live;
	check_fill(i, live[i].size);
	if (rand() % 3 == 0) {
		p = krealloc(live[i].p, size);
		if (p) {
			live[i].p = p;
			check_fill(i, MIN(size, live[i].size));
			set_live(i, p, size);
		}
		return;
	}
	kfree(live[i].p);
	live[i] = live[--n_live];
}

int main(void)
{
	size_t total;
	char *s;

	srand(3);
	CHECK(arena_init(0x100000, 32 << 20, NULL, 0, true) == 0);
	total = page_free_count();
	for (int i = 0; i < 100000; i++)
		step();
	while (n_live) {
		check_fill(n_live - 1, live[n_live - 1].size);
		kfree(live[--n_live].p);
	}
	CHECK(page_free_count() >= total - 20); /* one slab kept per class */
	s = kstrdup("hello");
	CHECK(s && !strcmp(s, "hello"));
	kfree(s);
	kfree(NULL);
	CHECK(kmalloc(SIZE_MAX) == NULL && kmalloc(5 << 20) == NULL);
	s = kmalloc(0);
	CHECK(s && s != kmalloc(0));
	/* Exhaustion is an answer, not a crash. */
	while (kmalloc(2048))
		;
	CHECK(krealloc(s, 100000) == NULL);
	return UNIT_END();
}
