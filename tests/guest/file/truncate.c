/* SPDX-License-Identifier: MIT */
/* truncate(2): shrinking, growing with zeros, times, refusals. */
/* volume: also there */
#include "tests/guest/tap.h"

#include <sys/resource.h>

int main(void)
{
	struct stat st;
	struct rlimit rl = {1 << 20, RLIM_INFINITY};
	char b[8] = {0};
	int fd;

	tmp();
	fd = file_with("f", "0123456789");
	is(truncate("f", 4), 0);
	ok(file_is("f", "0123"));
	is(truncate("f", 6), 0);
	is(pread(fd, b, 8, 0), 6);
	same(b, "0123\0\0", 6);
	is(truncate("f", 0), 0);
	is(stat("f", &st), 0);
	is(st.st_size, 0);
	is(truncate("f", 1l << 32), 0);
	is(stat("f", &st), 0);
	is(st.st_size, 1l << 32);
	ok(st.st_blocks < 100, "growing allocates nothing");
	fails(truncate("f", -1), EINVAL);
	fails(truncate(".", 0), EISDIR);
	fails(truncate("none", 0), ENOENT);
	fails(truncate("f/g", 0), ENOTDIR);
	fails(truncate("", 0), ENOENT);
	fails(sys(truncate, BAD, 0l), EFAULT);
	symlink("f", "s");
	is(truncate("s", 3), 0);
	is(stat("f", &st) ? -1 : st.st_size, 3);
	signal(SIGXFSZ, SIG_IGN);
	is(setrlimit(RLIMIT_FSIZE, &rl), 0);
	fails(truncate("f", (1 << 20) + 1), EFBIG);
	is(truncate("f", 1 << 20), 0);
	is(pwrite(fd, "ab", 2, (1 << 20) - 1), 1);
	fails(pwrite(fd, "ab", 2, 1 << 20), EFBIG);
	if (is_root()) {
		skip("root may write to any file");
	} else {
		chmod("f", 0400);
		fails(truncate("f", 0), EACCES);
	}
	return tap_done();
}
