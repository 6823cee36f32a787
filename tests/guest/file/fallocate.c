/* SPDX-License-Identifier: MIT */
/* fallocate(2): extending, keeping the size, punching and zeroing where the file system can;
 * refusals. */
#include "tests/guest/tap.h"

#include <linux/falloc.h>

static void ranges(int fd)
{
	char b[8192], z[8192] = {0};

	memset(b, 'x', sizeof(b));
	pwrite(fd, b, 8192, 0);
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1000, 5000) &&
	    errno == EOPNOTSUPP) {
		skip("no hole punching here");
		return;
	}
	is(pread(fd, b, 8192, 0), 8192);
	same(b + 1000, z, 5000);
	ok(b[999] == 'x' && b[6000] == 'x');
	fails(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 10), EOPNOTSUPP);
}

int main(void)
{
	struct stat st;
	int fd, p[2];

	tmp();
	fd = file_with("f", "abc");
	is(fallocate(fd, 0, 0, 10000), 0);
	is(fstat(fd, &st), 0);
	is(st.st_size, 10000);
	ok(st.st_blocks * 512 >= 10000);
	is(fallocate(fd, 0, 0, 100), 0);
	is(fstat(fd, &st) ? -1 : st.st_size, 10000);
	is(fallocate(fd, FALLOC_FL_KEEP_SIZE, 10000, 10000), 0);
	is(fstat(fd, &st) ? -1 : st.st_size, 10000);
	ranges(fd);
	fails(fallocate(fd, 0, 0, 0), EINVAL);
	fails(fallocate(fd, 0, -1, 10), EINVAL);
	fails(fallocate(fd, 0, 0, -1), EINVAL);
	fails(fallocate(fd, 0, 0x7fffffffffffffff, 10), EFBIG);
	fails(fallocate(fd, 0x4000, 0, 10), EOPNOTSUPP);
	fails(fallocate(-1, 0, 0, 10), EBADF);
	fails(fallocate(open("f", O_RDONLY), 0, 0, 10), EBADF);
	pipe(p);
	fails(fallocate(p[1], 0, 0, 10), ESPIPE);
	fails(fallocate(open(".", O_RDONLY), 0, 0, 10), EBADF);
	fails(fallocate(open("/dev/null", O_WRONLY), 0, 0, 10), ENODEV);
	return tap_done();
}
