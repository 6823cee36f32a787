/* SPDX-License-Identifier: MIT */
/*
 * dpkg keeps a paragraph for every package in one file, and a list of its files, one path a line,
 * in another (deb-control(5), dpkg-query(1)). Both are read whole: together they have some
 * megabytes.
 */
#include "tools/debian.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_FILE "/var/lib/dpkg/status"
#define INFO_DIR    "/var/lib/dpkg/info"

/* An installed package. The strings point into the text of the status file and end at the end of
 * their line. */
struct package {
	const char *name, *arch, *depends, *pre_depends, *provides;
	bool taken;
};

struct packages {
	char *text;
	struct package *v;
	size_t n;
};

/* The contents of a file with a NUL behind, or NULL. */
static char *read_text(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t len = 0, room = 0, n;

	if (f == NULL)
		return NULL;
	do {
		if (room - len < 65536)
			text = xrealloc(text, room = room ? room * 2 : 1 << 17);
		n = fread(text + len, 1, room - len - 1, f);
		len += n;
	} while (n);
	text[len] = '\0';
	fclose(f);
	return text;
}

/* ---- packages ---- */

static const char *field(const char *line, const char *name)
{
	size_t len = strlen(name);

	return strncmp(line, name, len) == 0 && line[len] == ':'
		   ? line + len + 1 + strspn(line + len + 1, " ")
		   : NULL;
}

/* One paragraph of the status file; its lines are ended by NULs here. Returns what follows it. */
static char *read_package(char *at, struct package *p, bool *installed)
{
	const char *value;

	*p = (struct package){0};
	*installed = false;
	while (*at && *at != '\n') {
		char *end = at + strcspn(at, "\n");
		char *next = *end ? end + 1 : end;

		*end = '\0';
		if ((value = field(at, "Package")))
			p->name = value;
		else if ((value = field(at, "Architecture")))
			p->arch = value;
		else if ((value = field(at, "Depends")))
			p->depends = value;
		else if ((value = field(at, "Pre-Depends")))
			p->pre_depends = value;
		else if ((value = field(at, "Provides")))
			p->provides = value;
		else if ((value = field(at, "Status")))
			*installed = strstr(value, " installed") != NULL;
		at = next;
	}
	return *at ? at + 1 : at;
}

static void packages_read(struct packages *all)
{
	char *at;

	*all = (struct packages){.text = read_text(STATUS_FILE)};
	for (at = all->text; at && *at;) {
		struct package p;
		bool installed;

		at = read_package(at, &p, &installed);
		if (!installed || p.name == NULL || p.arch == NULL)
			continue;
		all->v = xrealloc(all->v, (all->n + 1) * sizeof(p));
		all->v[all->n++] = p;
	}
}

static void packages_free(struct packages *all)
{
	free(all->v);
	free(all->text);
}

/* Length of a package's name at the start of a dependency. */
static size_t name_len(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || (s[n] && strchr("+-.", s[n])))
		n++;
	return n;
}

static bool is_named(const char *name, const char *s, size_t len)
{
	return strncmp(name, s, len) == 0 && name[len] == '\0';
}

/* Does a list like "a (= 1), b" name it? */
static bool list_has(const char *list, const char *s, size_t len)
{
	for (const char *at = list; at && *at; at += strcspn(at, ",")) {
		at += strspn(at, ", ");
		if (name_len(at) == len && memcmp(at, s, len) == 0)
			return true;
	}
	return false;
}

/* A package by its name or by one it provides; that of this machine's kind first. */
static struct package *find(const struct packages *all, const char *s, size_t len)
{
	struct package *found = NULL;

	for (size_t i = 0; i < all->n; i++)
		if (is_named(all->v[i].name, s, len) &&
		    (found == NULL || strcmp(all->v[i].arch, "amd64") == 0))
			found = &all->v[i];
	for (size_t i = 0; found == NULL && i < all->n; i++)
		if (list_has(all->v[i].provides, s, len))
			found = &all->v[i];
	return found;
}

/* ---- files of a package ---- */

static bool is_documentation(const char *path)
{
	static const char *const dirs[] = {"/usr/share/doc", "/usr/share/man", "/usr/share/info",
					   "/usr/share/lintian", "/usr/share/bug"};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		size_t len = strlen(dirs[i]);

		if (strncmp(path, dirs[i], len) == 0 && (path[len] == '/' || path[len] == '\0'))
			return true;
	}
	return false;
}

