/* SPDX-License-Identifier: MIT */
/* newfstatat(2): directory descriptors, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, bad flags. */
/* volume: also there */
#include "tests/guest/tap.h"

int main(void)
{
	struct stat st, st2;
	char abs[512];
	const char *dir = tmp();
	int d, f;

	mkdir("d", 0755);
	f = file_with("d/f", "12345");
	symlink("f", "d/s");
	d = open("d", O_RDONLY);
	is(sys(newfstatat, d, "f", &st, 0), 0);
	is(st.st_size, 5);
	is(sys(newfstatat, d, "s", &st2, 0), 0);
	is(st.st_ino, st2.st_ino);
	is(sys(newfstatat, d, "s", &st2, AT_SYMLINK_NOFOLLOW), 0);
	is(st2.st_mode & S_IFMT, S_IFLNK);
	is(sys(newfstatat, AT_FDCWD, "d/f", &st2, 0), 0);
	is(st.st_ino, st2.st_ino);
	is(sys(newfstatat, f, "", &st2, AT_EMPTY_PATH), 0);
	is(st.st_ino, st2.st_ino);
	is(sys(newfstatat, AT_FDCWD, "", &st2, AT_EMPTY_PATH), 0);
	is(st2.st_mode & S_IFMT, S_IFDIR);
	fails(sys(newfstatat, d, "", &st, 0), ENOENT);
	fails(sys(newfstatat, -1, "", &st, AT_EMPTY_PATH), EBADF);
	snprintf(abs, sizeof(abs), "%s/d/f", dir);
	is(sys(newfstatat, -1, abs, &st2, 0), 0);
	fails(sys(newfstatat, -1, "f", &st, 0), EBADF);
	fails(sys(newfstatat, f, "f", &st, 0), ENOTDIR);
	fails(sys(newfstatat, d, "f", &st, 0x40000000), EINVAL);
	fails(sys(newfstatat, d, "f", &st, AT_REMOVEDIR), EINVAL);
	is(sys(newfstatat, d, "f", &st, 0x800), 0); /* AT_NO_AUTOMOUNT */
	fails(sys(newfstatat, d, BAD, &st, 0), EFAULT);
	fails(sys(newfstatat, d, "f", BAD, 0), EFAULT);
	fails(sys(newfstatat, d, "none", &st, 0), ENOENT);
	return tap_done();
}
