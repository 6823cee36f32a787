/* SPDX-License-Identifier: MIT */
/*
 * Kernel heap. Blocks of up to 2 KiB come from one-page slabs, one list of slabs with room per size
 * class; all bookkeeping of a slab is in its struct page, so objects fill the page and a new slab
 * is not touched before its objects are. Larger blocks are whole pages. Every operation is O(1).
 * Each class keeps one empty slab, others go back to the page allocator.
 *
 * Host unit tests run with AddressSanitizer: it is told which bytes of a slab are allocated, so
 * that an overflow, a use after free or a double free is reported where it happens.
 */
#include "kernel/heap.h"

#include "kernel/list.h"
#include "kernel/lock.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/string.h"

#if defined(UNIT_TEST) && defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define REDZONE 16 /* never given out, behind each block */
#endif
#endif
#ifndef REDZONE
#define REDZONE				    0
#define __asan_poison_memory_region(p, n)   ((void)(p))
#define __asan_unpoison_memory_region(p, n) ((void)(p))
#define __asan_address_is_poisoned(p)	    0
#endif

#define GRAIN	  16 /* alignment of every block */
#define SLAB_MAX  2048
#define NO_OBJECT UINT16_MAX

/* Each fills a page to 97 % or more. */
static const uint16_t class_size[] = {16,  32,	48,  64,  80,  96,  112, 128,  160,  192,
				      224, 256, 336, 448, 512, 672, 816, 1024, 1360, 2048};

/* Class of a size, by (size + 15) / 16. Written once, by the first allocation. */
static uint8_t class_of[SLAB_MAX / GRAIN + 1];

struct size_class {
	struct list slabs; /* pages with at least one free object; empty ones last */
	size_t n_empty;	   /* 0 or 1 */
};

static struct spinlock heap_lock;
static struct size_class classes[ARRAY_SIZE(class_size)];

static void heap_init(void)
{
	size_t c = 0;

	for (size_t i = 0; i < ARRAY_SIZE(class_of); i++) {
		if (i * GRAIN > class_size[c])
			c++;
		class_of[i] = (uint8_t)c;
	}
	for (c = 0; c < ARRAY_SIZE(classes); c++)
		list_init(&classes[c].slabs);
}

/* Tell the checker that of the `room` bytes of a block the first `size` may be used. */
static void set_usable(void *p, size_t room, size_t size)
{
	__asan_poison_memory_region(p, room);
	__asan_unpoison_memory_region(p, size);
}

/* ---- slabs: under the lock ---- */

static uint16_t *object(struct page *slab, size_t i)
{
	return (uint16_t *)((char *)page_to_virt(slab) + i * class_size[slab->slab.class]);
}

static bool slab_full(const struct page *slab)
{
	return slab->slab.used == PAGE_SIZE / class_size[slab->slab.class];
}

static void slab_add(struct page *slab, unsigned c)
{
	slab->flags |= PG_HEAP;
	slab->slab.first = NO_OBJECT;
	slab->slab.fresh = slab->slab.used = 0;
	slab->slab.class = (uint16_t)c;
	list_add_head(&slab->link, &classes[c].slabs);
	classes[c].n_empty++;
	__asan_poison_memory_region(page_to_virt(slab), PAGE_SIZE);
}

static void *slab_take(unsigned c, size_t size)
{
	struct page *slab = list_first(&classes[c].slabs, struct page, link);
	uint16_t *obj;

	if (slab->slab.first != NO_OBJECT) {
		obj = object(slab, slab->slab.first);
		__asan_unpoison_memory_region(obj, sizeof(*obj));
		slab->slab.first = *obj;
	} else {
		obj = object(slab, slab->slab.fresh++);
	}
	set_usable(obj, class_size[c], size);
	if (slab->slab.used++ == 0)
		classes[c].n_empty--;
	if (slab_full(slab))
		list_del(&slab->link);
	return obj;
}

/* Returns a page to be freed by the caller, or NULL. */
static struct page *slab_give(struct page *slab, void *obj)
{
	struct size_class *c = &classes[slab->slab.class];
	size_t size = class_size[slab->slab.class], off = (uint64_t)obj % PAGE_SIZE;
	uint16_t *next = obj;

	assert(off % size == 0 && !__asan_address_is_poisoned(obj));
	if (slab_full(slab))
		list_add_head(&slab->link, &c->slabs);
	__asan_unpoison_memory_region(obj, size);
	*next = slab->slab.first;
	__asan_poison_memory_region(obj, size);
	slab->slab.first = (uint16_t)(off / size);
	if (--slab->slab.used)
		return NULL;
	list_del(&slab->link);
	if (c->n_empty) {
		__asan_unpoison_memory_region(page_to_virt(slab), PAGE_SIZE);
		slab->flags &= (uint8_t)~PG_HEAP;
		return slab;
	}
	c->n_empty++;
	list_add_tail(&slab->link, &c->slabs);
	return NULL;
}

/* ---- interface ---- */

static void *alloc_pages(size_t size)
{
	unsigned order = 0;
	struct page *p;

	while (order <= PAGE_MAX_ORDER && PAGE_SIZE << order < size)
		order++;
	p = page_alloc(order, 0);
	return p ? page_to_virt(p) : NULL;
}

void *kmalloc(size_t size)
{
	unsigned c;
	void *p;

	if (size > SLAB_MAX - REDZONE)
		return alloc_pages(size);
	size += size == 0;
	spin_lock(&heap_lock);
	if (unlikely(!classes[0].slabs.next))
		heap_init();
	c = class_of[(size + REDZONE + GRAIN - 1) / GRAIN];
	while (list_empty(&classes[c].slabs)) {
		struct page *slab;

		spin_unlock(&heap_lock); /* who reclaims memory frees objects */
		slab = page_alloc(0, 0);
		if (!slab)
			return NULL;
		spin_lock(&heap_lock);
		slab_add(slab, c);
	}
	p = slab_take(c, size);
	spin_unlock(&heap_lock);
	return p;
}

void *kzalloc(size_t size)
{
	void *p = kmalloc(size);

	return p ? memset(p, 0, size) : NULL;
}

void kfree(void *p)
{
	struct page *page;

	if (!p)
		return;
	page = virt_to_page(p);
	assert(page && page->refs);
	if (page->flags & PG_HEAP) {
		spin_lock(&heap_lock);
		page = slab_give(page, p);
		spin_unlock(&heap_lock);
	}
	if (page)
		page_put(page);
}

void *krealloc(void *p, size_t size)
{
	struct page *page;
	size_t room;
	bool slab;
	void *q;

	if (!p)
		return kmalloc(size);
	page = virt_to_page(p);
	assert(page && page->refs);
	slab = page->flags & PG_HEAP;
	room = slab ? class_size[page->slab.class] - REDZONE : PAGE_SIZE << page->order;
	if (size > room || size < room / 4) {
		q = kmalloc(size);
		if (q) {
			set_usable(p, slab ? room : 0, room);
			memcpy(q, p, MIN(size, room));
			kfree(p);
		}
		if (q || size > room)
			return q;
	}
	set_usable(p, slab ? room : 0, MAX(size, 1ul));
	return p;
}

void *kmemdup(const void *p, size_t size)
{
	char *q = kmalloc(size);

	return q ? memcpy(q, p, size) : NULL;
}

char *kstrdup(const char *s)
{
	return kmemdup(s, strlen(s) + 1);
}
