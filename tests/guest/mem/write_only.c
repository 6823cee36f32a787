/* SPDX-License-Identifier: MIT */
/* mmap(2), mprotect(2), madvise(2): what may only be written can be read too on x86, by the program
 * and by the kernel, before and after the first store. */
/* volume: also there */
#include "tests/guest/tap.h"

#define SIZE (16 * PAGE)

/* Nothing of p is there yet. */
static void check(char *p, const char *what)
{
	int fds[2];
	char b[8] = {1};

	ok(p[PAGE + 5] == what[5], "read by the program");
	is(pipe(fds), 0);
	is(write(fds[1], p + 9 * PAGE, 8), 8);
	is(read(fds[0], b, 8), 8);
	same(b, what, 8);
	p[PAGE] = 'x';
	ok(p[PAGE] == 'x' && p[PAGE + 5] == what[5], "stored, and read again");
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	char page[PAGE], *p;
	int fd;

	tmp();
	p = mmap(NULL, SIZE, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	is(madvise(p, SIZE, MADV_DONTNEED), 0);
	check(p, "\0\0\0\0\0\0\0");
	p = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	is(mprotect(p, SIZE, PROT_WRITE), 0);
	check(p, "\0\0\0\0\0\0\0");

	fd = file_with("f", "");
	memset(page, 'a', sizeof(page));
	for (int i = 0; i < 16; i++)
		is(write(fd, page, PAGE), PAGE);
	check(mmap(NULL, SIZE, PROT_WRITE, MAP_PRIVATE, fd, 0), "aaaaaaaa");
	check(mmap(NULL, SIZE, PROT_WRITE, MAP_SHARED, fd, 0), "aaaaaaaa");
	is(pread(fd, page, 1, PAGE), 1);
	ok(page[0] == 'x', "stores to the shared mapping are the file's");
	return tap_done();
}
