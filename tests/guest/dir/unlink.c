/* SPDX-License-Identifier: MIT */
/* unlink(2), unlinkat(2): the name goes, an open file stays. */
/* volume: also there */
#include "tests/guest/tap.h"

int main(void)
{
	char b[4];
	int fd, d;

	tmp();
	fd = file_with("f", "abc");
	mkdir("d", 0755);
	close(file_with("d/g", ""));
	symlink("d/g", "s");
	is(unlink("f"), 0);
	fails(access("f", F_OK), ENOENT);
	is(read(fd, b, 3), 3);
	is(write(fd, "more", 4), 4);
	is(pread(fd, b, 4, 3), 4);
	same(b, "more", 4);
	close(file_with("f", "new"));
	ok(file_is("f", "new"));
	is(unlink("s"), 0);
	is(access("d/g", F_OK), 0);
	fails(unlink("d"), EISDIR);
	fails(unlink("none"), ENOENT);
	fails(unlink("f/"), ENOTDIR);
	fails(unlink("f/x"), ENOTDIR);
	fails(unlink(""), ENOENT);
	fails(unlink("."), EISDIR);
	fails(sys(unlink, BAD), EFAULT);
	d = open("d", O_RDONLY);
	is(unlinkat(d, "g", 0), 0);
	fails(unlinkat(AT_FDCWD, "d", 0), EISDIR);
	fails(unlinkat(AT_FDCWD, "f", AT_REMOVEDIR), ENOTDIR);
	is(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR), 0);
	fails(unlinkat(AT_FDCWD, "f", 1), EINVAL);
	fails(unlinkat(-1, "f", 0), EBADF);
	fails(unlinkat(fd, "f", 0), ENOTDIR);
	return tap_done();
}
