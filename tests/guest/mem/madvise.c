/* SPDX-License-Identifier: MIT */
/* madvise(2): DONTNEED really drops; hints are accepted; unknown advice and holes are refused. */
#include "tests/guest/tap.h"

int main(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	     *f;
	int fd;

	memset(p, 5, 4 * PAGE);
	is(madvise(p + PAGE, PAGE, MADV_DONTNEED), 0);
	ok(p[0] == 5 && p[PAGE] == 0 && p[2 * PAGE - 1] == 0 && p[2 * PAGE] == 5);
	p[PAGE] = 6;
	is(p[PAGE], 6);
	is(madvise(p, 4 * PAGE, MADV_NORMAL), 0);
	is(madvise(p, 4 * PAGE, MADV_RANDOM), 0);
	is(madvise(p, 4 * PAGE, MADV_SEQUENTIAL), 0);
	is(madvise(p, 4 * PAGE, MADV_WILLNEED), 0);
	is(madvise(p, 4 * PAGE, MADV_FREE), 0);
	ok(p[0] == 5 || p[0] == 0);
	p[0] = 9;
	is(p[0], 9);
	is(madvise(p, 4 * PAGE, MADV_DONTFORK), 0);
	is(madvise(p, 4 * PAGE, MADV_DOFORK), 0);
	is(madvise(p, 0, MADV_DONTNEED), 0);
	is(madvise(p, 1, MADV_DONTNEED), 0);
	is(p[0], 0);
	fails(madvise(p + 1, PAGE, MADV_DONTNEED), EINVAL);
	fails(madvise(p, PAGE, 9999), EINVAL);
	fails(madvise(p, -1ul & ~4095, MADV_DONTNEED), EINVAL);
	munmap(p + 2 * PAGE, PAGE);
	p[0] = p[3 * PAGE] = 1;
	fails(madvise(p, 4 * PAGE, MADV_DONTNEED), ENOMEM);
	ok(p[0] == 0 && p[3 * PAGE] == 0, "the mapped parts are advised all the same");
	tmp();
	fd = file_with("f", "file");
	f = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	f[0] = 'X';
	is(madvise(f, PAGE, MADV_DONTNEED), 0);
	is(f[0], 'f');
	f = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	f[0] = 'S';
	is(madvise(f, PAGE, MADV_DONTNEED), 0);
	is(f[0], 'S');
	fails(madvise(f, PAGE, MADV_FREE), EINVAL);
	return tap_done();
}
