/* SPDX-License-Identifier: MIT */
/*
 * All page caches together: which there are, writing back, and giving memory up.
 *
 * Write-back of a run first marks its pages clean, then takes write permission away from mappings
 * (mm_file_clean), then transfers: a store that comes in between marks the page modified again.
 */
#include "fs/pagecache_private.h"
#include "fs/vfs.h"
#include "kernel/page.h"

enum {
	FREE_SHIFT = 4,	      /* caches leave 1/16 of memory free */
	DIRTY_SHIFT = 3,      /* at most 1/8 of memory is modified ... */
	DIRTY_MAX_SHIFT = 14, /* ... and not more than 64 MiB */
	RECLAIM_BATCH = 32,
};

/* (l) lock, outside every tree_lock; (a) atomic */
static struct {
	struct spinlock lock;
	struct list caches;    /* (l) */
	size_t n;	       /* (l) */
	uint64_t pages, dirty; /* (a) */
	uint32_t sync;	       /* (a) the last pagecache_sync_all */
} all = {.caches = LIST_INIT(all.caches)};

void pagecache_count(int64_t pages, int64_t dirty)
{
	__atomic_add_fetch(&all.pages, (uint64_t)pages, __ATOMIC_RELAXED);
	__atomic_add_fetch(&all.dirty, (uint64_t)dirty, __ATOMIC_RELAXED);
	__atomic_add_fetch(&page_reclaimable, (size_t)(pages - dirty), __ATOMIC_RELAXED);
}

void pagecache_totals(uint64_t *pages, uint64_t *dirty)
{
	*pages = READ_ONCE(all.pages);
	*dirty = READ_ONCE(all.dirty);
}

void pagecache_register(struct pagecache *pc)
{
	spin_lock(&all.lock);
	list_add_tail(&pc->link, &all.caches);
	all.n++;
	page_reclaim = pagecache_reclaim;
	file_sync_all = pagecache_sync_all;
	spin_unlock(&all.lock);
}

void pagecache_unregister(struct pagecache *pc)
{
	spin_lock(&all.lock);
	list_del(&pc->link);
	all.n--;
	spin_unlock(&all.lock);
}

/* ---- write-back ---- */

void pagecache_unpin(struct pagecache *pc)
{
	struct inode *in = NULL;

	spin_lock(&pc->tree_lock);
	if (pc->pinned && !pc->n_dirty) {
		pc->pinned = false;
		in = pc->inode;
	}
	spin_unlock(&pc->tree_lock);
	if (in)
		inode_put(in);
}

static bool is_dirty(struct pagecache *pc, uint64_t index)
{
	struct page *p = radix_get(&pc->pages, index);

	return p && (p->flags & PG_DIRTY);
}

/* Move the modified pages of [first, last] to `todo`: what is modified again later is not among
 * them, so write-back ends. */
static void collect(struct pagecache *pc, uint64_t first, uint64_t last, struct list *todo)
{
	struct page *p, *next;

	spin_lock(&pc->tree_lock);
	list_for_each_safe (p, next, &pc->dirty, link) {
		if (p->priv < first || p->priv > last)
			continue;
		list_del(&p->link);
		list_add_tail(&p->link, todo);
	}
	spin_unlock(&pc->tree_lock);
}

/* Mark a run of modified pages with the first of `todo` in it clean: how many, referenced. */
static size_t take_run(struct pagecache *pc, struct list *todo, struct page **pages,
		       uint64_t *index)
{
	uint64_t at;
	size_t n = 0;

	spin_lock(&pc->tree_lock);
	if (!list_empty(todo)) {
		at = list_first(todo, struct page, link)->priv;
		while (n < PAGECACHE_RUN - 1 && at > 0 && is_dirty(pc, at - 1)) {
			at--;
			n++;
		}
		*index = at;
		for (n = 0; n < PAGECACHE_RUN && is_dirty(pc, at); at++) {
			struct page *p = page_get(radix_get(&pc->pages, at));

			p->flags &= (uint8_t)~PG_DIRTY;
			list_del(&p->link);
			pages[n++] = p;
		}
		pc->n_dirty -= n;
		pagecache_count(0, -(int64_t)n);
	}
	spin_unlock(&pc->tree_lock);
	return n;
}

/* Store one run. */
static void store(struct pagecache *pc, uint64_t index, struct page **pages, size_t n)
{
	int r;

	mm_file_clean(pc->inode, index, index + n - 1);
	mutex_lock(&pc->io);
	r = pc->ops->write ? pc->ops->write(pc, index, pages, n) : -EROFS;
	mutex_unlock(&pc->io);
	spin_lock(&pc->tree_lock);
	pc->unflushed = true;
	if (r && !pc->error)
		pc->error = r;
	spin_unlock(&pc->tree_lock);
	for (size_t i = 0; i < n; i++)
		page_put(pages[i]);
}

/* Write pages back, with flush all of them to stable storage. Errors are left in pc->error. The
 * caller holds a reference to the inode. */
