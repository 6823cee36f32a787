/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes, xattr(7): the rules for all file systems, and the attributes themselves of
 * those that keep their inodes in memory (INODE_XATTR).
 */
#ifndef FS_XATTR_H
#define FS_XATTR_H

#include "fs/inode.h"
#include "kernel/cred.h"

/* Values in kernel memory. place: for those who watch, may be NULL. 0 or -errno as setxattr(2). */
int vfs_setxattr(struct inode *in, struct dentry *place, const char *name, const void *value,
		 size_t size, int flags);
int vfs_removexattr(struct inode *in, struct dentry *place, const char *name);
/* Bytes of the value, -ERANGE (more than size; 0 asks for the length), or as getxattr(2). */
ssize_t vfs_getxattr(struct inode *in, const char *name, void *buf, size_t size);
ssize_t vfs_listxattr(struct inode *in, char *buf, size_t size);

/* What the file's security.capability says: 1, or 0 if there is none that counts. */
int vfs_file_caps(struct inode *in, struct file_caps *out);

/* For the owner of the inode. */
void xattr_free(struct inode *in);
/* The contents change: what security.capability said is no longer true. Caller holds in->lock. */
void xattr_drop_caps(struct inode *in);

#endif
