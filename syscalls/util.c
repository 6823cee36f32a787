/* SPDX-License-Identifier: MIT */
/*
 * Argument helpers of the file families; see util.h. Promises: nothing is left allocated or
 * referenced when a helper returns an error, and no helper trusts a program's pointer, length or
 * number.
 */
#include "syscalls/util.h"

#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/string.h"
#include "kernel/wait.h"

/* A null pointer is an empty path where those are allowed. */
static int copy_path(uaddr_t upath, bool empty_ok, char **out)
{
	char *buf = kmalloc(PATH_MAX);
	ssize_t len = 0;

	if (!buf)
		return -ENOMEM;
	buf[0] = '\0';
	if (upath || !empty_ok)
		len = strncpy_from_user(buf, upath, PATH_MAX);
	if (len == 0 && !empty_ok)
		len = -ENOENT;
	if (len < 0) {
		kfree(buf);
		return len;
	}
	*out = buf;
	return 0;
}

int path_from_user(uaddr_t upath, char **out)
{
	return copy_path(upath, false, out);
}

/* Where a relative path starts: *out stays NULL for the working directory. */
static int base_from_fd(int dirfd, bool any_type, struct dentry **out)
{
	struct file *f;
	int r = 0;

	*out = NULL;
	if (dirfd == AT_FDCWD)
		return 0;
	f = fd_file_any(dirfd);
	if (!f)
		return -EBADF;
	if (f->dentry && (any_type || S_ISDIR(f->inode->mode)))
		*out = dentry_get(f->dentry);
	else
		r = any_type ? -ENOENT : -ENOTDIR;
	file_put(f);
	return r;
}

int at_path_get(int dirfd, uaddr_t upath, unsigned flags, struct at_path *out)
{
	int r = copy_path(upath, flags & LOOKUP_EMPTY, &out->path);

	out->base = NULL;
	if (r)
		return r;
	if (out->path[0] != '/' || (flags & LOOKUP_IN_ROOT))
		r = base_from_fd(dirfd, out->path[0] == '\0', &out->base);
	if (r)
		kfree(out->path);
	return r;
}

void at_path_put(struct at_path *at)
{
	if (at->base)
		dentry_put(at->base);
	kfree(at->path);
}

int dentry_at(int dirfd, uaddr_t upath, unsigned flags, struct dentry **out)
{
	struct at_path at;
	int r = at_path_get(dirfd, upath, flags, &at);

	if (r)
		return r;
	r = vfs_lookup(at.base, at.path, flags, out);
	at_path_put(&at);
	return r;
}

/* Is dirfd itself meant: "" or a null pointer with AT_EMPTY_PATH? */
static bool names_fd(int dirfd, uaddr_t upath, unsigned flags)
{
	char first = '\0';

	if (!(flags & LOOKUP_EMPTY) || dirfd == AT_FDCWD)
		return false;
	return (!upath || !get_user(&first, upath)) && first == '\0';
}

int inode_at(int dirfd, uaddr_t upath, unsigned flags, struct inode **out, struct dentry **place)
{
	struct dentry *d;
	struct file *f;
	int r;

	if (names_fd(dirfd, upath, flags)) {
		f = fd_file_any(dirfd);
		if (!f)
			return -EBADF;
		*out = inode_get(f->inode);
		if (place)
			*place = f->dentry ? dentry_get(f->dentry) : NULL;
		file_put(f);
		return 0;
	}
	r = dentry_at(dirfd, upath, flags, &d);
	if (r)
		return r;
	*out = inode_get(d->inode);
	if (place)
		*place = d;
	else
		dentry_put(d);
	return 0;
}

int lookup_flags(int at_flags, int allowed)
{
	int flags = at_flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;

	if (at_flags & ~allowed)
		return -EINVAL;
	if (at_flags & AT_EMPTY_PATH)
		flags |= LOOKUP_EMPTY;
	return flags;
}

struct file *fd_file_any(int fd)
{
	return fd_get(current_process()->files, fd);
}

