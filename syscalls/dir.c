/* SPDX-License-Identifier: MIT */
/*
 * Directories: reading their entries, making and removing them, and the process's working and root
 * directory. Entries are written straight to the program's buffer; one that does not fit whole is
 * left for the next call.
 */
#include "syscalls/syscall.h"

#include "kernel/heap.h"
#include "kernel/string.h"
#include "syscalls/util.h"

/* A program buffer being filled by getdents. */
struct dents {
	struct dir_sink sink;
	uaddr_t at;
	size_t left;
	int error; /* why nothing more was taken: -EINVAL (too small for one entry), -EFAULT */
};

/* Write one record: a header, the name and its NUL, zeros up to an 8-byte boundary. */
static int put_record(struct dents *d, const void *head, size_t head_len, const char *name,
		      size_t len, size_t reclen)
{
	if (copy_to_user(d->at, head, head_len) || copy_to_user(d->at + head_len, name, len) ||
	    uaccess_zero(d->at + head_len + len, reclen - head_len - len))
		return -EFAULT;
	return 0;
}

static bool take(struct dents *d, size_t reclen, int error)
{
	if (error) {
		d->error = error;
		return false;
	}
	d->at += reclen;
	d->left -= reclen;
	return true;
}

static bool add_dirent64(struct dir_sink *s, const char *name, size_t len, uint64_t ino,
			 unsigned type, int64_t next)
{
	struct dents *d = container_of(s, struct dents, sink);
	const size_t head = offsetof(struct linux_dirent64, d_name);
	size_t reclen = ALIGN_UP(head + len + 1, 8);
	struct linux_dirent64 e = {.d_ino = ino, .d_off = next, .d_reclen = reclen, .d_type = type};

	if (reclen > d->left)
		return take(d, 0, -EINVAL);
	return take(d, reclen, put_record(d, &e, head, name, len, reclen));
}

/* The old form keeps the type in the record's last byte. */
static bool add_dirent(struct dir_sink *s, const char *name, size_t len, uint64_t ino,
		       unsigned type, int64_t next)
{
	struct dents *d = container_of(s, struct dents, sink);
	const size_t head = offsetof(struct linux_dirent, d_name);
	size_t reclen = ALIGN_UP(head + len + 2, 8);
	struct linux_dirent e = {.d_ino = ino, .d_off = next, .d_reclen = reclen};
	uint8_t last = type;
	int r;

	if (reclen > d->left)
		return take(d, 0, -EINVAL);
	r = put_record(d, &e, head, name, len, reclen);
	if (!r)
		r = put_user(d->at + reclen - 1, last);
	return take(d, reclen, r);
}

static long read_dir(int fd, uaddr_t buf, unsigned count, __typeof__(add_dirent) *add)
{
	struct dents d = {.sink.add = add, .at = buf, .left = count};
	struct file *f = fd_file(fd);
	int r;

	if (!f)
		return -EBADF;
	r = vfs_readdir(f, &d.sink);
	file_put(f);
	if (d.at != buf)
		return d.at - buf;
	return r < 0 ? r : d.error;
}

/* getdents64(2). */
long sys_getdents64(int fd, uaddr_t buf, unsigned count)
{
	return read_dir(fd, buf, count, add_dirent64);
}

/* getdents(2). */
long sys_getdents(int fd, uaddr_t buf, unsigned count)
{
	return read_dir(fd, buf, count, add_dirent);
}

/* mkdirat(2). */
long sys_mkdirat(int dirfd, uaddr_t path, unsigned mode)
{
	struct at_path at;
	int r = at_path_get(dirfd, path, 0, &at);

	if (r)
		return r;
	r = vfs_mkdir(at.base, at.path, mode);
	at_path_put(&at);
	return r;
}

/* mkdir(2). */
long sys_mkdir(uaddr_t path, unsigned mode)
{
	return sys_mkdirat(AT_FDCWD, path, mode);
}

/* rmdir(2). */
long sys_rmdir(uaddr_t path)
{
	return sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

/* Make d (reference taken over) the thread's working or root directory, if it may be searched. */
static long enter(struct dentry *d, struct dentry **where)
{
	struct process *p = current_process();
	struct dentry *old = d;
	int r = S_ISDIR(d->inode->mode) ? vfs_permission(d->inode, X_OK, false) : -ENOTDIR;

	if (!r && where == &current->fs->root && !capable(CAP_SYS_CHROOT))
		r = -EPERM;
	if (!r) {
		spin_lock(&p->lock);
		old = *where;
		*where = d;
		spin_unlock(&p->lock);
	}
	dentry_put(old);
	return r;
}

/* chdir(2). */
long sys_chdir(uaddr_t path)
{
	struct dentry *d;
	int r = dentry_at(AT_FDCWD, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &d);

	return r ? r : enter(d, &current->fs->cwd);
}

/* fchdir(2): works on O_PATH descriptors too. */
long sys_fchdir(int fd)
{
	struct file *f = fd_file_any(fd);
	long r = -ENOTDIR;

	if (!f)
		return -EBADF;
	if (f->dentry)
		r = enter(dentry_get(f->dentry), &current->fs->cwd);
	file_put(f);
	return r;
}

/* chroot(2): the working directory stays where it is. */
long sys_chroot(uaddr_t path)
{
	struct dentry *d;
	int r = dentry_at(AT_FDCWD, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &d);

	return r ? r : enter(d, &current->fs->root);
}

/* getcwd(2): the system call returns the length with the NUL; -ENOENT after the directory was
 * removed. */
long sys_getcwd(uaddr_t buf, size_t size)
{
	static const char unreachable[] = "(unreachable)"; /* chroot(2) has left it outside */
	struct process *p = current_process();
	char *path = kmalloc(PATH_MAX);
	struct dentry *cwd;
	size_t at;
	ssize_t n;

	if (!path)
		return -ENOMEM;
	spin_lock(&p->lock);
	cwd = dentry_get(current->fs->cwd);
	spin_unlock(&p->lock);
	at = vfs_in_root(cwd) ? 0 : sizeof(unreachable) - 1;
	memcpy(path, unreachable, at);
	n = cwd->unlinked ? -ENOENT : vfs_path(cwd, path + at, PATH_MAX - at);
	if (n > 0)
		n += at;
	if (n >= 0 && (size_t)++n > size)
		n = -ERANGE;
	if (n > 0 && copy_to_user(buf, path, n))
		n = -EFAULT;
	dentry_put(cwd);
	kfree(path);
	return n;
}
