/* SPDX-License-Identifier: MIT */
/*
 * The page cache of fs/pagecache.h: finding and reading pages, reading and writing through them,
 * forgetting them. Write-back and reclaim are in fs/pagecache_flush.c.
 *
 * A page is inserted complete, so whoever finds it may use it at once. A copy into a page is made
 * before the page is marked modified: a write-back in between then finds it modified again.
 */
#include "fs/pagecache.h"

#include "fs/pagecache_private.h"
#include "fs/vfs.h"
#include "kernel/page.h"
#include "kernel/string.h"

static uint64_t pages_of(uint64_t size)
{
	return (size >> PAGE_SHIFT) + ((size & ~PAGE_MASK) != 0);
}

/* ---- the tree ---- */

/* The page at index with a reference, or NULL. */
static struct page *lookup(struct pagecache *pc, uint64_t index)
{
	struct page *p;

	spin_lock(&pc->tree_lock);
	p = radix_get(&pc->pages, index);
	if (p) {
		p->flags |= PG_USED;
		page_get(p);
	}
	spin_unlock(&pc->tree_lock);
	return p;
}

/* Put p at index, with a reference of the cache's own. 0, -EEXIST (another is there) or -ENOMEM. */
static int insert(struct pagecache *pc, uint64_t index, struct page *p)
{
	int r = -EEXIST;

	spin_lock(&pc->tree_lock);
	if (!radix_get(&pc->pages, index))
		r = radix_set(&pc->pages, index, p) ? -ENOMEM : 0;
	if (!r) {
		page_get(p);
		p->priv = index;
		p->flags |= PG_CACHED;
		pc->n_pages++;
		pagecache_count(1, 0);
	}
	spin_unlock(&pc->tree_lock);
	return r;
}

void pagecache_remove(struct pagecache *pc, struct page *p)
{
	radix_remove(&pc->pages, p->priv);
	pc->n_pages--;
	if (p->flags & PG_DIRTY) {
		list_del(&p->link);
		pc->n_dirty--;
		pagecache_count(0, -1);
	}
	p->flags &= (uint8_t) ~(PG_CACHED | PG_DIRTY | PG_USED);
	pagecache_count(-1, 0);
}

static void mark_dirty(struct pagecache *pc, struct page *p)
{
	spin_lock(&pc->tree_lock);
	if ((p->flags & (PG_CACHED | PG_DIRTY)) == PG_CACHED) { /* it may be gone by now */
		p->flags |= PG_DIRTY;
		list_add_tail(&p->link, &pc->dirty);
		pc->n_dirty++;
		pagecache_count(0, 1);
		if (!pc->pinned)
			inode_get(pc->inode);
		pc->pinned = true;
		writeback_expect();
	}
	spin_unlock(&pc->tree_lock);
}

static void drop_range(struct pagecache *pc, uint64_t first, uint64_t last)
{
	for (;;) {
		struct page *p;

		spin_lock(&pc->tree_lock);
		p = radix_next(&pc->pages, &first);
		if (p && first <= last)
			pagecache_remove(pc, p);
		else
			p = NULL;
		spin_unlock(&pc->tree_lock);
		if (!p)
			return;
		page_put(p);
	}
}

void pagecache_init(struct pagecache *pc, const struct pagecache_ops *ops, struct inode *inode)
{
	*pc = (struct pagecache){.ops = ops, .inode = inode, .read_around = PAGECACHE_AROUND};
	mutex_init(&pc->writeback);
	mutex_init(&pc->io);
	list_init(&pc->dirty);
	pagecache_register(pc);
}

void pagecache_destroy(struct pagecache *pc)
{
	pagecache_unregister(pc);
	drop_range(pc, 0, UINT64_MAX);
}

/* ---- reading in ---- */

/*
 * What to read for the missing page `index`: the missing pages next to it, more of them each time
 * when they are read in sequence. Caller holds io. Returns how many from *first on.
 */
