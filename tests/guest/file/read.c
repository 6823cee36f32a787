/* SPDX-License-Identifier: MIT */
/* read(2): amounts, the file offset, end of file, access mode, bad buffers, directories and pipes.
 */
/* volume: also there */
#include "tests/guest/tap.h"

static void amounts(int fd)
{
	char b[16] = {0};

	is(read(fd, b, 3), 3);
	same(b, "abc", 3);
	is(lseek(fd, 0, SEEK_CUR), 3);
	is(read(fd, b, 0), 0);
	is(lseek(fd, 0, SEEK_CUR), 3);
	is(read(fd, b, sizeof(b)), 3);
	same(b, "def", 3);
	is(read(fd, b, sizeof(b)), 0);
	is(lseek(fd, 100, SEEK_SET), 100);
	is(read(fd, b, sizeof(b)), 0);
	is(lseek(fd, 0, SEEK_CUR), 100);
}

static void bad_buffers(int fd)
{
	char *e = edge();

	lseek(fd, 0, SEEK_SET);
	fails(sys(read, fd, BAD, 4ul), EFAULT);
	fails(sys(read, fd, NULL, 4ul), EFAULT);
	fails(sys(read, fd, BAD_KERNEL, 4ul), EFAULT);
	fails(sys(read, fd, BAD_NONCANON, 4ul), EFAULT);
	fails(sys(read, fd, readonly_page(), 4ul), EFAULT);
	fails(sys(read, fd, e, 4ul), EFAULT);
	is(lseek(fd, 0, SEEK_CUR), 0);
	is(sys(read, fd, e - 6, 6ul), 6);
	same(e - 6, "abcdef", 6);
	lseek(fd, 0, SEEK_SET);
	ok(sys(read, fd, e - 2, 6ul) <= 2,
	   "a buffer that ends in a bad page: a short count or EFAULT");
	ok(sys(read, fd, BAD, 0ul) == 0, "no bytes, no fault");
}

static void descriptors(void)
{
	int wr = open("f", O_WRONLY), dir = open(".", O_RDONLY), path = open("f", O_PATH);
	char b[4];

	fails(read(-1, b, 1), EBADF);
	fails(read(FD_NONE, b, 1), EBADF);
	fails(sys(read, 0x7fffffff, b, 1ul), EBADF);
	fails(read(wr, b, 1), EBADF);
	fails(read(wr, b, 0), EBADF);
	fails(read(dir, b, 1), EISDIR);
	fails(read(path, b, 1), EBADF);
	close(wr);
	fails(read(wr, b, 1), EBADF);
}

static void large(void)
{
	size_t len = 3 << 20;
	char *a = malloc(len), *b = malloc(len + 1);
	int fd = open("big", O_RDWR | O_CREAT, 0600);

	for (size_t i = 0; i < len; i++)
		a[i] = i * 7 + (i >> 12);
	is(write(fd, a, len), 3 << 20);
	lseek(fd, 0, SEEK_SET);
	is(read(fd, b, len + 1), 3 << 20);
	same(a, b, len);
	lseek(fd, 4095, SEEK_SET);
	is(read(fd, b, 2), 2);
	same(a + 4095, b, 2);
	close(fd);
	free(a);
	free(b);
}

static void holes(void)
{
	int fd = open("hole", O_RDWR | O_CREAT, 0600);
	char b[8192], z[8192] = {0};

	is(pwrite(fd, "x", 1, 100000), 1);
	memset(b, 1, sizeof(b));
	is(read(fd, b, sizeof(b)), 8192);
	same(b, z, sizeof(b));
	is(pread(fd, b, sizeof(b), 99999), 2);
	same(b, "\0x", 2);
	close(fd);
}

int main(void)
{
	int fd;

	tmp();
	fd = file_with("f", "abcdef");
	amounts(fd);
	bad_buffers(fd);
	descriptors();
	large();
	holes();
	return tap_done();
}
