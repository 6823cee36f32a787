/* SPDX-License-Identifier: MIT */
/*
 * Block devices over disks in memory: random reads and writes, through the cache and past it,
 * against an array; what reaches the disk and when; errors; who may open.
 * unit: @fs
 */
#define _ISOC11_SOURCE /* only ISO C from the C library: its POSIX types are not the kernel's */
#include "tests/unit/unit.h"

#include "fs/blockdev.h"
#include "fs/vfs.h"
#include "kernel/page.h"
#include "tests/unit/fs_fake.h"

#include <linux/fs.h>
#include <string.h>

enum { SIZE = (1 << 20) + 4096 + 512, MAX_IO = 200000, ROUNDS = 20000 };

static struct fake_disk *const disk = &fake_disks[0];
static uint8_t model[SIZE], buf[MAX_IO];

static struct file *open_disk(const char *path, unsigned flags)
{
	struct file *f;
	int r = vfs_open(NULL, path, flags, 0, 0, &f);

	CHECK(r == 0);
	return r ? NULL : f;
}

static int open_error(const char *path, unsigned flags)
{
	struct file *f;
	int r = vfs_open(NULL, path, flags, 0, 0, &f);

	if (!r)
		file_put(f);
	return r;
}

static ssize_t io(struct file *f, bool write, uint64_t pos, void *mem, size_t n)
{
	struct iter it;

	iter_kernel(&it, mem, n);
	return write ? file_write(f, &it, &pos) : file_read(f, &it, &pos);
}

static ssize_t io_user(struct file *f, bool write, uint64_t pos, uaddr_t mem, size_t n)
{
	struct iter it;

	iter_user(&it, mem, n);
	return write ? file_write(f, &it, &pos) : file_read(f, &it, &pos);
}

static void fill(size_t n)
{
	uint32_t x = (uint32_t)rand();

	for (size_t i = 0; i < n; i++)
		buf[i] = (uint8_t)((x = x * 1103515245 + 12345) >> 16);
}

static bool disk_is_model(void)
{
	return memcmp(disk->data, model, SIZE) == 0;
}

/* What a transfer of n bytes at pos should give. */
static ssize_t expected(bool write, bool direct, uint64_t pos, size_t n)
{
	if (!n || (!write && pos >= SIZE))
		return 0;
	if (pos >= SIZE)
		return -ENOSPC;
	n = MIN(n, SIZE - pos);
	return direct && ((pos | n) & 511) ? -EINVAL : (ssize_t)n;
}

static void random_io(struct file *f)
{
	bool direct = f->flags & O_DIRECT;
	bool write = rand() & 1;
	uint64_t pos = (uint64_t)rand() % (SIZE + 3000);
	size_t n = (size_t)rand() % (rand() % 4 ? 9000 : MAX_IO);
	ssize_t want, got;

	if (direct && rand() % 8) {
		pos &= ~511ul;
		n &= ~511ul;
	}
	fill(n);
	want = expected(write, direct, pos, n);
	got = io(f, write, pos, buf, n);
	CHECK(got == want);
	if (got > 0 && write)
		memcpy(model + pos, buf, (size_t)got);
	if (got > 0 && !write)
		CHECK(memcmp(model + pos, buf, (size_t)got) == 0);
}

/* A store through a shared mapping: the page is asked for, then modified. */
static void random_store(struct file *f)
{
	uint64_t pos = (uint64_t)rand() % SIZE;
	struct page *p;

	CHECK(f->ops->map_page(f, pos / PAGE_SIZE, true, &p) == 0);
	((uint8_t *)page_to_virt(p))[pos % PAGE_SIZE] = model[pos] = (uint8_t)rand();
	page_put(p);
}

static long ioctl_range(struct file *f, unsigned cmd, uint64_t start, uint64_t len)
{
	uint64_t range[2] = {start, len};

	return f->ops->ioctl(f, cmd, (uaddr_t)range);
}

static void random_zero(struct file *f)
{
	uint64_t start = (uint64_t)rand() % SIZE & ~511ul;
	uint64_t len = MIN((uint64_t)rand() % MAX_IO, SIZE - start) & ~511ul;
	bool by_ioctl = rand() & 1;
	long r = by_ioctl ? ioctl_range(f, BLKZEROOUT, start, len)
			  : f->ops->fallocate(f, FALLOC_FL_ZERO_RANGE, start, len ? len : 512);

	CHECK(r == (by_ioctl && !len ? -EINVAL : 0));
	memset(model + start, 0, len || by_ioctl ? len : 512);
}