static int add_files(const struct package *p, struct strvec *paths)
{
	char *file = xasprintf(INFO_DIR "/%s.list", p->name), *text = read_text(file);

	if (text == NULL) { /* one that may be installed for several architectures */
		free(file);
		file = xasprintf(INFO_DIR "/%s:%s.list", p->name, p->arch);
		text = read_text(file);
	}
	if (text == NULL) {
		int status = fail(STATUS_FAILED, "--add deb:%s: cannot read %s", p->name, file);

		free(file);
		return status;
	}
	for (char *at = text, *line; (line = strsep(&at, "\n"));)
		if (*line == '/' && line[1] && strcmp(line, "/.") != 0 && !is_documentation(line))
			strvec_add(paths, "%s", line);
	free(text);
	free(file);
	return 0;
}

static int take(struct packages *all, struct package *p, struct strvec *paths);

/* Take of each group of alternatives the first that is installed. */
static int take_depends(struct packages *all, const char *depends, struct strvec *paths)
{
	int status = 0;

	for (const char *at = depends; at && *at && status == 0;) {
		struct package *p = NULL;
		size_t group = strcspn(at, ",");

		for (const char *s = at; p == NULL && s < at + group; s += strcspn(s, "|,")) {
			s += strspn(s, "|, ");
			p = find(all, s, name_len(s));
		}
		if (p)
			status = take(all, p, paths);
		at += group + strspn(at + group, ", ");
	}
	return status;
}

static int take(struct packages *all, struct package *p, struct strvec *paths)
{
	int status;

	if (p->taken)
		return 0;
	p->taken = true;
	status = add_files(p, paths);
	if (status == 0)
		status = take_depends(all, p->pre_depends, paths);
	return status ? status : take_depends(all, p->depends, paths);
}

int debian_files(const char *package, struct strvec *paths)
{
	struct packages all;
	struct package *p;
	int status;

	packages_read(&all);
	p = find(&all, package, strlen(package));
	if (all.text == NULL)
		status = fail(STATUS_FAILED,
			      "--add deb:%s: this host has no Debian packages (no " STATUS_FILE ")",
			      package);
	else if (p == NULL)
		status =
		    fail(STATUS_FAILED, "--add deb:%s: no such package is installed here", package);
	else
		status = take(&all, p, paths);
	packages_free(&all);
	return status;
}

/* ---- whose is a file ---- */

/* A path that is looked for, and the place of its package. */
struct wanted {
	const char *path;
	char **owner;
};

/* Packages have files below /lib and /bin that are found in /usr where these are links. */
static const char *without_usr(const char *path)
{
	return strncmp(path, "/usr/", 5) == 0 ? path + 4 : path;
}

static int by_path(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	return strcmp(without_usr(x->path), without_usr(y->path));
}

/* Note the package in the entries of its files, which are sorted. */
static void note_owner(const char *list, struct wanted *w, size_t n)
{
	size_t len = strcspn(list, ":"), end = strlen(list) - strlen(".list");
	char *path = xasprintf(INFO_DIR "/%s", list), *text = read_text(path);

	len = len < end ? len : end;
	for (char *at = text, *line; at && (line = strsep(&at, "\n"));) {
		struct wanted key = {line, NULL}, *hit = bsearch(&key, w, n, sizeof(*w), by_path);

		while (hit && hit > w && by_path(hit - 1, &key) == 0)
			hit--;
		for (; hit && hit < w + n && by_path(hit, &key) == 0; hit++)
			if (*hit->owner == NULL)
				*hit->owner = xasprintf("%.*s", (int)len, list);
	}
	free(text);
	free(path);
}

char **debian_owners(const struct strvec *paths)
{
	char **owners = xrealloc(NULL, (paths->n + 1) * sizeof(*owners));
	struct wanted *w = xrealloc(NULL, (paths->n + 1) * sizeof(*w));
	DIR *d = paths->n ? opendir(INFO_DIR) : NULL;
	struct dirent *e;

	for (size_t i = 0; i < paths->n; i++) {
		owners[i] = NULL;
		w[i] = (struct wanted){paths->v[i], &owners[i]};
	}
	qsort(w, paths->n, sizeof(*w), by_path);
	while (d && (e = readdir(d))) {
		const char *end = strstr(e->d_name, ".list");

		if (end && end[5] == '\0')
			note_owner(e->d_name, w, paths->n);
	}
	if (d)
		closedir(d);
	free(w);
	return owners;
}
