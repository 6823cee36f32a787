/* SPDX-License-Identifier: MIT */
/*
 * Putting a root together. Without --rootfs a file has the same name in the machine as here, so
 * that what programs have built in (RUNPATH, absolute paths) holds; with it, the root's own
 * directories and links decide where a name leads.
 */
#include "tools/rootimage.h"

#include "tools/cache.h"
#include "tools/debian.h"
#include "tools/erofs_write.h"
#include "tools/hostfiles.h"
#include "tools/plan_cache.h"
#include "tools/spawn.h"
#include "tools/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- objects ---- */

/* A file of the host's under its own name. */
static int add_name(struct rootimage *r, const struct root_spec *spec, const char *path)
{
	struct node *n;
	int err;

	if (spec->rootfs)
		return hostfiles_add_tree(&r->set, path, path);
	err = hostfiles_add_name(&r->set, path, &n);
	return err ? fail(STATUS_FAILED, "%s: %s", path, strerror(-err)) : 0;
}

/* All objects from index `first` on. */
static int add_objects(struct rootimage *r, const struct root_spec *spec, const struct closure *c,
		       size_t first)
{
	int status = 0;

	for (size_t i = first; status == 0 && i < c->n; i++)
		status = add_name(r, spec, c->v[i]->path);
	return status;
}

/* The linker's tables: without them it would not find what it finds here. */
static int add_tables(struct rootimage *r, const struct root_spec *spec, const struct closure *c)
{
	static const char musl[] = "/etc/ld-musl-x86_64.path";

	if (spec->rootfs) /* it has its own */
		return 0;
	if (c->cache.n)
		return add_name(r, spec, c->cache_path);
	if (c->libc == LIBC_MUSL && access(musl, R_OK) == 0)
		return add_name(r, spec, musl);
	return 0;
}

static struct closure *new_closure(struct rootimage *r)
{
	r->closures = xrealloc(r->closures, (r->n_closures + 1) * sizeof(*r->closures));
	r->closures[r->n_closures] = (struct closure){0};
	return &r->closures[r->n_closures++];
}

/* The closure of a program; its own file is put in by the caller. */
static int add_closure(struct rootimage *r, const struct root_spec *spec, const char *path)
{
	struct closure *c = new_closure(r);
	int status = closure_open(c, path, spec->library_path, spec->preload);

	if (status == 0)
		status = add_objects(r, spec, c, 1);
	return status ? status : add_tables(r, spec, c);
}

/* What a program needs beside its own file. */
static int add_needs(struct rootimage *r, const struct root_spec *spec, const struct program *p)
{
	int status = 0;

	if (p->n_needs == 0)
		return p->interp ? add_closure(r, spec, p->path) : 0;
	for (size_t i = 0; status == 0 && i < p->n_needs; i++)
		status = rootimage_add_program(r, spec, p->needs[i]);
	return status;
}

int rootimage_add_program(struct rootimage *r, const struct root_spec *spec,
			  const struct program *p)
{
	int status = add_name(r, spec, p->alias ? p->alias : p->path);

	return status ? status : add_needs(r, spec, p);
}

/* ---- --add ---- */

#define DEB "deb:"

/* A library: what it needs, found as by the program if there is one, else by the system's linker.
 */
static int add_library(struct rootimage *r, const struct root_spec *spec, const char *path,
		       bool may_miss)
{
	struct closure *c = r->n_closures ? &r->closures[0] : NULL;
	size_t first;
	int status;

	if (c == NULL || c->n < 2)
		return add_closure(r, spec, path);
	first = c->n;
	status = closure_add(c, path, may_miss);
	return status ? status : add_objects(r, spec, c, first + 1);
}

/* What an added file needs: it may be a program, a script, a library, or anything else. */
static int add_file_needs(struct rootimage *r, const struct root_spec *spec, const char *path,
			  bool may_miss)
{
	struct place place = {NULL, spec->path, spec->path};
	struct elfdyn dyn;
	struct program p;
	char start[2] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), status = 0;

	if (fd >= 0 && read(fd, start, sizeof(start)) < 0)
		start[0] = '\0';
	if (fd >= 0)
		close(fd);
	if (memcmp(start, "#!", 2) == 0 && !may_miss && access(path, X_OK) == 0) {
		status = program_open(&p, path, &place);
		if (status == 0)
			status = add_needs(r, spec, &p);
		program_close(&p);
	} else if (memcmp(start, "\177E", 2) == 0) {
		bool elf = elfdyn_read(&dyn, path) == 0;

		if (elf && dyn.interp && !may_miss)
			status = add_closure(r, spec, path);
		else if (elf && dyn.dynamic && dyn.needed.n)
			status = add_library(r, spec, path, may_miss);
		elfdyn_free(&dyn);
	}
	return status;
}

