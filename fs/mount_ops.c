/* SPDX-License-Identifier: MIT */
/* What mount(2), umount(2), mount_setattr(2) and pivot_root(2) do with mounts that there are. */
#include "fs/mount_internal.h"
#include "fs/vfs_internal.h"
#include "kernel/process.h"
#include "kernel/string.h"

/* ---- placing ---- */

/* Is `at` a place where this root may be mounted? */
static int check_place(const struct dentry *root, struct dentry *at)
{
	if (at->mnt && at->mnt->dead)
		return -ENOENT;
	if (!at->mnt || at->mnt->ns != mount_ns_current())
		return -EINVAL;
	if (at->unlinked || !at->inode->nlink || !root->inode->nlink)
		return -ENOENT;
	return inode_is(root->inode, S_IFDIR) == inode_is(at->inode, S_IFDIR) ? 0 : -ENOTDIR;
}

int mount_attach(struct mount *m, struct dentry *at)
{
	struct dentry *top;
	int r;

	mutex_lock(&mount_lock);
	top = mount_top(dentry_get(at));
	r = mount_is_nowhere(m) ? check_place(m->root, top) : -EBUSY;
	if (!r) {
		mount_place(m, top, NULL);
		mount_join(m, top->mnt->ns);
	}
	mutex_unlock(&mount_lock);
	dentry_put(top);
	return r;
}

/* Is d in m's tree, or in that of a mount somewhere on it? */
static bool is_on(const struct dentry *d, const struct mount *m)
{
	const struct mount *x = d->mnt;

	while (x && x != m)
		x = mount_parent(x);
	return x != NULL;
}

int mount_move(struct dentry *d, struct dentry *at)
{
	struct mount *m = d->mnt;
	int r = 0;

	mutex_lock(&mount_lock);
	at = mount_top(dentry_get(at));
	if (!mount_is_root(d))
		r = -EINVAL;
	else if (at->mnt && at->mnt->dead)
		r = -ENOENT;
	else if (m->ns != mount_ns_current() || !d->covers)
		r = -EINVAL;
	if (!r)
		r = check_place(d, at);
	if (r == -ENOTDIR)
		r = -EINVAL;
	if (!r && is_on(at, m))
		r = -ELOOP;
	if (!r) {
		struct mount_ns *ns = m->ns;

		mount_unplace(m);
		mount_place(m, at, ns);
	}
	mutex_unlock(&mount_lock);
	dentry_put(at);
	return r;
}

/* ---- changing ---- */

static bool is_mine(const struct dentry *d)
{
	return mount_is_root(d) && d->mnt->ns == mount_ns_current();
}

/* Is x m, or with `deep` somewhere on it? */
static bool is_of(const struct mount *x, const struct mount *m, bool deep)
{
	while (deep && x && x != m)
		x = mount_parent(x);
	return x == m;
}

int mount_set_flags(struct dentry *d, unsigned clear, unsigned set, bool deep)
{
	struct mount *m = d->mnt, *x;

	if (!mount_is_root(d) || m->dead || (m->ns && m->ns != mount_ns_current()))
		return -EINVAL;
	if (set & MS_RDONLY) {
		list_for_each (x, &mounts, link)
			if (is_of(x, m, deep) && !(x->flags & MS_RDONLY) && x->writers)
				return -EBUSY;
	}
	list_for_each (x, &mounts, link)
		if (x != m && is_of(x, m, deep))
			x->flags = (x->flags & ~clear) | (set & MOUNT_FLAGS);
	m->flags = (m->flags & ~clear) | (set & MOUNT_FLAGS); /* it may be nowhere */
	return 0;
}

static bool is_written(const struct super *s)
{
	struct mount *x;

	list_for_each (x, &mounts, link)
		if (x->super == s && x->writers)
			return true;
	return false;
}

int mount_reconfigure(struct dentry *d, unsigned super_flags, const char *options)
{
	struct super *s = d->inode->super;
	int r = 0;

	if (!is_mine(d))
		return -EINVAL;
	if (options && *options)
		r = s->configure ? s->configure(s, options) : -EINVAL;
	if (r)
		return r;
	if ((super_flags & ~s->flags & MS_RDONLY) && is_written(s))
		return -EBUSY;
	s->flags = (s->flags & ~SUPER_FLAGS) | (super_flags & SUPER_FLAGS);
	return 0;
}

