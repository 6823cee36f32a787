/* SPDX-License-Identifier: MIT */
/* pwrite64(2): writes at an offset; with O_APPEND Linux appends all the same. */
/* volume: also there */
#include "tests/guest/tap.h"

int main(void)
{
	int fd, ap, p[2];
	struct stat st;

	tmp();
	fd = file_with("f", "0123456789");
	is(pwrite(fd, "AB", 2, 4), 2);
	ok(file_is("f", "0123AB6789"));
	is(lseek(fd, 0, SEEK_CUR), 0);
	is(pwrite(fd, "Z", 1, 12), 1);
	is(fstat(fd, &st), 0);
	is(st.st_size, 13);
	is(pwrite(fd, "", 0, 1000), 0);
	is(fstat(fd, &st) ? -1 : st.st_size, 13);
	fails(pwrite(fd, "x", 1, -1), EINVAL);
	fails(sys(pwrite64, fd, BAD, 1ul, 0l), EFAULT);
	fails(pwrite(-1, "x", 1, 0), EBADF);
	fails(pwrite(open("f", O_RDONLY), "x", 1, 0), EBADF);
	pipe(p);
	fails(pwrite(p[1], "x", 1, 0), ESPIPE);
	fails(pwrite(fd, "x", 1, 0x7fffffffffffffff), EINVAL);
	file_with("a", "abc");
	ap = open("a", O_WRONLY | O_APPEND);
	is(pwrite(ap, "d", 1, 0), 1);
	ok(file_is("a", "abcd"), "pwrite(2) BUGS: O_APPEND wins over the offset");
	return tap_done();
}
