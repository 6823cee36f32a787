/* SPDX-License-Identifier: MIT */
/* utimensat(2), utimes(2), utime(2), futimesat(2): exact times, UTIME_NOW and UTIME_OMIT,
 * descriptors and links. */
/* volume: also there */
#include "tests/guest/tap.h"

#include <sys/time.h>
#include <time.h>
#include <utime.h>

static bool times_are(const char *name, long as, long an, long ms, long mn)
{
	struct stat st;

	return lstat(name, &st) == 0 && st.st_atim.tv_sec == as && st.st_atim.tv_nsec == an &&
	       st.st_mtim.tv_sec == ms && st.st_mtim.tv_nsec == mn;
}

static void nanoseconds(int fd, int d)
{
	struct timespec t[2] = {{100, 1}, {200, 999999999}};
	struct stat st;
	long now = time(NULL);

	is(utimensat(AT_FDCWD, "f", t, 0), 0);
	ok(times_are("f", 100, 1, 200, 999999999));
	is(stat("f", &st), 0);
	ok(st.st_ctim.tv_sec >= now - 1);
	t[0].tv_nsec = UTIME_OMIT;
	t[1] = (struct timespec){300, 5};
	is(utimensat(AT_FDCWD, "f", t, 0), 0);
	ok(times_are("f", 100, 1, 300, 5));
	t[0] = (struct timespec){-77, UTIME_NOW};
	t[1].tv_nsec = UTIME_OMIT;
	is(utimensat(AT_FDCWD, "f", t, 0), 0);
	is(stat("f", &st), 0);
	ok(st.st_atim.tv_sec >= now - 1 && st.st_atim.tv_sec < now + 60);
	is(st.st_mtim.tv_sec, 300);
	is(utimensat(AT_FDCWD, "f", NULL, 0), 0);
	is(stat("f", &st), 0);
	ok(st.st_mtim.tv_sec >= now - 1);
	t[0] = t[1] = (struct timespec){1000000000, 7};
	is(sys(utimensat, fd, NULL, t, 0), 0);
	ok(times_are("f", 1000000000, 7, 1000000000, 7));
	is(utimensat(d, "g", t, 0), 0);
	ok(times_are("d/g", 1000000000, 7, 1000000000, 7));
	t[0] = t[1] = (struct timespec){55, 66};
	is(utimensat(AT_FDCWD, "s", t, AT_SYMLINK_NOFOLLOW), 0);
	ok(times_are("s", 55, 66, 55, 66) && times_are("f", 1000000000, 7, 1000000000, 7));
	t[0].tv_nsec = t[1].tv_nsec = UTIME_OMIT;
	is(utimensat(AT_FDCWD, "f", t, 0), 0);
	ok(times_are("f", 1000000000, 7, 1000000000, 7));
}

static void older_calls(void)
{
	struct timeval tv[2] = {{11, 22}, {33, 44}};
	struct utimbuf ub = {123, 456};

	is(sys(utimes, "f", tv), 0);
	ok(times_are("f", 11, 22000, 33, 44000));
	is(sys(futimesat, AT_FDCWD, "f", tv), 0);
	is(sys(utime, "f", &ub), 0);
	ok(times_are("f", 123, 0, 456, 0));
	is(sys(utime, "f", NULL), 0);
	tv[0].tv_usec = 1000000;
	fails(sys(utimes, "f", tv), EINVAL);
	fails(sys(utimes, "f", BAD), EFAULT);
	fails(sys(utime, "none", NULL), ENOENT);
	fails(sys(utime, "f", BAD), EFAULT);
}

static void errors(int fd)
{
	struct timespec t[2] = {{1, 1000000000}, {1, 0}};

	fails(utimensat(AT_FDCWD, "f", t, 0), EINVAL);
	t[0].tv_nsec = -1;
	fails(utimensat(AT_FDCWD, "f", t, 0), EINVAL);
	fails(sys(utimensat, AT_FDCWD, "f", BAD, 0), EFAULT);
	fails(sys(utimensat, AT_FDCWD, BAD, NULL, 0), EFAULT);
	fails(utimensat(AT_FDCWD, "none", NULL, 0), ENOENT);
	fails(utimensat(AT_FDCWD, "f/x", NULL, 0), ENOTDIR);
	fails(utimensat(AT_FDCWD, "f", NULL, 0x40000000), EINVAL);
	fails(utimensat(-1, "f", NULL, 0), EBADF);
	fails(sys(utimensat, FD_NONE, NULL, NULL, 0), EBADF);
	fails(sys(utimensat, AT_FDCWD, NULL, NULL, 0), EFAULT);
	fails(utimensat(fd, "x", NULL, 0), ENOTDIR);
}

int main(void)
{
	int fd, d;

	tmp();
	fd = file_with("f", "x");
	mkdir("d", 0755);
	close(file_with("d/g", ""));
	symlink("f", "s");
	d = open("d", O_RDONLY);
	nanoseconds(fd, d);
	older_calls();
	errors(fd);
	return tap_done();
}