/* All mounts are private: to make them that, or slaves of nobody, is done. */
int mount_set_propagation(struct dentry *d, unsigned type, bool deep)
{
	struct mount *x;

	if (!is_mine(d) || type == MS_SHARED)
		return -EINVAL;
	list_for_each (x, &mounts, link)
		if (is_of(x, d->mnt, deep))
			x->unbindable = type == MS_UNBINDABLE;
	return 0;
}

/* ---- removing ---- */

/* Of one inode: a directory has only one name. */
static bool same_name(const struct dentry *a, const struct dentry *b)
{
	return inode_is(a->inode, S_IFDIR) ||
	       (a->parent->inode == b->parent->inode && a->name_len == b->name_len &&
		!memcmp(a->name, b->name, a->name_len));
}

bool mount_on_name(const struct dentry *d)
{
	struct mount *x;

	if (d->mounted || !d->inode || d->inode->super->n_trees < 2)
		return d->mounted;
	list_for_each (x, &mounts, link) {
		const struct dentry *at = x->root->covers;

		if (at && at->inode == d->inode && (mount_is_root(at) || same_name(at, d)))
			return true;
	}
	return false;
}

/* Does anybody hold a name in m's tree (files, directories of threads, mounts on it)? */
static bool is_busy(struct mount *m, unsigned own)
{
	dentry_prune(m);
	return m->root->refs > own;
}

int mount_remove(struct dentry *d, unsigned flags)
{
	struct mount *m = d->mnt;
	int r = 0;

	if (!is_mine(d))
		return -EINVAL;
	if ((flags & MNT_EXPIRE) && (d == current->fs->root || (flags & (MNT_FORCE | MNT_DETACH))))
		return -EINVAL;
	mutex_lock(&mount_lock);
	if (d == current->fs->root && !(flags & MNT_DETACH)) { /* "/" only becomes read-only */
		r = mount_reconfigure(d, m->super->flags | MS_RDONLY, NULL);
	} else if (!d->covers) {
		r = -EINVAL;
	} else if (!(flags & MNT_DETACH) && is_busy(m, 2)) { /* the tree's, and the caller's */
		r = -EBUSY;
	} else if ((flags & MNT_EXPIRE) && !m->expiring) {
		m->expiring = true;
		r = -EAGAIN;
	} else {
		m->dead = true;
		mount_bury();
	}
	mutex_unlock(&mount_lock);
	return r;
}

/* ---- pivot_root(2) ---- */

/* Threads whose root or working directory was `from` have `to` there. */
static void move_everybody(struct dentry *from, struct dentry *to)
{
	struct process *p;

	for_each_process(p)
	{
		struct thread *t;

		list_for_each (t, &p->threads, process_link) {
			struct dentry **at[] = {t->fs ? &t->fs->root : NULL,
						t->fs ? &t->fs->cwd : NULL};

			for (unsigned i = 0; i < 2; i++) {
				if (!at[i] || *at[i] != from)
					continue;
				*at[i] = dentry_get(to);
				dentry_put(from);
			}
		}
	}
}

int mount_pivot(struct dentry *new_root, struct dentry *put_old)
{
	struct mount_ns *ns = mount_ns_current();
	struct mount *m = new_root->mnt, *old;
	struct dentry *root, *above;
	int r = 0;

	mutex_lock(&mount_lock);
	root = current->fs->root;
	old = root->mnt;
	if (!m || m->ns != ns || !old || old->ns != ns || !put_old->mnt || put_old->mnt->ns != ns)
		r = -EINVAL;
	else if (new_root->unlinked || put_old->unlinked)
		r = -ENOENT;
	else if (m == old || put_old->mnt == old)
		r = -EBUSY;
	else if (root != old->root || !mount_is_root(new_root) || !new_root->covers ||
		 !is_on(put_old, m) || !is_on(new_root, old))
		r = -EINVAL;
	if (!r) {
		above = root->covers ? dentry_get(root->covers) : NULL;
		dentry_get(root);
		mount_unplace(m);
		mount_unplace(old);
		mount_place(m, above, ns);
		mount_place(old, put_old, ns);
		if (ns->root == root)
			ns->root = new_root;
		move_everybody(root, new_root);
		if (above)
			dentry_put(above);
		dentry_put(root);
	}
	mutex_unlock(&mount_lock);
	return r;
}
