/* SPDX-License-Identifier: MIT */
/* /dev/null, /dev/zero, /dev/full (mem(4), full(4)). */
#include "tests/guest/tap.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

static bool device_is(const char *path, unsigned major, unsigned minor)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(major, minor);
}

static void null_device(void)
{
	int fd = open("/dev/null", O_RDWR);
	char b[16];
	struct stat st;

	ok(device_is("/dev/null", 1, 3));
	is(stat("/dev/null", &st), 0);
	is(st.st_mode & 0777, 0666);
	works(fd);
	is(read(fd, b, 16), 0);
	is(write(fd, b, 16), 16);
	is(lseek(fd, 100, SEEK_SET), 0);
	is(lseek(fd, 0, SEEK_END), 0);
	is(pread(fd, b, 4, 0), 0);
	is(pwrite(fd, b, 4, 9), 4);
	ok(ioctl(fd, TCGETS, b) == -1 && errno == ENOTTY);
	is(isatty(fd), 0);
	fails(ftruncate(fd, 0), EINVAL);
	works(open("/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0666));
	fails(sys(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0l), ENODEV);
	close(fd);
}

static void zero_device(void)
{
	int fd = open("/dev/zero", O_RDWR);
	char b[5000], z[5000] = {0};
	char *p;

	ok(device_is("/dev/zero", 1, 5));
	memset(b, 1, sizeof(b));
	is(read(fd, b, sizeof(b)), 5000);
	same(b, z, sizeof(b));
	is(write(fd, b, 100), 100);
	fails(sys(read, fd, BAD, 10ul), EFAULT);
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ok(p != MAP_FAILED && p[0] == 0);
	if (p != MAP_FAILED)
		p[0] = 1;
	is(read(fd, b, 1), 1);
	is(b[0], 0);
	close(fd);
}

static void full_device(void)
{
	int fd = open("/dev/full", O_RDWR);
	struct pollfd pf = {fd, POLLIN | POLLOUT, 0};
	char b[16];

	ok(device_is("/dev/full", 1, 7));
	memset(b, 1, sizeof(b));
	is(read(fd, b, 16), 16);
	is(b[15], 0);
	fails(write(fd, b, 1), ENOSPC);
	is(write(fd, b, 0) == 0 || errno == ENOSPC, 1);
	is(poll(&pf, 1, 0), 1);
	is(lseek(fd, 5, SEEK_SET), 0);
	close(fd);
}

int main(void)
{
	null_device();
	zero_device();
	full_device();
	return tap_done();
}
