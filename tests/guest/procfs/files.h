/* SPDX-License-Identifier: MIT */
/* Reading files of /proc and /sys, and comparing their texts with regular expressions. */
#ifndef TESTS_GUEST_PROCFS_FILES_H
#define TESTS_GUEST_PROCFS_FILES_H

#include "tests/guest/tap.h"

#include <regex.h>

static char text[1 << 20]; /* of the last file read */

/* Reads a whole file into `text`, in pieces of `piece` bytes: length or -1. */
static __attribute__((unused)) ssize_t slurp_by(const char *path, size_t piece)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = 0, r = -1;

	while (fd >= 0 && n + piece < sizeof(text) && (r = read(fd, text + n, piece)) > 0)
		n += r;
	text[n] = 0;
	if (fd >= 0)
		close(fd);
	return r < 0 ? -1 : n;
}

static __attribute__((unused)) ssize_t slurp(const char *path)
{
	return slurp_by(path, 65536);
}

/* Does s match the whole of an extended regular expression? */
static __attribute__((unused)) bool matches(const char *s, const char *pattern)
{
	char whole[4096];
	regex_t re;
	bool good;

	snprintf(whole, sizeof(whole), "^(%s)$", pattern);
	if (regcomp(&re, whole, REG_EXTENDED | REG_NOSUB))
		return false;
	good = regexec(&re, s, 0, NULL, 0) == 0;
	regfree(&re);
	if (!good)
		tap_print("# \"%.200s\" is not %s\n", s, pattern);
	return good;
}

/* Does the file consist of lines of this kind only, and of `min` at least? */
static __attribute__((unused)) bool lines_match(const char *path, int min, const char *pattern)
{
	int n = 0;

	if (slurp(path) < 0)
		return false;
	for (char *line = text, *end; *line; line = end + 1, n++) {
		end = strchr(line, '\n');
		if (!end)
			return false;
		*end = 0;
		if (!matches(line, pattern))
			return false;
	}
	return n >= min;
}

/* The file is one line of this kind. */
static __attribute__((unused)) bool file_matches(const char *path, const char *pattern)
{
	ssize_t n = slurp(path);

	if (n <= 0 || text[n - 1] != '\n')
		return false;
	text[n - 1] = 0;
	return matches(text, pattern);
}

/* The number a file begins with. */
static __attribute__((unused)) long number_in(const char *path)
{
	return slurp(path) > 0 ? strtol(text, NULL, 0) : -1;
}

/* In `text`: what follows "name" at the start of a line, or NULL. */
static __attribute__((unused)) const char *field(const char *name)
{
	size_t len = strlen(name);

	for (const char *p = text; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (!strncmp(p, name, len))
			return p + len;
	return NULL;
}

/* In `text`: do lines start with these names, in this order, maybe with others between? */
static __attribute__((unused)) bool fields_in_order(const char *const *names)
{
	const char *p = text;

	for (; *names; names++) {
		size_t len = strlen(*names);

		while (p && strncmp(p, *names, len)) {
			p = strchr(p, '\n');
			p = p ? p + 1 : NULL;
		}
		if (!p) {
			tap_print("# no %s, or not there\n", *names);
			return false;
		}
	}
	return true;
}

#endif
