/* SPDX-License-Identifier: MIT */
/*
 * Operations on names: mknod, mkdir, symlink, link, unlink, rmdir, rename. Each walks to the
 * directory, takes its lock, looks the name up under the lock, checks in Linux's order, calls the
 * file system and keeps the name cache true.
 */
#include "fs/mount.h"
#include "fs/vfs_internal.h"
#include "kernel/string.h"

/* Serialises renames between directories, so that who is above whom cannot change under one. */
static struct mutex rename_lock;

void vfs_ops_init(void)
{
	mutex_init(&rename_lock);
}

int may_create(struct inode *dir)
{
	if (!dir->nlink)
		return -ENOENT;
	return inode_permission(dir, W_OK | X_OK);
}

/* In a sticky directory only the owner of the file, of the directory, or CAP_FOWNER removes a name.
 */
static bool sticky_forbids(const struct inode *dir, const struct inode *in)
{
	uint32_t uid = vfs_cred()->fsuid;

	return (dir->mode & S_ISVTX) && uid != in->uid && uid != dir->uid &&
	       !vfs_capable(CAP_FOWNER);
}

int may_delete(struct inode *dir, struct dentry *victim, bool want_dir)
{
	struct inode *in = victim->inode;
	int r = inode_permission(dir, W_OK | X_OK);

	if (r)
		return r;
	if (sticky_forbids(dir, in))
		return -EPERM;
	if (want_dir && !inode_is(in, S_IFDIR))
		return -ENOTDIR;
	if (!want_dir && inode_is(in, S_IFDIR))
		return -EISDIR;
	return dir->nlink ? 0 : -ENOENT;
}

/*
 * Walk to a name to be made. On success w->at's inode is locked and *out is a negative dentry;
 * finish with name_end(). On failure nothing is held.
 */
static int create_begin(struct walk *w, struct dentry *base, const char *path, bool want_dir,
			struct dentry **out)
{
	struct dentry *d = NULL;
	struct inode *dir;
	int r = walk_begin(w, base, path, 0);

	if (r)
		return r;
	r = walk_parent(w);
	if (!r && w->last_type != LAST_NORM)
		r = -EEXIST;
	if (r) {
		walk_end(w);
		return r;
	}
	dir = w->at->inode;
	mutex_lock(&dir->lock);
	r = dentry_lookup_locked(w->at, w->last, w->last_len, w->last_hash, &d);
	if (!r && d->inode)
		r = -EEXIST;
	if (!r && w->slash && !want_dir)
		r = -ENOENT;
	if (!r)
		r = place_readonly(w->at);
	if (r) {
		if (d)
			dentry_put(d);
		mutex_unlock(&dir->lock);
		walk_end(w);
		return r;
	}
	*out = d;
	return 0;
}

static void name_end(struct walk *w, struct dentry *d)
{
	mutex_unlock(&w->at->inode->lock);
	dentry_put(d);
	walk_end(w);
}

