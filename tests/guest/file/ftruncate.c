/* SPDX-License-Identifier: MIT */
/* ftruncate(2): needs a descriptor open for writing; the old tail must read as zeros after growing
 * again. */
/* volume: also there */
#include "tests/guest/tap.h"

int main(void)
{
	char b[8192], z[8192] = {0};
	struct stat st, after;
	int fd, ro, p[2];

	tmp();
	fd = file_with("f", "");
	memset(b, 'x', sizeof(b));
	is(write(fd, b, 8192), 8192);
	is(ftruncate(fd, 100), 0);
	is(lseek(fd, 0, SEEK_CUR), 8192);
	is(ftruncate(fd, 8192), 0);
	is(pread(fd, b, 8192, 0), 8192);
	ok(b[99] == 'x' && b[100] == 0);
	same(b + 100, z, 8092);
	ro = open("f", O_RDONLY);
	fails(ftruncate(ro, 0), EINVAL);
	fails(ftruncate(-1, 0), EBADF);
	fails(ftruncate(FD_NONE, 0), EBADF);
	fails(ftruncate(fd, -1), EINVAL);
	fails(ftruncate(open(".", O_RDONLY), 0), EINVAL);
	fails(ftruncate(open("f", O_PATH), 0), EBADF);
	pipe(p);
	fails(ftruncate(p[1], 0), EINVAL);
	is(chmod("f", 0), 0);
	is(ftruncate(fd, 1), 0);
	is(fstat(fd, &st), 0);
	usleep(20000);
	is(ftruncate(fd, 0), 0);
	is(fstat(fd, &after), 0);
	ok(after.st_mtim.tv_sec > st.st_mtim.tv_sec || after.st_mtim.tv_nsec != st.st_mtim.tv_nsec);
	return tap_done();
}
