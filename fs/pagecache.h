/* SPDX-License-Identifier: MIT */
/*
 * File data kept in memory: one cache per inode or block device, shared by read, write and
 * mappings. The owner supplies the transfers and knows the size; a page is read at most once, and a
 * modified one stays until it is written back. Clean pages that nobody maps are given up when
 * memory runs short.
 *
 * Locks: io (mutex) serialises transfers of one cache and is taken under mm->lock (page faults);
 * tree_lock (spin) guards the tree and is a leaf. Never held while program memory is touched.
 */
#ifndef FS_PAGECACHE_H
#define FS_PAGECACHE_H

#include "fs/radix.h"
#include "kernel/file.h"
#include "kernel/lock.h"

struct pagecache;

/* Transfers of pages [index, index + n), called with pc->io held; they may sleep. 0 or -errno. */
struct pagecache_ops {
	/* Fill the pages; what lies beyond the end of the file is zeros. */
	int (*read)(struct pagecache *pc, uint64_t index, struct page **pages, size_t n);
	/* Store them, of the last one only what lies inside the file. NULL: read-only. */
	int (*write)(struct pagecache *pc, uint64_t index, struct page **pages, size_t n);
};

struct pagecache {
	const struct pagecache_ops *ops; /* (i) */
	struct inode *inode;		 /* (i) whose mappings show the pages; not referenced */
	struct mutex io;
	struct spinlock tree_lock;
	struct radix pages;	   /* (t) of struct page, one reference each, tagged when dirty */
	uint64_t n_pages, n_dirty; /* (t) */
	uint64_t readahead_next;   /* (t) where a sequential reader would go on */
	int error;		   /* (t) of a write-back nobody was told of yet */
	struct list link;	   /* of all caches: for reclaim and sync */
};

void pagecache_init(struct pagecache *pc, const struct pagecache_ops *ops, struct inode *inode);
/* Drop everything without writing; nobody uses pc any more. */
void pagecache_destroy(struct pagecache *pc);

/* Page `index`, read in if need be (and some after it), referenced. n_pages: pages the file has
 * now. 0, -ENOMEM, -EIO or what the transfer gave. */
int pagecache_get(struct pagecache *pc, uint64_t index, uint64_t n_pages, struct page **out);
/* read(2) and write(2) through the cache at *pos, which advances; size = bytes of the file. Writing
 * does not enlarge the file: the caller sets the size (before, or from what was written). */
ssize_t pagecache_read(struct pagecache *pc, struct iter *to, uint64_t *pos, uint64_t size);
ssize_t pagecache_write(struct pagecache *pc, struct iter *from, uint64_t *pos, uint64_t size);
/* For file_ops.map_page. */
int pagecache_map(struct pagecache *pc, uint64_t index, uint64_t n_pages, bool write,
		  struct page **out);
/* For files written through to their storage: bring pages that happen to be cached up to date with
 * `len` bytes just stored at pos. `from` is kernel memory. */
void pagecache_update(struct pagecache *pc, uint64_t pos, const void *from, size_t len);
/* Write modified pages [first, last] back: 0, or the first error since somebody asked. */
int pagecache_writeback(struct pagecache *pc, uint64_t first, uint64_t last);
/* Forget pages from `from` on, and clear the rest of the page that `from` bytes end in; mappings
 * are dropped too. Modified pages in [first, last] are forgotten as well by _invalidate. */
void pagecache_truncate(struct pagecache *pc, uint64_t size);
void pagecache_invalidate(struct pagecache *pc, uint64_t first, uint64_t last);

/* Write back every cache (sync(2), end of the machine). First error. */
int pagecache_sync_all(void);
/* Give up to n clean, unmapped pages back; returns how many. Called by the page allocator when it
 * is empty: does not sleep. */
size_t pagecache_reclaim(size_t n);
/* Pages held by all caches (/proc/meminfo Cached), and of them modified (Dirty). */
void pagecache_totals(uint64_t *pages, uint64_t *dirty);

#endif
