/* SPDX-License-Identifier: MIT */
/*
 * Changing a file's attributes, size and storage: chmod(2), chown(2), utimensat(2), truncate(2),
 * fallocate(2), and the calls that flush or advise. Who may change what is the VFS's business
 * (vfs_setattr).
 */
#include "syscalls/syscall.h"

#include "kernel/clock.h"
#include "syscalls/fileops.h"
#include "syscalls/util.h"

#include <linux/fadvise.h>
#include <linux/utime.h>

#define MODE_BITS  07777
#define UTIME_NOW  ((1l << 30) - 1) /* utimensat(2); not in the UAPI headers */
#define UTIME_OMIT ((1l << 30) - 2)

static long setattr_at(int dirfd, uaddr_t path, int lookup, struct setattr *a)
{
	struct dentry *place;
	struct inode *in;
	int r;

	if (lookup < 0)
		return lookup;
	r = inode_at(dirfd, path, lookup, &in, &place);
	if (r)
		return r;
	r = (a->valid & ATTR_MODE) && S_ISLNK(in->mode) ? -EOPNOTSUPP : vfs_setattr(in, place, a);
	if (place)
		dentry_put(place);
	inode_put(in);
	return r;
}

static long setattr_fd(int fd, struct setattr *a)
{
	struct file *f = fd_file(fd);
	int r;

	if (!f)
		return -EBADF;
	r = vfs_setattr(f->inode, f->dentry, a);
	file_put(f);
	return r;
}

/* fchmodat2(2), Linux 6.6: what fchmodat(3) always promised. */
long sys_fchmodat2(int dirfd, uaddr_t path, unsigned mode, int flags)
{
	struct setattr a = {.valid = ATTR_MODE, .mode = mode & MODE_BITS};

	return setattr_at(dirfd, path, lookup_flags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH),
			  &a);
}

/* fchmodat(2): the system call has no flags. */
long sys_fchmodat(int dirfd, uaddr_t path, unsigned mode)
{
	return sys_fchmodat2(dirfd, path, mode, 0);
}

/* chmod(2). */
long sys_chmod(uaddr_t path, unsigned mode)
{
	return sys_fchmodat2(AT_FDCWD, path, mode, 0);
}

/* fchmod(2). */
long sys_fchmod(int fd, unsigned mode)
{
	struct setattr a = {.valid = ATTR_MODE, .mode = mode & MODE_BITS};

	return setattr_fd(fd, &a);
}

/* -1 leaves an id as it is. */
static struct setattr chown_attr(uint32_t uid, uint32_t gid)
{
	struct setattr a = {.uid = uid, .gid = gid};

	if (uid != (uint32_t)-1)
		a.valid |= ATTR_UID;
	if (gid != (uint32_t)-1)
		a.valid |= ATTR_GID;
	return a;
}

/* fchownat(2). */
long sys_fchownat(int dirfd, uaddr_t path, uint32_t uid, uint32_t gid, int flags)
{
	struct setattr a = chown_attr(uid, gid);

	return setattr_at(dirfd, path, lookup_flags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH),
			  &a);
}

/* chown(2). */
long sys_chown(uaddr_t path, uint32_t uid, uint32_t gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, 0);
}

/* lchown(2). */
long sys_lchown(uaddr_t path, uint32_t uid, uint32_t gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

/* fchown(2). */
long sys_fchown(int fd, uint32_t uid, uint32_t gid)
{
	struct setattr a = chown_attr(uid, gid);

	return setattr_fd(fd, &a);
}

/* ---- times ---- */

/* Access and modification time as utimensat passes them. */
struct times {
	struct __kernel_timespec t[2];
};

static const struct times TIMES_NOW = {{{0, UTIME_NOW}, {0, UTIME_NOW}}};

static bool nsec_valid(int64_t nsec)
{
	return nsec == UTIME_OMIT || nsec == UTIME_NOW ||
	       (nsec >= 0 && nsec < (int64_t)NSEC_PER_SEC);
}

/* Signed ns since 1970, as far as they fit (years 1678 to 2262). */
static uint64_t to_ns(const struct __kernel_timespec *ts)
{
	int64_t limit = INT64_MAX / NSEC_PER_SEC - 1;
	int64_t sec = MAX(MIN((int64_t)ts->tv_sec, limit), -limit);

	return sec * (int64_t)NSEC_PER_SEC + ts->tv_nsec;
}

/* Both "now" needs only the right to write; a single "now" is an explicit time like any other. */
static struct setattr times_attr(const struct times *times)
{
	const struct __kernel_timespec *at = &times->t[0], *mt = &times->t[1];
	uint64_t now = clock_real_coarse_ns();
	struct setattr a = {0};

	if (at->tv_nsec == UTIME_NOW && mt->tv_nsec == UTIME_NOW) {
		a.valid = ATTR_ATIME_NOW | ATTR_MTIME_NOW;
		return a;
	}
	a.atime_ns = at->tv_nsec == UTIME_NOW ? now : to_ns(at);
	a.mtime_ns = mt->tv_nsec == UTIME_NOW ? now : to_ns(mt);
	if (at->tv_nsec != UTIME_OMIT)
		a.valid |= ATTR_ATIME;
	if (mt->tv_nsec != UTIME_OMIT)
		a.valid |= ATTR_MTIME;
	return a;
}

/* A null path means the file behind dirfd. */
static long set_times(int dirfd, uaddr_t path, const struct times *times, int flags)
{
	struct setattr a = times_attr(times);

	if (!nsec_valid(times->t[0].tv_nsec) || !nsec_valid(times->t[1].tv_nsec))
		return -EINVAL;
	if (!path && dirfd != AT_FDCWD)
		return flags ? -EINVAL : setattr_fd(dirfd, &a);
	return setattr_at(dirfd, path, lookup_flags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH),
			  &a);
}

