/* SPDX-License-Identifier: MIT */
/* pread64(2): reads at an offset and leaves the file's own alone. */
/* volume: also there */
#include "tests/guest/tap.h"

int main(void)
{
	char b[16] = {0};
	int fd, wr, p[2];

	tmp();
	fd = file_with("f", "0123456789");
	is(pread(fd, b, 4, 3), 4);
	same(b, "3456", 4);
	is(lseek(fd, 0, SEEK_CUR), 0);
	is(pread(fd, b, 16, 8), 2);
	is(pread(fd, b, 16, 10), 0);
	is(pread(fd, b, 16, 1000000), 0);
	is(pread(fd, b, 16, 0x7ffffffffffff000), 0);
	is(pread(fd, b, 0, 0), 0);
	fails(pread(fd, b, 1, -1), EINVAL);
	fails(sys(pread64, fd, b, 1ul, 0x8000000000000000ul), EINVAL);
	fails(sys(pread64, fd, BAD, 1ul, 0l), EFAULT);
	is(sys(pread64, fd, BAD, 1ul, 100l), 0);
	fails(pread(-1, b, 1, 0), EBADF);
	fails(pread(FD_NONE, b, 1, -1), EINVAL);
	wr = open("f", O_WRONLY);
	fails(pread(wr, b, 1, 0), EBADF);
	pipe(p);
	fails(pread(p[0], b, 1, 0), ESPIPE);
	fails(pread(open(".", O_RDONLY), b, 1, 0), EISDIR);
	return tap_done();
}
