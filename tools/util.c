/* SPDX-License-Identifier: MIT */
/*
 * Messages, memory, growing arrays, time: see util.h. A message is written with one write(2), so
 * that lines of several processes do not mix, and without stdio buffers, so that it also works when
 * memory is short.
 */
#include "tools/util.h"

#include "kernel/abi/bootinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char last[1024];

static void FORMAT(1, 0) vsay(const char *fmt, va_list ap)
{
	char line[4096];
	int saved = errno;
	size_t n = (size_t)snprintf(line, sizeof(line), "uniload: ");
	int more = vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);

	if (more > 0)
		n += (size_t)more < sizeof(line) - n - 1 ? (size_t)more : sizeof(line) - n - 2;
	line[n] = '\0';
	snprintf(last, sizeof(last), "%.*s", (int)sizeof(last) - 1, line + strlen("uniload: "));
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0) {
		/* Nobody can be told. */
	}
	errno = saved;
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(fmt, ap);
	va_end(ap);
}

const char *last_said(void)
{
	return last;
}

int fail(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(fmt, ap);
	va_end(ap);
	return status;
}

void *xrealloc(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (p == NULL)
		exit(fail(STATUS_FAILED, "out of memory: cannot allocate %zu bytes", size));
	return p;
}

char *xstrndup(const char *s, size_t len)
{
	char *copy = xrealloc(NULL, len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

static char *FORMAT(1, 0) xvasprintf(const char *fmt, va_list ap)
{
	va_list again;
	char *s;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		exit(fail(STATUS_FAILED, "cannot format a string: %s", strerror(errno)));
	s = xrealloc(NULL, (size_t)n + 1);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	return s;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}

void strvec_add(struct strvec *s, const char *fmt, ...)
{
	va_list ap;

	if (s->n + 2 > s->room) {
		s->room = s->room ? 2 * s->room : 16;
		s->v = xrealloc(s->v, s->room * sizeof(*s->v));
	}
	va_start(ap, fmt);
	s->v[s->n++] = xvasprintf(fmt, ap);
	va_end(ap);
	s->v[s->n] = NULL;
}

void strvec_free(struct strvec *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strvec){0};
}

size_t blob_add(struct blob *b, const void *data, size_t n, size_t align)
{
	size_t at = (b->len + align - 1) / align * align;

	if (at + n > b->room) {
		b->room = 2 * (at + n);
		b->data = xrealloc(b->data, b->room);
	}
	memset(b->data + b->len, 0, at - b->len);
	if (data)
		memcpy(b->data + at, data, n);
	else
		memset(b->data + at, 0, n);
	b->len = at + n;
	return at;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts = {0};

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

const char *size_text(uint64_t bytes, char *text)
{
	static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	size_t u = 0;

	while (value >= 1024 && u < 4) {
		value /= 1024;
		u++;
	}
	snprintf(text, 16, value < 10 && u > 0 ? "%.1f %s" : "%.0f %s", value, unit[u]);
	return text;
}

char *shell_quote(const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "%+,-./:=@_";
	char *quoted, *p;

	if (*word != '\0' && word[strspn(word, plain)] == '\0')
		return xstrdup(word);
	p = quoted = xrealloc(NULL, 4 * strlen(word) + 3);
	*p++ = '\'';
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			p = stpcpy(p, "'\\''");
		else
			*p++ = *word;
	}
	strcpy(p, "'");
	return quoted;
}

bool parse_size(const char *text, uint64_t *size)
{
	static const char units[] = "KMG";
	char *end;
	unsigned long long n;
	const char *unit;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno)
		return false;
	*size = n;
	if (*end == '\0')
		return true;
	unit = strchr(units, *end & ~0x20);
	if (unit == NULL ||
	    (end[1] != '\0' && strcmp(end + 1, "iB") != 0 && strcasecmp(end + 1, "b") != 0))
		return false;
	*size = n << (10 * (unit - units + 1));
	return n <= (~0ull >> 40);
}

int parse_cpus(const char *text, unsigned *cpus)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < 1)
		return fail(STATUS_FAILED, "-c %s: not a number of processors", text);
	if (n > BOOTINFO_MAX_CPUS)
		return fail(STATUS_FAILED, "-c %s: a machine has at most %d processors", text,
			    BOOTINFO_MAX_CPUS);
	*cpus = (unsigned)n;
	return 0;
}
