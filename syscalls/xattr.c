/* SPDX-License-Identifier: MIT */
/* Extended attributes: setxattr(2), getxattr(2), listxattr(2), removexattr(2), each by path, by
 * path without following a link, and by descriptor. */
#include "fs/xattr.h"
#include "kernel/heap.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

/* What a call is about: a file, and a name of an attribute. */
struct target {
	struct inode *in;
	struct dentry *place; /* may be NULL */
	struct file *file;    /* by descriptor: referenced instead of the two above */
	char name[XATTR_NAME_MAX + 1];
};

static int get_name(struct target *t, uaddr_t uname)
{
	ssize_t n = strncpy_from_user(t->name, uname, sizeof(t->name));

	if (n == 0 || n == -ENAMETOOLONG || n >= (ssize_t)sizeof(t->name))
		return -ERANGE;
	return MIN(n, 0);
}

static int by_path(struct target *t, uaddr_t path, unsigned follow)
{
	t->file = NULL;
	return inode_at(AT_FDCWD, path, follow, &t->in, &t->place);
}

static int by_fd(struct target *t, int fd)
{
	t->file = fd_file(fd);
	if (!t->file)
		return -EBADF;
	t->in = t->file->inode;
	t->place = t->file->dentry;
	return 0;
}

static void done(struct target *t)
{
	if (t->file) {
		file_put(t->file);
		return;
	}
	inode_put(t->in);
	if (t->place)
		dentry_put(t->place);
}

/* ---- set ---- */

/* The value, to be kfree'd. */
static int get_value(uaddr_t uvalue, size_t size, int flags, void **out)
{
	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	*out = kmalloc(MAX(size, 1ul));
	if (!*out)
		return -ENOMEM;
	if (size && copy_from_user(*out, uvalue, size)) {
		kfree(*out);
		return -EFAULT;
	}
	return 0;
}

static long set(struct target *t, uaddr_t uname, uaddr_t uvalue, size_t size, int flags)
{
	void *value;
	long r = get_name(t, uname);

	if (!r)
		r = get_value(uvalue, size, flags, &value);
	if (!r) {
		r = vfs_setxattr(t->in, t->place, t->name, value, size, flags);
		kfree(value);
	}
	done(t);
	return r;
}

long sys_setxattr(uaddr_t path, uaddr_t name, uaddr_t value, size_t size, int flags)
{
	struct target t;
	long r = by_path(&t, path, LOOKUP_FOLLOW);

	return r ? r : set(&t, name, value, size, flags);
}

long sys_lsetxattr(uaddr_t path, uaddr_t name, uaddr_t value, size_t size, int flags)
{
	struct target t;
	long r = by_path(&t, path, 0);

	return r ? r : set(&t, name, value, size, flags);
}

long sys_fsetxattr(int fd, uaddr_t name, uaddr_t value, size_t size, int flags)
{
	struct target t;
	long r = by_fd(&t, fd);

	return r ? r : set(&t, name, value, size, flags);
}

/* ---- get and list: name 0 is the list ---- */

static long get(struct target *t, uaddr_t uname, uaddr_t to, size_t size)
{
	bool list = !uname;
	size_t room = MIN(size, (size_t)(list ? XATTR_LIST_MAX : XATTR_SIZE_MAX));
	char *buf = NULL;
	long r = 0;

	if (room) {
		buf = kmalloc(room);
		r = buf ? 0 : -ENOMEM;
	}
	if (!r)
		r = list ? vfs_listxattr(t->in, buf, room)
			 : vfs_getxattr(t->in, t->name, buf, room);
	if (r > 0 && size && copy_to_user(to, buf, r))
		r = -EFAULT;
	kfree(buf);
	done(t);
	return r;
}

static long get_named(struct target *t, uaddr_t uname, uaddr_t to, size_t size)
{
	long r = get_name(t, uname);

	if (!r)
		return get(t, uname, to, size);
	done(t);
	return r;
}

long sys_getxattr(uaddr_t path, uaddr_t name, uaddr_t value, size_t size)
{
	struct target t;
	long r = by_path(&t, path, LOOKUP_FOLLOW);

	return r ? r : get_named(&t, name, value, size);
}

long sys_lgetxattr(uaddr_t path, uaddr_t name, uaddr_t value, size_t size)
{
	struct target t;
	long r = by_path(&t, path, 0);

	return r ? r : get_named(&t, name, value, size);
}

long sys_fgetxattr(int fd, uaddr_t name, uaddr_t value, size_t size)
{
	struct target t;
	long r = by_fd(&t, fd);

	return r ? r : get_named(&t, name, value, size);
}

long sys_listxattr(uaddr_t path, uaddr_t list, size_t size)
{
	struct target t;
	long r = by_path(&t, path, LOOKUP_FOLLOW);

	return r ? r : get(&t, 0, list, size);
}

long sys_llistxattr(uaddr_t path, uaddr_t list, size_t size)
{
	struct target t;
	long r = by_path(&t, path, 0);

	return r ? r : get(&t, 0, list, size);
}

long sys_flistxattr(int fd, uaddr_t list, size_t size)
{
	struct target t;
	long r = by_fd(&t, fd);

	return r ? r : get(&t, 0, list, size);
}

/* ---- remove ---- */

static long take_away(struct target *t, uaddr_t uname)
{
	long r = get_name(t, uname);

	if (!r)
		r = vfs_removexattr(t->in, t->place, t->name);
	done(t);
	return r;
}

long sys_removexattr(uaddr_t path, uaddr_t name)
{
	struct target t;
	long r = by_path(&t, path, LOOKUP_FOLLOW);

	return r ? r : take_away(&t, name);
}

long sys_lremovexattr(uaddr_t path, uaddr_t name)
{
	struct target t;
	long r = by_path(&t, path, 0);

	return r ? r : take_away(&t, name);
}

long sys_fremovexattr(int fd, uaddr_t name)
{
	struct target t;
	long r = by_fd(&t, fd);

	return r ? r : take_away(&t, name);
}
