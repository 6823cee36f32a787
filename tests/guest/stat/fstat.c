/* SPDX-License-Identifier: MIT */
/* fstat(2): of files, directories, pipes, devices, O_PATH descriptors and unlinked files. */
/* volume: also there */
#include "tests/guest/tap.h"

#include <sys/sysmacros.h>

int main(void)
{
	struct stat st, st2;
	int fd, p[2];

	tmp();
	fd = file_with("f", "12345");
	is(sys(fstat, fd, &st), 0);
	is(st.st_mode, S_IFREG | 0644);
	is(st.st_size, 5);
	is(stat("f", &st2), 0);
	is(st.st_ino, st2.st_ino);
	is(st.st_dev, st2.st_dev);
	is(write(fd, "1234567", 7), 7);
	is(sys(fstat, fd, &st), 0);
	is(st.st_size, 7);
	is(link("f", "g"), 0);
	is(sys(fstat, fd, &st), 0);
	is(st.st_nlink, 2);
	unlink("f");
	unlink("g");
	is(sys(fstat, fd, &st), 0);
	is(st.st_nlink, 0);
	is(sys(fstat, open(".", O_RDONLY), &st), 0);
	is(st.st_mode, S_IFDIR | 0700);
	is(pipe(p), 0);
	is(sys(fstat, p[0], &st), 0);
	is(st.st_mode & S_IFMT, S_IFIFO);
	is(st.st_size, 0);
	is(sys(fstat, p[1], &st2), 0);
	is(st.st_ino, st2.st_ino);
	is(sys(fstat, open("/dev/zero", O_RDONLY), &st), 0);
	is(st.st_mode & S_IFMT, S_IFCHR);
	is(st.st_rdev, makedev(1, 5));
	is(sys(fstat, open(".", O_PATH), &st), 0);
	is(st.st_mode & S_IFMT, S_IFDIR);
	fails(sys(fstat, -1, &st), EBADF);
	fails(sys(fstat, FD_NONE, &st), EBADF);
	fails(sys(fstat, fd, BAD), EFAULT);
	fails(sys(fstat, fd, readonly_page()), EFAULT);
	return tap_done();
}
