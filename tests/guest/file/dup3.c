/* SPDX-License-Identifier: MIT */
/* dup3(2): as dup2 with flags; equal numbers are refused. */
#include "tests/guest/tap.h"

int main(void)
{
	int fd;

	tmp();
	fd = file_with("f", "abcdef");
	is(sys(dup3, fd, 50, 0), 50);
	is(fcntl(50, F_GETFD), 0);
	is(sys(dup3, fd, 50, O_CLOEXEC), 50);
	is(fcntl(50, F_GETFD), FD_CLOEXEC);
	fails(sys(dup3, fd, fd, 0), EINVAL);
	fails(sys(dup3, fd, fd, O_CLOEXEC), EINVAL);
	fails(sys(dup3, fd, 51, O_NONBLOCK), EINVAL);
	fails(sys(dup3, fd, 51, -1), EINVAL);
	fails(sys(dup3, -1, 51, 0), EBADF);
	fails(sys(dup3, -1, -1, 0), EINVAL);
	fails(sys(dup3, FD_NONE, 51, 0), EBADF);
	fails(sys(dup3, fd, -1, 0), EBADF);
	fails(fcntl(51, F_GETFD), EBADF);
	return tap_done();
}