static void write_back(struct pagecache *pc, uint64_t first, uint64_t last, bool flush)
{
	struct page *pages[PAGECACHE_RUN];
	struct list todo = LIST_INIT(todo);
	uint64_t index;
	size_t n;

	mutex_lock(&pc->writeback); /* also waits for what somebody else is writing */
	collect(pc, first, last, &todo);
	while ((n = take_run(pc, &todo, pages, &index)))
		store(pc, index, pages, n);
	if (flush && pc->unflushed) {
		int r;

		pc->unflushed = false;
		mutex_lock(&pc->io);
		r = pc->ops->flush ? pc->ops->flush(pc) : 0;
		mutex_unlock(&pc->io);
		if (r && !pc->error)
			pc->error = r;
	}
	mutex_unlock(&pc->writeback);
	pagecache_unpin(pc);
}

static int take_error(struct pagecache *pc)
{
	int r;

	spin_lock(&pc->tree_lock);
	r = pc->error;
	pc->error = 0;
	spin_unlock(&pc->tree_lock);
	return r;
}

int pagecache_writeback(struct pagecache *pc, uint64_t first, uint64_t last)
{
	write_back(pc, first, last, false);
	return take_error(pc);
}

int pagecache_sync(struct pagecache *pc)
{
	write_back(pc, 0, UINT64_MAX, true);
	return take_error(pc);
}

bool pagecache_too_dirty(void)
{
	return READ_ONCE(all.dirty) >
	       MIN(page_total() >> DIRTY_SHIFT, (size_t)1 << DIRTY_MAX_SHIFT);
}

void pagecache_throttle(struct pagecache *pc)
{
	if (likely(!pagecache_too_dirty()))
		return;
	write_back(pc, 0, UINT64_MAX, false);
	if (pagecache_too_dirty())
		(void)pagecache_sync_all(false);
}

/* Another reference to the inode, unless the last one is just going. */
static bool pin(struct pagecache *pc)
{
	uint32_t n = __atomic_load_n(&pc->inode->refs, __ATOMIC_RELAXED);

	while (n && !__atomic_compare_exchange_n(&pc->inode->refs, &n, n + 1, false,
						 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		;
	return n;
}

/* A cache that has something to do and was not looked at in this round, pinned; or NULL. */
static struct pagecache *next_to_sync(uint32_t round, bool durable)
{
	struct pagecache *pc, *found = NULL;

	spin_lock(&all.lock);
	list_for_each (pc, &all.caches, link) {
		if (pc->synced == round || !(pc->n_dirty || (durable && pc->unflushed)) || !pin(pc))
			continue;
		pc->synced = round;
		found = pc;
		break;
	}
	spin_unlock(&all.lock);
	return found;
}

int pagecache_sync_all(bool durable)
{
	uint32_t round = __atomic_add_fetch(&all.sync, 1, __ATOMIC_RELAXED);
	struct pagecache *pc;
	int r = 0;

	while ((pc = next_to_sync(round, durable))) {
		struct inode *in = pc->inode;

		write_back(pc, 0, UINT64_MAX, durable);
		if (!r)
			r = READ_ONCE(pc->error);
		inode_put(in);
	}
	return r;
}

/* ---- reclaim ---- */

/* Two rounds at most: pages used since the last one are spared once. */
static size_t reclaim_from(struct pagecache *pc, size_t n)
{
	uint64_t looks = pc->n_pages * 2;
	size_t freed = 0;

	if (!spin_trylock(&pc->tree_lock)) /* its holder needs memory: a node of the tree */
		return 0;
	while (freed < n && looks-- && pc->n_pages) {
		struct page *p = radix_next(&pc->pages, &pc->hand);

		if (!p) {
			pc->hand = 0;
			continue;
		}
		pc->hand++;
		if (READ_ONCE(p->refs) > 1 || (p->flags & PG_DIRTY))
			continue;
		if (p->flags & PG_USED) {
			p->flags &= (uint8_t)~PG_USED;
			continue;
		}
		pagecache_remove(pc, p);
		page_put(p);
		freed++;
	}
	spin_unlock(&pc->tree_lock);
	return freed;
}

size_t pagecache_reclaim(size_t n)
{
	size_t freed = 0;

	spin_lock(&all.lock);
	for (size_t left = all.n; left && freed < n; left--) {
		struct pagecache *pc = list_first(&all.caches, struct pagecache, link);

		list_del(&pc->link);
		list_add_tail(&pc->link, &all.caches);
		freed += reclaim_from(pc, n - freed);
	}
	spin_unlock(&all.lock);
	return freed;
}

bool pagecache_make_room(size_t n)
{
	size_t keep = page_total() >> FREE_SHIFT;

	if (likely(page_free_count() >= keep + n))
		return true;
	(void)pagecache_reclaim(n + RECLAIM_BATCH);
	return page_free_count() >= keep / 2 + n || READ_ONCE(all.pages) < page_total() / 4;
}
