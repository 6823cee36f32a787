/* SPDX-License-Identifier: MIT */
/* mknod(2), mknodat(2): regular files and FIFOs for everybody, devices for root. */
#include "tests/guest/tap.h"

#include <sys/sysmacros.h>

int main(void)
{
	struct stat st;
	char b[4];
	int d, rd, wr;

	tmp();
	is(sys(mknod, "r", S_IFREG | 0666, 0), 0);
	is(stat("r", &st), 0);
	is(st.st_mode, S_IFREG | 0644);
	is(sys(mknod, "r0", 0600, 0), 0);
	is(stat("r0", &st), 0);
	is(st.st_mode, S_IFREG | 0600);
	is(sys(mknod, "p", S_IFIFO | 0600, 0), 0);
	is(stat("p", &st), 0);
	is(st.st_mode, S_IFIFO | 0600);
	works(rd = open("p", O_RDONLY | O_NONBLOCK));
	works(wr = open("p", O_WRONLY));
	is(write(wr, "abc", 3), 3);
	is(read(rd, b, 4), 3);
	close(rd);
	fails(open("p", O_WRONLY | O_NONBLOCK), ENXIO);
	fails(sys(mknod, "r", S_IFREG | 0600, 0), EEXIST);
	fails(sys(mknod, "d", S_IFDIR | 0700, 0), EPERM);
	fails(sys(mknod, "l", S_IFLNK | 0700, 0), EINVAL);
	fails(sys(mknod, "x", 0170000, 0), EINVAL);
	fails(sys(mknod, "none/x", S_IFREG, 0), ENOENT);
	fails(sys(mknod, "", S_IFREG, 0), ENOENT);
	fails(sys(mknod, BAD, S_IFREG, 0), EFAULT);
	if (is_root()) {
		is(sys(mknod, "null", S_IFCHR | 0666, makedev(1, 3)), 0);
		is(stat("null", &st), 0);
		is(st.st_rdev, makedev(1, 3));
	} else {
		fails(sys(mknod, "null", S_IFCHR | 0666, makedev(1, 3)), EPERM);
	}
	mkdir("d", 0755);
	d = open("d", O_RDONLY);
	is(mknodat(d, "in", S_IFIFO | 0600, 0), 0);
	is(access("d/in", F_OK), 0);
	fails(mknodat(-1, "in", S_IFIFO | 0600, 0), EBADF);
	return tap_done();
}