/* May this file be a program or a library? */
static bool may_have_needs(const struct node *n)
{
	return S_ISREG(n->mode) && n->host && n->size > 64 &&
	       ((n->mode & 0111) || strstr(n->name, ".so"));
}

/* Libraries and programs in an added directory: extension modules that are loaded by name. */
static int add_tree_needs(struct rootimage *r, const struct root_spec *spec, struct node *dir)
{
	struct strvec paths = {0};
	int status = 0;

	for (struct node *n = dir; n; n = node_next(dir, n))
		if (may_have_needs(n))
			strvec_add(&paths, "%s", n->host);
	for (size_t i = 0; status == 0 && i < paths.n; i++)
		status = add_file_needs(r, spec, paths.v[i], true);
	strvec_free(&paths);
	return status;
}

/* HOST[:GUEST]: the last colon before a slash divides them. */
static void split_add(const char *value, char **host, char **guest)
{
	const char *colon = strrchr(value, ':');
	const char *base;
	char *real;

	if (colon == NULL || colon[1] != '/' || colon == value) {
		*host = xstrdup(value);
		real = *value == '/' ? xstrdup(value) : NULL;
		if (real == NULL) {
			char *cwd = getcwd(NULL, 0);

			real = xasprintf("%s/%s", cwd ? cwd : "", value);
			free(cwd);
		}
		*guest = real;
		return;
	}
	*host = xasprintf("%.*s", (int)(colon - value), value);
	base = strrchr(*host, '/');
	*guest = colon[strlen(colon) - 1] == '/' && colon[2]
		     ? xasprintf("%s%s", colon + 1, base ? base + 1 : *host)
		     : xstrdup(colon + 1);
}

/* deb:NAME. The packages bring what they need, but for what an administrator may choose. */
static int add_package(struct rootimage *r, const struct root_spec *spec, const char *name)
{
	struct strvec paths = {0};
	int status;

	if (spec->rootfs)
		return fail(STATUS_FAILED, "--add deb:%s: a --rootfs has packages of its own",
			    name);
	status = debian_files(name, &paths);
	for (size_t i = 0; status == 0 && i < paths.n; i++) {
		struct node *n;
		struct stat st;

		/* Removed, diverted by another package, or not for this user. */
		if (lstat(paths.v[i], &st) < 0 ||
		    (!S_ISLNK(st.st_mode) && access(paths.v[i], R_OK) < 0))
			continue;
		if (hostfiles_add_name(&r->set, paths.v[i], &n) == 0 && may_have_needs(n))
			status = add_file_needs(r, spec, n->host, true);
	}
	strvec_free(&paths);
	return status;
}

static int add_one(struct rootimage *r, const struct root_spec *spec, const char *value)
{
	char *host, *guest, *real;
	struct stat st;
	struct node *n;
	int status;

	if (strncmp(value, DEB, strlen(DEB)) == 0 && strchr(value, '/') == NULL)
		return add_package(r, spec, value + strlen(DEB));
	split_add(value, &host, &guest);
	real = realpath(host, NULL);
	if (real == NULL || stat(real, &st) < 0)
		status = fail(STATUS_FAILED, "--add %s: %s", host, strerror(errno));
	else if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		status = fail(STATUS_FAILED, "--add %s: neither a file nor a directory", host);
	else if (strcmp(host, guest) == 0)
		status = add_name(r, spec, guest);
	else
		status = hostfiles_add_tree(&r->set, real, guest);
	if (status == 0 && S_ISREG(st.st_mode))
		status = add_file_needs(r, spec, real, false);
	else if (status == 0) {
		if (strcmp(host, guest) == 0 && !spec->rootfs) /* so far only the way to it */
			status = hostfiles_add_tree(&r->set, real, real);
		n = fileset_lookup(&r->set, guest, true);
		if (status == 0 && n)
			status = add_tree_needs(r, spec, n);
	}
	free(real);
	free(guest);
	free(host);
	return status;
}

/* ---- progress ---- */

#define PROGRESS_AFTER_NS 1000000000ull
#define PROGRESS_EVERY_NS 200000000ull

static uint64_t began_ns, shown_ns;

/* On a terminal, for what takes long. */
static void progress(uint64_t done, uint64_t total)
{
	uint64_t now = monotonic_ns();
	char a[16], b[16];

	if (began_ns == 0)
		began_ns = now;
	if (now - began_ns < PROGRESS_AFTER_NS || now - shown_ns < PROGRESS_EVERY_NS ||
	    !isatty(STDERR_FILENO))
		return;
	shown_ns = now;
	dprintf(STDERR_FILENO, "\runiload: root image: %s of %s \033[K", size_text(done, a),
		size_text(total, b));
}