/* utimensat(2). */
long sys_utimensat(int dirfd, uaddr_t path, uaddr_t utimes, int flags)
{
	struct times times = TIMES_NOW;

	if (utimes && get_user(&times, utimes))
		return -EFAULT;
	if (times.t[0].tv_nsec == UTIME_OMIT && times.t[1].tv_nsec == UTIME_OMIT)
		return 0;
	return set_times(dirfd, path, &times, flags);
}

/* futimesat(2). */
long sys_futimesat(int dirfd, uaddr_t path, uaddr_t utv)
{
	struct __kernel_old_timeval tv[2];
	struct times times = TIMES_NOW;

	if (!utv)
		return set_times(dirfd, path, &times, 0);
	if (get_user(&tv, utv))
		return -EFAULT;
	for (int i = 0; i < 2; i++) {
		if (tv[i].tv_usec < 0 || tv[i].tv_usec >= 1000000)
			return -EINVAL;
		times.t[i].tv_sec = tv[i].tv_sec;
		times.t[i].tv_nsec = tv[i].tv_usec * NSEC_PER_USEC;
	}
	return set_times(dirfd, path, &times, 0);
}

/* utimes(2). */
long sys_utimes(uaddr_t path, uaddr_t utv)
{
	return sys_futimesat(AT_FDCWD, path, utv);
}

/* utime(2). */
long sys_utime(uaddr_t path, uaddr_t ubuf)
{
	struct times times = TIMES_NOW;
	struct utimbuf buf;

	if (ubuf && get_user(&buf, ubuf))
		return -EFAULT;
	if (ubuf) {
		times.t[0] = (struct __kernel_timespec){buf.actime, 0};
		times.t[1] = (struct __kernel_timespec){buf.modtime, 0};
	}
	return set_times(AT_FDCWD, path, &times, 0);
}

/* ---- size and storage ---- */

/* truncate(2). */
long sys_truncate(uaddr_t path, int64_t length)
{
	struct dentry *d;
	int r;

	if (length < 0)
		return -EINVAL;
	r = dentry_at(AT_FDCWD, path, LOOKUP_FOLLOW, &d);
	if (r)
		return r;
	r = vfs_truncate(d, length);
	dentry_put(d);
	return r;
}

/* ftruncate(2). */
long sys_ftruncate(int fd, int64_t length)
{
	struct file *f;
	int r;

	if (length < 0)
		return -EINVAL;
	f = fd_file(fd);
	if (!f)
		return -EBADF;
	r = vfs_ftruncate(f, length);
	file_put(f);
	return r;
}

/* fallocate(2). */
long sys_fallocate(int fd, int mode, int64_t off, int64_t len)
{
	struct file *f = fd_file(fd);
	int r;

	if (!f)
		return -EBADF;
	r = vfs_fallocate(f, mode, off, len);
	file_put(f);
	return r;
}

/* Files are in memory, so after the checks there is nothing to do. */
int fadvise_file(struct file *f, int64_t len, int advice)
{
	if (S_ISFIFO(f->inode->mode))
		return -ESPIPE;
	return len < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE ? -EINVAL : 0;
}

/* posix_fadvise(2). */
long sys_fadvise64(int fd, int64_t off, int64_t len, int advice)
{
	struct file *f = fd_file(fd);
	int r;

	if (!f)
		return -EBADF;
	r = fadvise_file(f, len, advice);
	file_put(f);
	return r;
}

/* readahead(2). */
long sys_readahead(int fd, int64_t off, size_t count)
{
	struct file *f = fd_file(fd);
	int r = 0;

	if (!f)
		return -EBADF;
	if (!file_readable(f))
		r = -EBADF;
	else if (!S_ISREG(f->inode->mode) && !S_ISBLK(f->inode->mode))
		r = -EINVAL;
	file_put(f);
	return r;
}

int fsync_file(struct file *f, bool data_only)
{
	return f->ops->fsync ? f->ops->fsync(f, data_only) : -EINVAL;
}

static long sync_fd(int fd, bool data_only)
{
	struct file *f = fd_file(fd);
	int r;

	if (!f)
		return -EBADF;
	r = fsync_file(f, data_only);
	file_put(f);
	return r;
}

/* fsync(2). */
long sys_fsync(int fd)
{
	return sync_fd(fd, false);
}

/* fdatasync(2). */
long sys_fdatasync(int fd)
{
	return sync_fd(fd, true);
}

/* sync(2): errors are for fsync to tell. */
long sys_sync(void)
{
	(void)vfs_sync();
	return 0;
}

/* syncfs(2): all of them; there are few. */
long sys_syncfs(int fd)
{
	struct file *f = fd_file(fd);

	if (!f)
		return -EBADF;
	file_put(f);
	return vfs_sync();
}

int sync_range_file(struct file *f, int64_t off, int64_t len, unsigned flags)
{
	const unsigned known =
	    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
	uint32_t mode = f->inode->mode;

	if ((flags & ~known) || off < 0 || len < 0 || len > INT64_MAX - off)
		return -EINVAL;
	return S_ISFIFO(mode) || S_ISCHR(mode) || S_ISSOCK(mode) ? -ESPIPE : 0;
}

/* sync_file_range(2). */
long sys_sync_file_range(int fd, int64_t off, int64_t len, unsigned flags)
{
	struct file *f = fd_file(fd);
	int r;

	if (!f)
		return -EBADF;
	r = sync_range_file(f, off, len, flags);
	file_put(f);
	return r;
}