/* Only types mknod(2) knows. */
static int check_mknod_type(uint32_t type)
{
	switch (type) {
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return 0;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
}

int vfs_mknod_at(struct dentry *base, const char *path, uint32_t mode, uint64_t dev,
		 struct dentry **out)
{
	uint32_t type = (mode & S_IFMT) ? mode & S_IFMT : S_IFREG;
	bool device = type == S_IFCHR || type == S_IFBLK;
	struct dentry *d;
	struct inode *dir, *in;
	struct walk w;
	int r = check_mknod_type(type);

	if (!r)
		r = create_begin(&w, base, path, false, &d);
	if (r)
		return r;
	dir = w.at->inode;
	r = may_create(dir);
	if (!r && device && !vfs_capable(CAP_MKNOD))
		r = -EPERM;
	if (!r && !dir->ops->create)
		r = type == S_IFREG ? -EACCES : -EPERM;
	if (!r)
		r = dir->ops->create(dir, d->name, d->name_len,
				     type | (mode & 07777 & ~vfs_umask()), device ? dev : 0, &in);
	if (!r) {
		dentry_instantiate(d, in);
		notify_dir(dir, d, in->mode, IN_CREATE);
		*out = dentry_get(d);
	}
	name_end(&w, d);
	return r;
}

/* mknod(2); type 0 means a regular file. */
int vfs_mknod(struct dentry *base, const char *path, uint32_t mode, uint64_t dev)
{
	struct dentry *d;
	int r = vfs_mknod_at(base, path, mode, dev, &d);

	if (!r)
		dentry_put(d);
	return r;
}

/* mkdir(2) */
int vfs_mkdir(struct dentry *base, const char *path, uint32_t mode)
{
	struct dentry *d;
	struct inode *dir, *in;
	struct walk w;
	int r = create_begin(&w, base, path, true, &d);

	if (r)
		return r;
	dir = w.at->inode;
	r = may_create(dir);
	if (!r && !dir->ops->mkdir)
		r = -EPERM;
	if (!r)
		r = dir->ops->mkdir(dir, d->name, d->name_len,
				    S_IFDIR | (mode & 01777 & ~vfs_umask()), &in);
	if (!r) {
		dentry_instantiate(d, in);
		notify_dir(dir, d, in->mode, IN_CREATE);
	}
	name_end(&w, d);
	return r;
}

/* symlink(2) */
int vfs_symlink(const char *target, struct dentry *base, const char *path)
{
	struct dentry *d;
	struct inode *dir, *in;
	struct walk w;
	int r;

	if (!*target)
		return -ENOENT;
	if (strnlen(target, PATH_MAX_LEN) >= PATH_MAX_LEN)
		return -ENAMETOOLONG;
	r = create_begin(&w, base, path, false, &d);
	if (r)
		return r;
	dir = w.at->inode;
	r = may_create(dir);
	if (!r && !dir->ops->symlink)
		r = -EPERM;
	if (!r)
		r = dir->ops->symlink(dir, d->name, d->name_len, target, &in);
	if (!r) {
		dentry_instantiate(d, in);
		notify_dir(dir, d, in->mode, IN_CREATE);
	}
	name_end(&w, d);
	return r;
}

/* protected_hardlinks (proc_sys_fs(5)): others' files only if they are plain and ours to read and
 * write. */
static bool safe_to_link(struct inode *in)
{
	if (vfs_owner(in))
		return true;
	if (!inode_is(in, S_IFREG) || (in->mode & S_ISUID) ||
	    (in->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		return false;
	return inode_permission(in, R_OK | W_OK) == 0;
}

/* What may be linked where; the new directory is locked. */
static int may_link(struct inode *dir, struct inode *in)
{
	int r;

	if (dir->super != in->super)
		return -EXDEV;
	if (!safe_to_link(in))
		return -EPERM;
	r = may_create(dir);
	if (r)
		return r;
	if (!dir->ops->link)
		return -EPERM;
	if (inode_is(in, S_IFDIR))
		return -EPERM;
	return in->nlink || (in->flags & INODE_LINKABLE) ? 0 : -ENOENT;
}

/* linkat(2) with AT_SYMLINK_FOLLOW and AT_EMPTY_PATH. */
int vfs_link(struct dentry *obase, const char *opath, struct dentry *nbase, const char *npath,
	     unsigned at_flags)
{
	struct dentry *old, *d;
	struct inode *dir;
	struct walk w;
	int r;

	if (at_flags & ~(unsigned)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	r = vfs_lookup(obase, opath,
		       ((at_flags & AT_SYMLINK_FOLLOW) ? LOOKUP_FOLLOW : 0) |
			   ((at_flags & AT_EMPTY_PATH) ? LOOKUP_EMPTY : 0),
		       &old);
	if (r)
		return r;
	r = create_begin(&w, nbase, npath, false, &d);
	if (r)
		goto out;
	dir = w.at->inode;
	r = old->mnt == w.at->mnt ? may_link(dir, old->inode) : -EXDEV;
	if (!r)
		r = dir->ops->link(dir, d->name, d->name_len, old->inode);
	if (!r) {
		dentry_instantiate(d, inode_get(old->inode));
		notify_links(old->inode);
		notify_dir(dir, d, old->inode->mode, IN_CREATE);
	}
	name_end(&w, d);
out:
	dentry_put(old);
	return r;
}

/* Walk to a name to be removed; on success the directory is locked and *out positive: finish with
 * name_end(). */
static int remove_begin(struct walk *w, struct dentry **out)
{
	struct inode *dir = w->at->inode;
	int r = place_readonly(w->at);

	if (r)
		return r;
	mutex_lock(&dir->lock);
	r = dentry_lookup_locked(w->at, w->last, w->last_len, w->last_hash, out);
	if (!r && (*out)->inode)
		return 0;
	if (!r) {
		dentry_put(*out);
		r = -ENOENT;
	}
	mutex_unlock(&dir->lock);
	return r;
}

/* The file system has removed a name: so does the cache, and those who watch are told. */
static void name_removed(struct inode *dir, struct dentry *d)
{
	uint32_t mode = d->inode->mode;

	dentry_unlinked(d);
	notify_dir(dir, d, mode, IN_DELETE);
}

/* unlink(2) */
int vfs_unlink(struct dentry *base, const char *path)
{
	struct dentry *d;
	struct inode *dir;
	struct walk w;
	int r = walk_begin(&w, base, path, 0);

	if (r)
		return r;
	r = walk_parent(&w);
	if (!r && w.last_type != LAST_NORM)
		r = -EISDIR;
	if (!r)
		r = remove_begin(&w, &d);
	if (r) {
		walk_end(&w);
		return r;
	}
	dir = w.at->inode;
	if (w.slash)
		r = inode_is(d->inode, S_IFDIR) ? -EISDIR : -ENOTDIR;
	else
		r = may_delete(dir, d, false);
	if (!r && !dir->ops->unlink)
		r = -EPERM;
	if (!r && mount_on_name(d))
		r = -EBUSY;
	if (!r)
		r = dir->ops->unlink(dir, d->name, d->name_len, d->inode);
	if (!r) {
		notify_links(d->inode);
		name_removed(dir, d);
	}
	name_end(&w, d);
	return r;
}

/* What rmdir(2) says about "", ".", ".." and "/". */
static int rmdir_last_type(enum last_type t)
{
	switch (t) {
	case LAST_DOTDOT:
		return -ENOTEMPTY;
	case LAST_DOT:
		return -EINVAL;
	case LAST_ROOT:
		return -EBUSY;
	default:
		return 0;
	}
}

/* rmdir(2) */
int vfs_rmdir(struct dentry *base, const char *path)
{
	struct dentry *d;
	struct inode *dir;
	struct walk w;
	int r = walk_begin(&w, base, path, 0);

	if (r)
		return r;
	r = walk_parent(&w);
	if (!r)
		r = rmdir_last_type(w.last_type);
	if (!r)
		r = remove_begin(&w, &d);
	if (r) {
		walk_end(&w);
		return r;
	}
	dir = w.at->inode;
	r = may_delete(dir, d, true);
	if (!r && !dir->ops->rmdir)
		r = -EPERM;
	if (!r && mount_on_name(d))
		r = -EBUSY;
	if (!r) {
		mutex_lock(&d->inode->lock);
		r = dir->ops->rmdir(dir, d->name, d->name_len, d->inode);
		mutex_unlock(&d->inode->lock);
	}
	if (!r)
		name_removed(dir, d);
	name_end(&w, d);
	return r;
}

/* ---- rename ---- */

/* Lock the two directories of a rename, the upper one first. */
static void lock_dirs(struct dentry *a, struct dentry *b)
{
	if (a->inode == b->inode) {
		mutex_lock(&a->inode->lock);
		return;
	}
	mutex_lock(&rename_lock);
	if (dentry_is_ancestor(b, a) || (!dentry_is_ancestor(a, b) && b->inode < a->inode)) {
		struct dentry *t = a;

		a = b;
		b = t;
	}
	mutex_lock(&a->inode->lock);
	mutex_lock(&b->inode->lock);
}

static void unlock_dirs(struct dentry *a, struct dentry *b)
{
	mutex_unlock(&a->inode->lock);
	if (a->inode == b->inode)
		return;
	mutex_unlock(&b->inode->lock);
	mutex_unlock(&rename_lock);
}

/* One rename(2): both walks, both names. */
struct renaming {
	struct walk from, to;
	struct dentry *old, *new; /* the names, referenced */
	unsigned flags;
};

/* Look both names up and refuse what their shapes forbid. Directories locked. */
static int rename_lookup(struct renaming *rn)
{
	struct walk *f = &rn->from, *t = &rn->to;
	bool exchange = rn->flags & RENAME_EXCHANGE;
	int r = dentry_lookup_locked(f->at, f->last, f->last_len, f->last_hash, &rn->old);

	if (r)
		return r;
	if (!rn->old->inode)
		return -ENOENT;
	r = dentry_lookup_locked(t->at, t->last, t->last_len, t->last_hash, &rn->new);
	if (r)
		return r;
	if ((rn->flags & RENAME_NOREPLACE) && rn->new->inode)
		return -EEXIST;
	if (exchange && !rn->new->inode)
		return -ENOENT;
	if (exchange && t->slash && !inode_is(rn->new->inode, S_IFDIR))
		return -ENOTDIR;
	if (!inode_is(rn->old->inode, S_IFDIR) && (f->slash || (!exchange && t->slash)))
		return -ENOTDIR;
	if (dentry_is_ancestor(rn->old, t->at))
		return -EINVAL;
	if (dentry_is_ancestor(rn->new, f->at))
		return exchange ? -EINVAL : -ENOTEMPTY;
	return 0;
}

/* Permissions, in vfs_rename()'s order. */
static int may_rename(struct renaming *rn)
{
	struct inode *odir = rn->from.at->inode, *ndir = rn->to.at->inode;
	struct inode *source = rn->old->inode, *target = rn->new->inode;
	bool is_dir = inode_is(source, S_IFDIR), exchange = rn->flags & RENAME_EXCHANGE;
	bool target_dir = target && inode_is(target, S_IFDIR);
	int r = may_delete(odir, rn->old, is_dir);

	if (r)
		return r;
	if (!target)
		r = may_create(ndir);
	else
		r = may_delete(ndir, rn->new, exchange ? target_dir : is_dir);
	if (r)
		return r;
	if (!odir->ops->rename)
		return -EPERM;
	/* A directory that changes its parent is itself written to: its "..". */
	if (odir != ndir && is_dir && (r = inode_permission(source, W_OK)))
		return r;
	if (odir != ndir && exchange && target_dir && (r = inode_permission(target, W_OK)))
		return r;
	return mount_on_name(rn->old) || mount_on_name(rn->new) ? -EBUSY : 0;
}

/* The change itself. Directories locked. */
static int rename_locked(struct renaming *rn)
{
	bool exchange = rn->flags & RENAME_EXCHANGE;
	struct inode *target;
	char *room[2];
	int r = rename_lookup(rn);

	if (r)
		return r;
	target = rn->new->inode;
	if (target == rn->old->inode)
		return 0;
	r = may_rename(rn);
	if (!r)
		r = dentry_move_prepare(rn->old, rn->new, room);
	if (r)
		return r;
	if (target && inode_is(target, S_IFDIR) && !exchange)
		mutex_lock(&target->lock);
	r = rn->from.at->inode->ops->rename(rn->from.at->inode, rn->old->name, rn->old->name_len,
					    rn->to.at->inode, rn->new->name, rn->new->name_len,
					    rn->flags);
	if (target && inode_is(target, S_IFDIR) && !exchange)
		mutex_unlock(&target->lock);
	if (r) {
		dentry_move_cancel(room);
		return r;
	}
	if (rn->to.at->inode->ops->renamed)
		rn->to.at->inode->ops->renamed(rn->to.at->inode, rn->new->name, rn->new->name_len,
					       rn->old->inode, target);
	dentry_move(rn->old, rn->new, exchange, room);
	if (unlikely(notify_watches))
		notify_renamed(rn->from.at->inode,
			       (struct path_part){rn->from.last, rn->from.last_len},
			       rn->to.at->inode, (struct path_part){rn->to.last, rn->to.last_len},
			       rn->old->inode, target, exchange);
	return 0;
}

/* Both walks are at their directories. */
static int rename_walked(struct renaming *rn)
{
	struct walk *f = &rn->from, *t = &rn->to;
	int r;

	if (f->at->mnt != t->at->mnt)
		return -EXDEV;
	if (f->last_type != LAST_NORM)
		return -EBUSY;
	if (t->last_type != LAST_NORM)
		return (rn->flags & RENAME_NOREPLACE) ? -EEXIST : -EBUSY;
	r = place_readonly(f->at);
	if (r)
		return r;
	lock_dirs(f->at, t->at);
	r = rename_locked(rn);
	unlock_dirs(f->at, t->at);
	if (rn->old)
		dentry_put(rn->old);
	if (rn->new)
		dentry_put(rn->new);
	return r;
}

/* renameat2(2) with RENAME_NOREPLACE and RENAME_EXCHANGE; other flags give -EINVAL. */
int vfs_rename(struct dentry *obase, const char *opath, struct dentry *nbase, const char *npath,
	       unsigned flags)
{
	struct renaming rn = {.flags = flags};
	int r;

	if ((flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE)) ||
	    flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	r = walk_begin(&rn.from, obase, opath, 0);
	if (r)
		return r;
	r = walk_parent(&rn.from);
	if (r)
		goto out_from;
	r = walk_begin(&rn.to, nbase, npath, 0);
	if (r)
		goto out_from;
	r = walk_parent(&rn.to);
	if (!r)
		r = rename_walked(&rn);
	walk_end(&rn.to);
out_from:
	walk_end(&rn.from);
	return r;
}
