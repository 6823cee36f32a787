/* SPDX-License-Identifier: MIT */
/* stat(2): every field that has a defined value, following links, and the path errors. */
/* volume: also there */
#include "tests/guest/tap.h"

#include <sys/sysmacros.h>
#include <time.h>

static void fields(void)
{
	struct stat st, st2;
	time_t now = time(NULL);

	memset(&st, 0xff, sizeof(st));
	is(sys(stat, "f", &st), 0);
	is(st.st_mode, S_IFREG | 0644);
	is(st.st_nlink, 1);
	is(st.st_uid, geteuid());
	is(st.st_gid, getegid());
	is(st.st_size, 5);
	is(st.st_rdev, 0);
	ok(st.st_ino != 0);
	ok(st.st_blksize >= 512 && st.st_blksize <= 1 << 21);
	ok(st.st_blocks <= 16);
	ok(st.st_mtime >= now - 60 && st.st_mtime <= now + 1);
	ok(st.st_ctime >= now - 60 && st.st_ctime <= now + 1);
	ok(st.st_atime >= now - 60 && st.st_atime <= now + 1);
	ok((unsigned long)st.st_mtim.tv_nsec < 1000000000ul);
	is(sys(stat, "d", &st2), 0);
	is(st2.st_mode, S_IFDIR | 0755);
	is(st2.st_dev, st.st_dev);
	ok(st2.st_ino != st.st_ino);
	ok(st2.st_nlink >= 1);
}

static void kinds(void)
{
	struct stat st, st2;

	is(sys(stat, "/dev/null", &st), 0);
	is(st.st_mode & S_IFMT, S_IFCHR);
	is(st.st_rdev, makedev(1, 3));
	is(sys(stat, "sym", &st), 0);
	is(sys(stat, "f", &st2), 0);
	is(st.st_ino, st2.st_ino);
	is(sys(stat, "/", &st), 0);
	is(st.st_mode & S_IFMT, S_IFDIR);
	is(sys(stat, "/..", &st2), 0);
	is(st.st_ino, st2.st_ino);
	is(sys(stat, "d/.", &st), 0);
	is(sys(stat, "d/", &st2), 0);
	is(st.st_ino, st2.st_ino);
}

static void errors(void)
{
	struct stat st;
	char longname[300], *e = edge();

	fails(sys(stat, "none", &st), ENOENT);
	fails(sys(stat, "", &st), ENOENT);
	fails(sys(stat, "f/", &st), ENOTDIR);
	fails(sys(stat, "f/x", &st), ENOTDIR);
	fails(sys(stat, "f/..", &st), ENOTDIR);
	fails(sys(stat, "none/..", &st), ENOENT);
	fails(sys(stat, "dangling", &st), ENOENT);
	fails(sys(stat, "loop", &st), ELOOP);
	fails(sys(stat, "sym/", &st), ENOTDIR);
	memset(longname, 'a', sizeof(longname));
	longname[299] = 0;
	fails(sys(stat, longname, &st), ENAMETOOLONG);
	longname[255] = 0;
	fails(sys(stat, longname, &st), ENOENT);
	fails(sys(stat, BAD, &st), EFAULT);
	fails(sys(stat, "f", BAD), EFAULT);
	fails(sys(stat, "f", NULL), EFAULT);
	fails(sys(stat, "f", e - sizeof(st) + 1), EFAULT);
	is(sys(stat, "f", e - sizeof(st)), 0);
}

int main(void)
{
	tmp();
	close(file_with("f", "12345"));
	mkdir("d", 0755);
	symlink("f", "sym");
	symlink("nowhere", "dangling");
	symlink("loop", "loop");
	fields();
	kinds();
	errors();
	return tap_done();
}
