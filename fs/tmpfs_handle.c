/* SPDX-License-Identifier: MIT */
/*
 * Handles of tmpfs, and of the overlay, for fs/handle.c. An instance's table has only the inodes
 * that were given a handle, until they go. One with a lower object then stays as long as it has a
 * name, so that what is not in the table was removed.
 */
#include "fs/handle.h"
#include "fs/tmpfs.h"
#include "kernel/string.h"

static int tmpfs_named(struct inode *in)
{
	struct tmpfs_inode *ti = tmpfs_i(in);
	struct tmpfs *t = tmpfs_of(in);
	int r = 0;

	spin_lock(&t->lock);
	if (!ti->named) {
		r = radix_set(&t->handles, in->ino, ti);
		ti->named = r == 0;
	}
	spin_unlock(&t->lock);
	if (!r)
		overlay_named(in);
	return r;
}

void tmpfs_handle_gone(struct inode *in)
{
	struct tmpfs *t = tmpfs_of(in);

	spin_lock(&t->lock);
	radix_remove(&t->handles, in->ino);
	spin_unlock(&t->lock);
}

static struct inode *tmpfs_find(struct super *s, uint64_t ino)
{
	struct tmpfs *t = container_of(s, struct tmpfs, super);
	struct tmpfs_inode *ti;

	spin_lock(&t->lock);
	ti = radix_get(&t->handles, ino);
	if (ti && !inode_get_live(&ti->in))
		ti = NULL;
	spin_unlock(&t->lock);
	return ti ? &ti->in : NULL;
}

/* The name that was entered for dir; false: none was. Caller holds parent->lock. */
static bool entered_name(struct inode *dir, struct inode *parent, char *name)
{
	struct tmpfs_dir *d = &tmpfs_i(parent)->dir;
	struct tmpfs_entry *e;

	for (size_t i = 0; i < d->n_buckets; i++) {
		for (e = d->buckets[i]; e; e = e->next) {
			if (e->inode == dir) {
				memcpy(name, e->name, e->len);
				name[e->len] = 0;
				return true;
			}
		}
	}
	return false;
}

static int tmpfs_above(struct inode *dir, struct inode **parent, char *name)
{
	struct tmpfs_inode *ti = tmpfs_i(dir);
	int r = 0;

	if (ti->dir.above)
		*parent = inode_get(ti->dir.above);
	else
		r = ti->lower ? overlay_above(dir, parent) : -ESTALE;
	if (r)
		return r;
	mutex_lock(&(*parent)->lock);
	if (!entered_name(dir, *parent, name))
		r = ti->lower && tmpfs_i(*parent)->lower ? overlay_name(dir, *parent, name)
							 : -ESTALE;
	mutex_unlock(&(*parent)->lock);
	if (r)
		inode_put(*parent);
	return r;
}

const struct handle_ops tmpfs_handles = {tmpfs_named, tmpfs_find, tmpfs_above};
