/* SPDX-License-Identifier: MIT */
/* lseek(2): SEEK_SET, CUR, END, DATA, HOLE; beyond the end; negative and overflowing results; not
 * seekable. */
/* volume: also there */
#include "tests/guest/tap.h"

int main(void)
{
	int fd, d, p[2];

	tmp();
	fd = file_with("f", "0123456789");
	is(lseek(fd, 4, SEEK_SET), 4);
	is(lseek(fd, 3, SEEK_CUR), 7);
	is(lseek(fd, -7, SEEK_CUR), 0);
	is(lseek(fd, -1, SEEK_END), 9);
	is(lseek(fd, 5, SEEK_END), 15);
	is(lseek(fd, 1l << 33, SEEK_SET), 1l << 33);
	fails(lseek(fd, -1, SEEK_SET), EINVAL);
	fails(lseek(fd, -11, SEEK_END), EINVAL);
	is(lseek(fd, 0, SEEK_CUR), 1l << 33);
	fails(lseek(fd, 0, 99), EINVAL);
	fails(lseek(fd, 0, -1), EINVAL);
	ok(lseek(fd, 0x7fffffffffffffff, SEEK_CUR) == -1 &&
	   (errno == EOVERFLOW || errno == EINVAL));
	is(lseek(fd, 0, SEEK_DATA), 0);
	is(lseek(fd, 3, SEEK_DATA), 3);
	is(lseek(fd, 3, SEEK_HOLE), 10);
	fails(lseek(fd, 10, SEEK_DATA), ENXIO);
	fails(lseek(fd, 10, SEEK_HOLE), ENXIO);
	fails(lseek(fd, -1, SEEK_DATA), ENXIO);
	fails(lseek(-1, 0, SEEK_SET), EBADF);
	fails(lseek(open("f", O_PATH), 0, SEEK_SET), EBADF);
	pipe(p);
	fails(lseek(p[0], 0, SEEK_SET), ESPIPE);
	fails(lseek(p[1], 0, SEEK_CUR), ESPIPE);
	d = dup(fd);
	is(lseek(fd, 6, SEEK_SET), 6);
	is(lseek(d, 0, SEEK_CUR), 6);
	is(lseek(open("f", O_RDONLY), 0, SEEK_CUR), 0);
	d = open(".", O_RDONLY);
	is(lseek(d, 0, SEEK_SET), 0);
	return tap_done();
}
