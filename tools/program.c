/* SPDX-License-Identifier: MIT */
/*
 * Finding the program, on the host or in a set of files, with the errors and statuses of a shell:
 * 127 if there is no such file, 126 if there is one that cannot be run.
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

/* ---- on the host ---- */

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
static char *search_path(const char *name, const char *dir)
{
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

static int not_in_path(const struct program *p, const char *name)
{
	if (errno == EACCES && *name)
		return fail(STATUS_CANNOT_RUN, "%s: found in PATH but not executable", p->name);
	return fail(STATUS_NOT_FOUND, "%s: not found in PATH (a file here is ./%s)", p->name, name);
}

static int not_executable(const struct program *p)
{
	return fail(STATUS_CANNOT_RUN, "%s: not executable (chmod +x makes it so)", p->name);
}

static int find(const struct program *p, const char *name, const char *dirs, char **path)
{
	if (strchr(name, '/') == NULL) {
		*path = *name ? search_path(name, dirs) : NULL;
		return *path ? 0 : not_in_path(p, name);
	}
	*path = xstrdup(name);
	if (executable_file(name))
		return 0;
	if (errno == EACCES && access(name, F_OK) == 0)
		return not_executable(p);
	return cannot_open(p->name);
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

static int open_on_host(struct program *p, const char *name, const char *dirs)
{
	char *found;
	int status = find(p, name, dirs, &found);

	if (status == 0)
		status = resolve_names(p, found);
	if (status == 0)
		status = open_file(p);
	free(found);
	return status;
}

/* ---- in a set of files ---- */

/* Linux executes what anybody may execute; whether this user may is for the machine to say. */
static bool executable_node(const struct node *n)
{
	return n && S_ISREG(n->mode) && (n->mode & 0111);
}

static struct node *search_set(const struct fileset *set, const char *name, const char *dir)
{
	int why = ENOENT;

	for (;; dir++) {
		size_t len = strcspn(dir, ":");
		char *path = xasprintf("%.*s/%s", (int)len, dir, name);
		struct node *n = fileset_lookup(set, path, true);

		free(path);
		n = n ? node_file(n) : NULL;
		if (executable_node(n))
			return n;
		if (n && S_ISREG(n->mode))
			why = EACCES;
		dir += len;
		if (*dir == '\0')
			break;
	}
	errno = why;
	return NULL;
}

static int open_node(struct program *p, const struct node *n)
{
	p->st = (struct stat){.st_mode = n->mode,
			      .st_uid = n->uid,
			      .st_gid = n->gid,
			      .st_size = (off_t)n->size,
			      .st_mtim = n->mtime};
	p->offset = n->host ? 0 : n->offset;
	p->fd = n->host ? open(n->host, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
			: fcntl(n->fd, F_DUPFD_CLOEXEC, 3);
	return p->fd < 0 ? cannot_open(p->name) : 0;
}

static int open_in_set(struct program *p, const char *name, const struct place *place)
{
	struct node *n;

	if (strchr(name, '/'))
		n = fileset_lookup(place->set, name, true);
	else if ((n = *name ? search_set(place->set, name, place->guest_path) : NULL) == NULL)
		return fail(errno == EACCES ? STATUS_CANNOT_RUN : STATUS_NOT_FOUND,
			    "%s: not found in PATH of the root file system", p->name);
	if (n == NULL && (errno == ENOENT || errno == ENOTDIR))
		return fail(STATUS_NOT_FOUND, "%s: not in the root file system", p->name);
	if (n == NULL)
		return cannot_open(p->name);
	p->path = node_path(n);
	n = node_file(n);
	if (S_ISDIR(n->mode))
		return fail(STATUS_CANNOT_RUN, "%s: is a directory", p->name);
	return executable_node(n) ? open_node(p, n) : not_executable(p);
}

/* The program's interpreter must be in the set too; libraries are the linker's business there. */
static int check_interp(const struct program *p, const struct place *place)
{
	if (place->set == NULL || p->interp == NULL || fileset_lookup(place->set, p->interp, true))
		return 0;
	return fail(STATUS_CANNOT_RUN, "%s: its interpreter %s is not in the root file system",
		    p->name, p->interp);
}

/* ---- programs and scripts ---- */

static int program_open_at(struct program *p, char *shown, const char *name,
			   const struct place *place, int scripts);

static int open_needed(struct program *p, const char *name, const struct place *place, int scripts)
{
	struct place inside = {place->set, place->guest_path, place->guest_path};
	struct program *need = xrealloc(NULL, sizeof(*need));

	p->needs[p->n_needs++] = need;
	return program_open_at(need, xasprintf("%s: its interpreter %s", p->name, name), name,
			       &inside, scripts);
}

static int open_interpreters(struct program *p, const char *line, const struct place *place,
			     int scripts)
{
	struct script s;
	const char *interp = s.interp, *base;
	char *name = NULL;
	int status;

	if (scripts > SCRIPT_MAX_LEVELS)
		return fail(STATUS_CANNOT_RUN, "%s: too many scripts that interpret each other",
			    p->name);
	if (script_parse(line, &s) <= 0 || *interp == '\0')
		return fail(STATUS_CANNOT_RUN, "%s: a script whose first line names no interpreter",
			    p->name);
	status = open_needed(p, strchr(interp, '/') ? interp : (name = xasprintf("./%s", interp)),
			     place, scripts);
	free(name);
	base = strrchr(interp, '/');
	if (status || strcmp(base ? base + 1 : interp, "env") != 0)
		return status;
	name = script_env_program(s.has_arg ? s.arg : "");
	if (name)
		status = open_needed(p, name, place, scripts);
	free(name);
	return status;
}

static int program_open_at(struct program *p, char *shown, const char *name,
			   const struct place *place, int scripts)
{
	char line[SCRIPT_HEAD_SIZE];
	int status;

	*p = (struct program){.name = shown, .fd = -1};
	status = place->set ? open_in_set(p, name, place)
			    : open_on_host(p, name, place->path ? place->path : DEFAULT_PATH);
	if (status)
		return status;
	if (is_script(p, line))
		return open_interpreters(p, line, place, scripts + 1);
	status = elfcheck(p);
	return status ? status : check_interp(p, place);
}

int program_open(struct program *p, const char *name, const struct place *place)
{
	return program_open_at(p, xstrdup(name), name, place, 0);
}

void program_close(struct program *p)
{
	if (p->fd >= 0)
		close(p->fd);
	for (size_t i = 0; i < p->n_needs; i++) {
		program_close(p->needs[i]);
		free(p->needs[i]);
	}
	free(p->name);
	free(p->path);
	free(p->alias);
	free(p->interp);
}
