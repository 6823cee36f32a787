/* SPDX-License-Identifier: MIT */
/* dup(2): lowest free number, shared offset and status flags, own close-on-exec flag. */
#include "tests/guest/tap.h"

int main(void)
{
	int fd, d;

	tmp();
	fd = file_with("f", "abcdef");
	works(d = dup(fd));
	is(d, fd + 1);
	is(lseek(d, 2, SEEK_SET), 2);
	is(lseek(fd, 0, SEEK_CUR), 2);
	is(fcntl(fd, F_SETFL, O_APPEND), 0);
	is(fcntl(d, F_GETFL) & O_APPEND, O_APPEND);
	is(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
	is(fcntl(d, F_GETFD), 0);
	is(fcntl(dup(fd), F_GETFD), 0);
	close(fd);
	is(dup(d), fd);
	fails(dup(-1), EBADF);
	fails(dup(FD_NONE), EBADF);
	works(dup(open("f", O_PATH)));
	return tap_done();
}
