/* SPDX-License-Identifier: MIT */
/*
 * Open files and descriptor tables (kernel/file.h): reference counts, access-mode checks, the file
 * position, and the table from descriptors to files with Linux's limits. What a file does is its
 * file_ops' business.
 *
 * Locks: file->lock (the position) is held over a whole read or write, so it is outside every other
 * lock; files->lock is a leaf apart from the heap.
 */
#include "kernel/file.h"
#include "kernel/filelock.h"
#include "kernel/heap.h"
#include "kernel/string.h"
#include "kernel/task.h"

#include <linux/eventpoll.h>

#define FD_TABLE_MIN 64u
#define FD_TABLE_MAX 1048576u /* Linux's fs.nr_open */

void (*file_place_release)(struct file *f);
void (*file_event)(struct file *f, enum file_happening what);
void (*file_watch_release)(struct file *f);
void (*file_async_release)(struct file *f);
int (*file_sync_all)(bool durable);
bool (*file_may_change)(const struct file *f);
bool (*file_origin)(const struct file *f, uint64_t *nid, uint64_t *size);

int file_new(const struct file_ops *ops, struct inode *inode, unsigned flags, unsigned kind,
	     struct file **out)
{
	struct file *f = kzalloc(sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->refs = 1;
	f->flags = flags;
	f->kind = kind;
	f->ops = ops;
	mutex_init(&f->lock);
	f->inode = inode;
	f->mapped = inode;
	*out = f;
	return 0;
}

struct file *file_get(struct file *f)
{
	__atomic_add_fetch(&f->refs, 1, __ATOMIC_RELAXED);
	return f;
}

void file_put(struct file *f)
{
	if (__atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL))
		return;
	if (unlikely(file_event != NULL))
		file_event(f, FILE_IS_CLOSED);
	if (f->watchers.next)
		file_watch_release(f);
	if (f->async)
		file_async_release(f);
	filelock_release(f);
	if (f->ops->release)
		f->ops->release(f);
	if (file_place_release)
		file_place_release(f);
	kfree(f);
}

/* The common part of file_read and file_write: choose the position and clip the length. */
static ssize_t transfer(struct file *f, struct iter *it, uint64_t *pos,
			ssize_t (*fn)(struct file *f, struct iter *it, uint64_t *pos))
{
	ssize_t r;

	if (!fn)
		return -EINVAL;
	it->left = MIN(it->left, MAX_RW_COUNT);
	if (f->kind & FILE_STREAM)
		return fn(f, it, NULL);
	if (pos)
		return fn(f, it, pos);
	mutex_lock(&f->lock);
	r = fn(f, it, &f->pos);
	mutex_unlock(&f->lock);
	return r;
}

/* Returns bytes, -EBADF (not open for reading), -EINVAL (cannot be read), -ESPIPE (pos given for a
 * stream). */
ssize_t file_read(struct file *f, struct iter *to, uint64_t *pos)
{
	ssize_t r;

	if (pos && (f->kind & FILE_STREAM))
		return -ESPIPE;
	if (!file_readable(f))
		return -EBADF;
	r = transfer(f, to, pos, f->ops->read);
	if (unlikely(file_event != NULL) && r > 0)
		file_event(f, FILE_WAS_READ);
	current_process()->counts.read_calls++;
	current_process()->counts.rchar += r > 0 ? (uint64_t)r : 0;
	return r;
}

/* As file_read, for writing. */
ssize_t file_write(struct file *f, struct iter *from, uint64_t *pos)
{
	ssize_t r;

	if (pos && (f->kind & FILE_STREAM))
		return -ESPIPE;
	if (!file_writable(f))
		return -EBADF;
	r = transfer(f, from, pos, f->ops->write);
	if (unlikely(file_event != NULL) && r > 0)
		file_event(f, FILE_WAS_WRITTEN);
	current_process()->counts.write_calls++;
	current_process()->counts.wchar += r > 0 ? (uint64_t)r : 0;
	return r;
}

/* Ready events; a file without its own answer is always ready (Linux's DEFAULT_POLLMASK). */
unsigned file_poll(struct file *f, struct poll_table *pt)
{
	if (!f->ops->poll)
		return EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM;
	return f->ops->poll(f, pt);
}

