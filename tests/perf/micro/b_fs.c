/* SPDX-License-Identifier: MIT */
/*
 * File systems and disks. Arguments are jobs, each of three words:
 *   names LABEL DIR    make, stat, read and remove many small files in DIR
 *   data LABEL FILE    write FILE (made, or a disk) in order, then read it in order and anywhere,
 *                      write it anywhere; "cold" is after closing the disk or dropping the cache
 *   read LABEL FILE    read an existing file: in order when cold, then again, then anywhere
 *   list LABEL DIR     list DIR and stat what is in it
 * A job that cannot be done prints "LABEL_job skipped" and why. Sizes: BENCH_MIB, BENCH_FILES.
 */
#include "tests/perf/micro/bench.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define STEP (64 * 1024)

static const char *label;
static char buf[STEP];

static long setting(const char *name, long dflt)
{
	const char *s = getenv(name);

	return s && atol(s) > 0 ? atol(s) : dflt;
}

static void result(const char *what, double value, const char *unit)
{
	char name[100];

	snprintf(name, sizeof(name), "%s_%s", label, what);
	out(name, value, unit);
}

static void per_call(const char *what, uint64_t since, long n)
{
	result(what, (double)(now_ns() - since) / 1e3 / (double)n, "us/call");
}

static void per_second(const char *what, uint64_t since, double bytes)
{
	result(what, bytes / (1 << 20) / ((double)(now_ns() - since) / 1e9), "MiB/s");
}

/* Where the n-th random access goes: the same on every system. */
static off_t anywhere(long n, off_t size)
{
	uint64_t x = (uint64_t)n * 0x9e3779b97f4a7c15ull;

	x ^= x >> 29;
	return (off_t)(x % ((uint64_t)size / 4096)) * 4096;
}

/* ---- names ---- */

typedef int name_fn(const char *path);

static int make(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);

	return fd < 0 || write(fd, buf, 1000) != 1000 || close(fd) ? -1 : 0;
}

static int look(const char *path)
{
	struct stat st;

	return stat(path, &st);
}

static int read_small(const char *path)
{
	int fd = open(path, O_RDONLY);

	return fd < 0 || read(fd, buf, 4096) != 1000 || close(fd) ? -1 : 0;
}

static int for_names(const char *dir, long n, const char *what, name_fn *fn)
{
	uint64_t t = now_ns();
	char path[4096];

	for (long i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/bench%ld", dir, i);
		if (fn(path))
			return -1;
	}
	per_call(what, t, n);
	return 0;
}

static int names(const char *dir)
{
	long n = setting("BENCH_FILES", 1000);

	return for_names(dir, n, "create", make) || for_names(dir, n, "stat", look) ||
	       for_names(dir, n, "open_read_1000", read_small) ||
	       for_names(dir, n, "unlink", unlink);
}

static int list(const char *dir)
{
	uint64_t t = now_ns();
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;
	long n = 0;

	if (!d)
		return -1;
	while ((e = readdir(d)))
		n += fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	closedir(d);
	per_call("list_stat", t, n);
	return 0;
}

/* ---- data ---- */

static int in_order(int fd, int write_it, off_t size, const char *what)
{
	uint64_t t = now_ns();

	for (off_t at = 0; at < size; at += STEP)
		if ((write_it ? pwrite(fd, buf, STEP, at) : pread(fd, buf, STEP, at)) != STEP)
			return -1;
	if (write_it && fsync(fd))
		return -1;
	per_second(what, t, (double)size);
	return 0;
}

static int in_places(int fd, int write_it, off_t size, const char *what)
{
	long n = (long)(size / 4096 / 8);
	uint64_t t = now_ns();

	for (long i = 0; i < n; i++) {
		off_t at = anywhere(i, size);

		if ((write_it ? pwrite(fd, buf, 4096, at) : pread(fd, buf, 4096, at)) != 4096)
			return -1;
	}
	if (write_it && fsync(fd))
		return -1;
	per_call(what, t, n);
	return 0;
}

static int reopen(int fd, const char *path, int flags)
{
	if (fd >= 0) {
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		close(fd);
	}
	return open(path, flags, 0644);
}

static int data(const char *path)
{
	off_t size = (off_t)setting("BENCH_MIB", 16) << 20;
	struct stat st;
	int fd, r;

	fd = open(path, O_RDWR | O_CREAT, 0644);
	r = fd < 0 || fstat(fd, &st) || in_order(fd, 1, size, "seq_write_fsync");
	fd = reopen(fd, path, O_RDWR);
	r = r || fd < 0 || in_places(fd, 0, size, "random_read_4k_cold") ||
	    in_order(fd, 0, size, "seq_read") || in_places(fd, 0, size, "random_read_4k") ||
	    in_places(fd, 1, size, "random_write_4k_fsync");
	close(fd);
	if (!r && S_ISREG(st.st_mode))
		unlink(path);
	return r;
}

static int read_it(const char *path)
{
	int fd = reopen(open(path, O_RDONLY), path, O_RDONLY), r;
	struct stat st;

	r = fd < 0 || fstat(fd, &st) || in_order(fd, 0, st.st_size, "seq_read_cold") ||
	    in_order(fd, 0, st.st_size, "seq_read") ||
	    in_places(fd, 0, st.st_size, "random_read_4k");
	close(fd);
	return r;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const char *path);
	} jobs[] = {{"names", names}, {"data", data}, {"read", read_it}, {"list", list}};

	memset(buf, 'x', sizeof(buf));
	for (int i = 1; i + 2 < argc; i += 3)
		for (size_t j = 0; j < sizeof(jobs) / sizeof(*jobs); j++) {
			label = argv[i + 1];
			if (!strcmp(argv[i], jobs[j].name) && jobs[j].run(argv[i + 2]))
				printf("%s_%s skipped: %s\n", label, argv[i], strerror(errno));
		}
	return 0;
}
