/* SPDX-License-Identifier: MIT */
/*
 * read(2), write(2) and their relatives, and lseek(2). The whole family goes through rw_file(),
 * which keeps Linux's order of checks: descriptor, position, access mode, buffer, then the file's
 * own answer. Bytes already moved are always reported; an error after them is lost, as on Linux.
 */
#include "syscalls/fileops.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

enum dir { DIR_READ, DIR_WRITE };

/* May this file be read or written, and at this position (NULL: its own)? */
static int check_access(const struct file *f, enum dir dir, const int64_t *pos)
{
	if (pos && (f->kind & FILE_STREAM))
		return -ESPIPE;
	if (dir == DIR_READ ? !file_readable(f) : !file_writable(f))
		return -EBADF;
	if (dir == DIR_READ ? !f->ops->read : !f->ops->write)
		return -EINVAL;
	return 0;
}

static ssize_t transfer(struct file *f, enum dir dir, struct iter *it, const int64_t *pos)
{
	uint64_t at = pos ? (uint64_t)*pos : f->pos;

	if (it->left > INT64_MAX - at)
		return -EINVAL;
	if (dir == DIR_READ)
		return file_read(f, it, pos ? &at : NULL);
	return file_write(f, it, pos ? &at : NULL);
}

/* One buffer, at *pos or (NULL) at the file's position. */
static ssize_t rw_buffer(int fd, enum dir dir, uaddr_t buf, size_t count, const int64_t *pos)
{
	struct iter it;
	struct file *f;
	ssize_t r;

	if (pos && *pos < 0)
		return -EINVAL;
	f = fd_file(fd);
	if (!f)
		return -EBADF;
	r = check_access(f, dir, pos);
	if (!r && !user_range_ok(buf, count))
		r = -EFAULT;
	if (!r) {
		iter_user(&it, buf, MIN(count, MAX_RW_COUNT));
		r = transfer(f, dir, &it, pos);
	}
	file_put(f);
	return r;
}

/* The RWF_* flags of preadv2 and pwritev2, as far as they are known; those for block devices need
 * nothing. */
static int set_rwf(struct iter *it, enum dir dir, int flags)
{
	if (flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND | RWF_NOAPPEND))
		return -EOPNOTSUPP;
	if ((flags & RWF_APPEND) && (flags & RWF_NOAPPEND))
		return -EINVAL;
	it->nowait = flags & RWF_NOWAIT;
	it->append = dir == DIR_WRITE && (flags & RWF_APPEND);
	it->no_append = dir == DIR_WRITE && (flags & RWF_NOAPPEND);
	return 0;
}

/* What was written is to be on its storage. */
static void sync_written(struct file *f, enum dir dir, int flags)
{
	if (dir == DIR_WRITE && (flags & (RWF_SYNC | RWF_DSYNC)) && f->ops->fsync)
		f->ops->fsync(f, !(flags & RWF_SYNC));
}

/* Many buffers. */
static ssize_t rw_vector(int fd, enum dir dir, uaddr_t vec, size_t n, const int64_t *pos, int flags)
{
	struct iov_buf bufs;
	struct iter it;
	struct file *f;
	ssize_t r;

	if (pos && *pos < 0)
		return -EINVAL;
	f = fd_file(fd);
	if (!f)
		return -EBADF;
	r = check_access(f, dir, pos);
	if (!r)
		r = iov_from_user(&bufs, &it, vec, n);
	if (r)
		goto out;
	if (it.left)
		r = set_rwf(&it, dir, flags);
	if (!r && it.left)
		r = transfer(f, dir, &it, pos);
	if (r > 0)
		sync_written(f, dir, flags);
	iov_buf_put(&bufs);
out:
	file_put(f);
	return r;
}

ssize_t rw_iter(struct file *f, bool write, struct iter *it, const int64_t *pos, int flags)
{
	enum dir dir = write ? DIR_WRITE : DIR_READ;
	ssize_t r = check_access(f, dir, pos);

	if (!r)
		r = set_rwf(it, dir, flags);
	if (!r && it->left)
		r = transfer(f, dir, it, pos);
	if (r > 0)
		sync_written(f, dir, flags);
	return r;
}

