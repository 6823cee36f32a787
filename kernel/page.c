/* SPDX-License-Identifier: MIT */
/*
 * Physical page allocator. Three stores, asked in this order:
 *
 *	hot	single frames freed last: reused first, while they are in the caches and backed by
 *		the host
 *	buddy	free blocks of 2^order frames, by order, last freed first
 *	fresh	extents that nobody has used since boot; small blocks are carved off their high end,
 *		where the host has backed memory for the boot module (after what is below 1 MiB),
 *		large ones and page tables off their low end, so that nothing in between is
 *		touched. Page tables are apart from data because a host that shadows them gives up
 *		large pages around them
 *
 * The frame table is initialised a page (UNIT frames) at a time when one of its entries is first
 * needed; a bitmap says which pages are ready. An entry is read only when it is ready.
 */
#include "kernel/page.h"

#include "kernel/abi/errno.h"
#include "kernel/lock.h"
#include "kernel/log.h"
#include "kernel/string.h"
#include "kernel/x86_64/layout.h"

enum {
	UNIT_ORDER = 7,
	UNIT = 1 << UNIT_ORDER, /* frames whose struct pages fill one page of the table */
	MAX_EXTENTS = 64,
	HOT_MAX = 128,
	LOW_FRAMES = 0x100000 / PAGE_SIZE,
	RECLAIM_MIN = 32, /* frames: asking takes a while */
};
_Static_assert(UNIT * sizeof(struct page) == PAGE_SIZE, "a table page describes one unit");

/* Frames [lo, hi). */
struct extent {
	uint64_t lo, hi;
};

struct extents {
	size_t n;
	struct extent e[MAX_EXTENTS]; /* ascending, disjoint */
};

/* (i) immutable after page_init, (p) lock */
static struct {
	struct spinlock lock;
	struct page *frames;	/* entry of frame f: frames[f - base]; entries (p) */
	uint64_t base, n;	/* (i) frames [base, base + n) are in the table */
	uint64_t *ready;	/* (p) bit per unit */
	struct extents ram;	/* (i) all RAM */
	struct extents managed; /* (i) RAM without the reserved ranges and the table */
	struct extents fresh;	/* (p) the part of managed never used so far */
	struct list free[PAGE_MAX_ORDER + 1]; /* (p) */
	struct list hot;		      /* (p) */
	size_t n_hot, n_free, total;	      /* (p), (p), (i) */
} pm;

#ifdef UNIT_TEST
uint64_t direct_map_base;
#else
#define direct_map_base DIRECT_MAP_BASE
#endif

void *phys_to_virt(paddr_t pa)
{
	return (void *)(direct_map_base + pa);
}

paddr_t virt_to_phys(const void *v)
{
	uint64_t va = (uint64_t)v;

#ifndef UNIT_TEST
	if (va >= KERNEL_BASE) {
		assert(va < DYNAMIC_BASE);
		return va - KERNEL_BASE;
	}
#endif
	return va - direct_map_base;
}

/* ---- extents ---- */

static void remove_extent(struct extents *x, size_t i)
{
	memmove(&x->e[i], &x->e[i + 1], (x->n - i - 1) * sizeof(x->e[0]));
	x->n--;
}

/*
 * Add [lo, hi) in order, joined with what it touches. What does not fit into the array is left
 * unused.
 */
static void add_extent(struct extents *x, uint64_t lo, uint64_t hi)
{
	size_t i = 0;

	if (lo >= hi)
		return;
	while (i < x->n && x->e[i].hi < lo)
		i++;
	while (i < x->n && x->e[i].lo <= hi) {
		lo = MIN(lo, x->e[i].lo);
		hi = MAX(hi, x->e[i].hi);
		remove_extent(x, i);
	}
	if (x->n == MAX_EXTENTS)
		return;
	memmove(&x->e[i + 1], &x->e[i], (x->n - i) * sizeof(x->e[0]));
	x->e[i] = (struct extent){lo, hi};
	x->n++;
}

static void subtract_extent(struct extents *x, uint64_t lo, uint64_t hi)
{
	for (size_t i = 0; i < x->n;) {
		struct extent e = x->e[i];

		if (e.hi <= lo || hi <= e.lo) {
			i++;
			continue;
		}
		remove_extent(x, i);
		add_extent(x, e.lo, MIN(e.hi, lo));
		add_extent(x, MAX(e.lo, hi), e.hi);
		i = 0;
	}
}

/* ---- frame table ---- */

