/* SPDX-License-Identifier: MIT */
/* close(2): frees the number at once, keeps the file while another descriptor names it. */
#include "tests/guest/tap.h"

int main(void)
{
	int fd, d, p[2];
	char b[4];

	tmp();
	fd = file_with("f", "abc");
	d = dup(fd);
	is(close(fd), 0);
	fails(close(fd), EBADF);
	is(read(d, b, 3), 3);
	is(close(d), 0);
	fails(read(d, b, 1), EBADF);
	fails(close(-1), EBADF);
	fails(close(FD_NONE), EBADF);
	fails(sys(close, 0x7fffffff), EBADF);
	fd = file_with("gone", "still here");
	is(unlink("gone"), 0);
	is(read(fd, b, 4), 4);
	is(close(fd), 0);
	pipe(p);
	is(write(p[1], "z", 1), 1);
	is(close(p[1]), 0);
	is(read(p[0], b, 4), 1);
	is(read(p[0], b, 4), 0);
	is(close(p[0]), 0);
	is(open("f", O_RDONLY), fd);
	return tap_done();
}