long rw_submitted(struct file *f, bool write, bool many, uaddr_t buf, size_t n, int64_t pos,
		  int flags, ssize_t *done)
{
	enum dir dir = write ? DIR_WRITE : DIR_READ;
	struct iov_buf bufs = {0};
	struct iter it = {0};
	long r = set_rwf(&it, dir, flags);

	if (!r)
		r = check_access(f, dir, NULL);
	if (!r && many)
		r = iov_from_user(&bufs, &it, buf, n);
	else if (!r && !user_range_ok(buf, n))
		r = -EFAULT;
	else if (!r)
		iter_user(&it, buf, MIN(n, MAX_RW_COUNT));
	if (r)
		return r;
	(void)set_rwf(&it, dir, flags);
	if (pos < 0)
		r = -EINVAL;
	else
		*done = it.left ? transfer(f, dir, &it, f->kind & FILE_STREAM ? NULL : &pos) : 0;
	if (!r && *done > 0)
		sync_written(f, dir, flags);
	if (many)
		iov_buf_put(&bufs);
	return r;
}

/* read(2). */
long sys_read(int fd, uaddr_t buf, size_t count)
{
	return rw_buffer(fd, DIR_READ, buf, count, NULL);
}

/* write(2). */
long sys_write(int fd, uaddr_t buf, size_t count)
{
	return rw_buffer(fd, DIR_WRITE, buf, count, NULL);
}

/* pread(2). */
long sys_pread64(int fd, uaddr_t buf, size_t count, int64_t pos)
{
	return rw_buffer(fd, DIR_READ, buf, count, &pos);
}

/* pwrite(2): with O_APPEND the data still goes to the end (its BUGS section). */
long sys_pwrite64(int fd, uaddr_t buf, size_t count, int64_t pos)
{
	return rw_buffer(fd, DIR_WRITE, buf, count, &pos);
}

/* readv(2). */
long sys_readv(int fd, uaddr_t vec, size_t n)
{
	return rw_vector(fd, DIR_READ, vec, n, NULL, 0);
}

/* writev(2). */
long sys_writev(int fd, uaddr_t vec, size_t n)
{
	return rw_vector(fd, DIR_WRITE, vec, n, NULL, 0);
}

/* preadv(2): on 64-bit machines the low word holds the whole position. */
long sys_preadv(int fd, uaddr_t vec, size_t n, unsigned long pos_low, unsigned long pos_high)
{
	int64_t pos = pos_low;

	return rw_vector(fd, DIR_READ, vec, n, &pos, 0);
}

/* pwritev(2). */
long sys_pwritev(int fd, uaddr_t vec, size_t n, unsigned long pos_low, unsigned long pos_high)
{
	int64_t pos = pos_low;

	return rw_vector(fd, DIR_WRITE, vec, n, &pos, 0);
}

/* preadv2(2): position -1 means the file's own. */
long sys_preadv2(int fd, uaddr_t vec, size_t n, unsigned long pos_low, unsigned long pos_high,
		 int flags)
{
	int64_t pos = pos_low;

	return rw_vector(fd, DIR_READ, vec, n, pos == -1 ? NULL : &pos, flags);
}

/* pwritev2(2). */
long sys_pwritev2(int fd, uaddr_t vec, size_t n, unsigned long pos_low, unsigned long pos_high,
		  int flags)
{
	int64_t pos = pos_low;

	return rw_vector(fd, DIR_WRITE, vec, n, pos == -1 ? NULL : &pos, flags);
}

/* lseek(2). */
long sys_lseek(int fd, int64_t off, unsigned whence)
{
	struct file *f = fd_file(fd);
	int64_t r;

	if (!f)
		return -EBADF;
	r = whence > SEEK_HOLE ? -EINVAL : file_seek(f, off, whence);
	file_put(f);
	return r;
}