static bool unit_ready(uint64_t unit)
{
	return pm.ready[unit / 64] >> (unit % 64) & 1;
}

/* Clear a page of the table; entries outside managed memory become reserved. */
static void init_unit(uint64_t unit)
{
	uint64_t first = pm.base + unit * UNIT;
	struct page *p = &pm.frames[unit * UNIT];

	memset(p, 0, UNIT * sizeof(*p));
	for (size_t i = 0; i < UNIT; i++)
		p[i].flags = PG_RESERVED;
	for (size_t i = 0; i < pm.managed.n; i++) {
		uint64_t lo = MAX(pm.managed.e[i].lo, first),
			 hi = MIN(pm.managed.e[i].hi, first + UNIT);

		for (; lo < hi; lo++)
			p[lo - first].flags = 0;
	}
	pm.ready[unit / 64] |= 1ull << (unit % 64);
}

/* The entry of a frame of the table, ready for use. */
static struct page *frame(uint64_t pfn)
{
	uint64_t unit = (pfn - pm.base) / UNIT;

	if (unlikely(!unit_ready(unit)))
		init_unit(unit);
	return &pm.frames[pfn - pm.base];
}

static uint64_t pfn_of(const struct page *p)
{
	return pm.base + (uint64_t)(p - pm.frames);
}

paddr_t page_to_phys(const struct page *p)
{
	return pfn_of(p) << PAGE_SHIFT;
}

void *page_to_virt(const struct page *p)
{
	return phys_to_virt(page_to_phys(p));
}

static bool is_ram(uint64_t pfn)
{
	for (size_t i = 0; i < pm.ram.n; i++) {
		if (pfn - pm.ram.e[i].lo < pm.ram.e[i].hi - pm.ram.e[i].lo)
			return true;
	}
	return false;
}

struct page *phys_to_page(paddr_t pa)
{
	uint64_t pfn = pa >> PAGE_SHIFT;
	struct page *p;

	if (!is_ram(pfn))
		return NULL;
	if (likely(unit_ready((pfn - pm.base) / UNIT)))
		return &pm.frames[pfn - pm.base];
	spin_lock(&pm.lock);
	p = frame(pfn);
	spin_unlock(&pm.lock);
	return p;
}

struct page *virt_to_page(const void *v)
{
	return phys_to_page(virt_to_phys(v));
}

size_t page_total(void)
{
	return pm.total;
}

size_t page_free_count(void)
{
	return READ_ONCE(pm.n_free);
}

/* ---- buddy lists (all under the lock) ---- */

static void push_block(uint64_t pfn, unsigned order)
{
	struct page *p = frame(pfn);

	p->order = (uint8_t)order;
	p->flags = PG_FREE;
	list_add_head(&p->link, &pm.free[order]);
}

/* The free block of exactly this order that starts at pfn, or NULL. */
static struct page *free_block(uint64_t pfn, unsigned order)
{
	uint64_t index = pfn - pm.base;
	struct page *p = &pm.frames[index];

	if (index >= pm.n || !unit_ready(index / UNIT))
		return NULL;
	return (p->flags & PG_FREE) && p->order == order ? p : NULL;
}

/* Put a block on the lists, joined with its free buddies. */
static void buddy_free(uint64_t pfn, unsigned order)
{
	struct page *b;

	while (order < PAGE_MAX_ORDER && (b = free_block(pfn ^ (1ull << order), order))) {
		list_del(&b->link);
		b->flags = 0;
		pfn &= ~(1ull << order);
		order++;
	}
	push_block(pfn, order);
}

/* Put [lo, hi) on the lists in the largest naturally aligned blocks of at most max_order. */
static void free_run(uint64_t lo, uint64_t hi, unsigned max_order)
{
	while (lo < hi) {
		unsigned order = max_order;

		while (!IS_ALIGNED(lo, 1ull << order) || hi - lo < 1ull << order)
			order--;
		buddy_free(lo, order);
		lo += 1ull << order;
	}
}

static void drain_hot(size_t keep)
{
	while (pm.n_hot > keep) {
		struct page *p = list_entry(pm.hot.prev, struct page, link);

		list_del(&p->link);
		pm.n_hot--;
		buddy_free(pfn_of(p), 0);
	}
}

/* Where small blocks come from: memory below 1 MiB, which holes keep out of large pages, then the
 * end of all. */
