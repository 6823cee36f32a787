/* SPDX-License-Identifier: MIT */
/* Names as volumes must keep them: large directories, positions in them, odd names, open
 * directories that are renamed or removed. */
/* volume: also there */
#include "tests/guest/tap.h"

#define MANY 1500

static void make(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);

	if (fd < 0)
		diag("cannot make %s: %d", name, errno);
	close(fd);
}

static void large_directory(void)
{
	static char seen[MANY];
	char name[64];
	struct dirent *e;
	DIR *d;
	long where = 0;
	int n = 0, twice = 0, bad = 0;
	char at[256] = "";

	is(mkdir("large", 0755), 0);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "large/a-rather-long-name-for-a-file-%d", i);
		make(name);
	}
	d = opendir("large");
	ok(d != NULL);
	while ((e = readdir(d))) {
		int i;

		if (e->d_name[0] == '.')
			continue;
		if (sscanf(e->d_name, "a-rather-long-name-for-a-file-%d", &i) != 1 || i < 0 ||
		    i >= MANY || e->d_type != DT_REG)
			bad++;
		else if (seen[i]++)
			twice++;
		if (++n == MANY / 2) {
			where = telldir(d);
			e = readdir(d);
			strcpy(at, e->d_name);
			seekdir(d, where);
		}
	}
	is(n, MANY);
	is(twice, 0);
	is(bad, 0);
	seekdir(d, where);
	e = readdir(d);
	ok(e && !strcmp(e->d_name, at), "the position leads to the same entry");
	rewinddir(d);
	for (n = 0; (e = readdir(d));) { /* remove while reading */
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "large/%.50s", e->d_name);
		n += unlink(name) == 0;
	}
	is(n, MANY);
	closedir(d);
	is(rmdir("large"), 0);
}

static void odd_names(void)
{
	static const char *const names[] = {" ",   "a b", "\n",	  "\xff\xfe",	 "a,b=c",
					    "...", "-rf", "a\\b", "caf\xc3\xa9", "%s%n"};
	char longest[256];
	struct stat st;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		make(names[i]);
		is(stat(names[i], &st), 0);
		is(unlink(names[i]), 0);
	}
	memset(longest, 'n', 255);
	longest[255] = 0;
	make(longest);
	is(stat(longest, &st), 0);
	is(unlink(longest), 0);
	fails(stat(longest, &st), ENOENT);
}

static void open_directory(void)
{
	struct stat st, st2;
	char cwd[4096];
	int d, fd;

	is(mkdir("d", 0755), 0);
	is(mkdir("d/sub", 0755), 0);
	d = open("d/sub", O_RDONLY | O_DIRECTORY);
	works(d);
	is(rename("d", "e"), 0);
	fd = openat(d, "f", O_CREAT | O_RDWR, 0600);
	works(fd);
	is(stat("e/sub/f", &st), 0);
	is(fstat(fd, &st2), 0);
	is(st.st_ino, st2.st_ino);
	fails(stat("d/sub/f", &st), ENOENT);
	is(fchdir(d), 0);
	ok(getcwd(cwd, sizeof(cwd)) && strstr(cwd, "/e/sub"));
	is(rename("f", "../g"), 0);
	is(chdir("../.."), 0);
	is(stat("e/g", &st), 0);
	is(st.st_ino, st2.st_ino);
	is(rmdir("e/sub"), 0);
	fails(openat(d, "x", O_CREAT | O_RDWR, 0600), ENOENT);
	fails(openat(d, "f", O_RDONLY), ENOENT);
	is(fsync(d), 0);
	close(d);
	close(fd);
	is(unlink("e/g"), 0);
	is(rmdir("e"), 0);
}

static void links(void)
{
	char target[4096], b[8192];
	struct stat st;
	int fd;

	memset(target, 'x', 4095);
	target[4095] = 0;
	is(symlink(target, "longest"), 0);
	is(readlink("longest", b, sizeof(b)), 4095);
	is(memcmp(b, target, 4095), 0);
	is(unlink("longest"), 0);
	is(symlink("nowhere", "dangling"), 0);
	fails(open("dangling", O_RDONLY), ENOENT);
	fd = open("dangling", O_RDWR | O_CREAT, 0600);
	works(fd);
	close(fd);
	is(stat("nowhere", &st), 0);
	is(unlink("nowhere"), 0);
	is(unlink("dangling"), 0);
	is(symlink("loop", "loop"), 0);
	fails(stat("loop", &st), ELOOP);
	is(unlink("loop"), 0);
}

int main(void)
{
	tmp();
	large_directory();
	odd_names();
	open_directory();
	links();
	return tap_done();
}
