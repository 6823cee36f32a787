/* SPDX-License-Identifier: MIT */
/* ioctl(2) on things that are no terminals: ENOTTY, EBADF, FIONBIO, FIOCLEX, FIONREAD. */
#include "tests/guest/tap.h"

#include <sys/ioctl.h>

int main(void)
{
	int fd, p[2], on = 1, n = -1;
	char b[128];

	tmp();
	fd = file_with("f", "12345");
	fails(ioctl(fd, TCGETS, b), ENOTTY);
	fails(ioctl(fd, TIOCGWINSZ, b), ENOTTY);
	fails(ioctl(fd, 0x12345678, b), ENOTTY);
	fails(ioctl(-1, TCGETS, b), EBADF);
	fails(ioctl(FD_NONE, FIONREAD, &n), EBADF);
	fails(ioctl(open("f", O_PATH), FIONREAD, &n), EBADF);
	lseek(fd, 2, SEEK_SET);
	is(ioctl(fd, FIONREAD, &n), 0);
	is(n, 3);
	is(ioctl(fd, FIOCLEX), 0);
	is(fcntl(fd, F_GETFD), FD_CLOEXEC);
	is(ioctl(fd, FIONCLEX), 0);
	is(fcntl(fd, F_GETFD), 0);
	pipe(p);
	is(ioctl(p[0], FIONBIO, &on), 0);
	is(fcntl(p[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	fails(read(p[0], b, 1), EAGAIN);
	on = 0;
	is(ioctl(p[0], FIONBIO, &on), 0);
	is(fcntl(p[0], F_GETFL) & O_NONBLOCK, 0);
	fails(sys(ioctl, p[0], FIONBIO, BAD), EFAULT);
	fails(sys(ioctl, p[0], FIONREAD, BAD), EFAULT);
	fails(ioctl(p[0], TCGETS, b), ENOTTY);
	fails(ioctl(open(".", O_RDONLY), TIOCGWINSZ, b), ENOTTY);
	return tap_done();
}
