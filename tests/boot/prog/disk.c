/* SPDX-License-Identifier: MIT */
/*
 * What programs can expect of a block device: `disk DEVICE BYTES` checks all of it and overwrites
 * the device, which must be otherwise unused. Passes on a loop device of Linux 6.18, without what
 * is different from driver to driver. BYTES is not a multiple of 4096.
 */
#include "tests/guest/tap.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

static const char *path;
static uint64_t size;
static char buf[1 << 16] __attribute__((aligned(4096))),
    back[1 << 16] __attribute__((aligned(4096)));

static uint64_t facts(int f, unsigned long cmd)
{
	uint64_t v = 0;

	return ioctl(f, cmd, &v) ? UINT64_MAX : v;
}

static void test_facts(int f)
{
	struct stat st;

	is(facts(f, BLKGETSIZE64), size);
	is(facts(f, BLKGETSIZE), size / 512);
	is((int)facts(f, BLKSSZGET), 512);
	is((unsigned)facts(f, BLKPBSZGET), 512);
	is((unsigned)facts(f, BLKIOMIN), 512);
	is((unsigned)facts(f, BLKIOOPT), 0);
	is((int)facts(f, BLKALIGNOFF), 0);
	is((int)facts(f, BLKROGET), 0);
	is((int)facts(f, BLKBSZGET), 512); /* the largest that divides the size */
	is((unsigned)facts(f, BLKDISCARDZEROES), 0);
	ok((uint16_t)facts(f, BLKSECTGET) >= 8);
	fails(ioctl(f, BLKGETSIZE64, BAD), EFAULT);
	fails(ioctl(f, BLKRAGET, 0), EINVAL);
	is(fstat(f, &st), 0);
	ok(S_ISBLK(st.st_mode));
	is(st.st_size, 0);
	is(st.st_blocks, 0);
	ok(st.st_rdev != 0);
}

static void test_settings(int f)
{
	int v;
	long ra;

	is(ioctl(f, BLKRASET, 100), 0);
	is(ioctl(f, BLKRAGET, &ra), 0);
	is(ra, 96); /* whole pages */
	is(ioctl(f, BLKFRASET, 256), 0);
	is(ioctl(f, BLKFRAGET, &ra), 0);
	is(ra, 256);
	v = 512;
	is(ioctl(f, BLKBSZSET, &v), 0);
	v = 700;
	fails(ioctl(f, BLKBSZSET, &v), EINVAL);
	v = 256;
	fails(ioctl(f, BLKBSZSET, &v), EINVAL);
	fails(ioctl(f, BLKBSZSET, 0), EINVAL);
	fails(ioctl(f, BLKBSZSET, BAD), EFAULT);
	is(ioctl(f, BLKBSZGET, &v), 0);
	is(v, 512);
	fails(ioctl(f, BLKRRPART, 0), EINVAL);
	is(ioctl(f, BLKFLSBUF, 0), 0);
}

/* ioctl on a range of bytes. */
static int range(int f, unsigned long cmd, uint64_t start, uint64_t len)
{
	uint64_t r[2] = {start, len};

	return ioctl(f, cmd, r);
}

