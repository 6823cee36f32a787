/* SPDX-License-Identifier: MIT */
/* renameat2(2): RENAME_NOREPLACE and RENAME_EXCHANGE. */
#include "tests/guest/tap.h"

enum { NOREPLACE = 1, EXCHANGE = 2, WHITEOUT = 4 };

static long r2(const char *from, const char *to, unsigned flags)
{
	return sys(renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

int main(void)
{
	tmp();
	close(file_with("a", "A"));
	close(file_with("b", "B"));
	mkdir("d", 0755);
	close(file_with("d/f", "F"));
	fails(r2("a", "b", NOREPLACE), EEXIST);
	ok(file_is("a", "A") && file_is("b", "B"));
	is(r2("a", "n", NOREPLACE), 0);
	ok(file_is("n", "A"));
	is(r2("n", "a", 0), 0);
	is(r2("a", "b", EXCHANGE), 0);
	ok(file_is("a", "B") && file_is("b", "A"));
	is(r2("a", "d", EXCHANGE), 0);
	ok(file_is("d", "B") && file_is("a/f", "F"));
	is(r2("d", "a", EXCHANGE), 0);
	fails(r2("a", "none", EXCHANGE), ENOENT);
	fails(r2("none", "a", EXCHANGE), ENOENT);
	fails(r2("a", "b", NOREPLACE | EXCHANGE), EINVAL);
	fails(r2("a", "b", 0x80), EINVAL);
	fails(r2("d", "d/x", EXCHANGE), ENOENT);
	fails(r2("d/f", "d", EXCHANGE), EINVAL);
	fails(r2("d", "d/f", EXCHANGE), EINVAL);
	fails(sys(renameat2, AT_FDCWD, BAD, AT_FDCWD, "x", 0u), EFAULT);
	fails(sys(renameat2, -1, "a", AT_FDCWD, "x", 0u), EBADF);
	return tap_done();
}
