/* SPDX-License-Identifier: MIT */
/*
 * The VFS with tmpfs, devfs, procfs and pipes on the host: path walk, names, data at page edges,
 * limits, running out of memory at every allocation, and that nothing leaks. Behaviour that Linux
 * can be asked about is in test_vfs_host.c. unit: @fs
 */
#define _ISOC11_SOURCE /* only ISO C from the C library: its POSIX types are not the kernel's */
#include "tests/unit/unit.h"

#include "fs/radix.h"
#include "fs/vfs.h"
#include "kernel/page.h"
#include "kernel/poll.h"
#include "tests/unit/arena.h"
#include "tests/unit/fs_fake.h"
#include "tests/unit/vfs_calls.h"

#include <linux/eventpoll.h>
#include <string.h>

static void test_radix(void)
{
	static const uint64_t at[] = {0, 1, 63, 64, 4095, 4096, 1ull << 40, UINT64_MAX};
	struct radix r = {0};
	uint64_t i;
	long before = fake_allocated;

	for (size_t k = 0; k < ARRAY_SIZE(at); k++)
		CHECK(radix_set(&r, at[k], (void *)&at[k]) == 0);
	for (size_t k = 0; k < ARRAY_SIZE(at); k++)
		CHECK(radix_get(&r, at[k]) == &at[k]);
	CHECK(radix_get(&r, 2) == NULL && radix_get(&r, 1ull << 41) == NULL);
	i = 0;
	for (size_t k = 0; k < ARRAY_SIZE(at); k++, i++)
		CHECK(radix_next(&r, &i) == &at[k] && i == at[k]);
	i = UINT64_MAX;
	for (size_t k = ARRAY_SIZE(at); k-- > 0; i--)
		CHECK(radix_prev(&r, &i) == &at[k] && i == at[k]);
	i = 65;
	CHECK(radix_prev(&r, &i) == &at[3]);
	for (size_t k = 0; k < ARRAY_SIZE(at); k++)
		CHECK(radix_remove(&r, at[k]) == &at[k]);
	CHECK(r.top == NULL && fake_allocated == before);
	i = 0;
	CHECK(radix_next(&r, &i) == NULL);
}

static void test_walk(void)
{
	char longname[300], path[5000];

	CHECK(vfs_mkdir(NULL, "/w", 0755) == 0);
	CHECK(vfs_mkdir(NULL, "/w/d/", 0755) == 0);
	CHECK(open_close("/w/f", O_CREAT | O_WRONLY, 0644) == 0);
	CHECK(stat_of("/w/../w/./d//", 0).ino == stat_of("/w/d", 0).ino);
	CHECK(stat_of("/..", 0).ino == stat_of("/", 0).ino);
	CHECK(open_close("", O_RDONLY, 0) == -ENOENT);
	CHECK(open_close("/w/f/", O_RDONLY, 0) == -ENOTDIR);
	CHECK(open_close("/w/f/x", O_RDONLY, 0) == -ENOTDIR);
	CHECK(open_close("/w/none/x", O_CREAT | O_RDWR, 0644) == -ENOENT);
	memset(longname, 'a', 255);
	longname[255] = 0;
	snprintf(path, sizeof(path), "/w/%s", longname);
	CHECK(open_close(path, O_CREAT | O_RDWR, 0644) == 0);
	longname[255] = 'a';
	longname[256] = 0;
	snprintf(path, sizeof(path), "/w/%s", longname);
	CHECK(open_close(path, O_CREAT | O_RDWR, 0644) == -ENAMETOOLONG);
	memset(path, '/', sizeof(path));
	path[4095] = 0;
	CHECK(open_close(path, O_RDONLY, 0) == 0);
	path[4095] = '/';
	path[4096] = 0;
	CHECK(open_close(path, O_RDONLY, 0) == -ENAMETOOLONG);
}