static void test_zero(int f)
{
	int ro = open(path, O_RDONLY);

	memset(buf, 'z', 8192);
	is(pwrite(f, buf, 8192, 0), 8192);
	is(range(f, BLKZEROOUT, 512, 4096), 0);
	is(pread(f, back, 8192, 0), 8192);
	memset(buf + 512, 0, 4096);
	same(back, buf, 8192);
	fails(range(f, BLKZEROOUT, 100, 512), EINVAL);
	fails(range(f, BLKZEROOUT, 0, 100), EINVAL);
	fails(range(f, BLKZEROOUT, 512, 0), EINVAL);
	fails(range(f, BLKZEROOUT, size, 512), EINVAL);
	fails(range(f, BLKZEROOUT, 512, -512ull), EINVAL);
	fails(ioctl(f, BLKZEROOUT, BAD), EFAULT);
	fails(range(ro, BLKZEROOUT, 0, 512), EBADF);
	fails(range(ro, BLKDISCARD, 0, 512), EBADF);
	fails(range(f, BLKSECDISCARD, 0, 512), EOPNOTSUPP);
	fails(fallocate(f, 0, 0, 4096), EOPNOTSUPP);
	fails(fallocate(f, FALLOC_FL_COLLAPSE_RANGE, 0, 4096), EOPNOTSUPP);
	is(fallocate(f, FALLOC_FL_ZERO_RANGE, 0, 512), 0);
	is(pread(f, back, 512, 0), 512);
	memset(buf, 0, 512);
	same(back, buf, 512);
	fails(fallocate(f, FALLOC_FL_ZERO_RANGE, 0, 100), EINVAL);
	fails(fallocate(f, FALLOC_FL_ZERO_RANGE, size, 4096), EINVAL);
	fails(fallocate(f, FALLOC_FL_ZERO_RANGE, size - 512, 4096), EINVAL);
	is(fallocate(f, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, size - 512, 4096), 0);
	fails(ftruncate(f, 0), EINVAL);
	fails(truncate(path, 0), EINVAL);
	close(ro);
}

static void test_ends(int f)
{
	struct iovec iov[2] = {{buf, 300}, {buf, 1000}};
	int ro = open(path, O_RDONLY), app = open(path, O_RDWR | O_APPEND);

	is(lseek(f, 0, SEEK_END), size);
	fails(write(f, buf, 512), ENOSPC);
	is(write(f, buf, 0), 0);
	is(read(f, back, 512), 0);
	is(pwrite(f, buf, 1000, size - 512), 512);
	is(pread(f, back, 1000, size - 512), 512);
	is(pwritev(f, iov, 2, size - 512), 512);
	is(preadv(f, iov, 2, size - 512), 512);
	fails(pwrite(f, buf, 1, size + 5), ENOSPC);
	is(pwrite(f, buf, 0, size + 5), 0);
	is(pread(f, back, 512, size + 1), 0);
	fails(lseek(f, size + 1, SEEK_SET), EINVAL);
	fails(lseek(f, -1, SEEK_SET), EINVAL);
	fails(lseek(f, 1, SEEK_END), EINVAL);
	fails(lseek(f, 0, SEEK_DATA), EINVAL);
	fails(lseek(f, 0, SEEK_HOLE), EINVAL);
	fails(pread(f, BAD, 512, 0), EFAULT);
	fails(pwrite(f, BAD, 512, 0), EFAULT);
	fails(write(ro, buf, 512), EBADF);
	is(write(app, "abc", 3), 3); /* at the position: there is nothing to append to */
	is(lseek(app, 0, SEEK_CUR), 3);
	is(fsync(ro), 0);
	close(ro);
	close(app);
}

static void test_direct(int f)
{
	int d = open(path, O_RDWR | O_DIRECT);

	memset(buf, 'd', 65536);
	is(pwrite(d, buf, 512, 0), 512);
	is(pwrite(d, buf, 65536, 1024), 65536);
	fails(pwrite(d, buf, 100, 0), EINVAL);
	fails(pwrite(d, buf, 512, 100), EINVAL);
	fails(pread(d, back, 100, 0), EINVAL);
	fails(pread(d, back, 512, 7), EINVAL);
	is(pwrite(d, buf, 1024, size - 512), 512);
	is(pread(d, back, 1024, size - 512), 512);
	fails(pwrite(d, buf, 512, size), ENOSPC);
	fails(pwrite(d, buf, 100, size), ENOSPC);
	is(pread(d, back, 100, size), 0);
	is(pread(d, back, 512, size + 100), 0);
	is(pwrite(d, buf, 0, 7), 0);
	is(pread(d, back, 0, 7), 0);
	fails(pwrite(d, BAD_KERNEL, 512, 0), EFAULT);
	fails(pread(d, BAD_KERNEL, 512, 0), EFAULT);
	/* Both ways see the same. */
	is(pwrite(f, "cached", 6, 700), 6);
	is(pread(d, back, 512, 512), 512);
	same(back + 188, "cached", 6);
	is(pwrite(d, buf, 512, 512), 512);
	is(pread(f, back, 6, 700), 6);
	same(back, "dddddd", 6);
	/* Switched on and off. */
	is(fcntl(f, F_SETFL, O_DIRECT), 0);
	fails(pwrite(f, buf, 100, 0), EINVAL);
	is(fcntl(f, F_SETFL, 0), 0);
	is(pwrite(f, buf, 100, 0), 100);
	close(d);
}

