/* SPDX-License-Identifier: MIT */
/*
 * File data kept in memory: one cache per inode or block device, shared by read, write and
 * mappings. The owner supplies the transfers and knows the size; a page is read at most once, and a
 * modified one stays until it is written back. Clean pages that nobody maps are given up when
 * memory runs short. A cache with modified pages keeps its inode alive.
 *
 * Locks: writeback (mutex) serialises write-back of one cache and is outside mm->lock; io (mutex)
 * serialises its transfers and is taken under mm->lock (page faults); tree_lock (spin) guards the
 * tree. None is held while program memory is touched. What changes the size or the contents behind
 * the cache (truncate, invalidate) excludes writers with inode->lock; write-back never takes it.
 */
#ifndef FS_PAGECACHE_H
#define FS_PAGECACHE_H

#include "fs/radix.h"
#include "kernel/file.h"
#include "kernel/lock.h"

struct pagecache;

/* At most PAGECACHE_RUN pages [index, index + n), called with pc->io held; they may sleep, and take
 * neither inode->lock nor mm->lock. 0 or -errno. */
struct pagecache_ops {
	/* Fill the pages; what lies beyond the end of the file is zeros. */
	int (*read)(struct pagecache *pc, uint64_t index, struct page **pages, size_t n);
	/* Store what of them lies inside the file: it may be shorter by now. NULL: read-only. */
	int (*write)(struct pagecache *pc, uint64_t index, struct page **pages, size_t n);
	/* What was stored so far is to survive a loss of power. NULL: nothing to do. */
	int (*flush)(struct pagecache *pc);
};

#define PAGECACHE_RUN	 128u /* pages in one transfer */
#define PAGECACHE_AROUND 16u  /* read for a missing one: a transfer costs more than a few pages */

struct pagecache {
	const struct pagecache_ops *ops; /* (i) */
	struct inode *inode; /* (i) whose mappings show the pages; referenced while pinned */
	struct mutex writeback, io;
	struct spinlock tree_lock;
	struct radix pages;	   /* (t) of struct page, one reference each; page->priv: index */
	struct list dirty;	   /* (t) modified pages, oldest first, by page->link */
	uint64_t n_pages, n_dirty; /* (t) */
	uint64_t read_next;	   /* (io) where a sequential reader would go on */
	unsigned read_around;	   /* (i) pages read for a missing one, unless memory is short */
	unsigned read_ahead;	   /* (io) pages the last read brought */
	uint64_t hand;		   /* (t) where reclaim goes on */
	bool pinned;		   /* (t) holds a reference to inode */
	bool unflushed;		   /* (t) something was stored since the last flush */
	int error;		   /* (t) of a write-back nobody was told of yet */
	uint32_t synced;	   /* private to pagecache_sync_all */
	struct list link;	   /* of all caches: for reclaim and sync */
};

void pagecache_init(struct pagecache *pc, const struct pagecache_ops *ops, struct inode *inode);
/* Drop everything without writing; nobody uses pc any more. Does not sleep. */
void pagecache_destroy(struct pagecache *pc);

/* Page `index`, read in if need be (and some around or after it), referenced. n_pages > index:
 * pages the file has now. 0, -ENOMEM, -EIO or what the transfer gave. */
int pagecache_get(struct pagecache *pc, uint64_t index, uint64_t n_pages, struct page **out);
/* read(2) and write(2) through the cache at *pos, which advances; size = bytes of the file now.
 * Writing does not enlarge the file: the caller, who holds inode->lock, sets the size afterwards
 * from what was written. Bytes, or -EFAULT, -ENOMEM, or what the transfer gave. */
ssize_t pagecache_read(struct pagecache *pc, struct iter *to, uint64_t *pos, uint64_t size);
ssize_t pagecache_write(struct pagecache *pc, struct iter *from, uint64_t *pos, uint64_t size);
/* For file_ops.map_page. -ENODATA beyond n_pages, -ENOMEM also if too much is modified. */
int pagecache_map(struct pagecache *pc, uint64_t index, uint64_t n_pages, bool write,
		  struct page **out);
/* For file_ops.map_around. */
void pagecache_map_around(struct pagecache *pc, uint64_t first, size_t n, uint64_t n_pages,
			  struct page **out);
/* For files written through to their storage: bring pages that happen to be cached up to date with
 * `len` bytes just stored at pos. `from` is kernel memory. */
void pagecache_update(struct pagecache *pc, uint64_t pos, const void *from, size_t len);

/* Write modified pages [first, last] back: 0, or the first error since somebody asked. */
int pagecache_writeback(struct pagecache *pc, uint64_t first, uint64_t last);
/* fsync(2): write everything modified back, and flush what was stored. Errors as above. */
int pagecache_sync(struct pagecache *pc);
/* The file's size changes, `size` being the smaller of the old (set already) and the new one:
 * forget the pages beyond it, mappings and private copies too, and clear the rest of the page it
 * ends in. */
void pagecache_truncate(struct pagecache *pc, uint64_t size);
/* Forget pages [first, last] and their mappings (not private copies), modified or not. */
void pagecache_invalidate(struct pagecache *pc, uint64_t first, uint64_t last);

/* Write back every cache; durable: and flush them. First error, still to be reported to who asks
 * about the file. */
int pagecache_sync_all(bool durable);
/* Give up to n clean, unmapped pages back; returns how many. Called by the page allocator when it
 * is empty: does not sleep. */
size_t pagecache_reclaim(size_t n);
/* Pages held by all caches (/proc/meminfo Cached), and of them modified (Dirty). */
void pagecache_totals(uint64_t *pages, uint64_t *dirty);

#endif
