/* SPDX-License-Identifier: MIT */
/*
 * Physical memory: a binary buddy allocator over page frames, with one struct page per frame. All
 * RAM is visible through the direct map (phys_to_virt). Leaf lock inside; callable from any kernel
 * context. Memory that was never used is not touched, nor are its struct pages, before it is
 * needed: on some hosts the first touch of a page costs 32 us.
 */
#ifndef KERNEL_PAGE_H
#define KERNEL_PAGE_H

#include "kernel/list.h"
#include "kernel/types.h"

#define PAGE_MAX_ORDER 10 /* 4 MiB blocks */

/* 32 bytes. (a) atomic, (p) the allocator's lock, (o) the owner of the allocated block */
struct page {
	uint32_t refs; /* (a) 0 = free */
	uint8_t order; /* (p) of the block this frame heads */
	uint8_t flags; /* PG_* (p) while free, (o) */
	uint16_t unused;
	struct list link; /* free list (p), (o) */
	union {		  /* (o) */
		uint64_t priv;
		struct { /* a heap slab, see kernel/heap.c */
			uint16_t first, fresh, used, class;
		} slab;
	};
};

enum {
	PG_RESERVED = 1, /* kernel image, boot module, holes: never allocated or freed */
	PG_HEAP = 2,	 /* a slab of the heap */
	PG_FREE = 4,	 /* heads a block on a free list */
	/* The rest is the page cache's (fs/pagecache.h), under its lock: */
	PG_CACHED = 8, /* in a cache: if clean, its contents can be had again */
	PG_DIRTY = 16, /* modified since it was read or written back */
	PG_USED = 32,  /* asked for since reclaim last passed by */
};

enum page_flags {
	PAGE_ZEROED = 1, /* contents cleared */
	PAGE_TABLE = 2,	 /* for a page table (order 0): away from data, if there is a choice */
};

/* Memory range given to the allocator at boot. */
struct mem_range {
	paddr_t start, end;
};

/*
 * Build the frame table from usable RAM minus the reserved ranges. Arrays need not be sorted. The
 * frame table is itself taken out of usable RAM. Called once, before any other function here.
 * Returns 0 or -ENOMEM.
 */
int page_init(const struct mem_range *usable, size_t n_usable, const struct mem_range *reserved,
	      size_t n_reserved);

/*
 * Allocate 2^order contiguous, naturally aligned frames with refs = 1. Returns NULL when there are
 * none.
 */
struct page *page_alloc(unsigned order, unsigned flags);
/*
 * Allocate up to n single frames, each with refs = 1, under one lock: recently freed ones first.
 * Returns how many there were; fewer than n only when memory is exhausted.
 */
size_t page_alloc_many(struct page **out, size_t n, unsigned flags);
/* Take another reference. */
struct page *page_get(struct page *p);
/* Drop a reference; the last one frees the block. PG_RESERVED pages are counted but never freed. */
void page_put(struct page *p);
/* Drop one reference to each page on a list linked by page->link; the list ends up empty. */
void page_put_list(struct list *pages);
/* Turn a block of 2^order into 2^order independent order-0 pages, each with refs = 1. */
void page_split(struct page *p);

paddr_t page_to_phys(const struct page *p);
struct page *phys_to_page(paddr_t pa); /* NULL if pa is not RAM */
void *page_to_virt(const struct page *p);
struct page *virt_to_page(const void *v);

size_t page_total(void); /* frames managed, without reserved ones */
size_t page_free_count(void);

/*
 * Memory that is kept only because it may be wanted again. page_reclaim gives up to n frames of it
 * back without sleeping and returns how many; the allocator calls it, holding no lock, when it has
 * nothing left. Set by the keeper, fs/pagecache_flush.c; NULL while there is none.
 */
extern size_t (*page_reclaim)(size_t n);
extern size_t page_reclaimable; /* (a) frames kept so, about */
size_t page_available(void);	/* free ones and those */

/*
 * Direct map. The base is a variable only for host unit tests; in the kernel it is DIRECT_MAP_BASE.
 */
#ifdef UNIT_TEST
extern uint64_t direct_map_base;
#endif
void *phys_to_virt(paddr_t pa);
paddr_t virt_to_phys(const void *v); /* of a direct-map address or of the kernel image */

#endif
