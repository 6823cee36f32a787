/* SPDX-License-Identifier: MIT */
/*
 * mount(2), umount(2), pivot_root(2) and the calls for trees of mounts: open_tree(2),
 * move_mount(2), mount_setattr(2). What is possible is fs/mount.h's; here are arguments, rights and
 * the order of checks.
 */
#include "fs/mount.h"
#include "kernel/heap.h"
#include "kernel/string.h"
#include "syscalls/mount.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#include <linux/mount.h>

#ifndef MOVE_MOUNT_BENEATH /* Linux 6.5 */
#define MOVE_MOUNT_BENEATH 0x200
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

#define PROPAGATION (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE)
#define ATIME_FLAGS (MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)
#define MAGIC	    0xc0ed0000ul /* in the upper half of flags, from before Linux 2.4 */

int mount_text(uaddr_t utext, size_t size, char **out)
{
	ssize_t n;

	*out = NULL;
	if (!utext)
		return 0;
	*out = kmalloc(size);
	if (!*out)
		return -ENOMEM;
	n = strncpy_from_user(*out, utext, size);
	if (n >= 0)
		return 0;
	kfree(*out);
	*out = NULL;
	return n == -ENAMETOOLONG ? -EINVAL : (int)n;
}

/* mount(2)'s data: as much of a page as can be read. 0, -EFAULT, -ENOMEM. */
static int copy_data(uaddr_t udata, char **out)
{
	size_t left;

	*out = NULL;
	if (!udata)
		return 0;
	*out = kzalloc(PAGE_SIZE);
	if (!*out)
		return -ENOMEM;
	left = uaccess_read(*out, udata, PAGE_SIZE);
	if (left == PAGE_SIZE) {
		kfree(*out);
		*out = NULL;
		return -EFAULT;
	}
	(*out)[PAGE_SIZE - 1] = 0;
	return 0;
}

/* What a mount gets of mount(2)'s flags. */
static unsigned mount_flags(uint64_t flags)
{
	unsigned f = flags & MOUNT_FLAGS;

	if (!(flags & MS_NOATIME))
		f |= MS_RELATIME;
	if (flags & MS_STRICTATIME)
		f &= ~(unsigned)(MS_RELATIME | MS_NOATIME);
	return f;
}

static int bind(const char *source, struct dentry *at, bool deep)
{
	struct dentry *d;
	struct mount *m;
	int r;

	if (!source || !*source)
		return -EINVAL;
	r = vfs_lookup(NULL, source, LOOKUP_FOLLOW, &d);
	if (r)
		return r;
	if (at->mnt && at->mnt->dead)
		r = -ENOENT;
	else if (!d->mnt || d->mnt->ns != mount_ns_current())
		r = -EINVAL;
	else
		r = d->unlinked ? -ENOENT : mount_clone(d, deep, &m);
	dentry_put(d);
	if (r)
		return r;
	r = mount_attach(m, at);
	if (r)
		mount_drop(m);
	return r;
}

static int move(const char *source, struct dentry *at)
{
	struct dentry *d;
	int r;

	if (!source || !*source)
		return -EINVAL;
	r = vfs_lookup(NULL, source, LOOKUP_FOLLOW, &d);
	if (r)
		return r;
	r = mount_move(d, at);
	dentry_put(d);
	return r;
}

static int remount(struct dentry *at, uint64_t flags, const char *data)
{
	const unsigned some = MS_RDONLY | MS_SYNCHRONOUS | MS_MANDLOCK | MS_LAZYTIME;
	unsigned f = mount_flags(flags);
	int r = 0;

	if (!at->mnt)
		return -EINVAL;
	if (!(flags & ATIME_FLAGS))
		f = (f & ~(unsigned)ATIME_FLAGS) | (at->mnt->flags & ATIME_FLAGS);
	if (!(flags & MS_BIND))
		r = mount_reconfigure(at, (flags & some) | (at->inode->super->flags & ~some), data);
	return r ? r : mount_set_flags(at, MOUNT_FLAGS, f, false);
}

static int propagate(struct dentry *at, uint64_t flags)
{
	uint64_t type = flags & ~(uint64_t)(MS_REC | MS_SILENT);

	if ((type & ~(uint64_t)PROPAGATION) || (type & (type - 1)))
		return -EINVAL;
	return mount_set_propagation(at, (unsigned)type, flags & MS_REC);
}

