/* SPDX-License-Identifier: MIT */
/* /dev/random and /dev/urandom (random(4)). */
#include "tests/guest/tap.h"

#include <poll.h>
#include <sys/sysmacros.h>

static unsigned char a[100000], b[100000];

static void device(const char *path, unsigned minor)
{
	int fd = open(path, O_RDWR), ones = 0;
	struct pollfd pf = {fd, POLLIN, 0};
	struct stat st;

	works(fd);
	is(fstat(fd, &st), 0);
	is(st.st_rdev, makedev(1, minor));
	is(read(fd, a, sizeof(a)), 100000);
	is(read(fd, b, sizeof(b)), 100000);
	ok(memcmp(a, b, sizeof(a)) != 0);
	for (unsigned i = 0; i < sizeof(a); i++)
		ones += __builtin_popcount(a[i]);
	ok(ones > 390000 && ones < 410000);
	is(write(fd, "entropy", 7), 7);
	is(read(fd, a, 0), 0);
	is(poll(&pf, 1, 0), 1);
	fails(sys(read, fd, BAD, 4ul), EFAULT);
	close(fd);
}

int main(void)
{
	device("/dev/urandom", 9);
	device("/dev/random", 8);
	return tap_done();
}
