/* SPDX-License-Identifier: MIT */
/*
 * Bytes in and out: `io cat [SIZE]` copies stdin to stdout in reads of SIZE, `io gen N` writes N
 * bytes of a known sequence, `io sum` prints the number and the FNV-1a hash of the bytes of stdin,
 * `io both` alternates between stdout and stderr, `io state` prints what descriptors 0..2 are, `io
 * drain N` reads N bytes and goes, `io full` reports the errno of a write to stdout on stderr.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned char buf[1 << 20];

static void put(int fd, const void *p, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t r = write(fd, (const char *)p + done, n - done);

		if (r < 0)
			exit(50 + (errno & 31));
		done += r;
	}
}

static void cat(size_t size)
{
	ssize_t n;

	while ((n = read(0, buf, size)) > 0)
		put(1, buf, n);
	if (n < 0)
		exit(49);
}

static void gen(uint64_t n)
{
	uint32_t x = 12345;

	while (n > 0) {
		size_t step = n < 65536 ? n : 65536;

		for (size_t i = 0; i < 65536; i += 4) {
			x = x * 1664525 + 1013904223;
			memcpy(buf + i, &x, 4);
		}
		put(1, buf, step);
		n -= step;
	}
}

static void sum(void)
{
	uint64_t h = 0xcbf29ce484222325, total = 0;
	ssize_t n;

	while ((n = read(0, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			h = (h ^ buf[i]) * 0x100000001b3;
		total += n;
	}
	printf("%llu %016llx\n", (unsigned long long)total, (unsigned long long)h);
}

static void both(void)
{
	for (int i = 0; i < 1000; i++) {
		dprintf(1, "out %d\n", i);
		dprintf(2, "err %d\n", i);
	}
}

/* One word per descriptor, on the first that can be written; the type as stat(2) sees it. */
static void state(void)
{
	char line[200] = "";

	for (int fd = 0; fd < 3; fd++) {
		struct stat st;
		const char *what =
		    fstat(fd, &st)							  ? "closed"
		    : isatty(fd)							  ? "tty"
		    : S_ISCHR(st.st_mode)						  ? "device"
		    : S_ISFIFO(st.st_mode) || S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode) ? "stream"
											  : "other";

		sprintf(line + strlen(line), "%s%s", fd ? " " : "", what);
	}
	strcat(line, "\n");
	if (write(1, line, strlen(line)) < 0)
		write(2, line, strlen(line));
}

static void drain(size_t n)
{
	while (n > 0) {
		ssize_t r = read(0, buf, n < sizeof(buf) ? n : sizeof(buf));

		if (r <= 0)
			exit(1);
		n -= r;
	}
	puts("enough");
}

static void full(void)
{
	ssize_t r = write(1, "x", 1);

	dprintf(2, "%s\n", r == 1 ? "written" : strerror(errno));
	exit(r != 1);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 0) : 65536;

	if (!strcmp(what, "cat"))
		cat(n < sizeof(buf) ? n : sizeof(buf));
	else if (!strcmp(what, "gen"))
		gen(n);
	else if (!strcmp(what, "sum"))
		sum();
	else if (!strcmp(what, "both"))
		both();
	else if (!strcmp(what, "state"))
		state();
	else if (!strcmp(what, "drain"))
		drain(n);
	else if (!strcmp(what, "full"))
		full();
	return 0;
}
