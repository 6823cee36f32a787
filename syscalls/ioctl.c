/* SPDX-License-Identifier: MIT */
/*
 * ioctl(2): the requests that mean the same for every file are answered here, the rest by the file
 * itself. A request nobody knows is ENOTTY.
 */
#include "fs/async.h"
#include "syscalls/syscall.h"

#include "syscalls/util.h"

static int set_nonblock(struct file *f, uaddr_t arg)
{
	unsigned flags;
	int on;

	if (get_user(&on, arg))
		return -EFAULT;
	flags = on ? f->flags | O_NONBLOCK : f->flags & ~O_NONBLOCK;
	return file_set_flags(f, flags);
}

/* It is no error to leave a file as it is that cannot have O_ASYNC. */
static int set_async(struct file *f, int fd, uaddr_t arg)
{
	int on;

	if (get_user(&on, arg))
		return -EFAULT;
	if (!on == !(f->flags & FASYNC))
		return 0;
	return async_possible(f) ? async_set(f, fd, on) : -ENOTTY;
}

/* Size of what has one. */
static int get_size(struct file *f, uaddr_t arg)
{
	uint32_t type = f->inode->mode & S_IFMT;

	if (type != S_IFREG && type != S_IFDIR && type != S_IFLNK)
		return -ENOTTY;
	return put_user(arg, (int64_t)f->inode->size);
}

static int get_block_size(struct file *f, uaddr_t arg)
{
	struct kstat st;
	int r = vfs_getattr(f->inode, &st);

	return r ? r : put_user(arg, (int)st.blksize);
}

/* Share the blocks of another file: no file system here can. */
static int clone_file(unsigned long arg, unsigned cmd)
{
	struct file_clone_range range = {.src_fd = arg};
	struct file *src;

	if (cmd == FICLONERANGE && get_user(&range, arg))
		return -EFAULT;
	src = fd_file(range.src_fd);
	if (!src)
		return -EBADF;
	file_put(src);
	return -EOPNOTSUPP;
}

static long file_ioctl(struct file *f, int fd, unsigned cmd, unsigned long arg)
{
	switch (cmd) {
	case FIOCLEX:
	case FIONCLEX:
		return fd_set_cloexec(current_process()->files, fd, cmd == FIOCLEX);
	case FIONBIO:
		return set_nonblock(f, arg);
	case FIOASYNC:
		return set_async(f, fd, arg);
	case FIOQSIZE:
		return get_size(f, arg);
	case FIGETBSZ:
		return get_block_size(f, arg);
	case FICLONE:
	case FICLONERANGE:
		return clone_file(arg, cmd);
	case FIONREAD:
		if (S_ISREG(f->inode->mode))
			return put_user((uaddr_t)arg, (int)(f->inode->size - f->pos));
	}
	return f->ops->ioctl ? f->ops->ioctl(f, cmd, arg) : -ENOTTY;
}

/* ioctl(2). */
long sys_ioctl(int fd, unsigned cmd, unsigned long arg)
{
	struct file *f = fd_file(fd);
	long r;

	if (!f)
		return -EBADF;
	r = file_ioctl(f, fd, cmd, arg);
	file_put(f);
	return r;
}
