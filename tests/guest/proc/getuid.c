/* SPDX-License-Identifier: MIT */
/*
 * User and group ids: getuid(2), geteuid(2), getgid(2), getegid(2), getresuid(2), getresgid(2); set
 * (to oneself) by setuid(2), setgid(2), setreuid(2), setregid(2), setresuid(2), setresgid(2);
 * getgroups(2), setgroups(2), setfsuid(2), setfsgid(2); privileges that are not there.
 */
#include "tests/guest/tap.h"

#include <grp.h>

static void as_root(void)
{
	gid_t g[4] = {7, 8, 9};
	unsigned r, e, s;

	is(setgroups(3, g), 0);
	is(getgroups(0, NULL), 3);
	memset(g, 0, sizeof(g));
	is(getgroups(4, g), 3);
	ok(g[0] == 7 && g[1] == 8 && g[2] == 9);
	fails(getgroups(2, g), EINVAL);
	fails(sys(setgroups, 65537, g), EINVAL);
	fails(sys(setgroups, 1, BAD), EFAULT);
	is(sys(setresuid, -1, 1000, -1), 0);
	is(geteuid(), 1000);
	is(getuid(), 0);
	is(sys(getresuid, &r, &e, &s), 0);
	ok(r == 0 && e == 1000 && s == 0);
	fails(sys(setgroups, 1, g), EPERM);
	is(sys(setresuid, -1, 0, -1), 0);
	is(sys(setgid, 55), 0);
	is(sys(getresgid, &r, &e, &s), 0);
	ok(r == 55 && e == 55 && s == 55);
	is(sys(setuid, 1000), 0);
	is(sys(getresuid, &r, &e, &s), 0);
	ok(r == 1000 && e == 1000 && s == 1000);
}

int main(void)
{
	unsigned r = 9, e = 9, s = 9;

	is(sys(getuid), getuid());
	is(sys(getresuid, &r, &e, &s), 0);
	ok(r == getuid() && e == geteuid());
	is(sys(getresgid, &r, &e, &s), 0);
	ok(r == getgid() && e == getegid());
	is(sys(setuid, getuid()), 0);
	is(sys(setgid, getgid()), 0);
	is(sys(setreuid, -1, -1), 0);
	is(sys(setregid, -1, -1), 0);
	is(sys(setresgid, -1, getegid(), -1), 0);
	is(sys(setfsuid, -1), geteuid());
	is(sys(setfsgid, -1), getegid());
	fails(sys(setuid, -1), EINVAL);
	fails(sys(setgid, -1), EINVAL);
	fails(sys(getresuid, BAD, &e, &s), EFAULT);
	fails(sys(getresgid, &r, BAD, &s), EFAULT);
	ok(getgroups(0, NULL) >= 0);
	fails(sys(getgroups, -1, NULL), EINVAL);
	if (is_root())
		as_root();
	fails(sys(setuid, 0), EPERM);
	fails(sys(setgid, 0), EPERM);
	fails(sys(setresuid, 0, -1, -1), EPERM);
	fails(sys(setresgid, getegid() + 1, -1, -1), EPERM);
	fails(sys(setreuid, -1, 0), EPERM);
	fails(sys(setgroups, 0, NULL), EPERM);
	return tap_done();
}