static int new_mount(struct dentry *at, const char *source, const char *fstype, uint64_t flags,
		     const char *data)
{
	struct mount *m;
	int r;

	if (!fstype)
		return -EINVAL;
	r = mount_make(fstype, source, data, flags & SUPER_FLAGS, mount_flags(flags), &m);
	if (r)
		return r;
	if (mount_is_root(at) && at->inode->super == m->super)
		r = -EBUSY; /* the same once more */
	if (!r)
		r = mount_attach(m, at);
	if (r)
		mount_drop(m);
	return r;
}

static int do_mount(struct dentry *at, const char *source, const char *fstype, uint64_t flags,
		    const char *data)
{
	if ((flags & 0xffff0000) == MAGIC)
		flags &= 0xffff;
	if (flags & MS_NOUSER)
		return -EINVAL;
	if (!may_mount())
		return -EPERM;
	if (flags & MS_REMOUNT)
		return remount(at, flags, data);
	if (flags & MS_BIND)
		return bind(source, at, flags & MS_REC);
	if (flags & PROPAGATION)
		return propagate(at, flags);
	if (flags & MS_MOVE)
		return move(source, at);
	return new_mount(at, source, fstype, flags, data);
}

long sys_mount(uaddr_t usource, uaddr_t target, uaddr_t ufstype, unsigned long flags, uaddr_t udata)
{
	char *source = NULL, *fstype = NULL, *data = NULL;
	struct dentry *at;
	int r = mount_text(ufstype, PATH_MAX, &fstype);

	if (!r)
		r = mount_text(usource, PATH_MAX, &source);
	if (!r)
		r = copy_data(udata, &data);
	if (!r)
		r = dentry_at(AT_FDCWD, target, LOOKUP_FOLLOW, &at);
	if (!r) {
		r = do_mount(at, source, fstype, flags, data);
		dentry_put(at);
	}
	kfree(fstype);
	kfree(source);
	kfree(data);
	return r;
}

long sys_umount2(uaddr_t target, unsigned flags)
{
	struct dentry *d;
	int r;

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	r = dentry_at(AT_FDCWD, target, flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &d);
	if (r)
		return r;
	d = mount_top(d);
	r = may_mount() ? mount_remove(d, flags) : -EPERM;
	dentry_put(d);
	return r;
}

long sys_pivot_root(uaddr_t new_root, uaddr_t put_old)
{
	struct dentry *to, *old;
	int r;

	if (!may_mount())
		return -EPERM;
	r = dentry_at(AT_FDCWD, new_root, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &to);
	if (r)
		return r;
	r = dentry_at(AT_FDCWD, put_old, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &old);
	if (!r) {
		r = mount_pivot(to, old);
		dentry_put(old);
	}
	dentry_put(to);
	return r;
}

/* ---- trees of mounts behind descriptors ---- */

long mount_fd(struct mount *m, bool cloexec)
{
	struct file *f;
	int r = mount_file(m->root, &f);

	if (r) {
		mount_drop(m);
		return r;
	}
	return fd_new(f, cloexec);
}

