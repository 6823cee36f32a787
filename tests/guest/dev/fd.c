/* SPDX-License-Identifier: MIT */
/* /dev/fd, /dev/stdin, /dev/stdout, /dev/stderr; /dev/tty without a terminal; what the directory
 * lists. */
#include "tests/guest/tap.h"

int main(void)
{
	char b[64] = {0}, path[32];
	DIR *d = opendir("/dev");
	struct dirent *e;
	int p[2], fd, found = 0;

	tmp();
	pipe(p);
	is(write(p[1], "abc", 3), 3);
	snprintf(path, sizeof(path), "/dev/fd/%d", p[0]);
	works(fd = open(path, O_RDONLY));
	is(read(fd, b, 3), 3);
	same(b, "abc", 3);
	is(lstat("/dev/stdin", &(struct stat){0}), 0);
	ok(readlink("/dev/stdout", b, sizeof(b)) > 0);
	same(b, "/proc/self/fd/1", 15);
	works(fd = open("/dev/stdout", O_WRONLY));
	is(isatty(fd), isatty(1));
	fails(open("/dev/fd/9999", O_RDONLY), ENOENT);
	fails(open("/dev/none", O_RDONLY), ENOENT);
	while (d && (e = readdir(d)))
		found += !strcmp(e->d_name, "null") || !strcmp(e->d_name, "zero") ||
			 !strcmp(e->d_name, "full") || !strcmp(e->d_name, "random") ||
			 !strcmp(e->d_name, "urandom") || !strcmp(e->d_name, "tty");
	is(found, 6);
	is(access("/dev/tty", F_OK), 0);
	fd = open("/dev/tty", O_RDWR);
	ok(fd >= 0 ? isatty(fd) : errno == ENXIO);
	return tap_done();
}
