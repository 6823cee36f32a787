/* SPDX-License-Identifier: MIT */
/*
 * Mounts and absolute paths. There is one namespace, and a file system is mounted in one place.
 * Mounts are made at boot, or when their names are first looked at, and stay; the list is only
 * appended to, and read without a lock.
 */
#include "fs/vfs_internal.h"
#include "kernel/string.h"

static struct dentry *root_dentry;
static struct list supers = LIST_INIT(supers);
static int n_mounts;

struct dentry *vfs_root(void)
{
	return root_dentry;
}

struct list *vfs_supers(void)
{
	static bool all_made;
	struct super *s;

	if (!all_made) {
		all_made = true;
		list_for_each (s, &supers, link) /* those it makes are appended, and looked at */
			vfs_auto_mount_all(s);
	}
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
	s->id = ++n_mounts;
	if (at) {
		at->mounted = s;
		s->root->covers = dentry_get(at);
	} else {
		root_dentry = dentry_get(s->root);
	}
	list_add_tail(&s->link, &supers);
	return 0;
}

int vfs_sync(void)
{
	int r = file_sync_all ? file_sync_all(true) : 0;
	struct super *s;

	list_for_each (s, &supers, link) {
		int e = s->sync ? s->sync(s) : 0;

		if (!r)
			r = e;
	}
	return r;
}

int vfs_auto_mount(struct dentry *d)
{
	struct inode *dir = d->parent->inode, *in;
	const struct auto_mount *m = dir->super->auto_mounts;
	struct super *s;
	int r = 0;

	while (m->name && strcmp(m->name, d->name) != 0)
		m++;
	if (!m->name || (d->inode ? m->unless_there : !dir->ops->mkdir))
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
	s->flags |= m->flags | MS_RELATIME;
	s->auto_mounts = m->below;
	s->root->inode->mode = S_IFDIR | m->mode;
	s->root->inode->uid = s->root->inode->gid = 0; /* whoever looked first */
	return vfs_mount(s, d);
}

void vfs_auto_mount_all(struct super *s)
{
	const struct auto_mount *m;
	struct dentry *d;

	for (m = s->auto_mounts; m && m->name; m++) {
		size_t len = strlen(m->name);

		if (dentry_lookup(s->root, m->name, len, name_hash(m->name, len), &d) == 0)
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
	if (d != root && d != root_dentry) /* no place in the tree: its name says all */
		return prepend(buf, pos, d->name, d->name_len);
	return any || prepend(buf, pos, "/", 1);
}

bool vfs_in_root(struct dentry *d)
{
	struct dentry *root = vfs_process_root();
	bool found;

	dcache_lock();
	while (d != root && (d->parent != d || d->covers))
		d = d->parent == d ? d->covers : d->parent;
	found = d == root;
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
