/* SPDX-License-Identifier: MIT */
/* symlink(2), symlinkat(2): any text may be a target; links inside paths, chains, the limit of 40.
 */
/* volume: also there */
#include "tests/guest/tap.h"

int main(void)
{
	char b[8192], name[16], next[16];
	struct stat st;
	int d;

	tmp();
	close(file_with("f", "x"));
	mkdir("d", 0755);
	close(file_with("d/g", "y"));
	is(symlink("f", "s"), 0);
	ok(file_is("s", "x"));
	is(symlink("no such thing", "t"), 0);
	is(symlink("d", "sd"), 0);
	ok(file_is("sd/g", "y"));
	is(symlink("../f", "d/up"), 0);
	ok(file_is("sd/up", "x"));
	fails(symlink("f", "s"), EEXIST);
	fails(symlink("f", "d"), EEXIST);
	fails(symlink("", "e"), ENOENT);
	fails(symlink("f", ""), ENOENT);
	fails(symlink("f", "none/s"), ENOENT);
	fails(symlink("f", "f/s"), ENOTDIR);
	fails(symlink("f", "new/"), ENOENT);
	fails(sys(symlink, BAD, "x"), EFAULT);
	fails(sys(symlink, "x", BAD), EFAULT);
	memset(b, 'q', sizeof(b));
	b[4095] = 0;
	is(symlink(b, "long"), 0);
	is(lstat("long", &st) ? -1 : st.st_size, 4095);
	b[4095] = 'q';
	b[4096] = 0;
	fails(symlink(b, "longer"), ENAMETOOLONG);
	d = open("d", O_RDONLY);
	is(symlinkat("g", d, "at"), 0);
	ok(file_is("d/at", "y"));
	fails(symlinkat("g", -1, "at"), EBADF);
	symlink("f", "chain0");
	for (int i = 1; i <= 40; i++) {
		snprintf(name, sizeof(name), "chain%d", i);
		snprintf(next, sizeof(next), "chain%d", i - 1);
		symlink(next, name);
	}
	is(access("chain39", F_OK), 0);
	fails(access("chain40", F_OK), ELOOP);
	return tap_done();
}
