/* SPDX-License-Identifier: MIT */
/* creat(2): open with O_CREAT | O_WRONLY | O_TRUNC. */
/* volume: also there */
#include "tests/guest/tap.h"

int main(void)
{
	struct stat st;
	int fd;

	tmp();
	works(fd = sys(creat, "f", 0640));
	is(fstat(fd, &st), 0);
	is(st.st_mode, S_IFREG | 0640);
	is(write(fd, "abc", 3), 3);
	fails(read(fd, (char[1]){0}, 1), EBADF);
	is(fcntl(fd, F_GETFL) & O_ACCMODE, O_WRONLY);
	works(sys(creat, "f", 0600));
	is(stat("f", &st), 0);
	is(st.st_size, 0);
	is(st.st_mode, S_IFREG | 0640);
	fails(sys(creat, ".", 0600), EISDIR);
	fails(sys(creat, "none/f", 0600), ENOENT);
	fails(sys(creat, "f/g", 0600), ENOTDIR);
	fails(sys(creat, "", 0600), ENOENT);
	fails(sys(creat, BAD, 0600), EFAULT);
	return tap_done();
}