static struct extent *small_source(void)
{
	for (size_t i = 0; i < pm.fresh.n && pm.fresh.e[i].hi <= LOW_FRAMES; i++)
		if (pm.fresh.e[i].lo < pm.fresh.e[i].hi)
			return &pm.fresh.e[i];
	for (size_t i = pm.fresh.n; i-- > 0;)
		if (pm.fresh.e[i].lo < pm.fresh.e[i].hi)
			return &pm.fresh.e[i];
	return NULL;
}

/* Move a piece of fresh memory, at most one unit, to the lists. */
static bool carve_small(void)
{
	struct extent *e = small_source();
	uint64_t start;

	if (!e)
		return false;
	start = MAX(ALIGN_DOWN(e->hi - 1, (uint64_t)UNIT), e->lo);
	free_run(start, e->hi, UNIT_ORDER);
	e->hi = start;
	return true;
}

/* A block larger than a unit, from the beginning of the first fresh extent that has room for it. */
static struct page *carve_large(unsigned order)
{
	uint64_t n = 1ull << order;

	for (size_t i = 0; i < pm.fresh.n; i++) {
		uint64_t at = ALIGN_UP(pm.fresh.e[i].lo, n);

		if (at + n > pm.fresh.e[i].hi)
			continue;
		subtract_extent(&pm.fresh, at, at + n);
		return frame(at);
	}
	return NULL;
}

/* The first fresh frame. */
static struct page *carve_first(void)
{
	for (size_t i = 0; i < pm.fresh.n; i++)
		if (pm.fresh.e[i].lo < pm.fresh.e[i].hi)
			return frame(pm.fresh.e[i].lo++);
	return NULL;
}

/* Take a block off the lists, splitting a larger one if need be. */
static struct page *take_listed(unsigned order)
{
	for (unsigned o = order; o <= PAGE_MAX_ORDER; o++) {
		struct page *p;

		if (list_empty(&pm.free[o]))
			continue;
		p = list_first(&pm.free[o], struct page, link);
		list_del(&p->link);
		while (o > order) {
			o--;
			push_block(pfn_of(p) + (1ull << o), o);
		}
		return p;
	}
	return NULL;
}

static struct page *take(unsigned order)
{
	struct page *p = take_listed(order);

	if (!p && order > UNIT_ORDER)
		p = carve_large(order);
	while (!p && carve_small())
		p = take_listed(order);
	if (!p && pm.n_hot) {
		drain_hot(0);
		p = take_listed(order);
	}
	return p;
}

/* ---- allocation ---- */

size_t (*page_reclaim)(size_t n);
size_t page_reclaimable;

size_t page_available(void)
{
	return page_free_count() + READ_ONCE(page_reclaimable);
}

/* Nothing was left for n frames: was anything given back? */
static bool reclaim(size_t n)
{
	return page_reclaim && page_reclaim(MAX(n, (size_t)RECLAIM_MIN));
}

static struct page *alloc_locked(unsigned order, unsigned flags)
{
	struct page *p = flags & PAGE_TABLE ? carve_first() : NULL;

	if (p) {
		list_init(&p->link);
	} else if (order == 0 && pm.n_hot) {
		p = list_first(&pm.hot, struct page, link);
		list_del(&p->link);
		pm.n_hot--;
	} else {
		p = take(order);
		if (!p)
			return NULL;
		list_init(&p->link);
	}
	p->refs = 1;
	p->order = (uint8_t)order;
	p->flags = 0;
	p->priv = 0;
	pm.n_free -= 1ul << order;
	return p;
}

struct page *page_alloc(unsigned order, unsigned flags)
{
	struct page *p;

	if (order > PAGE_MAX_ORDER)
		return NULL;
	do {
		spin_lock(&pm.lock);
		p = alloc_locked(order, flags);
		spin_unlock(&pm.lock);
	} while (unlikely(!p) && order == 0 && reclaim(1));
	if (p && (flags & PAGE_ZEROED))
		memset(page_to_virt(p), 0, PAGE_SIZE << order);
	return p;
}

size_t page_alloc_many(struct page **out, size_t n, unsigned flags)
{
	size_t got = 0;

	do {
		spin_lock(&pm.lock);
		while (got < n && (out[got] = alloc_locked(0, flags)))
			got++;
		spin_unlock(&pm.lock);
	} while (unlikely(got < n) && reclaim(n - got));
	for (size_t i = 0; i < got && (flags & PAGE_ZEROED); i++)
		memset(page_to_virt(out[i]), 0, PAGE_SIZE);
	return got;
}