static void test_random(void)
{
	struct file *f = open_disk("/dev/vda", O_RDWR),
		    *d = open_disk("/dev/vda", O_RDWR | O_DIRECT);

	memcpy(model, disk->data, SIZE);
	for (int i = 0; i < ROUNDS; i++) {
		switch (rand() % 40) {
		case 0:
			random_zero(f);
			break;
		case 1:
			CHECK(f->ops->fsync(f, rand() & 1) == 0);
			CHECK(disk_is_model());
			break;
		case 2: /* the last close stores everything and keeps nothing */
			file_put(f);
			file_put(d);
			CHECK(disk_is_model());
			f = open_disk("/dev/vda", O_RDWR);
			d = open_disk("/dev/vda", O_RDWR | O_DIRECT);
			CHECK(blockdev_next(NULL)->cache.n_pages == 0);
			break;
		case 3:
			CHECK(ioctl_range(f, BLKFLSBUF, 0, 0) == 0);
			CHECK(disk_is_model());
			break;
		case 4:
		case 5:
			random_store(f);
			break;
		default:
			random_io(rand() % 4 ? f : d);
		}
	}
	file_put(f);
	file_put(d);
	CHECK(disk_is_model());
}

static void test_ends(void)
{
	struct file *f = open_disk("/dev/vda", O_RDWR);
	uint64_t size = 0;

	CHECK(f->ops->ioctl(f, BLKGETSIZE64, (uaddr_t)&size) == 0 && size == SIZE);
	CHECK(file_seek(f, 0, SEEK_END) == SIZE);
	CHECK(file_seek(f, 1, SEEK_END) == -EINVAL);
	CHECK(file_seek(f, INT64_MAX, SEEK_END) == -EINVAL);
	CHECK(file_seek(f, INT64_MAX, SEEK_CUR) == -EINVAL);
	CHECK(file_seek(f, INT64_MIN, SEEK_CUR) == -EINVAL);
	CHECK(file_seek(f, 0, SEEK_CUR) == SIZE);
	CHECK(io(f, true, SIZE, buf, 1) == -ENOSPC);
	CHECK(io(f, true, UINT64_MAX >> 1, buf, 1) == -ENOSPC);
	CHECK(io(f, true, SIZE, buf, 0) == 0);
	CHECK(io(f, false, SIZE, buf, 1) == 0);
	CHECK(io(f, true, SIZE - 1, buf, 100) == 1);
	CHECK(io(f, false, SIZE - 1, buf, 100) == 1);
	CHECK(io_user(f, false, 0, 16, 100) == -EFAULT);
	CHECK(io_user(f, true, 0, 16, 100) == -EFAULT);
	f->flags |= O_DIRECT;
	CHECK(io_user(f, false, 0, 16 * 16, 512) == -EFAULT);
	CHECK(io_user(f, true, 0, 16 * 16, 512) == -EFAULT);
	CHECK(ioctl_range(f, BLKZEROOUT, SIZE - 512, 1024) == -EINVAL);
	CHECK(ioctl_range(f, BLKZEROOUT, 512, UINT64_MAX - 511) == -EINVAL);
	CHECK(ioctl_range(f, BLKZEROOUT, 100, 512) == -EINVAL);
	CHECK(ioctl_range(f, BLKDISCARD, 0, 512) == -EOPNOTSUPP);
	CHECK(ioctl_range(f, 0x1234, 0, 512) == -ENOTTY);
	file_put(f);
}

