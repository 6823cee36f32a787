/* SPDX-License-Identifier: MIT */
/* /dev: which nodes and links there are, what they are when first looked at, and /dev/kmsg. */
#include "tests/guest/tap.h"

#include <sys/sysmacros.h>
#include <sys/vfs.h>

static bool node(const char *path, unsigned major, unsigned minor, uint32_t mode)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_mode == (S_IFCHR | mode) && st.st_uid == 0 &&
	       st.st_rdev == makedev(major, minor) && st.st_nlink == 1;
}

static bool leads_to(const char *path, const char *target)
{
	char buf[64] = {0};

	return readlink(path, buf, sizeof(buf) - 1) > 0 && !strcmp(buf, target);
}

/* Each name of a directory once; `missing` is what of `names` was not seen. */
static int missing_of(const char *path, const char *const *names, int n)
{
	int seen[16] = {0}, missing = 0;
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d)))
		for (int i = 0; i < n; i++)
			seen[i] += !strcmp(e->d_name, names[i]);
	if (d)
		closedir(d);
	for (int i = 0; i < n; i++)
		missing += seen[i] != 1;
	return missing;
}

static void kmsg(void)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (fd < 0) {
		skip("only root may write to /dev/kmsg");
		return;
	}
	is(write(fd, "<7>uniload test\n", 16), 16);
	is(write(fd, "no end of line", 14), 14);
	close(fd);
}

int main(void)
{
	static const char *const dev[] = {"null", "zero",  "full",   "random", "urandom", "tty",
					  "fd",	  "stdin", "stdout", "stderr", "shm",	  "pts"};
	static const char *const root[] = {"dev", "proc", "sys", "tmp", "run"};
	struct statfs fs;
	struct stat st;

	ok(node("/dev/null", 1, 3, 0666));
	ok(node("/dev/tty", 5, 0, 0666));
	is(missing_of("/dev", dev, 12), 0);
	is(missing_of("/", root, 5), 0);
	ok(node("/dev/zero", 1, 5, 0666));
	ok(node("/dev/full", 1, 7, 0666));
	ok(node("/dev/random", 1, 8, 0666));
	ok(node("/dev/urandom", 1, 9, 0666));
	ok(leads_to("/dev/fd", "/proc/self/fd"));
	ok(leads_to("/dev/stdin", "/proc/self/fd/0"));
	ok(leads_to("/dev/stdout", "/proc/self/fd/1"));
	ok(leads_to("/dev/stderr", "/proc/self/fd/2"));
	is(statfs("/dev/shm", &fs), 0);
	is(fs.f_type, 0x01021994);
	is(statfs("/dev/pts", &fs), 0);
	is(fs.f_type, 0x1cd1);
	is(stat("/dev/shm", &st), 0);
	is(st.st_mode, S_IFDIR | 01777);
	is(stat("/tmp", &st), 0);
	is(st.st_mode, S_IFDIR | 01777);
	fails(lstat("/dev/no-such-device", &st), ENOENT);
	kmsg();
	return tap_done();
}
