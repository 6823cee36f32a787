/* SPDX-License-Identifier: MIT */
/* mkdir(2), mkdirat(2): modes and umask, link counts, set-group-ID, path errors. */
/* volume: also there */
#include "tests/guest/tap.h"

int main(void)
{
	struct stat st, up;
	char name[300];
	int d;

	tmp();
	stat(".", &up);
	is(mkdir("a", 0777), 0);
	is(stat("a", &st), 0);
	is(st.st_mode, S_IFDIR | 0755);
	is(st.st_uid, geteuid());
	umask(0);
	is(mkdir("b", 01751), 0);
	is(stat("b", &st), 0);
	is(st.st_mode, S_IFDIR | 01751);
	is(mkdir("c", 0000), 0);
	is(stat("c", &st), 0);
	is(st.st_mode, S_IFDIR);
	fails(mkdir("a", 0755), EEXIST);
	fails(mkdir("a/", 0755), EEXIST);
	fails(mkdir(".", 0755), EEXIST);
	fails(mkdir("/", 0755), EEXIST);
	is(mkdir("slash/", 0755), 0);
	is(mkdir("a/b", 0755), 0);
	is(mkdir("a/../e", 0755), 0);
	is(access("e", F_OK), 0);
	fails(mkdir("none/x", 0755), ENOENT);
	fails(mkdir("", 0755), ENOENT);
	close(file_with("f", ""));
	fails(mkdir("f", 0755), EEXIST);
	fails(mkdir("f/x", 0755), ENOTDIR);
	symlink("nowhere", "dangling");
	fails(mkdir("dangling", 0755), EEXIST);
	memset(name, 'x', sizeof(name));
	name[256] = 0;
	fails(mkdir(name, 0755), ENAMETOOLONG);
	name[255] = 0;
	is(mkdir(name, 0755), 0);
	fails(sys(mkdir, BAD, 0755), EFAULT);
	d = open("a", O_RDONLY);
	is(mkdirat(d, "at", 0700), 0);
	is(access("a/at", F_OK), 0);
	fails(mkdirat(-1, "x", 0700), EBADF);
	fails(mkdirat(open("f", O_RDONLY), "x", 0700), ENOTDIR);
	if (is_root()) {
		skip("root may write to any directory");
	} else {
		chmod("e", 0555);
		fails(mkdir("e/x", 0755), EACCES);
	}
	return tap_done();
}