/* Chains of links: 40 are followed, 41 are not. */
static void test_links(void)
{
	char from[32], to[32];

	CHECK(vfs_symlink("/w/f", NULL, "/w/l0") == 0);
	for (int i = 1; i <= 40; i++) {
		snprintf(from, sizeof(from), "/w/l%d", i);
		snprintf(to, sizeof(to), "l%d", i - 1);
		CHECK(vfs_symlink(to, NULL, from) == 0);
	}
	CHECK(open_close("/w/l39", O_RDONLY, 0) == 0);
	CHECK(open_close("/w/l40", O_RDONLY, 0) == -ELOOP);
	CHECK(open_close("/w/l0", O_RDONLY | O_NOFOLLOW, 0) == -ELOOP);
	CHECK(vfs_symlink("/w/loop", NULL, "/w/loop") == 0);
	CHECK(open_close("/w/loop/x", O_RDONLY, 0) == -ELOOP);
	CHECK(vfs_symlink("made", NULL, "/w/dangling") == 0);
	CHECK(open_close("/w/dangling", O_CREAT | O_EXCL | O_RDWR, 0600) == -EEXIST);
	CHECK(open_close("/w/dangling", O_CREAT | O_RDWR, 0600) == 0);
	CHECK(S_ISREG(stat_of("/w/made", 0).mode));
	/* A link whose middle is a link whose middle is a link. */
	CHECK(vfs_symlink("d/..", NULL, "/w/up") == 0);
	CHECK(vfs_symlink("up/up/f", NULL, "/w/far") == 0);
	CHECK(stat_of("/w/far", LOOKUP_FOLLOW).ino == stat_of("/w/f", 0).ino);
}

static int open_resolve(struct dentry *base, const char *path, unsigned resolve)
{
	struct file *f;
	int r = vfs_open(base, path, O_RDONLY, 0, resolve, &f);

	if (!r)
		file_put(f);
	return r;
}

static void test_resolve(void)
{
	struct dentry *w;

	CHECK(vfs_lookup(NULL, "/w", 0, &w) == 0);
	CHECK(vfs_symlink("/f", NULL, "/w/abs") == 0);
	CHECK(open_resolve(w, "f", RESOLVE_BENEATH) == 0);
	CHECK(open_resolve(w, "d/../f", RESOLVE_BENEATH) == 0);
	CHECK(open_resolve(w, "../w/f", RESOLVE_BENEATH) == -EXDEV);
	CHECK(open_resolve(w, "/w/f", RESOLVE_BENEATH) == -EXDEV);
	CHECK(open_resolve(w, "abs", RESOLVE_BENEATH) == -EXDEV);
	CHECK(open_resolve(w, "abs", RESOLVE_IN_ROOT) == 0);
	CHECK(open_resolve(w, "../../f", RESOLVE_IN_ROOT) == 0);
	CHECK(open_resolve(w, "l0", RESOLVE_NO_SYMLINKS) == -ELOOP);
	CHECK(open_resolve(NULL, "/tmp", RESOLVE_NO_XDEV) == -EXDEV);
	CHECK(open_resolve(NULL, "/w", RESOLVE_NO_XDEV) == 0);
	CHECK(open_resolve(NULL, "/proc/self/cwd", RESOLVE_NO_MAGICLINKS) == -ELOOP);
	CHECK(open_resolve(NULL, "/proc/self/cwd", 0) == 0);
	CHECK(open_resolve(w, "f", RESOLVE_BENEATH | RESOLVE_IN_ROOT) == -EINVAL);
	dentry_put(w);
}

static void test_mounts(void)
{
	char buf[64];
	struct dentry *d;

	CHECK(stat_of("/tmp", 0).dev != stat_of("/", 0).dev);
	CHECK(stat_of("/tmp/..", 0).ino == stat_of("/", 0).ino &&
	      stat_of("/tmp/..", 0).dev == stat_of("/", 0).dev);
	CHECK(stat_of("/tmp", 0).mode == (S_IFDIR | 01777));
	CHECK(vfs_rmdir(NULL, "/tmp") == -EBUSY);
	CHECK(vfs_rename(NULL, "/tmp", NULL, "/tmp2", 0) == -EBUSY);
	CHECK(vfs_rename(NULL, "/w/f", NULL, "/tmp/f", 0) == -EXDEV);
	CHECK(vfs_link(NULL, "/w/f", NULL, "/tmp/f", 0) == -EXDEV);
	CHECK(vfs_lookup(NULL, "/dev/shm", 0, &d) == 0);
	CHECK(vfs_path(d, buf, sizeof(buf)) == 8 && strcmp(buf, "/dev/shm") == 0);
	CHECK(vfs_path(d, buf, 9) == 8 && vfs_path(d, buf, 8) == -ENAMETOOLONG);
	dentry_put(d);
}

