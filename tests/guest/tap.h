/* SPDX-License-Identifier: MIT */
/*
 * The harness of the guest tests: ordinary Linux programs, one expectation per line, TAP on
 *standard output. Each line of output carries file:line, so that the runner finds an expected
 *failure's reason in the source: a comment "xfail: reason" on the line of the expectation (or
 *"xfail(kvm): reason", for one accelerator).
 *
 *	is(call, 3)            the value is 3 (compared as long)
 *	ok(cond) ok(cond, "why it should hold")
 *	works(call)            the value is not -1
 *	fails(call, EFAULT)    the value is -1 and errno is EFAULT
 *	same(a, b, n)          the n bytes at a and b are equal
 *	skip("reason")         an expectation that cannot be tried here
 *	return tap_done();     prints the plan; the exit status is 0 if all held
 *
 * A program here must run unprivileged and as root, waits for all processes it starts, and writes
 *only below tmp(). Threads may be started, but only one at a time may use the functions above.
 */
#ifndef TESTS_GUEST_TAP_H
#define TESTS_GUEST_TAP_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define PAGE	     4096ul
#define BAD	     ((void *)0x10)		    /* in page 0, never mapped */
#define BAD_KERNEL   ((void *)0xffff888000000000ul) /* the kernel's half */
#define BAD_NONCANON ((void *)0x0000800000000000ul) /* not canonical */
#define FD_NONE	     9999			    /* never an open descriptor */

/* The call itself, without the C library's wrapper. */
#define sys(name, ...) syscall(SYS_##name, ##__VA_ARGS__)

static int tap_count, tap_failed;
static char tap_dir[256];

static __attribute__((unused)) void tap_print(const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n, done = 0;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(line)) {
		n = sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	while (done < n) {
		ssize_t r = write(STDOUT_FILENO, line + done, n - done);

		if (r < 0 && errno != EINTR && errno != EAGAIN)
			_exit(99);
		done += r > 0 ? r : 0;
	}
}

static __attribute__((unused)) bool tap_result(bool good, const char *file, int line,
					       const char *text)
{
	const char *base = strrchr(file, '/');

	tap_count++;
	tap_failed += !good;
	tap_print("%sok %d - %s:%d: %s\n", good ? "" : "not ", tap_count, base ? base + 1 : file,
		  line, text);
	return good;
}

static __attribute__((unused)) bool tap_is(long got, long want, const char *file, int line,
					   const char *text)
{
	int e = errno;
	bool good = tap_result(got == want, file, line, text);

	if (!good)
		tap_print("# got %ld (0x%lx), want %ld (0x%lx), errno %d %s\n", got, got, want,
			  want, e, strerror(e));
	return good;
}

static __attribute__((unused)) bool tap_fails(long got, int e, int want, const char *file, int line,
					      const char *text)
{
	bool good = tap_result(got == -1 && e == want, file, line, text);

	if (!good)
		tap_print("# got %ld with errno %d (%s), want -1 with %d (%s)\n", got, e,
			  strerror(e), want, strerror(want));
	return good;
}

static __attribute__((unused)) bool tap_works(long got, int e, const char *file, int line,
					      const char *text)
{
	bool good = tap_result(got != -1, file, line, text);

	if (!good)
		tap_print("# failed with errno %d (%s)\n", e, strerror(e));
	return good;
}

static __attribute__((unused)) void tap_skip(const char *file, int line, const char *reason)
{
	const char *base = strrchr(file, '/');

	tap_print("ok %d - %s:%d: # SKIP %s\n", ++tap_count, base ? base + 1 : file, line, reason);
}

#define TAP_TEXT(dflt, ...) (sizeof("" __VA_ARGS__) > 1 ? "" __VA_ARGS__ : dflt)
#define ok(cond, ...)	    tap_result(!!(cond), __FILE__, __LINE__, TAP_TEXT(#cond, ##__VA_ARGS__))
#define is(got, want)	    tap_is((long)(got), (long)(want), __FILE__, __LINE__, #got " is " #want)
#define fails(call, err)                                                                           \
	({                                                                                         \
		errno = 0;                                                                         \
		long tap_r_ = (long)(call);                                                        \
		tap_fails(tap_r_, errno, err, __FILE__, __LINE__, #call " fails with " #err);      \
	})
#define works(call)                                                                                \
	({                                                                                         \
		errno = 0;                                                                         \
		long tap_r_ = (long)(call);                                                        \
		tap_works(tap_r_, errno, __FILE__, __LINE__, #call " works");                      \
	})
#define same(a, b, n) ok(memcmp((a), (b), (n)) == 0, #a " holds " #b)
#define skip(reason)  tap_skip(__FILE__, __LINE__, reason)
#define diag(...)     (tap_print("# " __VA_ARGS__), tap_print("\n"))

/* Removes everything below the directory `path`, and it. Does not follow symbolic links. */
static __attribute__((unused)) void tap_remove(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char sub[4096];

	while (d && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(sub, sizeof(sub), "%s/%s", path, e->d_name);
		if (unlink(sub) && (errno == EISDIR || errno == EPERM)) {
			chmod(sub, 0700);
			tap_remove(sub);
		}
	}
	if (d)
		closedir(d);
	rmdir(path);
}

static __attribute__((unused)) int tap_done(void)
{
	if (tap_dir[0] && chdir("/") == 0)
		tap_remove(tap_dir);
	tap_print("1..%d\n", tap_count);
	return tap_failed != 0;
}

/* Makes a fresh directory, goes there and returns its absolute path; tap_done() removes it. */
static __attribute__((unused)) const char *tmp(void)
{
	const char *base = getenv("TMPDIR");

	snprintf(tap_dir, sizeof(tap_dir), "%s/uniload-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(tap_dir) || chdir(tap_dir)) {
		tap_print("Bail out! no temporary directory %s: %s\n", tap_dir, strerror(errno));
		_exit(99);
	}
	umask(022);
	return tap_dir;
}

/* Creates (or replaces) a file with these contents and returns it open for reading and writing, at
 * offset 0. */
static __attribute__((unused)) int file_with(const char *name, const char *text)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
	size_t len = strlen(text);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET)) {
		tap_print("Bail out! cannot make %s: %s\n", name, strerror(errno));
		_exit(99);
	}
	return fd;
}

/* True if the file consists of exactly this text. */
static __attribute__((unused)) bool file_is(const char *name, const char *text)
{
	char buf[8192];
	int fd = open(name, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text) && !memcmp(buf, text, n);
}

/* The end of an accessible page with an inaccessible one behind it: edge()[-1] is the last good
 * byte. */
static __attribute__((unused)) char *edge(void)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + PAGE, PAGE, PROT_NONE)) {
		tap_print("Bail out! no edge page\n");
		_exit(99);
	}
	return p + PAGE;
}

/* A page that can be read but not written. */
static __attribute__((unused)) char *readonly_page(void)
{
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? BAD : p;
}

static __attribute__((unused)) bool is_root(void)
{
	return geteuid() == 0;
}

#endif
