/* SPDX-License-Identifier: MIT */
/*
 * Names in the tree: making, removing, renaming and reading links and nodes. Each call has an *at
 * form that does the work and an older form that is the same thing from the working directory. The
 * rules themselves are the VFS's.
 */
#include "syscalls/syscall.h"

#include "kernel/heap.h"
#include "syscalls/util.h"

/* linkat(2). AT_EMPTY_PATH needs CAP_DAC_READ_SEARCH. */
long sys_linkat(int odirfd, uaddr_t opath, int ndirfd, uaddr_t npath, int flags)
{
	struct at_path from, to;
	int r;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if ((flags & AT_EMPTY_PATH) && !capable(CAP_DAC_READ_SEARCH))
		return -ENOENT;
	r = at_path_get(odirfd, opath, flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0, &from);
	if (r)
		return r;
	r = at_path_get(ndirfd, npath, 0, &to);
	if (!r) {
		r = vfs_link(from.base, from.path, to.base, to.path, flags);
		at_path_put(&to);
	}
	at_path_put(&from);
	return r;
}

/* link(2): a symbolic link is linked itself, not followed. */
long sys_link(uaddr_t opath, uaddr_t npath)
{
	return sys_linkat(AT_FDCWD, opath, AT_FDCWD, npath, 0);
}

/* symlinkat(2). */
long sys_symlinkat(uaddr_t utarget, int dirfd, uaddr_t path)
{
	struct at_path at;
	char *target;
	int r = path_from_user(utarget, &target);

	if (r)
		return r;
	r = at_path_get(dirfd, path, 0, &at);
	if (!r) {
		r = vfs_symlink(target, at.base, at.path);
		at_path_put(&at);
	}
	kfree(target);
	return r;
}

/* symlink(2). */
long sys_symlink(uaddr_t target, uaddr_t path)
{
	return sys_symlinkat(target, AT_FDCWD, path);
}

/* unlinkat(2). */
long sys_unlinkat(int dirfd, uaddr_t path, int flags)
{
	struct at_path at;
	int r;

	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	r = at_path_get(dirfd, path, 0, &at);
	if (r)
		return r;
	r = flags & AT_REMOVEDIR ? vfs_rmdir(at.base, at.path) : vfs_unlink(at.base, at.path);
	at_path_put(&at);
	return r;
}

/* unlink(2). */
long sys_unlink(uaddr_t path)
{
	return sys_unlinkat(AT_FDCWD, path, 0);
}

/* renameat2(2). */
long sys_renameat2(int odirfd, uaddr_t opath, int ndirfd, uaddr_t npath, unsigned flags)
{
	struct at_path from, to;
	int r;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	if ((flags & RENAME_EXCHANGE) && (flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)))
		return -EINVAL;
	r = at_path_get(odirfd, opath, 0, &from);
	if (r)
		return r;
	r = at_path_get(ndirfd, npath, 0, &to);
	if (!r) {
		r = vfs_rename(from.base, from.path, to.base, to.path, flags);
		at_path_put(&to);
	}
	at_path_put(&from);
	return r;
}

/* renameat(2). */
long sys_renameat(int odirfd, uaddr_t opath, int ndirfd, uaddr_t npath)
{
	return sys_renameat2(odirfd, opath, ndirfd, npath, 0);
}

/* rename(2). */
long sys_rename(uaddr_t opath, uaddr_t npath)
{
	return sys_renameat2(AT_FDCWD, opath, AT_FDCWD, npath, 0);
}

static bool is_empty(uaddr_t path)
{
	char first;

	return !get_user(&first, path) && first == '\0';
}

/* readlinkat(2). The text is cut at the buffer's size and not terminated. "" is a link opened with
 * O_PATH. */
long sys_readlinkat(int dirfd, uaddr_t path, uaddr_t buf, int size)
{
	struct dentry *d;
	char *text;
	ssize_t n;

	if (size <= 0)
		return -EINVAL;
	n = dentry_at(dirfd, path, path ? LOOKUP_EMPTY : 0, &d);
	if (n)
		return n;
	text = kmalloc(PATH_MAX);
	n = text ? vfs_readlink(d, text, MIN(size, PATH_MAX)) : -ENOMEM;
	if (n == -EINVAL && is_empty(path))
		n = -ENOENT;
	if (n > 0 && copy_to_user(buf, text, n))
		n = -EFAULT;
	kfree(text);
	dentry_put(d);
	return n;
}

/* readlink(2). */
long sys_readlink(uaddr_t path, uaddr_t buf, int size)
{
	return sys_readlinkat(AT_FDCWD, path, buf, size);
}

/* Types mknod(2) makes; device nodes need a privilege. */
static int check_node_type(uint32_t mode, uint64_t dev)
{
	switch (mode & S_IFMT) {
	case 0:
	case S_IFREG:
	case S_IFIFO:
	case S_IFSOCK:
		return 0;
	case S_IFCHR:
	case S_IFBLK:
		return capable(CAP_MKNOD) ? 0 : -EPERM;
	case S_IFDIR:
		return -EPERM;
	}
	return -EINVAL;
}

/* mknodat(2). */
long sys_mknodat(int dirfd, uaddr_t path, unsigned mode, unsigned dev)
{
	struct at_path at;
	int r = check_node_type(mode, dev);

	if (!r)
		r = at_path_get(dirfd, path, 0, &at);
	if (r)
		return r;
	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	if (!S_ISCHR(mode) && !S_ISBLK(mode))
		dev = 0;
	r = vfs_mknod(at.base, at.path, mode, dev);
	at_path_put(&at);
	return r;
}

/* mknod(2). */
long sys_mknod(uaddr_t path, unsigned mode, unsigned dev)
{
	return sys_mknodat(AT_FDCWD, path, mode, dev);
}
