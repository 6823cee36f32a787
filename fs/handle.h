/* SPDX-License-Identifier: MIT */
/*
 * File handles: name_to_handle_at(2). What a program keeps in place of a path: the number of an
 * inode, which leads to it in any mount of its file system, as long as it exists.
 */
#ifndef FS_HANDLE_H
#define FS_HANDLE_H

#include "fs/inode.h"

/* What a handle holds, as programs have it. */
struct file_id {
	uint64_t ino;
	uint32_t generation; /* of the file system, whose numbers are used once */
} __attribute__((packed));

/* What a file system has to do with handles. All may sleep unless they say otherwise. */
struct handle_ops {
	/* From now on `find` is to find it. 0 or -ENOMEM. */
	int (*named)(struct inode *in);
	/* Referenced, or NULL: it does not exist any more. Does not sleep. */
	struct inode *(*find)(struct super *s, uint64_t ino);
	/* The directory that dir, not the root, is in, referenced, and its name there (NAME_MAX + 1
	 * bytes). 0, -ESTALE or what reading gave. */
	int (*above)(struct inode *dir, struct inode **parent, char *name);
};

/* Name `in` by a handle. It leads back if the file system has handle_ops. 0 or -ENOMEM. */
int vfs_handle_make(struct inode *in, struct file_id *out);
/* A place in m for a handle: referenced. 0, -ESTALE, -ENOMEM or what reading gave. */
int vfs_handle_find(struct mount *m, const struct file_id *id, struct dentry **out);

#endif