long sys_open_tree(int dirfd, uaddr_t path, unsigned flags)
{
	const unsigned known = AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_RECURSIVE |
			       AT_SYMLINK_NOFOLLOW | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
	struct dentry *d;
	struct mount *m;
	struct file *f;
	int r;

	if ((flags & ~known) || (flags & (AT_RECURSIVE | OPEN_TREE_CLONE)) == AT_RECURSIVE)
		return -EINVAL;
	if ((flags & OPEN_TREE_CLONE) && !may_mount())
		return -EPERM;
	r = dentry_at(dirfd, path,
		      (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
			  (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0),
		      &d);
	if (r)
		return r;
	if (flags & OPEN_TREE_CLONE)
		r = mount_clone(d, flags & AT_RECURSIVE, &m);
	else
		r = vfs_path_file(d, O_PATH, &f);
	dentry_put(d);
	if (r)
		return r;
	return flags & OPEN_TREE_CLONE ? mount_fd(m, flags & OPEN_TREE_CLOEXEC)
				       : fd_new(f, flags & OPEN_TREE_CLOEXEC);
}

/* A mount that is nowhere gets a place: its maker's reference is the tree's then. Another thread
 * may place it, or end it, meanwhile. */
static int put_somewhere(struct dentry *from, struct dentry *to)
{
	int r;

	if (!mount_is_root(from))
		return -EINVAL;
	r = mount_attach(from->mnt, to);
	if (r == -EBUSY)
		return mount_move(from, to);
	return r == -ENOTDIR ? -EINVAL : r;
}

long sys_move_mount(int from_dirfd, uaddr_t from_path, int to_dirfd, uaddr_t to_path,
		    unsigned flags)
{
	struct dentry *from, *to;
	int r;

	if (!may_mount())
		return -EPERM;
	if (flags & ~(unsigned)(MOVE_MOUNT__MASK | MOVE_MOUNT_BENEATH))
		return -EINVAL;
	if (flags & (MOVE_MOUNT_BENEATH | MOVE_MOUNT_SET_GROUP))
		return -EINVAL; /* beneath another; groups of propagation */
	r = dentry_at(from_dirfd, from_path,
		      (flags & MOVE_MOUNT_F_SYMLINKS ? LOOKUP_FOLLOW : 0) |
			  (flags & MOVE_MOUNT_F_EMPTY_PATH ? LOOKUP_EMPTY : 0),
		      &from);
	if (r)
		return r;
	r = dentry_at(to_dirfd, to_path,
		      (flags & MOVE_MOUNT_T_SYMLINKS ? LOOKUP_FOLLOW : 0) |
			  (flags & MOVE_MOUNT_T_EMPTY_PATH ? LOOKUP_EMPTY : 0),
		      &to);
	if (!r) {
		r = put_somewhere(from, to);
		dentry_put(to);
	}
	dentry_put(from);
	return r;
}

/* ---- mount_setattr(2) ---- */

static const struct {
	uint64_t attr;
	unsigned flag;
} attrs[] = {
    {MOUNT_ATTR_RDONLY, MS_RDONLY},	    {MOUNT_ATTR_NOSUID, MS_NOSUID},
    {MOUNT_ATTR_NODEV, MS_NODEV},	    {MOUNT_ATTR_NOEXEC, MS_NOEXEC},
    {MOUNT_ATTR_NODIRATIME, MS_NODIRATIME}, {MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW},
};

/* Those that are single bits; 0 or -EINVAL for what is not known. */
static int plain_flags(uint64_t attr, unsigned *flags)
{
	*flags = 0;
	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++) {
		if (attr & attrs[i].attr)
			*flags |= attrs[i].flag;
		attr &= ~attrs[i].attr;
	}
	return attr ? -EINVAL : 0;
}

int mount_attr_flags(uint64_t attr, unsigned *flags)
{
	int r = plain_flags(attr & ~(uint64_t)MOUNT_ATTR__ATIME, flags);

	switch (attr & MOUNT_ATTR__ATIME) {
	case MOUNT_ATTR_RELATIME:
		*flags |= MS_RELATIME;
		return r;
	case MOUNT_ATTR_NOATIME:
		*flags |= MS_NOATIME;
		return r;
	case MOUNT_ATTR_STRICTATIME:
		return r;
	}
	return -EINVAL;
}

/* The structure may be longer than we know if the rest is zero. */
static int fetch_attr(uaddr_t uattr, size_t size, struct mount_attr *a)
{
	uint8_t byte = 0;

	if (copy_from_user(a, uattr, sizeof(*a)))
		return -EFAULT;
	for (size_t i = sizeof(*a); i < size && !byte; i++)
		if (get_user(&byte, uattr + i))
			return -EFAULT;
	return byte ? -E2BIG : 0;
}

static int set_attr(struct dentry *d, const struct mount_attr *a, bool deep)
{
	uint64_t atime = MOUNT_ATTR__ATIME, kind = a->propagation;
	unsigned set, clear;
	int r;

	if ((kind & ~(uint64_t)PROPAGATION) || (kind & (kind - 1)))
		return -EINVAL;
	r = plain_flags(a->attr_clr & ~atime, &clear);
	if (!r && (a->attr_clr & atime)) {
		clear |= MS_RELATIME | MS_NOATIME;
		r = (a->attr_clr & atime) == atime ? mount_attr_flags(a->attr_set, &set) : -EINVAL;
	} else if (!r) {
		r = plain_flags(a->attr_set, &set); /* and none of the others */
	}
	if (!r && kind)
		r = mount_set_propagation(d, (unsigned)kind, deep);
	return r ? r : mount_set_flags(d, clear, set, deep);
}

long sys_mount_setattr(int dirfd, uaddr_t path, unsigned flags, uaddr_t uattr, size_t size)
{
	struct mount_attr a;
	struct dentry *d;
	int r;

	if (flags &
	    ~(unsigned)(AT_EMPTY_PATH | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT))
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < MOUNT_ATTR_SIZE_VER0)
		return -EINVAL;
	if (!may_mount())
		return -EPERM;
	r = fetch_attr(uattr, size, &a);
	if (r || !(a.attr_set | a.attr_clr | a.propagation))
		return r;
	r = dentry_at(dirfd, path,
		      (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
			  (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0),
		      &d);
	if (r)
		return r;
	r = set_attr(d, &a, flags & AT_RECURSIVE);
	dentry_put(d);
	return r;
}