/* Reads and writes around page edges, holes, and what truncation leaves behind. */
static void test_data(void)
{
	char buf[3 * PAGE_SIZE], zero[2 * PAGE_SIZE] = {0};
	struct file *f = must_open("/tmp/data", O_CREAT | O_RDWR);
	uint64_t pos = 0;
	struct iter bad;

	CHECK(put_at(f, "end", 3, PAGE_SIZE - 1) == 3);
	CHECK(get_at(f, buf, 10, PAGE_SIZE - 2) == 4 && memcmp(buf, "\0end", 4) == 0);
	CHECK(get_at(f, buf, 10, PAGE_SIZE + 2) == 0);
	CHECK(put_at(f, "far", 3, 1ull << 40) == 3);
	CHECK(stat_of("/tmp/data", 0).size == (1ull << 40) + 3 &&
	      stat_of("/tmp/data", 0).blocks == 24);
	CHECK(get_at(f, buf, sizeof(buf), (1ull << 40) - 2 * PAGE_SIZE) == 2 * PAGE_SIZE + 3);
	CHECK(memcmp(buf, zero, 2 * PAGE_SIZE) == 0 && memcmp(buf + 2 * PAGE_SIZE, "far", 3) == 0);
	CHECK(file_seek(f, PAGE_SIZE + 5, SEEK_HOLE) == 2 * PAGE_SIZE);
	CHECK(file_seek(f, 2 * PAGE_SIZE, SEEK_DATA) == 1ll << 40);
	CHECK(vfs_ftruncate(f, PAGE_SIZE) == 0 && fake_truncated == 1);
	CHECK(vfs_ftruncate(f, 3 * PAGE_SIZE) == 0);
	CHECK(get_at(f, buf, 3 * PAGE_SIZE, 0) == 3 * PAGE_SIZE && buf[PAGE_SIZE - 1] == 'e');
	CHECK(memcmp(buf + PAGE_SIZE, zero, 2 * PAGE_SIZE) == 0);
	CHECK(vfs_ftruncate(f, PAGE_SIZE - 1) == 0 && vfs_ftruncate(f, PAGE_SIZE) == 0);
	CHECK(get_at(f, buf, 1, PAGE_SIZE - 1) == 1 && buf[0] == 0);
	iter_user(&bad, 8, 5);
	CHECK(file_write(f, &bad, &pos) == -EFAULT && pos == 0);
	iter_user(&bad, 8, PAGE_SIZE);
	pos = PAGE_SIZE;
	CHECK(file_write(f, &bad, &pos) == -EFAULT && f->inode->size == PAGE_SIZE);
	iter_user(&bad, 8, 5);
	pos = 0;
	CHECK(file_read(f, &bad, &pos) == -EFAULT && pos == 0);
	CHECK(vfs_ftruncate(f, INT64_MAX) == 0 && put_at(f, "x", 1, INT64_MAX) == -EFBIG);
	CHECK(put_at(f, "xy", 2, INT64_MAX - 1) == 1);
	file_put(f);
	CHECK(open_close("/tmp/data", O_RDWR | O_TRUNC, 0) == 0 &&
	      stat_of("/tmp/data", 0).blocks == 0);
	CHECK(vfs_unlink(NULL, "/tmp/data") == 0);
}

