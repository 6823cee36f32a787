/* SPDX-License-Identifier: MIT */
/*
 * From a handle back to a place. A directory always gets its true one, because ".." has to work
 * there: its file system says what is above it, and the names are walked down again. Another file
 * gets a name that is in the cache, else none, as it may have several or be without; so does a
 * directory that was removed.
 */
#include "fs/handle.h"
#include "fs/mount.h"
#include "fs/vfs_internal.h"
#include "kernel/heap.h"
#include "kernel/string.h"

/* A name on the way down. */
struct step {
	struct step *next;
	char name[NAME_MAX + 1];
};

int vfs_handle_make(struct inode *in, struct file_id *out)
{
	const struct handle_ops *ops = in->super->handles;

	*out = (struct file_id){.ino = in->ino, .generation = (uint32_t)in->super->dev};
	return ops ? ops->named(in) : 0;
}

/* Adds to *steps how to get from the root of m to dir. -ESTALE: one cannot. */
static int way_down(struct mount *m, struct inode *dir, struct step **steps)
{
	struct inode *at = inode_get(dir), *up;
	int r = 0;

	while (!r && at != m->root->inode) {
		struct step *s = at->nlink && at != m->super->root ? kmalloc(sizeof(*s)) : NULL;

		if (!s) {
			r = at->nlink && at != m->super->root ? -ENOMEM : -ESTALE;
			break;
		}
		s->next = *steps;
		*steps = s;
		r = m->super->handles->above(at, &up, s->name);
		if (!r) {
			inode_put(at);
			at = up;
		}
	}
	inode_put(at);
	return r;
}

static int walk_down(struct mount *m, const struct step *s, struct dentry **out)
{
	struct dentry *at = dentry_get(m->root), *next;
	int r = 0;

	for (; !r && s; s = s->next) {
		size_t len = strlen(s->name);

		r = dentry_lookup(at, s->name, len, name_hash(s->name, len), &next);
		if (r)
			break;
		dentry_put(at);
		at = next;
		if (!at->inode)
			r = -ESTALE;
	}
	if (r)
		dentry_put(at);
	else
		*out = at;
	return r;
}

static int directory_place(struct mount *m, struct inode *dir, struct dentry **out)
{
	struct step *steps = NULL, *s;
	int r = way_down(m, dir, &steps);

	if (!r)
		r = walk_down(m, steps, out);
	while ((s = steps)) {
		steps = s->next;
		kfree(s);
	}
	if (!r && (*out)->inode != dir) { /* it was renamed meanwhile */
		dentry_put(*out);
		r = -ESTALE;
	}
	return r;
}

/* As O_TMPFILE has them. */
static int nameless_place(struct mount *m, struct inode *in, struct dentry **out)
{
	char name[24];
	int n = scnprintf(name, sizeof(name), "#%lu", (unsigned long)in->ino);

	*out = dentry_alloc(m->root, name, n, 0, inode_get(in));
	if (!*out) {
		inode_put(in);
		return -ENOMEM;
	}
	(*out)->unlinked = true;
	return 0;
}

int vfs_handle_find(struct mount *m, const struct file_id *id, struct dentry **out)
{
	struct super *s = m->super;
	struct inode *in;
	int r;

	if (!s->handles || id->generation != (uint32_t)s->dev)
		return -ESTALE;
	in = s->handles->find(s, id->ino);
	if (!in)
		return -ESTALE;
	if (inode_is(in, S_IFDIR) && in->nlink) {
		r = directory_place(m, in, out);
	} else {
		*out = dentry_of(m, in);
		r = *out ? 0 : nameless_place(m, in, out);
	}
	inode_put(in);
	return r;
}
