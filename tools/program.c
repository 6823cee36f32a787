/* SPDX-License-Identifier: MIT */
/*
 * Finding the program, with the errors and statuses of a shell: 127 if there is no such file, 126
 * if there is one that cannot be run.
 */
#include "tools/program.h"

#include "tools/util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PATH "/bin:/usr/bin" /* execvp(3) without PATH */

static bool executable_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	if (!S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EACCES;
		return false;
	}
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

/* The first executable file of that name in PATH, or NULL with errno: EACCES if one is there but
 * not executable. */
static char *search_path(const char *name)
{
	const char *dir = getenv("PATH");
	int why = ENOENT;

	for (dir = dir ? dir : DEFAULT_PATH;; dir++) {
		size_t len = strcspn(dir, ":");
		char *path = xasprintf("%.*s%s%s", (int)len, dir, len ? "/" : "./", name);

		if (executable_file(path))
			return path;
		if (errno == EACCES)
			why = EACCES;
		free(path);
		dir += len;
		if (*dir == '\0')
			break;
	}
	errno = why;
	return NULL;
}

static int cannot_open(const char *name)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		return fail(STATUS_NOT_FOUND, "%s: %s", name, strerror(errno));
	case EISDIR:
		return fail(STATUS_CANNOT_RUN, "%s: is a directory", name);
	default:
		return fail(STATUS_CANNOT_RUN, "%s: %s", name, strerror(errno));
	}
}

static int find(const char *name, char **path)
{
	if (strchr(name, '/') == NULL) {
		*path = *name ? search_path(name) : NULL;
		if (*path == NULL && (errno == ENOENT || *name == '\0'))
			return fail(STATUS_NOT_FOUND, "%s: not found in PATH (a file here is ./%s)",
				    name, name);
		return *path
			   ? 0
			   : fail(STATUS_CANNOT_RUN, "%s: found in PATH but not executable", name);
	}
	*path = xstrdup(name);
	if (executable_file(name))
		return 0;
	if (errno == EACCES && access(name, F_OK) == 0)
		return fail(STATUS_CANNOT_RUN, "%s: not executable (chmod +x makes it so)", name);
	return cannot_open(name);
}

/* realpath() of the directory, and the last component as it is. */
static char *directory_resolved(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? xasprintf("%.*s", (int)(slash - path), path) : xstrdup(".");
	char *real = realpath(slash == path ? "/" : dir, NULL);
	char *full = NULL;

	if (real)
		full = xasprintf("%s/%s", strcmp(real, "/") == 0 ? "" : real,
				 slash ? slash + 1 : path);
	free(real);
	free(dir);
	return full;
}

static int resolve_names(struct program *p, const char *found)
{
	p->path = realpath(found, NULL);
	p->alias = directory_resolved(found);
	if (p->path == NULL || p->alias == NULL)
		return cannot_open(p->name);
	if (strcmp(p->path, p->alias) == 0) {
		free(p->alias);
		p->alias = NULL;
	}
	return 0;
}

static int open_file(struct program *p)
{
	p->fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (p->fd < 0 && errno == EACCES)
		return fail(STATUS_CANNOT_RUN,
			    "%s: no permission to read it (uniload copies the file)", p->name);
	if (p->fd < 0 || fstat(p->fd, &p->st) < 0)
		return cannot_open(p->name);
	if (!S_ISREG(p->st.st_mode))
		return fail(STATUS_CANNOT_RUN, "%s: not a regular file", p->name);
	return 0;
}

int program_open(struct program *p, const char *name)
{
	char *found;
	int status;

	*p = (struct program){.name = name, .fd = -1};
	status = find(name, &found);
	if (status == 0)
		status = resolve_names(p, found);
	if (status == 0)
		status = open_file(p);
	if (status == 0)
		status = elfcheck(p);
	free(found);
	return status;
}

void program_close(struct program *p)
{
	if (p->fd >= 0)
		close(p->fd);
	free(p->path);
	free(p->alias);
}
