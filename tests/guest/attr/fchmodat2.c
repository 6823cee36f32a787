/* SPDX-License-Identifier: MIT */
/* fchmodat2(2): by directory descriptor, by descriptor alone, not through a link; refusals. */
#include "tests/guest/tap.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

static unsigned mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? ~0u : st.st_mode & 07777;
}

int main(void)
{
	int dir, fd, place;

	if (sys(fchmodat2, AT_FDCWD, "", 0, 0) < 0 && errno == ENOSYS) {
		skip("fchmodat2 is not in this kernel");
		return tap_done();
	}
	tmp();
	fd = file_with("f", "");
	works(symlink("f", "s"));
	works(dir = open(".", O_RDONLY | O_DIRECTORY));
	works(place = open("f", O_PATH));
	is(sys(fchmodat2, AT_FDCWD, "f", 0600, 0), 0);
	is(mode_of("f"), 0600);
	is(sys(fchmodat2, dir, "s", 0640, 0), 0);
	is(mode_of("f"), 0640);
	is(sys(fchmodat2, fd, "", 0604, AT_EMPTY_PATH), 0);
	is(mode_of("f"), 0604);
	is(sys(fchmodat2, place, "", 0606, AT_EMPTY_PATH), 0);
	is(mode_of("f"), 0606);
	is(sys(fchmodat2, dir, "f", 0611, AT_SYMLINK_NOFOLLOW), 0);
	is(mode_of("f"), 0611);
	fails(sys(fchmodat2, dir, "s", 0600, AT_SYMLINK_NOFOLLOW), EOPNOTSUPP);
	is(mode_of("f"), 0611);
	fails(sys(fchmodat2, dir, "none", 0600, 0), ENOENT);
	fails(sys(fchmodat2, dir, "", 0600, 0), ENOENT);
	fails(sys(fchmodat2, dir, "f", 0600, AT_REMOVEDIR), EINVAL);
	fails(sys(fchmodat2, FD_NONE, "f", 0600, 0), EBADF);
	fails(sys(fchmodat2, fd, "f", 0600, 0), ENOTDIR);
	fails(sys(fchmodat2, AT_FDCWD, BAD, 0600, 0), EFAULT);
	return tap_done();
}
