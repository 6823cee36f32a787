/* SPDX-License-Identifier: MIT */
/*
 * Shared by the parts of tmpfs: fs/tmpfs.c (instances, inodes), fs/tmpfs_dir.c (names),
 * fs/tmpfs_file.c and fs/tmpfs_space.c (data); and by the overlay (fs/overlay.h), which is a tmpfs
 * whose inodes may have a lower object.
 */
#ifndef FS_TMPFS_H
#define FS_TMPFS_H

#include "fs/overlay.h"
#include "fs/radix.h"
#include "fs/vfs_internal.h"
#include "kernel/page.h"

/* One instance. (s) lock */
struct tmpfs {
	struct super super;
	struct spinlock lock;
	uint64_t max_pages, used_pages;	  /* (s) a lower file's pages may exceed the limit */
	uint64_t static_pages;		  /* (s) of boot files: neither limited nor freed */
	uint64_t max_inodes, used_inodes; /* (s) */
	uint64_t last_ino;		  /* (s) */
	struct radix handles;		  /* (s) by number: inodes with a handle, not referenced */
	bool released;			  /* mounted nowhere any more: goes with the last inode */
	/* Names of the root directory that come into being when first looked at: make `name`, or
	 * all of them (NULL). Called with the directory locked. 0 or -errno. [none] */
	int (*seed)(struct inode *dir, const char *name, size_t len);
};

/* A name in a directory. */
struct tmpfs_entry {
	struct tmpfs_entry *next; /* in its bucket */
	uint64_t cookie;	  /* position for readdir: later entries have larger ones */
	struct inode *inode;	  /* referenced; NULL: the lower directory's name was removed */
	uint32_t hash;
	uint16_t len;
	bool hides; /* a name that the lower directory has; it is listed in the place of that */
	char name[];
};

struct tmpfs_dir {
	struct radix by_cookie;
	struct tmpfs_entry **buckets;		/* n_buckets, a power of two; NULL while empty */
	size_t n_buckets, n_entries, n_removed; /* entries; of them without inode */
	uint64_t last_cookie;
	struct inode *above; /* where the directory's one name was entered, not referenced; NULL:
				the lower object still has it. Holds while nlink is not 0 */
};

/* (l) inode->lock, (t) tree_lock: also taken by page faults, which cannot take inode->lock */
struct tmpfs_inode {
	struct inode in;
	struct spinlock tree_lock;
	unsigned seals;	     /* (l) F_SEAL_*; of memfds */
	bool named;	     /* in tmpfs.handles */
	struct lower *lower; /* (i) what it started as; NULL: it was made here */
	union {
		struct {
			struct radix pages; /* (t) of struct page, each holding one reference */
			uint64_t n_pages;   /* (t) */
			uint64_t n_static;  /* (t) of them PG_RESERVED */
			/* Below this page number the lower file shows where the tree has no entry;
			 * and how many entries the tree has there. (t) */
			uint64_t lower_pages, n_covered;
		};
		struct tmpfs_dir dir; /* (l) */
		char *target;	      /* (i) of a symlink */
	};
};

static inline struct tmpfs_inode *tmpfs_i(struct inode *in)
{
	return container_of(in, struct tmpfs_inode, in);
}

static inline struct tmpfs *tmpfs_of(struct inode *in)
{
	return container_of(in->super, struct tmpfs, super);
}

extern const struct inode_ops tmpfs_dir_inode_ops, tmpfs_file_inode_ops;
extern const struct file_ops tmpfs_dir_ops, tmpfs_file_ops;

/* A new inode of mode's type in super; dir (may be NULL) gives the group. 0, -ENOSPC (too many),
 * -ENOMEM. */
int tmpfs_inode_new(struct super *s, const struct inode *dir, uint32_t mode, uint64_t rdev,
		    struct inode **out);
/* Operations, and size and link count of a new object, by its type. */
void tmpfs_set_ops(struct inode *in);
void tmpfs_destroy(struct inode *in);
extern const struct handle_ops tmpfs_handles;
/* An inode that is `named` goes. */
void tmpfs_handle_gone(struct inode *in);
/* Everything of a zeroed instance but its root directory. */
void tmpfs_setup(struct tmpfs *t, const char *fstype);
int tmpfs_getattr(struct inode *in, struct kstat *st);
/* Empty a directory and all below it, for the end of an instance. Drops the caller's reference. */
void tmpfs_dir_empty(struct inode *dir);
/* Count n pages against the instance's limit: 0 or -ENOSPC. Negative n gives back. */
int tmpfs_charge(struct tmpfs *t, int64_t n);
void tmpfs_charge_over(struct tmpfs *t, int64_t n); /* without the limit */
uint64_t tmpfs_room(struct tmpfs *t);		    /* pages to the limit */
void tmpfs_static_count(struct tmpfs *t, int64_t n);

int tmpfs_dir_add(struct inode *dir, const char *name, size_t len, struct inode *in);
void tmpfs_dir_free(struct inode *dir);
/* The entry of a name, or NULL. Caller holds dir->lock. */
struct tmpfs_entry *tmpfs_entry_find(struct inode *dir, const char *name, size_t len);

int tmpfs_file_setattr(struct inode *in, const struct setattr *a);
/* Drop all data from page `first` on. */
void tmpfs_file_drop(struct inode *in, uint64_t first);
/* file_origin (kernel/file.h) */
bool tmpfs_origin(const struct file *f, uint64_t *nid, uint64_t *size);
int tmpfs_file_add_page(struct inode *in, uint64_t index, struct page *p);

/* Kept free for the kernel itself, whatever the limit says. */
#define RESERVE_PAGES 32

/*
 * An entry of a file's tree is a page's address. UNWRITTEN added to it: the page was made by
 * fallocate and nothing was written to it yet; it is there, but still a hole to SEEK_DATA, as on
 * Linux. HOLE: there is no page and the lower file does not show either.
 */
#define UNWRITTEN 1ul
#define HOLE	  ((void *)2)

static inline struct page *page_of(const void *entry)
{
	return (struct page *)((uintptr_t)entry & ~3ul);
}

static inline bool is_static(const struct page *p)
{
	return p->flags & PG_RESERVED;
}

/* Does the lower file show at index? Caller holds tree_lock. */
static inline bool lower_shows(const struct tmpfs_inode *ti, uint64_t index)
{
	return index < ti->lower_pages && !radix_get(&ti->pages, index);
}

/* ---- fs/tmpfs_file.c for fs/tmpfs_space.c ---- */
struct page *tmpfs_page_at(struct inode *in, uint64_t index, bool *lower);
int tmpfs_page_own(struct inode *in, uint64_t index, struct page *old, bool lower, uintptr_t tag,
		   struct page **out);
int tmpfs_page_for_write(struct inode *in, uint64_t index, struct page **out);
/* Page `index` was borrowed (a boot file's or the lower file's) and is not any more. */
void tmpfs_page_replaced(struct inode *in, uint64_t index);

/* ---- fs/tmpfs_space.c ---- */
int64_t tmpfs_seek_data_hole(struct file *f, int64_t off, bool hole);
int tmpfs_clear(struct inode *in, uint64_t from, uint64_t to);
int tmpfs_fallocate(struct file *f, int mode, uint64_t off, uint64_t len);

#endif