/* Returns the new position, -EBADF (O_PATH), -ESPIPE, -EINVAL. */
int64_t file_seek(struct file *f, int64_t off, int whence)
{
	int64_t r;

	if (f->kind & FILE_PATH)
		return -EBADF;
	if (whence < 0 || whence > SEEK_MAX)
		return -EINVAL;
	if (!f->ops->seek)
		return -ESPIPE;
	mutex_lock(&f->lock);
	r = f->ops->seek(f, off, whence);
	mutex_unlock(&f->lock);
	return r;
}

int64_t noop_seek(struct file *f, int64_t off, int whence)
{
	return f->pos;
}

int64_t generic_seek(struct file *f, int64_t off, int whence, uint64_t size)
{
	int64_t base = 0;

	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		base = f->pos;
		break;
	case SEEK_END:
		base = size;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (off < 0 || (uint64_t)off >= size)
			return -ENXIO;
		return f->pos = whence == SEEK_DATA ? (uint64_t)off : size;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, off, &base))
		return -EOVERFLOW;
	if (base < 0)
		return -EINVAL;
	return f->pos = base;
}

/* ---- descriptor tables ---- */

/* An empty table. 0 or -ENOMEM. */
int files_new(struct files **out)
{
	struct files *fs = kzalloc(sizeof(*fs));

	if (!fs)
		return -ENOMEM;
	fs->fds = kzalloc(FD_TABLE_MIN * sizeof(*fs->fds));
	if (!fs->fds) {
		kfree(fs);
		return -ENOMEM;
	}
	fs->size = FD_TABLE_MIN;
	fs->refs = 1;
	*out = fs;
	return 0;
}

struct files *files_get(struct files *fs)
{
	__atomic_add_fetch(&fs->refs, 1, __ATOMIC_RELAXED);
	return fs;
}

int files_copy(struct files *from, struct files **out)
{
	struct files *fs = kzalloc(sizeof(*fs));

	if (!fs)
		return -ENOMEM;
	spin_lock(&from->lock);
	fs->fds = (void *)kmemdup(from->fds, from->size * sizeof(*fs->fds));
	fs->size = fs->fds ? from->size : 0;
	fs->next_hint = from->next_hint;
	fs->refs = 1;
	for (unsigned fd = 0; fd < fs->size; fd++)
		if (fs->fds[fd].file)
			file_get(fs->fds[fd].file);
	spin_unlock(&from->lock);
	if (!fs->fds) {
		kfree(fs);
		return -ENOMEM;
	}
	*out = fs;
	return 0;
}

/* Drop a reference; the last one closes everything. */
void files_put(struct files *fs)
{
	if (__atomic_sub_fetch(&fs->refs, 1, __ATOMIC_ACQ_REL))
		return;
	fd_close_range(fs, 0, UINT32_MAX, false);
	kfree(fs->fds);
	kfree(fs);
}

struct file *fd_get(struct files *fs, int fd)
{
	struct file *f = NULL;

	spin_lock(&fs->lock);
	if ((unsigned)fd < fs->size && fs->fds[fd].file)
		f = file_get(fs->fds[fd].file);
	spin_unlock(&fs->lock);
	return f;
}

