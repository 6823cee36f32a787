/* SPDX-License-Identifier: MIT */
/*
 * Path walk (path_resolution(7), openat2(2)): from text to dentry, through mounts and symbolic
 * links, with search permission on every directory. No recursion: targets of links are kept in the
 * walk until its end, and the rest of a text whose middle was a link waits on a small stack. A walk
 * holds references, never a lock.
 */
#include "fs/mount.h"
#include "fs/vfs_internal.h"
#include "kernel/heap.h"
#include "kernel/string.h"

/* The thread's "/" (of the kernel's threads and before the first one: the system's), referenced. */
struct dentry *vfs_process_root(void)
{
	return dentry_get(current && current->fs ? current->fs->root : vfs_root());
}

struct dentry *vfs_process_cwd(void)
{
	return dentry_get(current && current->fs ? current->fs->cwd : vfs_root());
}

uint32_t vfs_umask(void)
{
	return current && current->fs ? current->fs->umask : 0;
}

static void replace(struct dentry **slot, struct dentry *d)
{
	struct dentry *old = *slot;

	*slot = d;
	dentry_put(old);
}

/* "/" at the start of the path or of a link's target. */
static int jump_to_root(struct walk *w, bool first)
{
	if (w->flags & LOOKUP_BENEATH)
		return -EXDEV;
	if ((w->flags & LOOKUP_NO_XDEV) && !first && w->at->mnt != w->root->mnt)
		return -EXDEV;
	replace(&w->at, dentry_get(w->root));
	return 0;
}

/*
 * Start at base (NULL: the working directory) or at the root, as the path says.
 * 0, -ENOENT (empty path), -ENAMETOOLONG, -ENOTDIR, -EXDEV. After success walk_end() is due.
 */
int walk_begin(struct walk *w, struct dentry *base, const char *path, unsigned flags)
{
	int r = 0;

	if (!*path && !(flags & LOOKUP_EMPTY))
		return -ENOENT;
	if (strnlen(path, PATH_MAX_LEN) >= PATH_MAX_LEN)
		return -ENAMETOOLONG;
	w->next = path;
	w->flags = flags;
	w->n_links = w->depth = 0;
	w->last_type = LAST_ROOT;
	w->slash = false;
	w->at = base ? dentry_get(base) : vfs_process_cwd();
	w->root =
	    (flags & (LOOKUP_BENEATH | LOOKUP_IN_ROOT)) ? dentry_get(w->at) : vfs_process_root();
	if (*path == '/')
		r = jump_to_root(w, true);
	else if (*path && !inode_is(w->at->inode, S_IFDIR))
		r = -ENOTDIR;
	if (r)
		walk_end(w);
	return r;
}

void walk_end(struct walk *w)
{
	for (unsigned i = 0; i < w->n_links; i++)
		kfree(w->text[i]);
	dentry_put(w->at);
	dentry_put(w->root);
}

/* From a mount point to the root on top of it; takes over and returns a reference. */
struct dentry *mount_top(struct dentry *d)
{
	while (unlikely(d->mounted)) {
		struct dentry *top = dentry_get(d->mounted->root);

		dentry_put(d);
		d = top;
	}
	return d;
}

/* As mount_top, but refuses where RESOLVE_NO_XDEV forbids it (the reference is dropped
 * then). */
static int cross_checked(struct walk *w, struct dentry **d)
{
	if ((*d)->mounted && (w->flags & LOOKUP_NO_XDEV)) {
		dentry_put(*d);
		*d = NULL;
		return -EXDEV;
	}
	*d = mount_top(*d);
	return 0;
}

/* The parent of w->at, through mount points, never above the root of the walk. Referenced. */
static int parent_of(struct walk *w, struct dentry **out)
{
	struct dentry *d = w->at;

	if (d == w->root) {
		if (w->flags & LOOKUP_BENEATH)
			return -EXDEV;
		*out = dentry_get(d);
		return 0;
	}
	while (d->parent == d && d->covers && d != w->root) {
		if (w->flags & LOOKUP_NO_XDEV)
			return -EXDEV;
		d = d->covers;
	}
	*out = dentry_get(d == w->root ? d : d->parent);
	return cross_checked(w, out);
}

/* Split the next component off; w->next is left behind it and its slashes. */
static void take_component(struct walk *w)
{
	const char *p = w->next, *start = p;
	uint32_t h = 2166136261u; /* as name_hash */

	for (; *p && *p != '/'; p++)
		h = (h ^ (uint8_t)*p) * 16777619u;
	w->last = start;
	w->last_len = p - start;
	w->last_hash = h;
	w->last_type = LAST_NORM;
	if (start[0] == '.' && w->last_len == 1)
		w->last_type = LAST_DOT;
	else if (start[0] == '.' && start[1] == '.' && w->last_len == 2)
		w->last_type = LAST_DOTDOT;
	w->slash = *p == '/';
	while (*p == '/')
		p++;
	w->next = p;
}

int walk_last(struct walk *w, struct dentry **out)
{
	int r;

	switch (w->last_type) {
	case LAST_ROOT:
	case LAST_DOT:
		*out = dentry_get(w->at);
		return 0;
	case LAST_DOTDOT:
		return parent_of(w, out);
	case LAST_NORM:
		break;
	}
	r = dentry_lookup(w->at, w->last, w->last_len, w->last_hash, out);
	return r ? r : cross_checked(w, out);
}