static void test_fallocate(void)
{
	const int hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	struct file *f = must_open("/tmp/fa", O_CREAT | O_RDWR);
	size_t free_pages;
	struct page *p, *around[2];
	char buf[4];
	long told;

	CHECK(vfs_fallocate(f, 0, 100, 3 * PAGE_SIZE) == 0 &&
	      f->inode->size == 100 + 3 * PAGE_SIZE);
	CHECK(stat_of("/tmp/fa", 0).blocks == 32);
	CHECK(vfs_fallocate(f, FALLOC_FL_KEEP_SIZE, 8 * PAGE_SIZE, PAGE_SIZE) == 0);
	CHECK(f->inode->size == 100 + 3 * PAGE_SIZE && stat_of("/tmp/fa", 0).blocks == 40);
	CHECK(put_at(f, "abcd", 4, PAGE_SIZE - 2) == 4);
	CHECK(vfs_fallocate(f, hole, PAGE_SIZE - 1, 2) == 0 &&
	      get_at(f, buf, 4, PAGE_SIZE - 2) == 4);
	CHECK(memcmp(buf, "a\0\0d", 4) == 0);
	CHECK(f->ops->map_page(f, 1, file_writable(f), &p) == 0);
	told = fake_truncated;
	CHECK(vfs_fallocate(f, hole, 0, 9 * PAGE_SIZE) == 0 && stat_of("/tmp/fa", 0).blocks == 0);
	CHECK(fake_truncated == told + 1 && p->refs == 1); /* mappings see the hole too */
	page_put(p);
	f->ops->map_around(f, 0, 2, around);
	CHECK(!around[0] && !around[1]);
	CHECK(put_at(f, "x", 1, PAGE_SIZE) == 1);
	f->ops->map_around(f, 0, 2, around);
	CHECK(!around[0] && around[1]);
	page_put(around[1]);
	CHECK(vfs_fallocate(f, FALLOC_FL_ZERO_RANGE, 0, 1) == -EOPNOTSUPP);
	CHECK(vfs_fallocate(f, FALLOC_FL_PUNCH_HOLE, 0, 1) == -EOPNOTSUPP);
	CHECK(vfs_fallocate(f, 0, -1, 1) == -EINVAL && vfs_fallocate(f, 0, 0, 0) == -EINVAL);
	CHECK(vfs_fallocate(f, 0, 1, INT64_MAX) == -EFBIG);
	free_pages = page_free_count();
	CHECK(vfs_fallocate(f, 0, 0, 1ll << 40) == -ENOSPC && page_free_count() == free_pages);
	CHECK(f->ops->map_page(f, 5, file_writable(f), &p) == -ENODATA);
	file_put(f);
	CHECK(vfs_unlink(NULL, "/tmp/fa") == 0);
}

static void test_full(void)
{
	static char block[1 << 20];
	struct file *f = must_open("/tmp/big", O_CREAT | O_RDWR);
	size_t before = page_free_count();
	uint64_t pos = 0;
	struct statfs sf;
	ssize_t r;

	do {
		r = put_at(f, block, sizeof(block), pos);
		pos += r > 0 ? r : 0;
	} while (r == (ssize_t)sizeof(block));
	CHECK(put_at(f, block, 1, pos) == -ENOSPC);
	CHECK(vfs_statfs(f->inode, NULL, &sf) == 0 && sf.f_bfree == 0);
	CHECK((uint64_t)sf.f_blocks * PAGE_SIZE == pos && sf.f_blocks == (long)page_total() / 2);
	CHECK(vfs_unlink(NULL, "/tmp/big") == 0);
	CHECK(get_at(f, block, 1, 0) == 1); /* unlinked, but open */
	file_put(f);
	CHECK(page_free_count() == before);
}