/* What makes the disk's own cache be flushed, and what costs requests. */
static void test_flush(void)
{
	struct file *f = open_disk("/dev/vda", O_RDWR);

	disk->flushes = disk->writes = disk->reads = 0;
	CHECK(io(f, true, 0, buf, 4096) == 4096);
	CHECK(disk->writes == 0 && disk->reads == 0);
	CHECK(f->ops->fsync(f, false) == 0 && disk->writes == 1 && disk->flushes == 1);
	CHECK(f->ops->fsync(f, false) == 0 && disk->writes == 1 && disk->flushes == 1);
	CHECK(io(f, true, 4096, buf, MAX_IO) == MAX_IO); /* one run */
	CHECK(f->ops->fsync(f, true) == 0 && disk->writes == 2 && disk->flushes == 2);
	f->flags |= O_DSYNC;
	CHECK(io(f, true, 100, buf, 10) == 10 && disk->writes == 3 && disk->flushes == 3);
	f->flags |= O_DIRECT;
	CHECK(io(f, true, 512, buf, 512) == 512 && disk->writes == 4 && disk->flushes == 4);
	f->flags &= ~(unsigned)O_DSYNC;
	CHECK(io(f, true, 512, buf, 512) == 512 && disk->writes == 5 && disk->flushes == 4);
	CHECK(f->ops->fsync(f, false) == 0 && disk->flushes == 5);
	CHECK(io(f, true, 1024, buf, 512) == 512);
	CHECK(file_sync_all(true) == 0 && disk->flushes == 6);
	file_put(f);
	disk->reads = 0;
	f = open_disk("/dev/vda", O_RDONLY);
	for (uint64_t pos = 0; pos < 1 << 20; pos += 4096)
		CHECK(io(f, false, pos, buf, 4096) == 4096);
	CHECK(disk->reads <= 6);
	file_put(f);
}

static void test_errors(void)
{
	struct file *f = open_disk("/dev/vda", O_RDWR);

	CHECK(io(f, true, 0, buf, 100) == 100);
	disk->fail = EIO;
	CHECK(io(f, false, 500000, buf, 10) == -EIO);
	CHECK(io(f, true, 500000, buf, 10) == -EIO); /* the rest of the page is wanted */
	CHECK(f->ops->fsync(f, false) == -EIO);
	disk->fail = 0;
	CHECK(f->ops->fsync(f, false) == 0); /* told once */
	CHECK(io(f, false, 500000, buf, 10) == 10);
	f->flags |= O_DIRECT;
	disk->fail = EIO;
	CHECK(io(f, true, 0, buf, 512) == -EIO && io(f, false, 0, buf, 512) == -EIO);
	CHECK(ioctl_range(f, BLKZEROOUT, 0, 512) == -EIO);
	disk->fail = 0;
	CHECK(io(f, false, 0, buf, 512) == 512);
	f->flags &= ~(unsigned)O_DIRECT;
	CHECK(io(f, true, 0, buf, 100) == 100);
	disk->fail = EIO;
	file_put(f); /* nobody hears of it */
	disk->fail = 0;
	f = open_disk("/dev/vda", O_RDWR);
	CHECK(f->ops->fsync(f, false) == 0 && io(f, false, 0, buf, 512) == 512);
	file_put(f);
}

static void test_claims(void)
{
	struct file *f = open_disk("/dev/vda", O_RDWR | O_EXCL);

	CHECK(!(f->flags & O_EXCL));
	CHECK(open_error("/dev/vda", O_RDONLY | O_EXCL) == -EBUSY);
	CHECK(open_error("/dev/vda", O_RDWR) == 0);
	CHECK(open_error("/dev/vda", O_RDWR | O_CREAT | O_EXCL) == -EEXIST);
	CHECK(open_error("/dev/vdb", O_RDONLY | O_EXCL) == 0);
	file_put(f);
	CHECK(open_error("/dev/vda", O_RDONLY | O_EXCL) == 0);
	CHECK(open_error("/dev/vda", O_RDONLY | O_EXCL) == 0);
}

/* Opens for writing, refuses to be written. Blocks of 4096 bytes. */
static void test_read_only(void)
{
	struct file *f = open_disk("/dev/vdb", O_RDWR);
	int on = -1, off = 0;

	CHECK(io(f, true, 0, buf, 1) == -EPERM);
	CHECK(ioctl_range(f, BLKZEROOUT, 0, 4096) == -EPERM);
	CHECK(f->ops->fallocate(f, FALLOC_FL_ZERO_RANGE, 0, 4096) == -EPERM);
	CHECK(f->ops->ioctl(f, BLKROGET, (uaddr_t)&on) == 0 && on == 1);
	CHECK(io(f, false, 5, buf, 10) == 10);
	CHECK(f->ops->ioctl(f, BLKROSET, (uaddr_t)&off) == 0);
	CHECK(io(f, true, 5, buf, 10) == 10);
	f->flags |= O_DIRECT;
	CHECK(io(f, true, 0, buf, 512) == -EINVAL && io(f, false, 512, buf, 4096) == -EINVAL);
	CHECK(io(f, true, 4096, buf, 4096) == 4096);
	CHECK(ioctl_range(f, BLKZEROOUT, 512, 512) == -EINVAL);
	file_put(f);
}

