/* SPDX-License-Identifier: MIT */
/* faccessat(2) and faccessat2(2): directory descriptors; flags exist only in the second. */
#include "tests/guest/tap.h"

int main(void)
{
	int d, f;

	tmp();
	mkdir("d", 0755);
	f = file_with("d/f", "x");
	symlink("nowhere", "d/dangling");
	d = open("d", O_RDONLY);
	is(sys(faccessat, d, "f", R_OK), 0);
	is(sys(faccessat, AT_FDCWD, "d/f", W_OK), 0);
	fails(sys(faccessat, d, "dangling", F_OK), ENOENT);
	fails(sys(faccessat, -1, "f", F_OK), EBADF);
	fails(sys(faccessat, f, "f", F_OK), ENOTDIR);
	fails(sys(faccessat, d, "f", 8), EINVAL);
	is(sys(faccessat2, d, "f", R_OK, 0), 0);
	is(sys(faccessat2, d, "f", R_OK, AT_EACCESS), 0);
	is(sys(faccessat2, d, "dangling", F_OK, AT_SYMLINK_NOFOLLOW), 0);
	is(sys(faccessat2, f, "", R_OK, AT_EMPTY_PATH), 0);
	fails(sys(faccessat2, f, "", R_OK, 0), ENOENT);
	fails(sys(faccessat2, d, "dangling", F_OK, 0), ENOENT);
	fails(sys(faccessat2, d, "f", R_OK, 0x40000000), EINVAL);
	fails(sys(faccessat2, d, "f", 8, 0), EINVAL);
	fails(sys(faccessat2, -1, "f", F_OK, 0), EBADF);
	fails(sys(faccessat2, d, BAD, F_OK, 0), EFAULT);
	return tap_done();
}
