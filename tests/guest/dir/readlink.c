/* SPDX-License-Identifier: MIT */
/* readlink(2), readlinkat(2): no NUL, truncation, what is not a link. */
/* volume: also there */
#include "tests/guest/tap.h"

int main(void)
{
	char b[16], *e = edge();
	int d;

	tmp();
	close(file_with("f", ""));
	mkdir("d", 0755);
	symlink("target", "s");
	symlink("inner", "d/s");
	memset(b, '#', sizeof(b));
	is(readlink("s", b, sizeof(b)), 6);
	same(b, "target#", 7);
	is(readlink("s", b, 3), 3);
	same(b, "tar", 3);
	is(readlink("d/../s", b, 16), 6);
	fails(sys(readlink, "s", b, 0), EINVAL);
	fails(sys(readlink, "s", b, -1), EINVAL);
	fails(readlink("f", b, 16), EINVAL);
	fails(readlink("d", b, 16), EINVAL);
	fails(readlink("none", b, 16), ENOENT);
	fails(readlink("f/x", b, 16), ENOTDIR);
	fails(readlink("", b, 16), ENOENT);
	fails(sys(readlink, "s", BAD, 16), EFAULT);
	fails(sys(readlink, BAD, b, 16), EFAULT);
	is(sys(readlink, "s", e - 6, 100), 6);
	fails(sys(readlink, "s", e - 5, 100), EFAULT);
	d = open("d", O_RDONLY);
	is(readlinkat(d, "s", b, 16), 5);
	same(b, "inner", 5);
	fails(readlinkat(-1, "s", b, 16), EBADF);
	is(sys(readlinkat, open("s", O_PATH | O_NOFOLLOW), "", b, 16), 6);
	fails(readlinkat(d, "", b, 16), ENOENT);
	return tap_done();
}