struct file *fd_file(int fd)
{
	struct file *f = fd_file_any(fd);

	if (f && (f->kind & FILE_PATH)) {
		file_put(f);
		return NULL;
	}
	return f;
}

int fd_new(struct file *f, bool cloexec)
{
	int fd = fd_install(current_process()->files, f, 0, cloexec);

	if (fd < 0)
		file_put(f);
	return fd;
}

int file_set_flags(struct file *f, unsigned flags)
{
	int r = f->ops->set_flags ? f->ops->set_flags(f, flags) : 0;

	if (!r)
		WRITE_ONCE(f->flags, flags);
	return r;
}

/* Every segment must have a sane length and lie in the program's half; cuts the total at
 * MAX_RW_COUNT. */
static ssize_t check_segments(struct iovec *iov, size_t n)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		if ((ssize_t)iov[i].iov_len < 0)
			return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		if (!user_range_ok((uaddr_t)iov[i].iov_base, iov[i].iov_len))
			return -EFAULT;
		iov[i].iov_len = MIN(iov[i].iov_len, MAX_RW_COUNT - total);
		total += iov[i].iov_len;
	}
	return total;
}

int iov_from_user(struct iov_buf *b, struct iter *it, uaddr_t vec, size_t n)
{
	ssize_t total;

	b->iov = b->fast;
	if (n > UIO_MAXIOV)
		return -EINVAL;
	if (n > IOV_FAST)
		b->iov = kmalloc(n * sizeof(struct iovec));
	if (!b->iov)
		return -ENOMEM;
	total = copy_from_user(b->iov, vec, n * sizeof(struct iovec));
	if (!total)
		total = check_segments(b->iov, n);
	if (total < 0) {
		iov_buf_put(b);
		return total;
	}
	iter_iov(it, b->iov, n, total);
	return 0;
}

void iov_buf_put(struct iov_buf *b)
{
	if (b->iov != b->fast)
		kfree(b->iov);
}

/* 0 or -EINVAL; what is too far away saturates. */
static int timespec_ns(const struct __kernel_timespec *ts, uint64_t *ns)
{
	if (ts->tv_sec < 0 || ts->tv_nsec < 0 || ts->tv_nsec >= (int64_t)NSEC_PER_SEC)
		return -EINVAL;
	if (ts->tv_sec >= (int64_t)(INT64_MAX / NSEC_PER_SEC))
		*ns = INT64_MAX;
	else
		*ns = ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec;
	return 0;
}

int timespec_from_user(uaddr_t uts, uint64_t *ns)
{
	struct __kernel_timespec ts;

	return get_user(&ts, uts) ? -EFAULT : timespec_ns(&ts, ns);
}

int itimerspec_from_user(uaddr_t uits, struct itimer_value *v)
{
	struct __kernel_itimerspec its;

	if (get_user(&its, uits))
		return -EFAULT;
	if (timespec_ns(&its.it_value, &v->value_ns) ||
	    timespec_ns(&its.it_interval, &v->interval_ns))
		return -EINVAL;
	return 0;
}

static struct __kernel_timespec timespec_of(uint64_t ns)
{
	return (struct __kernel_timespec){ns / NSEC_PER_SEC, ns % NSEC_PER_SEC};
}

int itimerspec_to_user(uaddr_t uits, const struct itimer_value *v)
{
	struct __kernel_itimerspec its = {.it_interval = timespec_of(v->interval_ns),
					  .it_value = timespec_of(v->value_ns)};

	return put_user(uits, its);
}

int timespec_to_user(uaddr_t uts, uint64_t ns)
{
	struct __kernel_timespec ts = timespec_of(ns);

	return put_user(uts, ts);
}

uint64_t deadline_in(uint64_t ns)
{
	uint64_t now = clock_mono_ns();

	return ns >= INT64_MAX - now ? NO_DEADLINE : now + ns;
}

uint64_t deadline_left(uint64_t deadline_ns)
{
	uint64_t now = clock_mono_ns();

	return deadline_ns > now ? deadline_ns - now : 0;
}
