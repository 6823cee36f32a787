/* SPDX-License-Identifier: MIT */
/* rename(2), renameat(2): replacing, directories, links, hard links to one file, and all the
 * refusals. */
/* volume: also there */
#include "tests/guest/tap.h"

static void files(void)
{
	struct stat a, b;

	close(file_with("a", "A"));
	stat("a", &a);
	is(rename("a", "b"), 0);
	fails(access("a", F_OK), ENOENT);
	stat("b", &b);
	is(a.st_ino, b.st_ino);
	close(file_with("c", "C"));
	is(rename("b", "c"), 0);
	ok(file_is("c", "A"));
	is(rename("c", "c"), 0);
	ok(file_is("c", "A"));
	link("c", "hard");
	is(rename("c", "hard"), 0);
	is(access("c", F_OK), 0); /* two names of one file: nothing happens */
	is(access("hard", F_OK), 0);
	symlink("c", "s");
	is(rename("s", "s2"), 0);
	is(lstat("s2", &b), 0);
	is(b.st_mode & S_IFMT, S_IFLNK);
	close(file_with("target", "T"));
	is(rename("target", "s2"), 0);
	is(lstat("s2", &b), 0);
	is(b.st_mode & S_IFMT, S_IFREG);
	ok(file_is("c", "A"));
}

static void directories(void)
{
	struct stat st, up;

	mkdir("d", 0755);
	mkdir("d/sub", 0755);
	close(file_with("d/f", "x"));
	is(rename("d", "e"), 0);
	ok(file_is("e/f", "x"));
	mkdir("empty", 0755);
	is(rename("e", "empty"), 0);
	ok(file_is("empty/f", "x"));
	mkdir("full", 0755);
	close(file_with("full/f", "y"));
	ok(rename("empty", "full") == -1 && (errno == ENOTEMPTY || errno == EEXIST));
	fails(rename("empty", "empty/sub/x"), EINVAL);
	fails(rename("empty", "empty/sub"), EINVAL);
	ok(rename("empty/sub", "empty") == -1 && (errno == ENOTEMPTY || errno == EEXIST));
	fails(rename("empty", "c"), ENOTDIR);
	fails(rename("c", "empty"), EISDIR);
	is(rename("empty/sub", "sub"), 0);
	stat("sub/..", &st);
	stat(".", &up);
	is(st.st_ino, up.st_ino);
	is(rename("sub/", "sub2/"), 0);
	fails(rename("c", "newname/"), ENOTDIR);
	fails(rename("c/", "newname"), ENOTDIR);
}

static void errors(void)
{
	int d = open("full", O_RDONLY);

	fails(rename("none", "x"), ENOENT);
	fails(rename("c", "none/x"), ENOENT);
	fails(rename("", "x"), ENOENT);
	fails(rename("c", ""), ENOENT);
	fails(rename("c/x", "y"), ENOTDIR);
	fails(rename("c", "s2/x"), ENOTDIR);
	fails(rename(".", "x"), EBUSY);
	fails(rename("full/.", "x"), EBUSY);
	fails(rename("c", "full/."), EBUSY);
	fails(rename("c", "full/.."), EBUSY);
	ok(rename("/", "x") == -1 &&
	   (errno == EBUSY || errno == EXDEV)); /* EXDEV: /tmp is mounted */
	fails(sys(rename, BAD, "x"), EFAULT);
	fails(sys(rename, "c", BAD), EFAULT);
	is(renameat(AT_FDCWD, "c", d, "c"), 0);
	is(access("full/c", F_OK), 0);
	is(renameat(d, "c", AT_FDCWD, "c"), 0);
	fails(renameat(-1, "c", d, "c"), EBADF);
	fails(renameat(AT_FDCWD, "c", -1, "c"), EBADF);
	is(access("c", F_OK), 0);
}

int main(void)
{
	tmp();
	files();
	directories();
	errors();
	return tap_done();
}
