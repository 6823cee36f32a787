/* SPDX-License-Identifier: MIT */
/* getcwd(2): length with the NUL, too small buffers, a directory that was removed or renamed. */
/* volume: also there */
#include "tests/guest/tap.h"

int main(void)
{
	const char *dir = tmp();
	char cwd[512], want[512];
	long n = strlen(dir) + 1;

	is(sys(getcwd, cwd, sizeof(cwd)), n);
	ok(!strcmp(cwd, dir));
	is(sys(getcwd, cwd, n), n);
	fails(sys(getcwd, cwd, n - 1), ERANGE);
	fails(sys(getcwd, cwd, 1ul), ERANGE);
	fails(sys(getcwd, cwd, 0ul), ERANGE);
	fails(sys(getcwd, BAD, 100ul), EFAULT);
	fails(sys(getcwd, NULL, 100ul), EFAULT);
	mkdir("a", 0755);
	is(chdir("a"), 0);
	is(rename("../a", "../moved"), 0);
	snprintf(want, sizeof(want), "%s/moved", dir);
	is(sys(getcwd, cwd, sizeof(cwd)), strlen(want) + 1);
	ok(!strcmp(cwd, want));
	is(rmdir("../moved"), 0);
	fails(sys(getcwd, cwd, sizeof(cwd)), ENOENT);
	is(chdir("/"), 0);
	is(sys(getcwd, cwd, sizeof(cwd)), 2);
	ok(!strcmp(cwd, "/"));
	return tap_done();
}
