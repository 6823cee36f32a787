/* SPDX-License-Identifier: MIT */
/* msync(2): what it refuses; a mapping and read/write of its file agree before and after it. */
#include "tests/guest/tap.h"

static void test_refusals(char *p)
{
	char *hole = p + PAGE;

	fails(msync(p + 1, PAGE, MS_SYNC), EINVAL);
	fails(msync(p, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
	fails(msync(p, PAGE, 8), EINVAL);
	is(msync(p, 0, MS_SYNC), 0);
	is(msync(p, PAGE, 0), 0);
	is(msync(p, PAGE, MS_ASYNC), 0);
	is(msync(p, PAGE, MS_INVALIDATE), 0);
	is(msync(p, 3 * PAGE, MS_SYNC), 0);
	munmap(hole, PAGE);
	fails(msync(p, 3 * PAGE, MS_SYNC), ENOMEM);
	fails(msync(p, 3 * PAGE, MS_ASYNC), ENOMEM);
	fails(msync(hole, PAGE, MS_SYNC), ENOMEM);
	fails(sys(msync, p, -PAGE, MS_SYNC), ENOMEM);
	if (mlock(p, PAGE) == 0) {
		fails(msync(p, PAGE, MS_INVALIDATE), EBUSY);
		is(msync(p, PAGE, MS_SYNC), 0);
		munlock(p, PAGE);
	}
}

static void test_coherence(int fd)
{
	char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), buf[8] = "";
	char *q = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	memcpy(p + PAGE - 2, "abcd", 4);
	is(pread(fd, buf, 4, PAGE - 2), 4);
	same(buf, "abcd", 4);
	is(q[PAGE], 'c');
	q[PAGE + 100] = 'Q'; /* this page is a copy now, its neighbours are not */
	is(pwrite(fd, "wxyz", 4, PAGE - 2), 4);
	same(p + PAGE - 2, "wxyz", 4);
	ok(q[PAGE - 1] == 'x' && q[PAGE] == 'c' && q[PAGE + 100] == 'Q');
	is(p[PAGE + 100], 0);
	is(msync(p, 3 * PAGE, MS_SYNC), 0);
	p[PAGE] = '!'; /* after a write-back too */
	is(pread(fd, buf, 1, PAGE), 1);
	is(buf[0], '!');
	is(pwrite(fd, "?", 1, 2 * PAGE), 1);
	ok(p[2 * PAGE] == '?' && q[2 * PAGE] == '?');
	is(madvise(q, 3 * PAGE, MADV_DONTNEED), 0);
	ok(q[PAGE] == '!' && q[PAGE + 100] == 0);
	munmap(p, 3 * PAGE);
	is(pread(fd, buf, 1, PAGE), 1);
	is(buf[0], '!');
}

int main(void)
{
	int fd;

	tmp();
	fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	is(ftruncate(fd, 3 * PAGE), 0);
	test_refusals(mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	test_refusals(mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	test_coherence(fd);
	return tap_done();
}