static void test_static(void)
{
	struct page *frame = page_alloc(1, PAGE_ZEROED), *p, *own;
	char *data = page_to_virt(frame), buf[16];
	struct file *f;
	long told;

	page_split(frame);
	frame[0].flags |= PG_RESERVED;
	frame[1].flags |= PG_RESERVED;
	memset(data, 'A', PAGE_SIZE + 10);
	CHECK(tmpfs_add_static(vfs_root(), "/deep/er/file", 0755, page_to_phys(frame),
			       PAGE_SIZE + 10) == 0);
	CHECK(stat_of("/deep/er", 0).mode == (S_IFDIR | 0755));
	f = must_open("/deep/er/file", O_RDONLY);
	CHECK(f->ops->map_page(f, 0, file_writable(f), &p) == 0 && p == frame &&
	      f->inode->size == PAGE_SIZE + 10);
	page_put(p);
	file_put(f);
	f = must_open("/deep/er/file", O_RDWR);
	CHECK(!(f->kind & FILE_MAP_WRITE));
	told = fake_truncated;
	CHECK(put_at(f, "xyz", 3, PAGE_SIZE - 1) == 3);
	CHECK(data[PAGE_SIZE - 1] == 'A' && data[PAGE_SIZE] == 'A'); /* the module is untouched */
	CHECK(get_at(f, buf, 5, PAGE_SIZE - 2) == 5 && memcmp(buf, "AxyzA", 5) == 0);
	CHECK(fake_truncated == told + 2); /* mappings that show the frames */
	CHECK(f->ops->map_page(f, 0, file_writable(f), &own) == 0 && own != frame);
	page_put(own);
	file_put(f);
	/* Something follows the end of the file in its last frame: it must not be seen. */
	data[PAGE_SIZE + 10] = 'S';
	CHECK(tmpfs_add_static(vfs_root(), "deep/tail", 0644, page_to_phys(frame),
			       PAGE_SIZE + 10) == 0);
	f = must_open("/deep/tail", O_RDONLY);
	CHECK(f->ops->map_page(f, 1, file_writable(f), &p) == 0 && p != &frame[1] &&
	      ((char *)page_to_virt(p))[10] == 0);
	page_put(p);
	file_put(f);
	CHECK(vfs_unlink(NULL, "/deep/tail") == 0 && vfs_unlink(NULL, "/deep/er/file") == 0);
	CHECK(frame[0].refs == 1 && frame[1].refs == 1);
}

/* ---- directories ---- */

struct collect {
	struct dir_sink sink;
	unsigned n, limit;
	char last[64];
	int64_t pos;
};

static bool collect_add(struct dir_sink *s, const char *name, size_t len, uint64_t ino,
			unsigned type, int64_t next)
{
	struct collect *c = container_of(s, struct collect, sink);

	if (c->limit && c->n == c->limit)
		return false;
	c->n++;
	snprintf(c->last, sizeof(c->last), "%.*s", (int)len, name);
	c->pos = next;
	return true;
}

static void test_readdir(void)
{
	struct collect c = {.sink = {collect_add}, .limit = 4};
	struct file *f;
	char name[32];
	unsigned total = 0;

	CHECK(vfs_mkdir(NULL, "/tmp/many", 0755) == 0);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "/tmp/many/%d", i);
		vfs_mknod(NULL, name, S_IFREG | 0644, 0);
	}
	CHECK(stat_of("/tmp/many", 0).size == 40 + 5000 * 20);
	f = must_open("/tmp/many", O_RDONLY | O_DIRECTORY);
	do {
		c.n = 0;
		CHECK(vfs_readdir(f, &c.sink) == 0);
		total += c.n;
		/* Deleting what was read and making new names must not disturb the rest. */
		snprintf(name, sizeof(name), "/tmp/many/%s", c.last);
		if (c.n && c.last[0] != '.')
			vfs_unlink(NULL, name);
		vfs_mknod(NULL, "/tmp/many/new", S_IFREG | 0644, 0);
		vfs_unlink(NULL, "/tmp/many/new");
	} while (c.n);
	CHECK(total == 5002);
	CHECK(file_seek(f, 0, SEEK_SET) == 0 && vfs_readdir(f, &c.sink) == 0 && c.n == 4);
	CHECK(vfs_rmdir(NULL, "/tmp/many") == -ENOTEMPTY);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "/tmp/many/%d", i);
		vfs_unlink(NULL, name);
	}
	CHECK(vfs_rmdir(NULL, "/tmp/many") == 0);
	CHECK(vfs_readdir(f, &c.sink) == -ENOENT);
	CHECK(f->dentry->unlinked);
	file_put(f);
}

