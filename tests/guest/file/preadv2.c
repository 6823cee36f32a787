/* SPDX-License-Identifier: MIT */
/* preadv(2), pwritev(2), preadv2(2), pwritev2(2): vectors at an offset; offset -1 means the file's
 * own; RWF flags. */
/* volume: also there */
#include "tests/guest/tap.h"

#include <sys/uio.h>

static int preadv2_raw(int fd, struct iovec *v, long n, long off, int flags)
{
	return sys(preadv2, fd, v, n, off, 0l, flags);
}

static int pwritev2_raw(int fd, struct iovec *v, long n, long off, int flags)
{
	return sys(pwritev2, fd, v, n, off, 0l, flags);
}

enum { HIPRI = 1, DSYNC = 2, SYNC = 4, NOWAIT = 8, APPEND = 16 };

int main(void)
{
	char a[4] = {0}, b[4] = {0};
	struct iovec r[2] = {{a, 2}, {b, 3}}, w[2] = {{"AB", 2}, {"CDE", 3}};
	int fd, p[2];

	tmp();
	fd = file_with("f", "0123456789");
	is(sys(preadv, fd, r, 2l, 4l, 0l), 5);
	same(a, "45", 2);
	same(b, "678", 3);
	is(lseek(fd, 0, SEEK_CUR), 0);
	fails(sys(preadv, fd, r, 2l, -1l, 0l), EINVAL);
	is(sys(pwritev, fd, w, 2l, 1l, 0l), 5);
	ok(file_is("f", "0ABCDE6789"));
	fails(sys(pwritev, fd, w, 2l, -1l, 0l), EINVAL);
	is(preadv2_raw(fd, r, 2, 5, 0), 5);
	same(a, "E6", 2);
	is(preadv2_raw(fd, r, 2, -1, 0), 5);
	is(lseek(fd, 0, SEEK_CUR), 5);
	is(pwritev2_raw(fd, w, 1, -1, 0), 2);
	is(lseek(fd, 0, SEEK_CUR), 7);
	ok(file_is("f", "0ABCDAB789"));
	fails(preadv2_raw(fd, r, 2, -2, 0), EINVAL);
	is(pwritev2_raw(fd, w, 1, 0, DSYNC), 2);
	is(pwritev2_raw(fd, w, 1, 0, SYNC), 2);
	is(pwritev2_raw(fd, w, 1, 0, APPEND), 2);
	ok(file_is("f", "ABBCDAB789AB"));
	fails(preadv2_raw(fd, r, 1, 0, 0x40000000), EOPNOTSUPP);
	fails(pwritev2_raw(fd, w, 1, 0, 0x40000000), EOPNOTSUPP);
	fails(preadv2_raw(-1, r, 1, 0, 0), EBADF);
	fails(preadv2_raw(fd, BAD, 1, 0, 0), EFAULT);
	pipe(p);
	fails(preadv2_raw(p[0], r, 1, 0, 0), ESPIPE);
	fails(preadv2_raw(p[0], r, 1, -1, NOWAIT), EAGAIN);
	is(write(p[1], "xy", 2), 2);
	is(preadv2_raw(p[0], r, 1, -1, NOWAIT), 2);
	fails(sys(preadv, p[0], r, 1l, 0l, 0l), ESPIPE);
	fails(sys(pwritev, p[1], w, 1l, 0l, 0l), ESPIPE);
	return tap_done();
}
