/* SPDX-License-Identifier: MIT */
/* sendfile(2): file to file and file to pipe, with and without an offset. */
/* volume: also there */
#include "tests/guest/tap.h"

#include <sys/eventfd.h>
#include <sys/sendfile.h>

int main(void)
{
	int in, out, p[2];
	off_t off = 2;
	char b[16];

	tmp();
	in = file_with("in", "0123456789");
	out = file_with("out", "");
	is(sendfile(out, in, NULL, 4), 4);
	ok(file_is("out", "0123"));
	is(lseek(in, 0, SEEK_CUR), 4);
	is(sendfile(out, in, &off, 3), 3);
	ok(file_is("out", "0123234"));
	is(off, 5);
	is(lseek(in, 0, SEEK_CUR), 4);
	is(sendfile(out, in, NULL, 100), 6);
	is(sendfile(out, in, NULL, 100), 0);
	is(sendfile(out, in, NULL, 0), 0);
	ok(file_is("out", "0123234456789"));
	pipe(p);
	off = 0;
	is(sendfile(p[1], in, &off, 10), 10);
	is(read(p[0], b, 16), 10);
	same(b, "0123456789", 10);
	off = -1;
	fails(sendfile(out, in, &off, 1), EINVAL);
	fails(sys(sendfile, out, in, BAD, 1ul), EFAULT);
	fails(sendfile(-1, in, NULL, 1), EBADF);
	fails(sendfile(out, -1, NULL, 1), EBADF);
	fails(sendfile(open("out", O_RDONLY), in, NULL, 1), EBADF);
	fails(sendfile(out, open("in", O_WRONLY), NULL, 1), EBADF);
	fails(sendfile(open("out", O_WRONLY | O_APPEND), in, NULL, 1), EINVAL);
	off = 0;
	fails(sendfile(out, p[0], &off, 1), ESPIPE);
	fails(sendfile(eventfd(0, EFD_NONBLOCK), open("/dev/zero", O_RDONLY), NULL, 1 << 30),
	      EINVAL);
	return tap_done();
}