/* A million names come and go: the cache stays small and nothing is left. */
static void test_no_leak(void)
{
	long before;
	char name[32];

	CHECK(vfs_mkdir(NULL, "/tmp/churn", 0755) == 0);
	for (int round = 0; round < 2; round++) {
		before = fake_allocated;
		for (int i = 0; i < 100000; i++) {
			snprintf(name, sizeof(name), "/tmp/churn/%d-%d", round, i);
			vfs_mknod(NULL, name, S_IFREG | 0644, 0);
			vfs_unlink(NULL, name);
		}
	}
	CHECK(fake_allocated <= before);
	CHECK(vfs_rmdir(NULL, "/tmp/churn") == 0);
}

static void test_tmpfile(void)
{
	struct file *f;
	char path[64];

	CHECK(vfs_open(NULL, "/tmp", O_TMPFILE | O_RDWR, 0640, 0, &f) == 0);
	CHECK(f->inode->nlink == 0 && put(f, "hi", 2) == 2);
	CHECK(fd_install(fake_process.files, f, 0, false) == 0);
	CHECK(vfs_file_path(f, path, sizeof(path)) > 0 && strstr(path, "(deleted)"));
	CHECK(vfs_link(NULL, "/proc/self/fd/0", NULL, "/tmp/named", AT_SYMLINK_FOLLOW) == 0);
	CHECK(strcmp(text_of("/tmp/named"), "hi") == 0 && stat_of("/tmp/named", 0).nlink == 1);
	CHECK(fd_close(fake_process.files, 0) == 0);
	CHECK(vfs_open(NULL, "/tmp", O_TMPFILE | O_RDONLY, 0, 0, &f) == -EINVAL);
	CHECK(vfs_unlink(NULL, "/tmp/named") == 0);
}

static void test_limits(void)
{
	struct file *f = must_open("/tmp/lim", O_CREAT | O_RDWR);

	fake_process.limits[RLIMIT_FSIZE].rlim_cur = 10;
	CHECK(put_at(f, "0123456789abc", 13, 0) == 10);
	CHECK(fake_signal == 0 && put_at(f, "x", 1, 10) == -EFBIG && fake_signal == SIGXFSZ);
	fake_signal = 0;
	CHECK(vfs_ftruncate(f, 10) == 0 && vfs_ftruncate(f, 11) == -EFBIG &&
	      fake_signal == SIGXFSZ);
	fake_process.limits[RLIMIT_FSIZE].rlim_cur = UINT64_MAX;
	fake_signal = 0;
	file_put(f);
	CHECK(vfs_unlink(NULL, "/tmp/lim") == 0);
}

static void test_devices(void)
{
	struct file *f = must_open("/dev/full", O_RDWR);
	struct page *p;
	char buf[8] = "xxxxxxx";

	CHECK(put(f, "", 0) == -ENOSPC && get(f, buf, 4) == 4 &&
	      memcmp(buf, "\0\0\0\0xxx", 8) == 0);
	file_put(f);
	f = must_open("/dev/null", O_RDWR);
	CHECK(get(f, buf, 4) == 0 && file_seek(f, 77, SEEK_END) == 0 && !f->ops->map_page);
	CHECK(put(f, (void *)1, 100) == 100);
	file_put(f);
	f = must_open("/dev/zero", O_RDWR);
	CHECK(f->ops->map_page(f, 9, file_writable(f), &p) == 0);
	page_put(p);
	file_put(f);
	CHECK(stat_of("/dev/null", 0).mode == (S_IFCHR | 0666) &&
	      stat_of("/dev/null", 0).rdev == 0x103);
	CHECK(open_close("/dev/tty", O_RDWR, 0) == -ENXIO);
	CHECK(vfs_mknod(NULL, "/w/null2", S_IFCHR | 0600, 0x103) == 0 &&
	      open_close("/w/null2", O_RDWR, 0) == 0);
	CHECK(vfs_mknod(NULL, "/w/nodev", S_IFCHR | 0600, 0x7777) == 0 &&
	      open_close("/w/nodev", O_RDWR, 0) == -ENXIO);
	CHECK(vfs_mknod(NULL, "/tmp/null", S_IFCHR | 0600, 0x103) == 0 &&
	      open_close("/tmp/null", O_RDWR, 0) == -EACCES);
	CHECK(dev_major(dev_make(0xabc, 0x12345)) == 0xabc &&
	      dev_minor(dev_make(0xabc, 0x12345)) == 0x12345);
}

