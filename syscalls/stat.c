/* SPDX-License-Identifier: MIT */
/*
 * What a file is and who may use it: the stat family, statx(2), statfs(2), access(2). All of them
 * find an inode and ask the VFS; this file only translates to the program's structures.
 */
#include "syscalls/syscall.h"

#include "fs/mount.h"
#include "kernel/string.h"
#include "syscalls/util.h"

#define STAT_AT_FLAGS (AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE)

/* Times are signed: before 1970 they count down, but the nanosecond part never is negative. */
static int64_t seconds_of(uint64_t ns)
{
	int64_t s = (int64_t)ns / (int64_t)NSEC_PER_SEC;

	return (int64_t)ns < s * (int64_t)NSEC_PER_SEC ? s - 1 : s;
}

static uint32_t nanos_of(uint64_t ns)
{
	return ns - seconds_of(ns) * NSEC_PER_SEC;
}

static int put_stat(struct inode *in, uaddr_t ust)
{
	struct kstat k;
	struct stat st;
	int r = vfs_getattr(in, &k);

	if (r)
		return r;
	memset(&st, 0, sizeof(st));
	st.st_dev = k.dev;
	st.st_ino = k.ino;
	st.st_nlink = k.nlink;
	st.st_mode = k.mode;
	st.st_uid = k.uid;
	st.st_gid = k.gid;
	st.st_rdev = k.rdev;
	st.st_size = k.size;
	st.st_blksize = k.blksize;
	st.st_blocks = k.blocks;
	st.st_atime = seconds_of(k.atime_ns);
	st.st_atime_nsec = nanos_of(k.atime_ns);
	st.st_mtime = seconds_of(k.mtime_ns);
	st.st_mtime_nsec = nanos_of(k.mtime_ns);
	st.st_ctime = seconds_of(k.ctime_ns);
	st.st_ctime_nsec = nanos_of(k.ctime_ns);
	return put_user(ust, st);
}

static long stat_at(int dirfd, uaddr_t path, unsigned lookup, uaddr_t ust)
{
	struct inode *in;
	int r = inode_at(dirfd, path, lookup, &in, NULL);

	if (r)
		return r;
	r = put_stat(in, ust);
	inode_put(in);
	return r;
}

/* stat(2). */
long sys_stat(uaddr_t path, uaddr_t ust)
{
	return stat_at(AT_FDCWD, path, LOOKUP_FOLLOW, ust);
}

/* lstat(2). */
long sys_lstat(uaddr_t path, uaddr_t ust)
{
	return stat_at(AT_FDCWD, path, 0, ust);
}

/* fstat(2): works on O_PATH descriptors too. */
long sys_fstat(int fd, uaddr_t ust)
{
	struct file *f = fd_file_any(fd);
	int r;

	if (!f)
		return -EBADF;
	r = put_stat(f->inode, ust);
	file_put(f);
	return r;
}

/* fstatat(2). */
long sys_newfstatat(int dirfd, uaddr_t path, uaddr_t ust, int flags)
{
	int lookup = lookup_flags(flags, STAT_AT_FLAGS);

	return lookup < 0 ? lookup : stat_at(dirfd, path, lookup, ust);
}

static struct statx_timestamp statx_time(uint64_t ns)
{
	return (struct statx_timestamp){.tv_sec = seconds_of(ns), .tv_nsec = nanos_of(ns)};
}

