/* SPDX-License-Identifier: MIT */
/* access(2): root reads and writes anything, but executes only what has an x bit. */
/* volume: also there */
#include "tests/guest/tap.h"

static void as_root(void)
{
	is(sys(access, "f", R_OK | W_OK), 0);
	fails(sys(access, "f", X_OK), EACCES);
	chmod("f", 0);
	is(sys(access, "f", R_OK | W_OK), 0);
	chmod("f", 0001);
	is(sys(access, "f", X_OK), 0);
	chmod("d", 0);
	is(sys(access, "d", R_OK | W_OK | X_OK), 0);
}

static void as_user(void)
{
	chmod("f", 0400);
	is(sys(access, "f", R_OK), 0);
	fails(sys(access, "f", W_OK), EACCES);
	fails(sys(access, "f", X_OK), EACCES);
	chmod("f", 0077);
	fails(sys(access, "f", R_OK), EACCES);
	chmod("d", 0600);
	fails(sys(access, "d/x", F_OK), EACCES);
	chmod("d", 0700);
}

int main(void)
{
	tmp();
	close(file_with("f", "x"));
	mkdir("d", 0755);
	symlink("nowhere", "dangling");
	is(sys(access, "f", F_OK), 0);
	is(sys(access, "f", R_OK), 0);
	is(sys(access, "f", W_OK), 0);
	is(sys(access, "d", X_OK), 0);
	is(sys(access, "/", R_OK | X_OK), 0);
	if (is_root())
		as_root();
	else
		as_user();
	fails(sys(access, "f", 8), EINVAL);
	fails(sys(access, "f", -1), EINVAL);
	fails(sys(access, "none", F_OK), ENOENT);
	fails(sys(access, "dangling", F_OK), ENOENT);
	fails(sys(access, "f/x", F_OK), ENOTDIR);
	fails(sys(access, "", F_OK), ENOENT);
	fails(sys(access, BAD, F_OK), EFAULT);
	return tap_done();
}