/* ---- pipes ---- */

/* ---- /proc ---- */

static void test_proc(void)
{
	struct file *rd, *wr, *f;
	char buf[64];
	struct dentry *d;

	CHECK(strcmp(text_of("/proc/self/comm"), "\n") == 0);
	f = must_open("/proc/self/comm", O_WRONLY | O_TRUNC);
	CHECK(put(f, "renamed", 7) == 7);
	file_put(f);
	CHECK(strcmp(text_of("/proc/42/task/42/comm"), "renamed\n") == 0);
	CHECK(strstr(text_of("/proc/self/status"), "Pid:\t42\n") != NULL);
	CHECK(strstr(text_of("/proc/self/stat"), "42 (renamed) R ") != NULL);
	CHECK(strstr(text_of("/proc/mounts"), "devtmpfs /dev devtmpfs rw,nosuid,relatime,size=") !=
	      NULL);
	CHECK(strstr(text_of("/proc/self/mountinfo"),
		     " / /tmp rw,nosuid,nodev,relatime - tmpfs tmpfs rw,") != NULL);
	CHECK(strstr(text_of("/proc/cpuinfo"), "cpu MHz\t\t: 2345.678\n") != NULL);
	CHECK(strstr(text_of("/proc/cpuinfo"), "bogomips\t: 4691.35\n") != NULL);
	CHECK(strlen(text_of("/proc/sys/kernel/random/boot_id")) == 37);
	CHECK(strstr(text_of("/proc/meminfo"), "MemTotal:") != NULL);
	CHECK(strstr(text_of("/proc/self/limits"), "Max open files            1024 ") != NULL);
	CHECK(strstr(text_of("/proc/filesystems"), "nodev\tproc\n") != NULL);
	CHECK(open_close("/proc/1", O_RDONLY, 0) == -ENOENT &&
	      open_close("/proc/042", O_RDONLY, 0) == -ENOENT);
	CHECK(open_close("/proc/x", O_CREAT | O_RDWR, 0644) == -ENOENT &&
	      vfs_mkdir(NULL, "/proc/x", 0755) == -ENOENT);
	CHECK(vfs_unlink(NULL, "/proc/version") == -EPERM);
	CHECK(pipe_new(0, &rd, &wr) == 0);
	CHECK(fd_install(fake_process.files, rd, 0, true) == 0 &&
	      fd_install(fake_process.files, wr, 0, false) == 1);
	CHECK(vfs_lookup(NULL, "/proc/self/fd/0", 0, &d) == 0 && (d->inode->mode & 07777) == 0500);
	CHECK(vfs_readlink(d, buf, sizeof(buf)) > 0 && memcmp(buf, "pipe:[", 6) == 0);
	dentry_put(d);
	CHECK(strstr(text_of("/proc/self/fdinfo/0"), "flags:\t02000000\n") != NULL);
	f = must_open("/dev/stdout", O_WRONLY); /* the pipe again */
	CHECK(put(f, "via", 3) == 3 && get(rd, buf, 3) == 3);
	CHECK(vfs_file_path(f, buf, sizeof(buf)) > 0 && memcmp(buf, "pipe:[", 6) == 0);
	file_put(f);
	CHECK(open_close("/proc/self/fd/7", O_RDONLY, 0) == -ENOENT);
	f = must_open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
	struct collect c = {.sink = {collect_add}};
	CHECK(vfs_readdir(f, &c.sink) == 0 && c.n == 4 && strcmp(c.last, "1") == 0);
	file_put(f);
	files_close_exec(fake_process.files);
	CHECK(fd_next(fake_process.files, 0) == 1);
	fd_close_range(fake_process.files, 0, UINT32_MAX, false);
}

/* ---- memory ---- */

