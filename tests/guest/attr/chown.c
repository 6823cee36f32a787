/* SPDX-License-Identifier: MIT */
/* chown(2), fchown(2), lchown(2), fchownat(2): -1 keeps, root may give away, set-ID bits are
 * dropped, links. */
/* volume: also there */
#include "tests/guest/tap.h"

static bool owned(const char *name, unsigned uid, unsigned gid)
{
	struct stat st;

	return lstat(name, &st) == 0 && st.st_uid == uid && st.st_gid == gid;
}

static void as_root(int fd, int d)
{
	struct stat st;

	is(chown("f", 12, 34), 0);
	ok(owned("f", 12, 34));
	is(chown("f", -1, 56), 0);
	ok(owned("f", 12, 56));
	is(chown("f", 78, -1), 0);
	ok(owned("f", 78, 56));
	is(chmod("f", 06755), 0);
	is(fchown(fd, 1, 1), 0);
	is(fstat(fd, &st), 0);
	is(st.st_mode & 07777, 0755);
	is(chown("s", 9, 9), 0);
	ok(owned("f", 9, 9) && owned("s", 0, 0));
	is(lchown("s", 7, 7), 0);
	ok(owned("s", 7, 7) && owned("f", 9, 9));
	is(fchownat(d, "g", 5, 6, 0), 0);
	ok(owned("d/g", 5, 6));
	is(fchownat(fd, "", 3, 4, AT_EMPTY_PATH), 0);
	ok(owned("f", 3, 4));
	is(fchownat(AT_FDCWD, "s", 2, 2, AT_SYMLINK_NOFOLLOW), 0);
	ok(owned("s", 2, 2));
}

int main(void)
{
	int fd, d;

	tmp();
	fd = file_with("f", "x");
	mkdir("d", 0755);
	close(file_with("d/g", ""));
	symlink("f", "s");
	d = open("d", O_RDONLY);
	is(chown("f", -1, -1), 0);
	is(chown("f", geteuid(), getegid()), 0);
	ok(owned("f", geteuid(), getegid()));
	if (is_root())
		as_root(fd, d);
	else
		fails(chown("f", 0, -1), EPERM);
	fails(chown("none", -1, -1), ENOENT);
	fails(chown("f/x", -1, -1), ENOTDIR);
	fails(chown("", -1, -1), ENOENT);
	fails(sys(chown, BAD, -1, -1), EFAULT);
	fails(fchown(-1, -1, -1), EBADF);
	fails(sys(fchown, open("f", O_PATH), -1, -1), EBADF);
	fails(fchownat(AT_FDCWD, "f", -1, -1, 0x40000000), EINVAL);
	fails(fchownat(-1, "f", -1, -1, 0), EBADF);
	return tap_done();
}
