/* SPDX-License-Identifier: MIT */
/* copy_file_range(2): offsets by pointer or the files' own; the refusals. */
/* volume: also there */
#include "tests/guest/tap.h"

static long cfr(int in, off_t *oi, int out, off_t *oo, size_t n, unsigned flags)
{
	return sys(copy_file_range, in, oi, out, oo, n, flags);
}

int main(void)
{
	int in, out, p[2];
	off_t oi, oo;

	tmp();
	in = file_with("in", "0123456789");
	out = file_with("out", "");
	is(cfr(in, NULL, out, NULL, 4, 0), 4);
	is(lseek(in, 0, SEEK_CUR), 4);
	is(lseek(out, 0, SEEK_CUR), 4);
	oi = 8;
	oo = 1;
	is(cfr(in, &oi, out, &oo, 10, 0), 2);
	is(oi, 10);
	is(oo, 3);
	ok(file_is("out", "0893"));
	is(lseek(in, 0, SEEK_CUR), 4);
	is(cfr(in, &oi, out, &oo, 10, 0), 0);
	is(cfr(in, NULL, out, NULL, 0, 0), 0);
	fails(cfr(in, NULL, out, NULL, 1, 1), EINVAL);
	fails(cfr(-1, NULL, out, NULL, 1, 0), EBADF);
	fails(cfr(in, NULL, -1, NULL, 1, 0), EBADF);
	fails(cfr(open("in", O_WRONLY), NULL, out, NULL, 1, 0), EBADF);
	fails(cfr(in, NULL, open("out", O_RDONLY), NULL, 1, 0), EBADF);
	fails(cfr(in, NULL, open("out", O_WRONLY | O_APPEND), NULL, 1, 0), EBADF);
	fails(cfr(open(".", O_RDONLY), NULL, out, NULL, 1, 0), EISDIR);
	pipe(p);
	fails(cfr(p[0], NULL, out, NULL, 1, 0), EINVAL);
	fails(cfr(in, BAD, out, NULL, 1, 0), EFAULT);
	oi = 0;
	oo = 2;
	fails(cfr(in, &oi, in, &oo, 5, 0), EINVAL);
	oo = 5;
	is(cfr(in, &oi, in, &oo, 5, 0), 5);
	ok(file_is("in", "0123401234"));
	return tap_done();
}
