/* SPDX-License-Identifier: MIT */
/* Shared by the three parts of tmpfs: fs/tmpfs.c (instances, inodes), fs/tmpfs_dir.c (names),
 * fs/tmpfs_file.c (data). */
#ifndef FS_TMPFS_H
#define FS_TMPFS_H

#include "fs/radix.h"
#include "fs/vfs_internal.h"

/* One instance. (s) lock */
struct tmpfs {
	struct super super;
	struct spinlock lock;
	uint64_t max_pages, used_pages;	  /* (s) */
	uint64_t static_pages;		  /* (s) of boot files: neither limited nor freed */
	uint64_t max_inodes, used_inodes; /* (s) */
	uint64_t last_ino;		  /* (s) */
	/* Names of the root directory that come into being when first looked at: make `name`, or
	 * all of them (NULL). Called with the directory locked. 0 or -errno. [none] */
	int (*seed)(struct inode *dir, const char *name, size_t len);
};

/* A name in a directory. */
struct tmpfs_entry {
	struct tmpfs_entry *next; /* in its bucket */
	uint64_t cookie;	  /* position for readdir: later entries have larger ones */
	struct inode *inode;	  /* referenced */
	uint32_t hash;
	uint16_t len;
	char name[];
};

struct tmpfs_dir {
	struct radix by_cookie;
	struct tmpfs_entry **buckets; /* n_buckets, a power of two; NULL while empty */
	size_t n_buckets, n_entries;
	uint64_t last_cookie;
};

/* (l) inode->lock, (t) tree_lock: also taken by page faults, which cannot take inode->lock */
struct tmpfs_inode {
	struct inode in;
	struct spinlock tree_lock;
	unsigned seals; /* (l) F_SEAL_*; of memfds */
	union {
		struct {
			struct radix pages; /* (t) of struct page, each holding one reference */
			uint64_t n_pages;   /* (t) */
			uint64_t n_static;  /* (t) of them PG_RESERVED */
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
void tmpfs_destroy(struct inode *in);
int tmpfs_getattr(struct inode *in, struct kstat *st);
/* Count n pages against the instance's limit: 0 or -ENOSPC. Negative n gives back. */
int tmpfs_charge(struct tmpfs *t, int64_t n);
void tmpfs_static_count(struct tmpfs *t, int64_t n);

int tmpfs_dir_add(struct inode *dir, const char *name, size_t len, struct inode *in);
void tmpfs_dir_free(struct inode *dir);

int tmpfs_file_setattr(struct inode *in, const struct setattr *a);
/* Drop all data from page `first` on. */
void tmpfs_file_drop(struct inode *in, uint64_t first, uint64_t last);
int tmpfs_file_add_page(struct inode *in, uint64_t index, struct page *p);

#endif