static void test_nodes(void)
{
	struct blockdev *a = blockdev_next(NULL), *b = blockdev_next(a);
	struct file *f = open_disk("/dev/vda", O_RDWR), *g;
	struct kstat st;

	CHECK(blockdev_next(b) == NULL);
	CHECK(vfs_getattr(f->inode, &st) == 0);
	CHECK(st.mode == (S_IFBLK | 0660) && st.uid == 0 && st.gid == 6 && st.size == 0);
	CHECK(st.rdev == dev_make(254, 0));
	CHECK(vfs_mknod(NULL, "/disk", S_IFBLK | 0600, dev_make(254, 0)) == 0);
	g = open_disk("/disk", O_RDWR); /* another node of the same device shows the same */
	CHECK(g->inode != f->inode && g->mapped == f->mapped);
	CHECK(io(f, true, 77, "seen", 4) == 4 && io(g, false, 77, buf, 4) == 4);
	CHECK(memcmp(buf, "seen", 4) == 0);
	file_put(f);
	file_put(g);
	CHECK(vfs_mknod(NULL, "/part", S_IFBLK | 0600, dev_make(254, 1)) == 0);
	CHECK(vfs_mknod(NULL, "/third", S_IFBLK | 0600, dev_make(254, 32)) == 0);
	CHECK(vfs_mknod(NULL, "/other", S_IFBLK | 0600, dev_make(8, 0)) == 0);
	CHECK(open_error("/part", O_RDONLY) == -ENXIO);
	CHECK(open_error("/third", O_RDONLY) == -ENXIO);
	CHECK(open_error("/other", O_RDONLY) == -ENXIO);
	CHECK(open_error("/dev/vdc", O_RDONLY) == -ENOENT);
}

/* Last: the system takes the first disk for itself, the second gets its place. */
static void test_find(void)
{
	struct blockdev *a = blockdev_next(NULL), *b = blockdev_next(a);
	struct page *p, *again;

	CHECK(blockdev_find("none") == NULL);
	CHECK(blockdev_find("fake0") == a);
	CHECK(blockdev_next(NULL) == b && blockdev_next(b) == NULL);
	CHECK(open_error("/disk", O_RDONLY) == 0); /* number 254, 0 is the second one now */
	CHECK(blockdev_page(a, SIZE / PAGE_SIZE, true, &p) == -EAGAIN);
	CHECK(blockdev_page(a, SIZE / PAGE_SIZE, false, &p) == 0);
	CHECK(memcmp(page_to_virt(p), disk->data + SIZE / PAGE_SIZE * PAGE_SIZE, 512) == 0);
	for (size_t i = 512; i < PAGE_SIZE; i++)
		CHECK(((uint8_t *)page_to_virt(p))[i] == 0);
	CHECK(blockdev_page(a, SIZE / PAGE_SIZE, true, &again) == 0 && again == p);
	page_put(again);
	page_put(p);
	CHECK(blockdev_page(a, SIZE / PAGE_SIZE + 1, false, &p) == -ENODATA);
	CHECK(blockdev_page(a, SIZE / PAGE_SIZE + 1, true, &p) == -ENODATA);
}

static void test_memory(void)
{
	struct file *f = open_disk("/dev/vda", O_RDWR);

	for (long left = 1; left < 8; left++) {
		ssize_t r;

		fake_alloc_left = left;
		r = io(f, true, (uint64_t)(rand() % SIZE) & PAGE_MASK, buf, 5000);
		CHECK(r > 0 || r == -ENOMEM);
		fake_alloc_left = left;
		r = open_error("/dev/vda", O_RDONLY);
		CHECK(r == 0 || r == -ENOMEM);
		fake_alloc_left = -1;
	}
	file_put(f);
}

int main(void)
{
	srand(1);
	fake_n_disks = 2;
	fake_disks[0].size = SIZE;
	fake_disks[1] = (struct fake_disk){.size = 1 << 20, .read_only = true, .block = 4096};
	memset(disk->data, 0xee, sizeof(disk->data));
	fake_boot();
	CHECK(fake_disks[0].reads == 0); /* nobody asked for it */
	test_random();
	test_ends();
	test_flush();
	test_errors();
	test_claims();
	test_read_only();
	test_nodes();
	test_memory();
	test_find();
	return UNIT_END();
}
