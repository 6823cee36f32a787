/* SPDX-License-Identifier: MIT */
/* statfs(2) and fstatfs(2): plausible numbers, and what procfs says it is. */
#include "tests/guest/tap.h"

#include <sys/vfs.h>

int main(void)
{
	struct statfs s, s2;
	int fd;

	tmp();
	fd = file_with("f", "x");
	memset(&s, 0xff, sizeof(s));
	is(statfs(".", &s), 0);
	ok(s.f_type != 0);
	ok(s.f_bsize >= 512 && s.f_bsize <= 1 << 21);
	ok(s.f_blocks > 0);
	ok(s.f_bfree <= s.f_blocks);
	ok(s.f_bavail <= s.f_bfree);
	ok(s.f_ffree <= s.f_files);
	is(s.f_namelen, 255);
	is(fstatfs(fd, &s2), 0);
	is(s2.f_type, s.f_type);
	is(statfs("/proc", &s), 0);
	is(s.f_type, 0x9fa0);
	fails(statfs("none", &s), ENOENT);
	fails(statfs("f/x", &s), ENOTDIR);
	fails(statfs("", &s), ENOENT);
	fails(sys(statfs, BAD, &s), EFAULT);
	fails(sys(statfs, ".", BAD), EFAULT);
	fails(fstatfs(-1, &s), EBADF);
	fails(sys(fstatfs, fd, BAD), EFAULT);
	return tap_done();
}