static size_t plan_read(struct pagecache *pc, uint64_t index, uint64_t n_pages, uint64_t *first)
{
	bool plenty = page_available() > page_total() / 4;
	unsigned around = plenty ? pc->read_around : MIN(pc->read_around, PAGECACHE_AROUND);
	uint64_t start = ALIGN_DOWN(index, (uint64_t)around), end = start + around;
	uint64_t lo = index, hi = index + 1;

	if (index == pc->read_next) {
		pc->read_ahead = MIN(MAX(pc->read_ahead * 2, around), PAGECACHE_RUN);
		start = index;
		end = index + pc->read_ahead;
	} else {
		pc->read_ahead = around;
	}
	end = MIN(end, n_pages);
	spin_lock(&pc->tree_lock);
	while (lo > start && !radix_get(&pc->pages, lo - 1))
		lo--;
	while (hi < end && !radix_get(&pc->pages, hi))
		hi++;
	spin_unlock(&pc->tree_lock);
	pc->read_next = hi;
	*first = lo;
	return (size_t)(hi - lo);
}

/* Read pages [first, first + n) into the cache; only `index` has to succeed. Caller holds io. */
static int read_run(struct pagecache *pc, uint64_t first, size_t n, uint64_t index)
{
	struct page *pages[PAGECACHE_RUN];
	size_t got;
	int r;

	got = pagecache_make_room(n) ? page_alloc_many(pages, n, 0) : 0;
	r = got == n ? pc->ops->read(pc, first, pages, n) : -ENOMEM;
	for (size_t i = 0; i < got; i++) {
		int ri = r ? 0 : insert(pc, first + i, pages[i]);

		if (ri == -ENOMEM && first + i == index)
			r = -ENOMEM;
		page_put(pages[i]);
	}
	return r;
}

/* The page at index, which the caller did not find; referenced. 0 or -errno. */
static int read_in(struct pagecache *pc, uint64_t index, uint64_t n_pages, struct page **out)
{
	int r = 0;

	mutex_lock(&pc->io);
	while (!(*out = lookup(pc, index)) && !r) { /* reclaim may take it away again at once */
		uint64_t first;
		size_t n = plan_read(pc, index, n_pages, &first);

		r = read_run(pc, first, n, index);
		if (r && n > 1) /* the others do not matter */
			r = read_run(pc, index, 1, index);
	}
	mutex_unlock(&pc->io);
	return *out ? 0 : r;
}

int pagecache_get(struct pagecache *pc, uint64_t index, uint64_t n_pages, struct page **out)
{
	*out = lookup(pc, index);
	return *out ? 0 : read_in(pc, index, n_pages, out);
}

int pagecache_map(struct pagecache *pc, uint64_t index, uint64_t n_pages, bool write,
		  struct page **out)
{
	int r;

	if (index >= n_pages)
		return -ENODATA;
	if (write &&
	    pagecache_too_dirty()) /* the fault will have it written back, and come again */
		return -ENOMEM;
	r = pagecache_get(pc, index, n_pages, out);
	if (!r && write)
		mark_dirty(pc, *out);
	return r;
}

void pagecache_map_around(struct pagecache *pc, uint64_t first, size_t n, uint64_t n_pages,
			  struct page **out)
{
	spin_lock(&pc->tree_lock);
	for (size_t i = 0; i < n; i++) {
		out[i] = first + i < n_pages ? radix_get(&pc->pages, first + i) : NULL;
		if (out[i])
			page_get(out[i]);
	}
	spin_unlock(&pc->tree_lock);
}

/* ---- read(2) and write(2) ---- */

/* There was no memory: is it worth trying again? */
static bool relieve(int *tries)
{
	return (*tries)++ < RELIEVE_TRIES && mm_relieve();
}

ssize_t pagecache_read(struct pagecache *pc, struct iter *to, uint64_t *pos, uint64_t size)
{
	ssize_t done = 0;
	int tries = 0;

	while (to->left && *pos < size) {
		size_t off = *pos & ~PAGE_MASK, copied;
		size_t n = MIN(MIN(PAGE_SIZE - off, to->left), size - *pos);
		struct page *p;
		int r = pagecache_get(pc, *pos >> PAGE_SHIFT, pages_of(size), &p);

		if (r == -ENOMEM && relieve(&tries))
			continue;
		if (r)
			return done ? done : r;
		copied = iter_write(to, (char *)page_to_virt(p) + off, n);
		page_put(p);
		*pos += copied;
		done += (ssize_t)copied;
		if (copied < n)
			return done ? done : -EFAULT;
	}
	return done;
}

/*
 * Write to a page that is not cached and of which nothing old remains. Returns bytes, -EFAULT,
 * -ENOMEM, or 0: it has old contents and not all of it could be copied, or somebody was faster;
 * nothing was consumed.
 */