static void one_of_everything(void)
{
	struct file *f, *rd, *wr;
	struct dentry *d;
	char buf[8];

	vfs_mkdir(NULL, "/tmp/oom", 0755);
	if (vfs_open(NULL, "/tmp/oom/f", O_CREAT | O_RDWR, 0644, 0, &f) == 0) {
		put_at(f, "x", 1, 1ull << 33);
		put_at(f, "x", 1, 5);
		vfs_fallocate(f, 0, 0, 20 * PAGE_SIZE);
		get_at(f, buf, 8, 0);
		file_put(f);
	}
	vfs_symlink("f", NULL, "/tmp/oom/l");
	vfs_link(NULL, "/tmp/oom/f", NULL, "/tmp/oom/h", 0);
	vfs_rename(NULL, "/tmp/oom/h", NULL, "/tmp/oom/r", 0);
	vfs_rename(NULL, "/tmp/oom/l", NULL, "/tmp/oom/r", RENAME_EXCHANGE);
	open_close("/tmp/oom/r", O_RDONLY, 0);
	if (pipe_new(0, &rd, &wr) == 0) {
		put(wr, "abc", 3);
		file_put(rd);
		file_put(wr);
	}
	if (vfs_lookup(NULL, "/proc/self/cwd", 0, &d) == 0) {
		vfs_readlink(d, buf, sizeof(buf));
		dentry_put(d);
	}
	if (vfs_open(NULL, "/proc/self/maps", O_RDONLY, 0, 0, &f) == 0) {
		get(f, buf, sizeof(buf));
		file_put(f);
	}
	if (tmpfs_memfd("m", 0, &f) == 0)
		file_put(f);
	vfs_unlink(NULL, "/tmp/oom/f");
	vfs_unlink(NULL, "/tmp/oom/l");
	vfs_unlink(NULL, "/tmp/oom/h");
	vfs_unlink(NULL, "/tmp/oom/r");
	vfs_rmdir(NULL, "/tmp/oom");
}

/* Let the n-th allocation fail, for every n: nothing breaks, nothing is lost. */
static void test_out_of_memory(void)
{
	long base;
	size_t pages;

	one_of_everything();
	base = fake_allocated;
	pages = page_free_count();
	for (long n = 1; n < 150; n++) {
		fake_alloc_left = n;
		one_of_everything(); /* everything after the n-th fails too */
		fake_alloc_left = -1;
		one_of_everything();
		fake_signal = 0;
		if (fake_allocated != base || page_free_count() != pages)
			printf("# allocation %ld: %ld blocks, %ld pages\n", n,
			       fake_allocated - base, (long)(pages - page_free_count()));
		CHECK(fake_allocated == base && page_free_count() == pages);
	}
}

static void test_memfd(void)
{
	struct file *f;
	char buf[64];

	CHECK(tmpfs_memfd("name", MFD_ALLOW_SEALING, &f) == 0);
	CHECK(vfs_file_path(f, buf, sizeof(buf)) > 0 && strcmp(buf, "/memfd:name (deleted)") == 0);
	CHECK(put(f, "abc", 3) == 3 && tmpfs_add_seals(f, F_SEAL_GROW) == 0 &&
	      put(f, "d", 1) == -EPERM);
	CHECK(vfs_ftruncate(f, 2) == 0 && vfs_ftruncate(f, 3) == -EPERM);
	CHECK(tmpfs_add_seals(f, F_SEAL_SHRINK | F_SEAL_SEAL) == 0 &&
	      vfs_ftruncate(f, 1) == -EPERM);
	CHECK(tmpfs_add_seals(f, F_SEAL_WRITE) == -EPERM);
	CHECK(tmpfs_get_seals(f) == (F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL));
	file_put(f);
}

int main(void)
{
	fake_boot();
	test_out_of_memory(); /* first: later tests fill the name cache, whose evictions would be
				 counted */
	test_radix();
	test_walk();
	test_links();
	test_resolve();
	test_mounts();
	test_data();
	test_fallocate();
	test_full();
	test_static();
	test_readdir();
	test_no_leak();
	test_tmpfile();
	test_limits();
	test_devices();
	test_proc();
	test_memfd();
	return UNIT_END();
}
