/* SPDX-License-Identifier: MIT */
/* flock(2): locks belong to the open file description, so one process can conflict with itself. */
/* volume: also there */
#include "tests/guest/tap.h"

#include <sys/file.h>

int main(void)
{
	int a, b, d;

	tmp();
	a = file_with("f", "x");
	b = open("f", O_RDONLY);
	d = dup(a);
	is(flock(a, LOCK_EX), 0);
	is(flock(a, LOCK_EX | LOCK_NB), 0);
	is(flock(d, LOCK_EX | LOCK_NB), 0);
	fails(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	fails(flock(b, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	is(flock(a, LOCK_SH), 0);
	is(flock(b, LOCK_SH | LOCK_NB), 0);
	fails(flock(a, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	is(flock(b, LOCK_UN), 0);
	is(flock(a, LOCK_EX | LOCK_NB), 0);
	is(flock(d, LOCK_UN), 0);
	is(flock(b, LOCK_EX | LOCK_NB), 0);
	is(close(b), 0);
	is(flock(a, LOCK_EX | LOCK_NB), 0);
	is(flock(a, LOCK_UN), 0);
	is(flock(a, LOCK_UN), 0);
	fails(flock(a, 0), EINVAL);
	fails(flock(a, LOCK_NB), EINVAL);
	fails(flock(a, 3), EINVAL);
	fails(flock(-1, LOCK_SH), EBADF);
	fails(flock(FD_NONE, LOCK_SH), EBADF);
	return tap_done();
}