static void free_locked(struct page *p)
{
	pm.n_free += 1ul << p->order;
	p->flags = 0;
	if (p->order) {
		buddy_free(pfn_of(p), p->order);
		return;
	}
	list_add_head(&p->link, &pm.hot);
	if (++pm.n_hot > HOT_MAX)
		drain_hot(HOT_MAX / 2);
}

struct page *page_get(struct page *p)
{
	__atomic_fetch_add(&p->refs, 1, __ATOMIC_RELAXED);
	return p;
}

/* Drop a reference; true if that was the last one and the block has to be freed. */
static bool drop_ref(struct page *p)
{
	uint32_t left = __atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL);

	assert(left != UINT32_MAX);
	return left == 0 && !(p->flags & PG_RESERVED);
}

void page_put(struct page *p)
{
	if (!drop_ref(p))
		return;
	spin_lock(&pm.lock);
	free_locked(p);
	spin_unlock(&pm.lock);
}

void page_put_list(struct list *pages)
{
	struct page *p, *next;

	spin_lock(&pm.lock);
	list_for_each_safe (p, next, pages, link) {
		list_del(&p->link);
		if (drop_ref(p))
			free_locked(p);
	}
	spin_unlock(&pm.lock);
}

void page_split(struct page *p)
{
	uint64_t pfn = pfn_of(p);

	assert(p->refs == 1);
	spin_lock(&pm.lock);
	for (uint64_t i = 0; i < 1ull << p->order; i++) {
		struct page *q = frame(pfn + i);

		q->refs = 1;
		q->flags = 0;
		q->priv = 0;
		list_init(&q->link);
		if (i)
			q->order = 0;
	}
	p->order = 0;
	spin_unlock(&pm.lock);
}

/* ---- boot ---- */

/*
 * Take n contiguous frames for the table near the end of the last managed extent that has them; 0
 * if none has. That is next to the boot module: memory that the host has already backed, in large
 * pages where it can. Low memory stays together for those who allocate first, and what is below the
 * table ends at a boundary of large pages.
 */
static uint64_t place_table(uint64_t n)
{
	for (size_t i = pm.managed.n; i-- > 0;) {
		struct extent e = pm.managed.e[i];
		uint64_t at;

		if (e.hi - e.lo < n)
			continue;
		at = ALIGN_DOWN(e.hi - n, HUGE_SIZE / PAGE_SIZE);
		if (at < e.lo)
			at = e.hi - n;
		subtract_extent(&pm.managed, at, at + n);
		return at;
	}
	return 0;
}

int page_init(const struct mem_range *usable, size_t n_usable, const struct mem_range *reserved,
	      size_t n_reserved)
{
	uint64_t units, table, map_bytes, at;

	memset(&pm, 0, sizeof(pm));
	list_init(&pm.hot);
	for (unsigned o = 0; o <= PAGE_MAX_ORDER; o++)
		list_init(&pm.free[o]);
	for (size_t i = 0; i < n_usable; i++)
		add_extent(&pm.ram, ALIGN_UP(usable[i].start, PAGE_SIZE) >> PAGE_SHIFT,
			   usable[i].end >> PAGE_SHIFT);
	if (!pm.ram.n)
		return -ENOMEM;
	pm.managed = pm.ram;
	subtract_extent(&pm.managed, 0, 1); /* so that no frame has address 0 */
	for (size_t i = 0; i < n_reserved; i++)
		subtract_extent(&pm.managed, reserved[i].start >> PAGE_SHIFT,
				ALIGN_UP(reserved[i].end, PAGE_SIZE) >> PAGE_SHIFT);

	pm.base = ALIGN_DOWN(pm.ram.e[0].lo, 1ull << PAGE_MAX_ORDER);
	units = (pm.ram.e[pm.ram.n - 1].hi - pm.base + UNIT - 1) / UNIT;
	map_bytes = ALIGN_UP((units + 63) / 64 * 8, PAGE_SIZE);
	table = units + (map_bytes >> PAGE_SHIFT);
	at = place_table(table);
	if (!at)
		return -ENOMEM;
	pm.ready = phys_to_virt(at << PAGE_SHIFT);
	pm.frames = phys_to_virt((at << PAGE_SHIFT) + map_bytes);
	pm.n = units * UNIT;
	memset(pm.ready, 0, (units + 63) / 64 * 8);
	pm.fresh = pm.managed;
	for (size_t i = 0; i < pm.managed.n; i++)
		pm.total += pm.managed.e[i].hi - pm.managed.e[i].lo;
	pm.n_free = pm.total;
	return 0;
}
