/* SPDX-License-Identifier: MIT */
/* rmdir(2): only empty directories, never "." or "..", not through a link. */
/* volume: also there */
#include "tests/guest/tap.h"

int main(void)
{
	int d;

	tmp();
	mkdir("a", 0755);
	mkdir("a/b", 0755);
	close(file_with("f", ""));
	symlink("a", "s");
	fails(rmdir("a"), ENOTEMPTY);
	is(rmdir("a/b"), 0);
	fails(rmdir("a/b"), ENOENT);
	fails(rmdir("a/."), EINVAL);
	ok(rmdir("a/..") == -1 && (errno == ENOTEMPTY || errno == EEXIST));
	fails(rmdir("."), EINVAL);
	fails(rmdir("f"), ENOTDIR);
	fails(rmdir("f/x"), ENOTDIR);
	fails(rmdir("s"), ENOTDIR);
	fails(rmdir("s/"), ENOTDIR);
	fails(rmdir("none"), ENOENT);
	fails(rmdir(""), ENOENT);
	fails(rmdir("/"), EBUSY);
	fails(sys(rmdir, BAD), EFAULT);
	is(rmdir("a/"), 0);
	fails(access("a", F_OK), ENOENT);
	mkdir("x", 0755);
	d = open("x", O_RDONLY);
	is(rmdir("x"), 0);
	fails(openat(d, "y", O_CREAT | O_RDWR, 0600), ENOENT);
	fails(mkdirat(d, "y", 0700), ENOENT);
	fails(openat(d, "y", O_RDONLY), ENOENT);
	return tap_done();
}
