/* SPDX-License-Identifier: MIT */
/* Mounts that are made when their names are first looked at, and absolute paths through mounts. */
#include "fs/mount.h"
#include "fs/vfs_internal.h"
#include "kernel/string.h"

void vfs_all_mounts(void)
{
	struct mount *m;

	list_for_each (m, &mounts, link) { /* those it makes are appended, and looked at */
		struct dentry *root;
		bool there;

		if (!m->autos)
			continue;
		root = dentry_get(m->root); /* looking may sleep */
		vfs_auto_mount_all(m);
		there = !list_empty(&m->link);
		dentry_put(root);
		if (!there)
			break;
	}
}

uint64_t vfs_anon_dev(void)
{
	static unsigned last_minor;

	return dev_make(0, __atomic_add_fetch(&last_minor, 1, __ATOMIC_RELAXED));
}

int vfs_sync(void)
{
	int r = file_sync_all ? file_sync_all(true) : 0;
	struct super *s;

	list_for_each (s, vfs_supers(), link) {
		int e = s->sync ? s->sync(s) : 0;

		if (!r)
			r = e;
	}
	return r;
}

int vfs_auto_mount(struct dentry *d)
{
	struct inode *dir = d->parent->inode, *in;
	struct mount *on = d->parent->mnt;
	const struct auto_mount *m = on->autos;
	struct super *s;
	int r = 0;

	while (m->name && strcmp(m->name, d->name) != 0)
		m++;
	if (!m->name || (on->auto_made & 1u << (m - on->autos)) ||
	    (d->inode ? m->unless_there : !dir->ops->mkdir))
		return 0;
	if (!d->inode) {
		r = dir->ops->mkdir(dir, d->name, d->name_len, S_IFDIR | m->mode, &in);
		if (r)
			return r;
		dentry_instantiate(d, in);
	}
	if (!inode_is(d->inode, S_IFDIR)) /* the image has something else there */
		return 0;
	r = m->make(&s);
	if (r)
		return r;
	s->root->mode = S_IFDIR | m->mode;
	s->root->uid = s->root->gid = 0; /* whoever looked first */
	r = vfs_mount(s, d, m->flags | MS_RELATIME);
	if (r)
		return r;
	on->auto_made |= 1u << (m - on->autos); /* and not again when a program takes it away */
	d->mounted->autos = m->below;
	return 0;
}

void vfs_auto_mount_all(struct mount *on)
{
	const struct auto_mount *m;
	struct dentry *d;

	for (m = on->autos; m && m->name; m++) {
		size_t len = strlen(m->name);

		if (!(on->auto_made & 1u << (m - on->autos)) &&
		    dentry_lookup(on->root, m->name, len, name_hash(m->name, len), &d) == 0)
			dentry_put(d);
	}
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
	if (d != root && !d->mnt) /* no place in any tree: its name says all */
		return prepend(buf, pos, d->name, d->name_len);
	return any || prepend(buf, pos, "/", 1);
}

/* Name cache locked. */
static bool is_below(const struct dentry *d, const struct dentry *root)
{
	while (d != root && (d->parent != d || d->covers))
		d = d->parent == d ? d->covers : d->parent;
	return d == root;
}

bool vfs_in_root(struct dentry *d)
{
	struct dentry *root = vfs_process_root();
	bool found;

	dcache_lock();
	found = is_below(d, root);
	dcache_unlock();
	dentry_put(root);
	return found;
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

ssize_t vfs_path_below(struct dentry *d, const struct dentry *root, char *buf, size_t size)
{
	size_t pos = size;
	bool ok;

	dcache_lock();
	ok = is_below(d, root) && prepend(buf, &pos, "", 1) && prepend_path(d, root, buf, &pos);
	dcache_unlock();
	if (!ok)
		return -ENOENT;
	memmove(buf, buf + pos, size - pos);
	return size - pos - 1;
}
