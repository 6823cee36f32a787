/* SPDX-License-Identifier: MIT */
/* Shared by fs/pagecache.c and fs/pagecache_flush.c, and by nothing else. */
#ifndef FS_PAGECACHE_PRIVATE_H
#define FS_PAGECACHE_PRIVATE_H

#include "fs/pagecache.h"

struct page;

/* Take p out of the tree; the cache's reference becomes the caller's. Caller holds tree_lock. */
void pagecache_remove(struct pagecache *pc, struct page *p);
/* Pages were added to all caches, or became modified. */
void pagecache_count(int64_t pages, int64_t dirty);
/* A page became modified: it will be written back before long (fs/writeback.c). Does not sleep. */
void writeback_expect(void);
/* A cache came into being, or ends. */
void pagecache_register(struct pagecache *pc);
void pagecache_unregister(struct pagecache *pc);
/* Before n pages are allocated for caches: keep some memory free for everybody else. False: there
 * is too little, and too much of it is in caches already, mapped. */
bool pagecache_make_room(size_t n);
/* Is more modified than may be? */
bool pagecache_too_dirty(void);
/* After a write: write back if too much is modified. May sleep. */
void pagecache_throttle(struct pagecache *pc);
/* Let the inode go if nothing is modified. Nothing may touch pc after unless it has a reference of
 * its own. */
void pagecache_unpin(struct pagecache *pc);

#endif
