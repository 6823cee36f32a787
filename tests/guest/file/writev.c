/* SPDX-License-Identifier: MIT */
/* writev(2): the vectors in order, as one write; limits and bad vectors. */
/* volume: also there */
#include "tests/guest/tap.h"

#include <sys/uio.h>

int main(void)
{
	struct iovec v[3] = {{"abc", 3}, {NULL, 0}, {"defgh", 5}}, many[1025], *e;
	char buf[1024];
	int fd, p[2];

	tmp();
	fd = file_with("f", "");
	is(writev(fd, v, 3), 8);
	ok(file_is("f", "abcdefgh"));
	is(lseek(fd, 0, SEEK_CUR), 8);
	is(writev(fd, v, 0), 0);
	fails(sys(writev, fd, v, -1l), EINVAL);
	for (int i = 0; i < 1025; i++)
		many[i] = (struct iovec){"x", 1};
	fails(sys(writev, fd, many, 1025l), EINVAL);
	is(writev(fd, many, 1024), 1024);
	v[0].iov_len = -1;
	fails(sys(writev, fd, v, 1l), EINVAL);
	v[0] = (struct iovec){BAD, 3};
	fails(sys(writev, fd, v, 1l), EFAULT);
	fails(sys(writev, fd, BAD, 2l), EFAULT);
	e = (struct iovec *)edge() - 1;
	*e = (struct iovec){"1", 1};
	is(sys(writev, fd, e, 1l), 1);
	fails(sys(writev, fd, e, 2l), EFAULT);
	fails(writev(-1, v + 2, 1), EBADF);
	fails(writev(open("f", O_RDONLY), v + 2, 1), EBADF);
	pipe(p);
	v[0] = (struct iovec){"xyz", 3};
	is(writev(p[1], v, 3), 8);
	is(read(p[0], buf, sizeof(buf)), 8);
	same(buf, "xyzdefgh", 8);
	return tap_done();
}
