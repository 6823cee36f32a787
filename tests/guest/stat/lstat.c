/* SPDX-License-Identifier: MIT */
/* lstat(2): the link itself, unless a slash follows its name. */
/* volume: also there */
#include "tests/guest/tap.h"

int main(void)
{
	struct stat st, st2;

	tmp();
	close(file_with("f", "12345"));
	mkdir("d", 0700);
	symlink("f", "s");
	symlink("d", "sd");
	symlink("nowhere", "dangling");
	is(sys(lstat, "s", &st), 0);
	is(st.st_mode, S_IFLNK | 0777);
	is(st.st_size, 1);
	is(st.st_nlink, 1);
	is(sys(lstat, "dangling", &st), 0);
	is(st.st_size, 7);
	is(sys(lstat, "f", &st), 0);
	is(st.st_mode, S_IFREG | 0644);
	is(sys(lstat, "sd", &st), 0);
	is(st.st_mode & S_IFMT, S_IFLNK);
	is(sys(lstat, "sd/", &st), 0);
	is(st.st_mode, S_IFDIR | 0700);
	is(sys(lstat, "sd/../s", &st), 0);
	is(st.st_mode & S_IFMT, S_IFLNK);
	is(sys(stat, "s", &st2), 0);
	ok(st.st_ino != st2.st_ino);
	fails(sys(lstat, "s/", &st), ENOTDIR);
	fails(sys(lstat, "none", &st), ENOENT);
	fails(sys(lstat, "", &st), ENOENT);
	fails(sys(lstat, BAD, &st), EFAULT);
	fails(sys(lstat, "s", BAD), EFAULT);
	return tap_done();
}
