/* SPDX-License-Identifier: MIT */
/*
 * The writable root: a tmpfs whose files and directories may have a lower object in a read-only
 * EROFS image. An object is the same inode before and after its first change; unchanged pages of a
 * file stay the image's, names that were removed are remembered in their directory.
 *
 * Inodes are found by the number of their lower object, so hard links of the image share one.
 * Unchanged ones live as long as somebody uses them; a changed one stays until its last name is
 * gone.
 */
#ifndef FS_OVERLAY_H
#define FS_OVERLAY_H

#include "fs/erofs.h"
#include "fs/inode.h"

/* A new overlay over the image, which must stay. 0, -ENOMEM or what erofs_open gives. */
int overlay_new(struct erofs_source *image, struct super **out);

/* ---- for fs/tmpfs*.c ---- */

/* What an inode started as. */
struct lower {
	struct erofs_node node;
	uint64_t parent, place; /* of a directory: where its one name is (nid, erofs_lookup's) */
	/* (overlay's lock) For each of these the overlay holds a reference: it was changed, and it
	 * has a handle, by which it is to be found. */
	bool changed, named;
};

/* readdir's positions in the lower directory: this plus erofs_next's. */
#define OVERLAY_PLACES (1ull << 62)

/* The inode was changed, or is about to be. No-op for inodes without a lower object. */
void overlay_change(struct inode *in);
/* A handle was made of it: it stays as long as it has a name. No-op for inodes without a lower
 * object. */
void overlay_named(struct inode *in);
/* The directory that has dir's name in the image, referenced, which is its name's place as long as
 * it was not entered elsewhere. 0 or -errno. */
int overlay_above(struct inode *dir, struct inode **out);
/* That name (NAME_MAX + 1 bytes): 0, or -ESTALE if it is not its name any more. Caller holds
 * parent->lock. */
int overlay_name(struct inode *dir, struct inode *parent, char *name);
/* Its last name was removed. The caller has a reference. */
void overlay_gone(struct inode *in);
/* It is being destroyed. */
void overlay_forget(struct inode *in);
/* Name in the lower directory of dir: its inode, referenced. -ENOENT, -ENOMEM, or as fs/erofs.h. */
int overlay_lookup(struct inode *dir, const char *name, size_t len, struct inode **out);
/* List names of the lower directory from f->pos on. Caller holds dir->lock. */
int overlay_readdir(struct file *f, struct dir_sink *s);
/* -ENOTEMPTY if a name of the lower directory was not removed. Caller holds dir->lock. */
int overlay_check_empty(struct inode *dir);
/* Copy n bytes of the lower file, which end in the page of `pos`: bytes, or -errno. */
ssize_t overlay_read(struct inode *in, uint64_t pos, struct iter *to, size_t n);
/* Fill p with page `index` of the lower file. */
int overlay_fill(struct inode *in, uint64_t index, struct page *p);
/* The image's own page, if it is nothing but page `index` of the lower file: 1 (referenced), 0: it
 * is not, or -errno. With `now` it does not sleep: -EAGAIN if the image's page is not in memory. */
int overlay_borrow(struct inode *in, uint64_t index, bool now, struct page **out);

#endif
