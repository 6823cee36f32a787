/* SPDX-License-Identifier: MIT */
/* chdir(2) and fchdir(2): relative paths start there afterwards. */
/* volume: also there */
#include "tests/guest/tap.h"

int main(void)
{
	const char *dir = tmp();
	char cwd[512], want[512];
	int d, f;

	mkdir("a", 0755);
	mkdir("a/b", 0755);
	f = file_with("a/f", "");
	symlink("a/b", "s");
	d = open("a", O_RDONLY);
	is(chdir("a"), 0);
	is(access("f", F_OK), 0);
	is(chdir("b"), 0);
	is(access("../f", F_OK), 0);
	is(chdir("../.."), 0);
	is(chdir("s"), 0);
	snprintf(want, sizeof(want), "%s/a/b", dir);
	ok(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, want));
	is(fchdir(d), 0);
	is(access("b", F_OK), 0);
	is(chdir(dir), 0);
	fails(chdir("a/f"), ENOTDIR);
	fails(chdir("none"), ENOENT);
	fails(chdir(""), ENOENT);
	fails(sys(chdir, BAD), EFAULT);
	fails(fchdir(-1), EBADF);
	fails(fchdir(f), ENOTDIR);
	is(fchdir(open("a", O_PATH)), 0);
	is(access("f", F_OK), 0);
	is(chdir("/"), 0);
	is(chdir(".."), 0);
	ok(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/"));
	if (is_root()) {
		skip("root may enter any directory");
	} else {
		chdir(dir);
		chmod("a", 0600);
		fails(chdir("a"), EACCES);
		chmod("a", 0700);
	}
	return tap_done();
}