/* Text of a link in memory of its own. */
static int read_target(struct inode *in, char **out)
{
	size_t size = in->size ? in->size + 1 : PATH_MAX_LEN;
	char *text = kmalloc(size);
	int n;

	if (!text)
		return -ENOMEM;
	n = in->ops->readlink ? in->ops->readlink(in, text, size - 1) : -EINVAL;
	if (n <= 0) {
		kfree(text);
		return n ? n : -ENOENT;
	}
	text[n] = 0;
	*out = text;
	return 0;
}

/* A magic link leads to a place, not to a text. */
static int follow_magic(struct walk *w, struct inode *in, struct dentry **jumped)
{
	int r;

	if (w->flags & LOOKUP_NO_MAGIC)
		return -ELOOP;
	r = in->ops->follow(in, jumped);
	if (r)
		return r;
	if ((w->flags & (LOOKUP_BENEATH | LOOKUP_IN_ROOT)) ||
	    ((w->flags & LOOKUP_NO_XDEV) && (*jumped)->mnt != w->at->mnt)) {
		dentry_put(*jumped);
		*jumped = NULL;
		return -EXDEV;
	}
	replace(&w->at, dentry_get(*jumped));
	return 0;
}

/*
 * Follow link d (its reference is taken over). Afterwards w->next is its target, or *jumped the
 * place a magic link names (referenced; w->at too). 0, -ELOOP, -ENOMEM, -EXDEV, or what reading the
 * link gave.
 */
int walk_follow(struct walk *w, struct dentry *d, struct dentry **jumped)
{
	struct inode *in = d->inode;
	char *text;
	int r;

	*jumped = NULL;
	if (w->n_links == MAX_LINKS || (w->flags & LOOKUP_NO_SYMLINKS) ||
	    place_has(d, MS_NOSYMFOLLOW)) {
		r = -ELOOP;
		goto out;
	}
	inode_accessed(in, NULL);
	if (in->ops->follow) {
		w->text[w->n_links++] = NULL;
		r = follow_magic(w, in, jumped);
		goto out;
	}
	r = read_target(in, &text);
	if (r)
		goto out;
	w->text[w->n_links++] = text;
	w->next = text;
	if (*text == '/')
		r = jump_to_root(w, false);
	w->last_type = LAST_ROOT;
out:
	dentry_put(d);
	return r;
}

/* A component with more behind it: must lead to a directory. */
static int step_into(struct walk *w)
{
	struct dentry *d, *jumped;
	int r = walk_last(w, &d);

	if (r)
		return r;
	if (!d->inode) {
		dentry_put(d);
		return -ENOENT;
	}
	if (inode_is(d->inode, S_IFLNK)) {
		w->rest[w->depth++] = w->next;
		r = walk_follow(w, d, &jumped);
		if (r || !jumped)
			return r;
		w->next = w->rest[--w->depth];
		d = jumped;
	}
	if (!inode_is(d->inode, S_IFDIR)) {
		dentry_put(d);
		return -ENOTDIR;
	}
	replace(&w->at, d);
	return 0;
}

/*
 * Walk up to the last component. Afterwards w->at is the directory it is in and last_* describe it;
 * LAST_ROOT means that there is none ("/" or ""). 0 or -errno.
 */
int walk_parent(struct walk *w)
{
	for (;;) {
		int r;

		while (*w->next == '/')
			w->next++;
		if (!*w->next) {
			if (!w->depth)
				return 0;
			w->next = w->rest[--w->depth];
			continue;
		}
		if (!inode_is(w->at->inode, S_IFDIR))
			return -ENOTDIR;
		r = inode_permission(w->at->inode, X_OK);
		if (r)
			return r;
		take_component(w);
		if (!*w->next && !w->depth)
			return 0;
		r = step_into(w);
		if (r)
			return r;
	}
}

/* Finish a walk at d: the checks that lookup flags and a trailing slash ask for. */
static int check_found(struct walk *w, struct dentry *d)
{
	if (!d->inode)
		return (w->flags & LOOKUP_PARENT_OK) && !w->slash ? 0 : -ENOENT;
	if ((w->slash || (w->flags & LOOKUP_DIRECTORY)) && !inode_is(d->inode, S_IFDIR))
		return -ENOTDIR;
	return 0;
}

void (*vfs_missing)(struct dentry *base, const char *path);

static int lookup(struct dentry *base, const char *path, unsigned flags, struct dentry **out)
{
	struct walk w;
	struct dentry *d = NULL, *jumped = NULL;
	int r = walk_begin(&w, base, path, flags);

	if (r)
		return r;
	while (!(r = walk_parent(&w)) && !(r = walk_last(&w, &d))) {
		if (w.slash) /* must be a directory, as must what a link behind it leads to */
			w.flags |= LOOKUP_DIRECTORY | LOOKUP_FOLLOW;
		if (!d->inode || !inode_is(d->inode, S_IFLNK) || !(w.flags & LOOKUP_FOLLOW))
			break;
		r = walk_follow(&w, d, &jumped);
		d = jumped;
		if (r || jumped)
			break;
	}
	if (!r) {
		r = check_found(&w, d);
		if (r)
			dentry_put(d);
		else
			*out = d;
	}
	walk_end(&w);
	return r;
}

int vfs_lookup(struct dentry *base, const char *path, unsigned flags, struct dentry **out)
{
	int r = lookup(base, path, flags, out);

	if (r == -ENOENT && unlikely(vfs_missing))
		vfs_missing(base, path);
	return r;
}
