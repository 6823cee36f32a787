/* SPDX-License-Identifier: MIT */
/* chmod(2), fchmod(2), fchmodat(2). */
/* volume: also there */
#include "tests/guest/tap.h"

static unsigned mode_of(const char *name)
{
	struct stat st;

	return stat(name, &st) ? ~0u : st.st_mode & 07777;
}

int main(void)
{
	struct stat before, after;
	int fd, d;

	tmp();
	fd = file_with("f", "x");
	mkdir("d", 0755);
	close(file_with("d/g", ""));
	symlink("f", "s");
	is(chmod("f", 0600), 0);
	is(mode_of("f"), 0600);
	is(chmod("f", 07777), 0);
	is(mode_of("f"), 07777);
	is(chmod("f", 0170644), 0);
	is(mode_of("f"), 0644);
	is(chmod("s", 0640), 0);
	is(mode_of("f"), 0640);
	is(chmod("d", 01777), 0);
	is(mode_of("d"), 01777);
	fstat(fd, &before);
	usleep(20000);
	is(fchmod(fd, 0), 0);
	is(mode_of("f"), 0);
	fstat(fd, &after);
	is(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
	ok(after.st_ctim.tv_nsec != before.st_ctim.tv_nsec);
	d = open("d", O_RDONLY);
	is(sys(fchmodat, d, "g", 0755), 0);
	is(mode_of("d/g"), 0755);
	is(fchmod(d, 0700), 0);
	is(mode_of("d"), 0700);
	fails(chmod("none", 0600), ENOENT);
	fails(chmod("f/x", 0600), ENOTDIR);
	fails(chmod("", 0600), ENOENT);
	fails(sys(chmod, BAD, 0600), EFAULT);
	fails(fchmod(-1, 0600), EBADF);
	fails(sys(fchmod, open("d/g", O_PATH), 0600), EBADF);
	fails(sys(fchmodat, -1, "g", 0600), EBADF);
	fails(sys(fchmodat, fd, "g", 0600), ENOTDIR);
	if (is_root())
		skip("root may change any file");
	else
		fails(chmod("/", 0755), EPERM);
	return tap_done();
}