static int fill_statx(struct inode *in, const struct dentry *place, unsigned mask, struct statx *x)
{
	struct kstat k;
	int r = vfs_getattr(in, &k);

	if (r)
		return r;
	memset(x, 0, sizeof(*x));
	x->stx_mask = STATX_BASIC_STATS | STATX_MNT_ID | (k.btime_ns ? mask & STATX_BTIME : 0);
	x->stx_blksize = k.blksize;
	x->stx_nlink = k.nlink;
	x->stx_uid = k.uid;
	x->stx_gid = k.gid;
	x->stx_mode = k.mode;
	x->stx_ino = k.ino;
	x->stx_size = k.size;
	x->stx_blocks = k.blocks;
	x->stx_atime = statx_time(k.atime_ns);
	x->stx_mtime = statx_time(k.mtime_ns);
	x->stx_ctime = statx_time(k.ctime_ns);
	if (x->stx_mask & STATX_BTIME)
		x->stx_btime = statx_time(k.btime_ns);
	x->stx_rdev_major = dev_major(k.rdev);
	x->stx_rdev_minor = dev_minor(k.rdev);
	x->stx_dev_major = dev_major(k.dev);
	x->stx_dev_minor = dev_minor(k.dev);
	x->stx_mnt_id = place && place->mnt ? place->mnt->id : 0;
	x->stx_attributes_mask = STATX_ATTR_AUTOMOUNT | STATX_ATTR_MOUNT_ROOT | STATX_ATTR_DAX;
	if (place && mount_is_root(place))
		x->stx_attributes = STATX_ATTR_MOUNT_ROOT;
	return 0;
}

/* statx(2). */
long sys_statx(int dirfd, uaddr_t path, int flags, unsigned mask, uaddr_t ux)
{
	int lookup = lookup_flags(flags, STAT_AT_FLAGS);
	struct dentry *place;
	struct inode *in;
	struct statx x;
	int r;

	if ((mask & STATX__RESERVED) || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	if (lookup < 0)
		return lookup;
	r = inode_at(dirfd, path, lookup, &in, &place);
	if (r)
		return r;
	r = fill_statx(in, place, mask, &x);
	if (!r)
		r = put_user(ux, x);
	if (place)
		dentry_put(place);
	inode_put(in);
	return r;
}

static int put_statfs(struct inode *in, const struct dentry *place, uaddr_t ubuf)
{
	struct statfs st;
	int r;

	memset(&st, 0, sizeof(st));
	r = vfs_statfs(in, place, &st);
	return r ? r : put_user(ubuf, st);
}

/* statfs(2). */
long sys_statfs(uaddr_t path, uaddr_t ubuf)
{
	struct dentry *place;
	struct inode *in;
	int r = inode_at(AT_FDCWD, path, LOOKUP_FOLLOW, &in, &place);

	if (r)
		return r;
	r = put_statfs(in, place, ubuf);
	dentry_put(place);
	inode_put(in);
	return r;
}

/* fstatfs(2): works on O_PATH descriptors too. */
long sys_fstatfs(int fd, uaddr_t ubuf)
{
	struct file *f = fd_file_any(fd);
	int r;

	if (!f)
		return -EBADF;
	r = put_statfs(f->inode, f->dentry, ubuf);
	file_put(f);
	return r;
}

/* faccessat2(2): asks for the real ids, as a set-id program needs, unless AT_EACCESS. */
long sys_faccessat2(int dirfd, uaddr_t path, int mode, int flags)
{
	int lookup = lookup_flags(flags, AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
	struct dentry *place;
	struct inode *in;
	int r;

	if (mode & ~(R_OK | W_OK | X_OK))
		return -EINVAL;
	if (lookup < 0)
		return lookup;
	r = inode_at(dirfd, path, lookup, &in, &place);
	if (r)
		return r;
	if ((mode & X_OK) && S_ISREG(in->mode) && place_has(place, MS_NOEXEC))
		r = -EACCES;
	if (!r)
		r = vfs_permission(in, mode, !(flags & AT_EACCESS));
	if (!r && (mode & W_OK) && place_has(place, MS_RDONLY) &&
	    (S_ISREG(in->mode) || S_ISDIR(in->mode) || S_ISLNK(in->mode)))
		r = -EROFS;
	if (place)
		dentry_put(place);
	inode_put(in);
	return r;
}

/* faccessat(2): the system call has no flags. */
long sys_faccessat(int dirfd, uaddr_t path, int mode)
{
	return sys_faccessat2(dirfd, path, mode, 0);
}

/* access(2). */
long sys_access(uaddr_t path, int mode)
{
	return sys_faccessat2(AT_FDCWD, path, mode, 0);
}
