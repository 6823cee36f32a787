/* SPDX-License-Identifier: MIT */
/* Names of sockets in the file system, for net/ (kernel/socket_fs.h): unix(7). */
#include "fs/vfs_internal.h"
#include "kernel/socket_fs.h"

static int make(const char *path, struct inode **out)
{
	struct dentry *d;
	int r = vfs_mknod_at(NULL, path, S_IFSOCK | 0777, 0, &d);

	if (r)
		return r == -EEXIST ? -EADDRINUSE : r;
	*out = inode_get(d->inode);
	dentry_put(d);
	return 0;
}

static void undo(const char *path)
{
	vfs_unlink(NULL, path);
}

static int find(const char *path, struct inode **out)
{
	struct dentry *d;
	int r = vfs_lookup(NULL, path, LOOKUP_FOLLOW, &d);

	if (r)
		return r;
	r = inode_permission(d->inode, W_OK);
	if (!r && !inode_is(d->inode, S_IFSOCK))
		r = -ECONNREFUSED;
	if (!r)
		*out = inode_get(d->inode);
	dentry_put(d);
	return r;
}

const struct socket_places socket_places = {make, undo, find, inode_put};