static void progress_end(void)
{
	if (shown_ns)
		dprintf(STDERR_FILENO, "\r\033[K");
	began_ns = shown_ns = 0;
}

/* ---- the whole ---- */

/* Write the set to a file that the cache keeps. */
static int make_image(const struct fileset *set, const char *key, int *fd, uint64_t *size)
{
	int status;

	*fd = cache_new();
	if (*fd < 0)
		return STATUS_FAILED;
	status = erofs_write(set, *fd, progress, size);
	progress_end();
	if (status == 0)
		cache_keep(CACHE_IMAGE, *fd, key, *size);
	else
		cache_drop();
	return status;
}

/* An archive becomes an image of its own first: reading that again is quick. */
static int read_archive(struct rootimage *r, int fd, const char *name, const struct stat *st)
{
	struct fileset key_set;
	char key[SHA256_HEX];
	const char *why;
	uint64_t size;
	int status = 0, plain = -1;

	fileset_init(&key_set);
	node_set_stat(key_set.root, st);
	cache_key(&key_set, "archive", key);
	fileset_free(&key_set);
	r->salt = xstrdup(key);
	r->base = cache_find(CACHE_IMAGE, key, &size);
	if (r->base < 0) {
		struct fileset set;

		fileset_init(&set);
		status = tar_read(&set, fd, name, &plain);
		if (status == 0)
			status = make_image(&set, key, &r->base, &size);
		fileset_free(&set);
		if (plain >= 0 && plain != fd)
			close(plain);
	}
	if (status)
		return status;
	why = erofs_read(&r->set, r->base, 0, size);
	return why ? fail(STATUS_FAILED, "%s: its image in the cache is damaged: %s", name, why)
		   : 0;
}

static int read_rootfs(struct rootimage *r, const char *name)
{
	struct stat st;
	int status, fd;

	if (stat(name, &st) < 0)
		return fail(STATUS_FAILED, "--rootfs %s: %s", name, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return hostfiles_add_tree(&r->set, name, "/");
	if (!S_ISREG(st.st_mode))
		return fail(STATUS_FAILED, "--rootfs %s: neither a directory nor a tar archive",
			    name);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(STATUS_FAILED, "--rootfs %s: %s", name, strerror(errno));
	status = read_archive(r, fd, name, &st);
	close(fd);
	return status;
}

/* Where /bin and the like are links into /usr here, they are in the machine. */
static int add_top_links(struct rootimage *r)
{
	static const char *const top[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
	struct stat st;
	struct node *n;
	int err = 0;

	for (size_t i = 0; err == 0 && i < sizeof(top) / sizeof(top[0]); i++)
		if (lstat(top[i], &st) == 0 && S_ISLNK(st.st_mode) && access(top[i], F_OK) == 0)
			err = hostfiles_add_name(&r->set, top[i], &n);
	return err ? fail(STATUS_FAILED, "cannot look at the host's root: %s", strerror(-err)) : 0;
}

int rootimage_open(struct rootimage *r, const struct root_spec *spec)
{
	*r = (struct rootimage){.base = -1, .fd = -1};
	fileset_init(&r->set);
	return spec->rootfs ? read_rootfs(r, spec->rootfs) : add_top_links(r);
}

int rootimage_add_files(struct rootimage *r, const struct root_spec *spec)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < spec->adds->n; i++)
		status = add_one(r, spec, spec->adds->v[i]);
	return status;
}

int rootimage_make(struct rootimage *r)
{
	int status = cache_check_limit();

	if (status)
		return status;
	cache_key(&r->set, r->salt ? r->salt : "", r->key);
	r->fd = cache_find(CACHE_IMAGE, r->key, &r->size);
	return r->fd >= 0 ? 0 : make_image(&r->set, r->key, &r->fd, &r->size);
}

void rootimage_plan(const struct rootimage *r, struct blob *out)
{
	struct plan plan = {0};

	if (plan_cached(r->key, out))
		return;
	erofs_place(&r->set);
	plan_add_set(&plan, &r->set);
	plan_write(&plan, out);
	plan_keep(r->key, out);
}

void rootimage_free(struct rootimage *r)
{
	for (size_t i = 0; i < r->n_closures; i++)
		closure_free(&r->closures[i]);
	free(r->closures);
	fileset_free(&r->set);
	free(r->salt);
	if (r->base >= 0)
		close(r->base);
	if (r->fd >= 0)
		close(r->fd);
}
