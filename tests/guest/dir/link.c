/* SPDX-License-Identifier: MIT */
/* link(2), linkat(2): one file under several names. */
/* volume: also there */
#include "tests/guest/tap.h"

int main(void)
{
	struct stat a, b;
	char path[64];
	int fd, d;

	tmp();
	fd = file_with("a", "one");
	mkdir("d", 0755);
	is(link("a", "b"), 0);
	stat("a", &a);
	stat("b", &b);
	is(a.st_ino, b.st_ino);
	is(a.st_nlink, 2);
	is(pwrite(fd, "two", 3, 0), 3);
	ok(file_is("b", "two"));
	is(unlink("a"), 0);
	stat("b", &b);
	is(b.st_nlink, 1);
	fails(link("b", "b"), EEXIST);
	fails(link("b", "d"), EEXIST);
	fails(link("d", "d2"), EPERM);
	fails(link("none", "x"), ENOENT);
	fails(link("b", "none/x"), ENOENT);
	fails(link("b", ""), ENOENT);
	fails(link("", "x"), ENOENT);
	fails(link("b/x", "y"), ENOTDIR);
	fails(link("b", "new/"), ENOENT);
	fails(sys(link, BAD, "x"), EFAULT);
	fails(sys(link, "b", BAD), EFAULT);
	symlink("b", "s");
	is(linkat(AT_FDCWD, "s", AT_FDCWD, "hs", 0), 0);
	is(lstat("hs", &a), 0);
	is(a.st_mode & S_IFMT, S_IFLNK);
	is(linkat(AT_FDCWD, "s", AT_FDCWD, "hf", AT_SYMLINK_FOLLOW), 0);
	is(lstat("hf", &a), 0);
	is(a.st_ino, b.st_ino);
	d = open("d", O_RDONLY);
	is(linkat(AT_FDCWD, "b", d, "in", 0), 0);
	ok(file_is("d/in", "two"));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	is(linkat(AT_FDCWD, path, AT_FDCWD, "revived", AT_SYMLINK_FOLLOW), 0);
	ok(file_is("revived", "two"));
	fails(linkat(AT_FDCWD, "b", AT_FDCWD, "y", 0x40000000), EINVAL);
	fails(linkat(-1, "b", d, "y", 0), EBADF);
	fails(linkat(AT_FDCWD, "b", -1, "y", 0), EBADF);
	return tap_done();
}
