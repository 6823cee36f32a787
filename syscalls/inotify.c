/* SPDX-License-Identifier: MIT */
/* inotify_init(2) and its family. */
#include "fs/notify.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#define ALL_BITS                                                                                   \
	(IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ONLYDIR | IN_DONT_FOLLOW |   \
	 IN_EXCL_UNLINK | IN_MASK_ADD | IN_MASK_CREATE | IN_ISDIR | IN_ONESHOT)

/* inotify_init1(2). */
long sys_inotify_init1(int flags)
{
	struct file *f;
	int r;

	if (flags & ~(IN_CLOEXEC | IN_NONBLOCK))
		return -EINVAL;
	r = inotify_new(flags & O_NONBLOCK, &f);
	return r ? r : fd_new(f, flags & IN_CLOEXEC);
}

/* inotify_init(2). */
long sys_inotify_init(void)
{
	return sys_inotify_init1(0);
}

static int add_watch(struct file *f, uaddr_t path, uint32_t mask)
{
	unsigned lookup = (mask & IN_DONT_FOLLOW ? 0 : LOOKUP_FOLLOW) |
			  (mask & IN_ONLYDIR ? LOOKUP_DIRECTORY : 0);
	struct dentry *d;
	int r;

	if ((mask & IN_MASK_ADD) && (mask & IN_MASK_CREATE))
		return -EINVAL;
	if (!file_is_inotify(f))
		return -EINVAL;
	r = dentry_at(AT_FDCWD, path, lookup, &d);
	if (r)
		return r;
	r = vfs_permission(d->inode, R_OK, false);
	if (r == 0)
		r = inotify_add(f, d->inode, mask);
	dentry_put(d);
	return r;
}

/* inotify_add_watch(2). */
long sys_inotify_add_watch(int fd, uaddr_t path, unsigned mask)
{
	struct file *f;
	int r;

	if (!(mask & ALL_BITS))
		return -EINVAL;
	f = fd_file(fd);
	if (!f)
		return -EBADF;
	r = add_watch(f, path, mask);
	file_put(f);
	return r;
}

/* inotify_rm_watch(2). */
long sys_inotify_rm_watch(int fd, int wd)
{
	struct file *f = fd_file(fd);
	int r;

	if (!f)
		return -EBADF;
	r = inotify_remove(f, wd);
	file_put(f);
	return r;
}