static void test_open(int f)
{
	int x, y;

	works(x = open(path, O_RDWR | O_EXCL));
	is(fcntl(x, F_GETFL) & (O_EXCL | O_ACCMODE), O_RDWR);
	fails(open(path, O_RDONLY | O_EXCL), EBUSY);
	works(y = open(path, O_RDONLY));
	close(y);
	y = dup(x);
	close(x);
	fails(open(path, O_RDONLY | O_EXCL), EBUSY);
	close(y);
	works(x = open(path, O_RDWR | O_EXCL | O_TRUNC));
	is(facts(x, BLKGETSIZE64), size);
	close(x);
	fails(open(path, O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	fails(open(path, O_RDWR | O_DIRECTORY), ENOTDIR);
	works(x = open(path, O_RDWR | O_SYNC));
	is(pwrite(x, "sync", 4, 0), 4);
	close(x);
	works(x = open(path, O_RDWR | O_CREAT, 0600));
	close(x);
}

static void test_map(int f)
{
	char *m, *p;
	int ro = open(path, O_RDONLY);

	m = mmap(NULL, size + 8192, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	ok(m != MAP_FAILED);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0);
	ok(p != MAP_FAILED);
	m[10] = 'm';
	is(pread(f, back, 1, 10), 1);
	is(back[0], 'm');
	is(p[10], 'm');
	p[11] = 'p';
	is(pwrite(f, "w", 1, 11), 1);
	is(p[11], 'p');
	is(m[11], 'w');
	m[size - 1] = 'e';
	is(pread(f, back, 2, size - 1), 1);
	is(back[0], 'e');
	is(msync(m, size, MS_SYNC), 0);
	is(msync(m, 4096, MS_SYNC | MS_INVALIDATE), 0);
	close(ro);
	ro = open(path, O_RDONLY | O_DIRECT);
	is(pread(ro, back, 512, 0), 512);
	is(back[10], 'm');
	fails(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0), EACCES);
	munmap(m, size + 8192);
	munmap(p, 4096);
	close(ro);
}

static void test_sync(int f)
{
	is(pwrite(f, buf, 5000, 3000), 5000);
	is(fdatasync(f), 0);
	is(fsync(f), 0);
	is(syncfs(f), 0);
	is(sync_file_range(f, 0, 0, 7), 0);
	is(posix_fadvise(f, 0, 0, POSIX_FADV_DONTNEED), 0);
	is(pread(f, back, 5000, 3000), 5000);
	same(back, buf, 5000);
	sync();
}

/* A read-only device opens for writing and is not written. */
static void test_read_only(int f)
{
	int on = 1, off = 0, x;

	fails(ioctl(f, BLKROSET, BAD), EFAULT);
	is(ioctl(f, BLKROSET, &on), 0);
	is((int)facts(f, BLKROGET), 1);
	fails(pwrite(f, buf, 512, 0), EPERM);
	fails(range(f, BLKZEROOUT, 0, 512), EPERM);
	works(x = open(path, O_RDWR));
	fails(write(x, buf, 512), EPERM);
	is(read(x, back, 512), 512);
	close(x);
	is(ioctl(f, BLKROSET, &off), 0);
	is(pwrite(f, buf, 512, 0), 512);
}

int main(int argc, char **argv)
{
	int f;

	path = argv[1];
	size = strtoull(argv[2], NULL, 0);
	works(f = open(path, O_RDWR));
	test_facts(f);
	test_settings(f);
	test_zero(f);
	test_ends(f);
	test_direct(f);
	test_open(f);
	test_map(f);
	test_sync(f);
	test_read_only(f);
	return tap_done();
}