static ssize_t write_new_page(struct pagecache *pc, struct iter *from, uint64_t pos, size_t n,
			      bool old)
{
	size_t off = pos & ~PAGE_MASK, copied;
	struct page *p;
	ssize_t r = -ENOMEM;

	p = pagecache_make_room(1) ? page_alloc(0, n == PAGE_SIZE ? 0 : PAGE_ZEROED) : NULL;
	if (!p)
		return -ENOMEM;
	copied = iter_read(from, (char *)page_to_virt(p) + off, n);
	if (copied == n || (copied && !old)) {
		memset((char *)page_to_virt(p) + off + copied, 0, n - copied);
		r = insert(pc, pos >> PAGE_SHIFT, p);
	} else {
		r = copied ? -EEXIST : -EFAULT;
	}
	if (!r)
		mark_dirty(pc, p);
	else
		iter_revert(from, copied);
	page_put(p);
	return r == -EEXIST ? 0 : r ? r : (ssize_t)copied;
}

/* Write up to the end of the page that pos is in. Returns bytes or -errno. */
static ssize_t write_page(struct pagecache *pc, struct iter *from, uint64_t pos, size_t n,
			  uint64_t size)
{
	uint64_t index = pos >> PAGE_SHIFT;
	size_t off = pos & ~PAGE_MASK, copied;
	struct page *p = lookup(pc, index);
	bool old = index < pages_of(size);

	if (!p && (!old || n == PAGE_SIZE || (off == 0 && pos + n >= size))) {
		ssize_t r = write_new_page(pc, from, pos, n, old);

		if (r)
			return r;
		p = lookup(pc, index);
	}
	if (!p) {
		int r = read_in(pc, index, MAX(pages_of(size), index + 1), &p);

		if (r)
			return r;
	}
	copied = iter_read(from, (char *)page_to_virt(p) + off, n);
	if (copied)
		mark_dirty(pc, p);
	page_put(p);
	return copied ? (ssize_t)copied : -EFAULT;
}

ssize_t pagecache_write(struct pagecache *pc, struct iter *from, uint64_t *pos, uint64_t size)
{
	ssize_t done = 0;
	int tries = 0;

	while (from->left) {
		size_t n = MIN(PAGE_SIZE - (*pos & ~PAGE_MASK), from->left);
		ssize_t r = write_page(pc, from, *pos, n, size);

		if (r == -ENOMEM && relieve(&tries))
			continue;
		if (r < 0)
			return done ? done : r;
		*pos += (uint64_t)r;
		done += r;
		size = MAX(size, *pos);
		pagecache_throttle(pc);
		if ((size_t)r < n)
			break;
	}
	return done;
}

void pagecache_update(struct pagecache *pc, uint64_t pos, const void *from, size_t len)
{
	/* With io: a page that is being read may hold what was there before. */
	mutex_lock(&pc->io);
	spin_lock(&pc->tree_lock);
	pc->unflushed = true;
	spin_unlock(&pc->tree_lock);
	while (len) {
		size_t off = pos & ~PAGE_MASK, n = MIN(PAGE_SIZE - off, len);
		struct page *p = lookup(pc, pos >> PAGE_SHIFT);

		if (p) {
			memcpy((char *)page_to_virt(p) + off, from, n);
			page_put(p);
		}
		pos += n;
		from = (const char *)from + n;
		len -= n;
	}
	mutex_unlock(&pc->io);
}

/* ---- forgetting ---- */

void pagecache_truncate(struct pagecache *pc, uint64_t size)
{
	size_t off = size & ~PAGE_MASK;
	struct page *p;

	mm_file_truncated(pc->inode, size);
	mutex_lock(&pc->io); /* a transfer under way ends first */
	drop_range(pc, pages_of(size), UINT64_MAX);
	p = off ? lookup(pc, size >> PAGE_SHIFT) : NULL;
	if (p) {
		memset((char *)page_to_virt(p) + off, 0, PAGE_SIZE - off);
		page_put(p);
	}
	mutex_unlock(&pc->io);
	pagecache_unpin(pc);
}

void pagecache_invalidate(struct pagecache *pc, uint64_t first, uint64_t last)
{
	last = MIN(last, (UINT64_MAX >> PAGE_SHIFT) - 1);
	mm_file_punched(pc->inode, first << PAGE_SHIFT, (last + 1) << PAGE_SHIFT);
	mutex_lock(&pc->io);
	drop_range(pc, first, last);
	mutex_unlock(&pc->io);
	pagecache_unpin(pc);
}
