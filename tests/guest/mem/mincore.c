/* SPDX-License-Identifier: MIT */
/* mincore(2): residency of touched and untouched pages; refusals. */
#include "tests/guest/tap.h"

/* A file's pages are there when anybody has read or written them. */
static void of_file(void)
{
	static char data[3 * PAGE];
	unsigned char v[4];
	char *p;
	int fd;

	tmp();
	fd = open("cached", O_RDWR | O_CREAT | O_TRUNC, 0600);
	is(write(fd, data, sizeof(data)), (long)sizeof(data));
	p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	is(sys(mincore, p, 4 * PAGE, v), 0);
	ok(v[0] == 1 && v[1] == 1 && v[2] == 1 && v[3] == 0);
	munmap(p, 4 * PAGE);
	is(unlink("cached"), 0);
	close(fd);
}

int main(void)
{
	size_t len = 8 << 20;
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char v[4] = {0xee, 0xee, 0xee, 0xee};

	p[0] = p[PAGE] = 1;
	is(sys(mincore, p, 2 * PAGE, v), 0);
	ok(v[0] == 1 && v[1] == 1 && v[2] == 0xee);
	is(sys(mincore, p, 1ul, v), 0);
	is(sys(mincore, p, 0ul, v), 0);
	fails(sys(mincore, p + 1, PAGE, v), EINVAL);
	fails(sys(mincore, 0x10000ul, PAGE, v), ENOMEM);
	fails(sys(mincore, p, PAGE, BAD), EFAULT);
	fails(sys(mincore, p, -1ul & ~4095, v), ENOMEM);
	munmap(p + PAGE, PAGE);
	fails(sys(mincore, p, 3 * PAGE, v), ENOMEM);
	of_file();
	return tap_done();
}
