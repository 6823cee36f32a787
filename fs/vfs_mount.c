/* SPDX-License-Identifier: MIT */
/*
 * Mounts and absolute paths. There is one namespace, and a file system is mounted in one place.
 * Mounts are made at boot and stay; the list is read without a lock.
 */
#include "fs/vfs_internal.h"
#include "kernel/string.h"

static struct dentry *root_dentry;
static struct list supers = LIST_INIT(supers);

struct dentry *vfs_root(void)
{
	return root_dentry;
}

struct list *vfs_supers(void)
{
	return &supers;
}

uint64_t vfs_anon_dev(void)
{
	static unsigned last_minor;

	return dev_make(0, __atomic_add_fetch(&last_minor, 1, __ATOMIC_RELAXED));
}

/* 0, -ENOTDIR, -EBUSY (something is mounted there). Takes a reference to at. */
int vfs_mount(struct super *s, struct dentry *at)
{
	if (at && (!at->inode || !inode_is(at->inode, S_IFDIR)))
		return -ENOTDIR;
	if (at ? at->mounted != NULL : root_dentry != NULL)
		return -EBUSY;
	if (at) {
		at->mounted = s;
		s->root->covers = dentry_get(at);
	} else {
		root_dentry = dentry_get(s->root);
	}
	list_add_tail(&s->link, &supers);
	return 0;
}

/* Put text in front of what is at *pos; false: no room. */
static bool prepend(char *buf, size_t *pos, const char *text, size_t len)
{
	if (*pos < len)
		return false;
	*pos -= len;
	memcpy(buf + *pos, text, len);
	return true;
}

/* Write the path of d backwards, ending at buf[*pos]. Name cache locked. */
static bool prepend_path(struct dentry *d, const struct dentry *root, char *buf, size_t *pos)
{
	bool any = false;

	while (d != root) {
		if (d->parent == d && d->covers) {
			d = d->covers;
			continue;
		}
		if (d->parent == d)
			break;
		if (!prepend(buf, pos, d->name, d->name_len) || !prepend(buf, pos, "/", 1))
			return false;
		any = true;
		d = d->parent;
	}
	if (d != root && d != root_dentry) /* no place in the tree: its name says all */
		return prepend(buf, pos, d->name, d->name_len);
	return any || prepend(buf, pos, "/", 1);
}

/* The text is NUL-terminated when there is room; size includes the NUL. */
ssize_t vfs_path(struct dentry *d, char *buf, size_t size)
{
	static const char deleted[] = " (deleted)";
	struct dentry *root = vfs_process_root();
	size_t pos = size, len;
	bool ok;

	dcache_lock();
	ok = prepend(buf, &pos, "", 1) &&
	     (!d->unlinked || prepend(buf, &pos, deleted, sizeof(deleted) - 1)) &&
	     prepend_path(d, root, buf, &pos);
	dcache_unlock();
	dentry_put(root);
	if (!ok)
		return -ENAMETOOLONG;
	len = size - pos;
	memmove(buf, buf + pos, len);
	return len - 1;
}
