/* SPDX-License-Identifier: MIT */
/*
 * What every part of the command needs: messages, memory that never fails quietly, growing arrays,
 * time.
 */
#ifndef TOOLS_UTIL_H
#define TOOLS_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef UNILOAD_VERSION /* the Makefile's; not in tests */
#define UNILOAD_VERSION "0.0.0"
#endif

/* Exit statuses of uniload itself, as docker and env(1) use them; TIMEOUT as timeout(1). */
enum exit_status {
	STATUS_TIMEOUT = 124,
	STATUS_FAILED = 125,
	STATUS_CANNOT_RUN = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_SIGNAL = 128, /* + signal number */
};

#define FORMAT(fmt, args) __attribute__((format(printf, fmt, args)))

/* One line on standard error, "uniload: ...". Needs no memory. */
void say(const char *fmt, ...) FORMAT(1, 2);
/* The same, and returns `status`, so that a failure is one statement. */
int fail(int status, const char *fmt, ...) FORMAT(2, 3);

/* What the last of these lines said, for who reports it in another form; "" if there was none. */
const char *last_said(void);

/* Memory or death with a message and STATUS_FAILED. */
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t len); /* all of len bytes, then a NUL */
char *xasprintf(const char *fmt, ...) FORMAT(1, 2);

/* A NULL-terminated list of strings that it owns. Zero-initialised is empty. */
struct strvec {
	char **v;
	size_t n, room;
};
void strvec_add(struct strvec *s, const char *fmt, ...) FORMAT(2, 3);
void strvec_free(struct strvec *s);

/* Growing bytes. Zero-initialised is empty. */
struct blob {
	unsigned char *data;
	size_t len, room;
};
/* Append n bytes (zeros if data is NULL) at the next multiple of align; returns their offset. */
size_t blob_add(struct blob *b, const void *data, size_t n, size_t align);

/* CLOCK_MONOTONIC and CLOCK_REALTIME in nanoseconds. */
uint64_t monotonic_ns(void);
uint64_t realtime_ns(void);

/* "64M", "2GiB", "4096": digits and K, M or G. False if it is no size. */
bool parse_size(const char *text, uint64_t *size);
/* The value of -c: 0, or an exit status after saying what is wrong. */
int parse_cpus(const char *text, unsigned *cpus);
/* "1.5 MiB" for messages; text[16]. */
const char *size_text(uint64_t bytes, char *text);

/* The word as a shell would have to be given it; the caller frees it. */
char *shell_quote(const char *word);

#endif
