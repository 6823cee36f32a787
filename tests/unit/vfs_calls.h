/* SPDX-License-Identifier: MIT */
/* Short forms of VFS calls for the tests of it. */
#ifndef TESTS_UNIT_VFS_CALLS_H
#define TESTS_UNIT_VFS_CALLS_H

#include "tests/unit/unit.h"

#include "fs/vfs.h"

static inline int open_close(const char *path, unsigned flags, uint32_t mode)
{
	struct file *f;
	int r = vfs_open(NULL, path, flags, mode, 0, &f);

	if (!r)
		file_put(f);
	return r;
}

static inline struct file *must_open(const char *path, unsigned flags)
{
	struct file *f = NULL;
	int r = vfs_open(NULL, path, flags, 0644, 0, &f);

	if (r)
		printf("# open %s: %d\n", path, r);
	CHECK(r == 0);
	return f;
}

static inline ssize_t put_at(struct file *f, const void *data, size_t n, uint64_t pos)
{
	struct iter it;

	iter_kernel(&it, (void *)data, n);
	return file_write(f, &it, &pos);
}

static inline ssize_t get_at(struct file *f, void *data, size_t n, uint64_t pos)
{
	struct iter it;

	iter_kernel(&it, data, n);
	return file_read(f, &it, &pos);
}

static inline ssize_t put(struct file *f, const void *data, size_t n)
{
	struct iter it;

	iter_kernel(&it, (void *)data, n);
	return file_write(f, &it, NULL);
}

static inline ssize_t get(struct file *f, void *data, size_t n)
{
	struct iter it;

	iter_kernel(&it, data, n);
	return file_read(f, &it, NULL);
}

/* Contents of a small file as a string. */
static inline const char *text_of(const char *path)
{
	static char buf[8192];
	struct file *f = must_open(path, O_RDONLY);
	ssize_t n = f ? get(f, buf, sizeof(buf) - 1) : -1;

	if (f)
		file_put(f);
	buf[n > 0 ? n : 0] = 0;
	return buf;
}

static inline struct kstat stat_of(const char *path, unsigned flags)
{
	struct kstat st = {0};
	struct dentry *d;

	if (vfs_lookup(NULL, path, flags, &d) == 0) {
		vfs_getattr(d->inode, &st);
		dentry_put(d);
	}
	return st;
}

#endif
