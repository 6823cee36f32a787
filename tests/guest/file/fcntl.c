/* SPDX-License-Identifier: MIT */
/* fcntl(2): duplication, descriptor and status flags, record locks of one process, pipe size, seals
 * refused. */
/* volume: also there */
#include "tests/guest/tap.h"

#include <sys/resource.h>

static void duplication(int fd)
{
	struct rlimit rl;

	is(fcntl(fd, F_DUPFD, 100), 100);
	is(fcntl(fd, F_DUPFD, 100), 101);
	is(fcntl(100, F_GETFD), 0);
	is(fcntl(fd, F_DUPFD_CLOEXEC, 100), 102);
	is(fcntl(102, F_GETFD), FD_CLOEXEC);
	fails(fcntl(fd, F_DUPFD, -1), EINVAL);
	getrlimit(RLIMIT_NOFILE, &rl);
	fails(fcntl(fd, F_DUPFD, (int)rl.rlim_cur), EINVAL);
	rl.rlim_cur = 103;
	setrlimit(RLIMIT_NOFILE, &rl);
	fails(fcntl(fd, F_DUPFD, 103), EINVAL);
	fails(fcntl(fd, F_DUPFD, 102), EMFILE);
}

static void descriptor_flags(int fd)
{
	is(fcntl(fd, F_GETFD), 0);
	is(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
	is(fcntl(fd, F_GETFD), FD_CLOEXEC);
	is(fcntl(fd, F_SETFD, 0xff00), 0);
	is(fcntl(fd, F_GETFD), 0);
}

static void status_flags(int fd)
{
	is(fcntl(fd, F_GETFL) & ~0100000, O_RDWR);
	is(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK), 0);
	is(fcntl(fd, F_GETFL) & ~0100000, O_RDWR | O_APPEND | O_NONBLOCK);
	is(fcntl(fd, F_SETFL, O_RDONLY | O_CREAT | O_TRUNC), 0);
	is(fcntl(fd, F_GETFL) & ~0100000, O_RDWR);
	is(lseek(fd, 0, SEEK_END), 6);
}

static void locks(int fd)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 4};
	int ro = open("f", O_RDONLY);

	is(fcntl(fd, F_SETLK, &l), 0);
	is(fcntl(fd, F_SETLKW, &l), 0);
	l.l_type = F_WRLCK;
	is(fcntl(fd, F_GETLK, &l), 0);
	is(l.l_type, F_UNLCK);
	l.l_type = F_RDLCK;
	is(fcntl(ro, F_SETLK, &l), 0);
	l.l_type = F_WRLCK;
	fails(fcntl(ro, F_SETLK, &l), EBADF);
	l.l_type = F_UNLCK;
	is(fcntl(fd, F_SETLK, &l), 0);
	l.l_type = 77;
	fails(fcntl(fd, F_SETLK, &l), EINVAL);
	l.l_type = F_RDLCK;
	l.l_whence = 9;
	fails(fcntl(fd, F_SETLK, &l), EINVAL);
	l.l_whence = SEEK_SET;
	l.l_start = -5;
	fails(fcntl(fd, F_SETLK, &l), EINVAL);
	fails(sys(fcntl, fd, F_SETLK, BAD), EFAULT);
	fails(sys(fcntl, fd, F_GETLK, BAD), EFAULT);
	fails(fcntl(-1, F_SETLK, &l), EBADF);
}

static void pipes(void)
{
	int p[2];

	pipe(p);
	is(fcntl(p[0], F_GETPIPE_SZ), 65536);
	is(fcntl(p[0], F_SETPIPE_SZ, 4096), 4096);
	is(fcntl(p[1], F_GETPIPE_SZ), 4096);
	is(fcntl(p[1], F_SETPIPE_SZ, 5000), 8192);
	is(fcntl(p[0], F_GETFL), O_RDONLY);
	is(fcntl(p[1], F_GETFL), O_WRONLY);
	is(fcntl(p[1], F_SETFL, O_NONBLOCK), 0);
	is(fcntl(p[1], F_GETFL), O_WRONLY | O_NONBLOCK);
}

int main(void)
{
	int fd;

	tmp();
	fd = file_with("f", "abcdef");
	descriptor_flags(fd);
	status_flags(fd);
	locks(fd);
	pipes();
	fails(fcntl(fd, 9999, 0), EINVAL);
	fails(fcntl(fd, F_GETPIPE_SZ), EBADF);
	fails(fcntl(-1, F_GETFD), EBADF);
	fails(fcntl(FD_NONE, F_GETFL), EBADF);
	fails(fcntl(open("f", O_PATH), F_SETFL, 0), EBADF);
	duplication(fd);
	return tap_done();
}
