/* SPDX-License-Identifier: MIT */
/*
 * Many files on a volume, for a test that looks at the host's side:
 *   churn names DIR N      N rounds of making, opening, renaming, linking, removing; says "done"
 * and waits for a line, with nothing open, then does it again churn open DIR N       N files open
 * at a time, each with contents of its own churn sync DIR         a file written and closed,
 * sync(2), then "synced"
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			perror(#cond);                                                             \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static void round_of(unsigned i)
{
	char a[32], b[32];
	struct stat st;
	int fd, dir;

	snprintf(a, sizeof(a), "a%u", i % 97);
	snprintf(b, sizeof(b), "b%u", i % 89);
	fd = open(a, O_RDWR | O_CREAT, 0644);
	CHECK(fd >= 0 && write(fd, a, sizeof(a)) == sizeof(a));
	CHECK(rename(a, b) == 0 && stat(b, &st) == 0 && stat(a, &st) < 0);
	CHECK(link(b, a) == 0 && unlink(b) == 0);
	CHECK(open("missing", O_RDONLY) < 0 && open(a, O_CREAT | O_EXCL, 0600) < 0);
	CHECK(mkdir("d", 0755) == 0 && symlink("x", "d/link") == 0);
	dir = open("d", O_RDONLY | O_DIRECTORY);
	CHECK(dir >= 0 && openat(dir, "missing/too", O_RDONLY) < 0);
	CHECK(unlinkat(dir, "link", 0) == 0 && rmdir("d") == 0);
	CHECK(unlink(a) == 0); /* open still */
	CHECK(ftruncate(fd, 3) == 0 && fstat(fd, &st) == 0 && st.st_size == 3);
	CHECK(close(fd) == 0 && close(dir) == 0);
}

static void many_open(int n)
{
	struct rlimit limit = {(rlim_t)n + 16, (rlim_t)n + 16};
	int *fds = calloc((size_t)n, sizeof(*fds)), got;
	char name[32];

	CHECK(fds && setrlimit(RLIMIT_NOFILE, &limit) == 0);
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		fds[i] = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
		CHECK(fds[i] >= 0 && write(fds[i], &i, sizeof(i)) == sizeof(i));
	}
	for (int i = 0; i < n; i++) {
		CHECK(pread(fds[i], &got, sizeof(got), 0) == sizeof(got) && got == i);
		CHECK(close(fds[i]) == 0);
		snprintf(name, sizeof(name), "f%d", i);
		CHECK(unlink(name) == 0);
	}
}

int main(int argc, char **argv)
{
	int n = argc > 3 ? atoi(argv[3]) : 0;
	char c;

	CHECK(argc > 2 && chdir(argv[2]) == 0);
	if (strcmp(argv[1], "names") == 0) {
		for (int pass = 0; pass < 2; pass++) {
			for (int i = 0; i < n; i++)
				round_of((unsigned)i);
			CHECK(write(1, "done\n", 5) == 5 && read(0, &c, 1) == 1);
		}
	} else if (strcmp(argv[1], "open") == 0) {
		many_open(n);
	} else {
		int fd = open("synced", O_WRONLY | O_CREAT, 0644);

		CHECK(fd >= 0 && write(fd, "text", 4) == 4 && close(fd) == 0);
		sync();
		CHECK(write(1, "synced\n", 7) == 7);
	}
	return 0;
}
