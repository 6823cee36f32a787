/* SPDX-License-Identifier: MIT */
/* readv(2): fills the vectors in order; limits on count and sum; bad vectors. */
/* volume: also there */
#include "tests/guest/tap.h"

#include <sys/uio.h>

int main(void)
{
	char a[4] = {0}, b[8] = {0};
	struct iovec v[3] = {{a, 3}, {NULL, 0}, {b, 5}}, many[1025], *e;
	int fd;

	tmp();
	fd = file_with("f", "abcdefghij");
	is(readv(fd, v, 3), 8);
	same(a, "abc", 3);
	same(b, "defgh", 5);
	is(lseek(fd, 0, SEEK_CUR), 8);
	is(readv(fd, v, 3), 2);
	same(a, "ijc", 3);
	is(readv(fd, v, 3), 0);
	is(readv(fd, v, 0), 0);
	fails(sys(readv, fd, v, -1l), EINVAL);
	for (int i = 0; i < 1025; i++)
		many[i] = (struct iovec){a, 0};
	is(sys(readv, fd, many, 1024l), 0);
	fails(sys(readv, fd, many, 1025l), EINVAL);
	v[0].iov_len = -1;
	fails(sys(readv, fd, v, 2l), EINVAL);
	v[0].iov_len = 3;
	fails(sys(readv, fd, BAD, 1l), EFAULT);
	is(sys(readv, fd, BAD, 0l), 0);
	lseek(fd, 0, SEEK_SET);
	v[0].iov_base = BAD;
	fails(sys(readv, fd, v, 1l), EFAULT);
	v[0].iov_base = a;
	v[1] = (struct iovec){BAD, 4};
	is(sys(readv, fd, v, 2l), 3);
	e = (struct iovec *)edge() - 1;
	*e = (struct iovec){a, 1};
	is(sys(readv, fd, e, 1l), 1);
	fails(sys(readv, fd, e, 2l), EFAULT);
	fails(readv(-1, v, 1), EBADF);
	fails(readv(open("f", O_WRONLY), v, 1), EBADF);
	return tap_done();
}
