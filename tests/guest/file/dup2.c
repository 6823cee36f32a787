/* SPDX-License-Identifier: MIT */
/* dup2(2): onto a chosen number, open or not, the same one included. */
#include "tests/guest/tap.h"

#include <sys/resource.h>

int main(void)
{
	struct rlimit rl;
	int fd, p[2];
	char b[2];

	tmp();
	fd = file_with("f", "abcdef");
	is(dup2(fd, 200), 200);
	is(lseek(200, 3, SEEK_SET), 3);
	is(lseek(fd, 0, SEEK_CUR), 3);
	pipe(p);
	is(dup2(fd, p[1]), p[1]);
	is(read(p[0], b, 1), 0);
	is(dup2(fd, fd), fd);
	is(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
	is(dup2(fd, fd), fd);
	is(fcntl(fd, F_GETFD), FD_CLOEXEC);
	is(dup2(fd, 201), 201);
	is(fcntl(201, F_GETFD), 0);
	fails(dup2(-1, 5), EBADF);
	fails(dup2(FD_NONE, FD_NONE), EBADF);
	fails(dup2(fd, -1), EBADF);
	getrlimit(RLIMIT_NOFILE, &rl);
	fails(dup2(fd, rl.rlim_cur), EBADF);
	rl.rlim_cur = 100;
	is(setrlimit(RLIMIT_NOFILE, &rl), 0);
	fails(dup2(fd, 100), EBADF);
	is(dup2(fd, 99), 99);
	is(lseek(200, 0, SEEK_CUR), 3);
	return tap_done();
}