/* Make room for descriptor fd. Called with the lock held. 0 or -ENOMEM. */
static int table_grow(struct files *fs, unsigned fd)
{
	unsigned size = fs->size;
	struct fd_entry *fds;

	while (size <= fd)
		size *= 2;
	if (size == fs->size)
		return 0;
	fds = krealloc(fs->fds, size * sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	memset(fds + fs->size, 0, (size - fs->size) * sizeof(*fds));
	fs->fds = fds;
	fs->size = size;
	return 0;
}

static unsigned fd_limit(void)
{
	return MIN(current_process()->limits[RLIMIT_NOFILE].rlim_cur, (uint64_t)FD_TABLE_MAX);
}

int fd_room(struct files *fs)
{
	unsigned limit = fd_limit(), fd;

	spin_lock(&fs->lock);
	fd = fs->next_hint;
	while (fd < fs->size && fs->fds[fd].file)
		fd++;
	spin_unlock(&fs->lock);
	return fd < limit ? 0 : -EMFILE;
}

int fd_install(struct files *fs, struct file *f, int min, bool cloexec)
{
	unsigned limit = fd_limit(), fd;
	int r = -EMFILE;

	if (min < 0 || (min > 0 && (unsigned)min >= limit))
		return -EINVAL;
	spin_lock(&fs->lock);
	fd = MAX((unsigned)min, fs->next_hint);
	while (fd < fs->size && fs->fds[fd].file)
		fd++;
	if (fd >= limit)
		goto out;
	r = table_grow(fs, fd);
	if (r)
		goto out;
	fs->fds[fd] = (struct fd_entry){f, cloexec};
	if ((unsigned)min <= fs->next_hint)
		fs->next_hint = fd + 1;
	r = fd;
out:
	spin_unlock(&fs->lock);
	return r;
}

/* A descriptor of f is gone from the table; its reference is dropped. */
static void descriptor_closed(struct files *fs, struct file *f)
{
	filelock_closed(f, fs);
	if (f->ops->closed)
		f->ops->closed(f);
	file_put(f);
}

/* Returns fd, -EBADF (beyond the limit), -ENOMEM; the reference is taken over on success only. */
int fd_install_at(struct files *fs, struct file *f, int fd, bool cloexec)
{
	struct file *old = NULL;
	int r;

	if (fd < 0 || (unsigned)fd >= fd_limit())
		return -EBADF;
	spin_lock(&fs->lock);
	r = table_grow(fs, fd);
	if (!r) {
		old = fs->fds[fd].file;
		fs->fds[fd] = (struct fd_entry){f, cloexec};
		r = fd;
	}
	spin_unlock(&fs->lock);
	if (old)
		descriptor_closed(fs, old);
	return r;
}

int fd_close(struct files *fs, int fd)
{
	struct file *f = NULL;

	spin_lock(&fs->lock);
	if ((unsigned)fd < fs->size) {
		f = fs->fds[fd].file;
		fs->fds[fd].file = NULL;
		if (f && (unsigned)fd < fs->next_hint)
			fs->next_hint = fd;
	}
	spin_unlock(&fs->lock);
	if (!f)
		return -EBADF;
	descriptor_closed(fs, f);
	return 0;
}

/* 0 or 1, or -EBADF. */
int fd_get_cloexec(struct files *fs, int fd)
{
	int r = -EBADF;

	spin_lock(&fs->lock);
	if ((unsigned)fd < fs->size && fs->fds[fd].file)
		r = fs->fds[fd].cloexec;
	spin_unlock(&fs->lock);
	return r;
}

/* 0 or -EBADF. */
int fd_set_cloexec(struct files *fs, int fd, bool on)
{
	int r = -EBADF;

	spin_lock(&fs->lock);
	if ((unsigned)fd < fs->size && fs->fds[fd].file) {
		fs->fds[fd].cloexec = on;
		r = 0;
	}
	spin_unlock(&fs->lock);
	return r;
}

int fd_next(struct files *fs, int min)
{
	int r = -1;

	spin_lock(&fs->lock);
	for (unsigned fd = MAX(min, 0); fd < fs->size && r < 0; fd++)
		if (fs->fds[fd].file)
			r = fd;
	spin_unlock(&fs->lock);
	return r;
}

unsigned files_size(struct files *fs)
{
	return fs->size;
}

void fd_close_range(struct files *fs, unsigned lo, unsigned hi, bool cloexec)
{
	for (int fd = lo > INT32_MAX ? -1 : fd_next(fs, lo); fd >= 0 && (unsigned)fd <= hi;
	     fd = fd_next(fs, fd + 1)) {
		if (cloexec)
			fd_set_cloexec(fs, fd, true);
		else
			fd_close(fs, fd);
	}
}

void files_close_exec(struct files *fs)
{
	for (int fd = fd_next(fs, 0); fd >= 0; fd = fd_next(fs, fd + 1))
		if (fd_get_cloexec(fs, fd) == 1)
			fd_close(fs, fd);
}
