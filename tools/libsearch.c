/* SPDX-License-Identifier: MIT */
/*
 * Where a dynamic linker looks for a library (ld.so(8); musl's ldso/dynlink.c). The linker itself
 * knows its default directories: they are read from the interpreter's file, so that another
 * distribution's linker is followed as well.
 *
 * What a processor has decides at run time between variants of a library; the machine may run on
 * another processor than this, so all variants are taken.
 */
#include "tools/closure.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the interpreter's own knowledge ---- */

static void *map_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	void *data = MAP_FAILED;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		*size = (size_t)st.st_size;
		data = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	if (fd >= 0)
		close(fd);
	return data == MAP_FAILED ? NULL : data;
}

/* Length of the string at `at` if it is an absolute directory name that ends in a slash, else 0. */
static size_t directory_name(const char *at, const char *end)
{
	size_t len = strnlen(at, (size_t)(end - at));

	if (at + len == end || len < 2 || at[0] != '/' || at[len - 1] != '/')
		return 0;
	for (size_t i = 0; i < len; i++)
		if (at[i] <= ' ' || at[i] > '~')
			return 0;
	return len;
}

/* glibc's list of default directories: NUL-separated names, one of which ends in "lib/" or the
 * like. */
static void find_default_dirs(struct closure *c, const char *data, size_t size)
{
	const char *end = data + size;

	for (const char *at = data; (at = memmem(at, (size_t)(end - at), "\0/", 2)) != NULL;) {
		const char *name = ++at;
		size_t len;

		if (directory_name(name, end) < 5 || strncmp(name, "/dev/", 5) == 0 ||
		    strncmp(name, "/proc/", 6) == 0 || strncmp(name, "/sys/", 5) == 0 ||
		    strncmp(name, "/var/", 5) == 0 || strstr(name, "lib") == NULL)
			continue;
		for (; (len = directory_name(name, end)); name += len + 1)
			strvec_add(&c->dirs, "%.*s", (int)len - 1, name);
		return;
	}
}

static void read_glibc(struct closure *c, const char *interp)
{
	static const char *const usual[] = {"/lib/x86_64-linux-gnu",
					    "/usr/lib/x86_64-linux-gnu",
					    "/lib64",
					    "/usr/lib64",
					    "/lib",
					    "/usr/lib"};
	static const char cache_name[] = "/ld.so.cache";
	size_t size, len;
	char *data = map_file(interp, &size), *at = NULL;
	const char *first;

	if (data) {
		find_default_dirs(c, data, size);
		at = memmem(data, size, cache_name, sizeof(cache_name));
	}
	for (len = 0; at && at - len > data && at[-(ptrdiff_t)len - 1] > ' '; len++)
		;
	c->cache_path = at ? xasprintf("%s", at - len) : xstrdup("/etc/ld.so.cache");
	for (size_t i = 0; c->dirs.n == 0 && i < sizeof(usual) / sizeof(usual[0]); i++)
		strvec_add(&c->dirs, "%s", usual[i]);
	if (data)
		munmap(data, size);
	first = c->dirs.v[0] + (strncmp(c->dirs.v[0], "/usr/", 5) == 0 ? 4 : 0);
	c->lib = xstrdup(first + 1);
	c->cache_data = map_file(c->cache_path, &c->cache_size);
	if (c->cache_data == NULL || !ldcache_open(&c->cache, c->cache_data, c->cache_size))
		c->cache = (struct ldcache){0};
}

/* Add the parts of a path list; empty ones mean the working directory. */
static void split(struct strvec *to, const char *list, const char *separators)
{
	for (;; list++) {
		size_t len = strcspn(list, separators);

		strvec_add(to, "%.*s", len ? (int)len : 1, len ? list : ".");
		list += len;
		if (*list == '\0')
			break;
	}
}

/* musl: the list is in etc/ld-musl-ARCH.path under the prefix before the interpreter's /lib/. */
static void read_musl(struct closure *c, const char *interp)
{
	const char *lib = strstr(interp, "/lib/"), *found;
	char *path, *data;
	size_t size;

	while (lib && (found = strstr(lib + 1, "/lib/")))
		lib = found;
	path = xasprintf("%.*s/etc/ld-musl-x86_64.path", lib ? (int)(lib - interp) : 0, interp);
	data = map_file(path, &size);
	if (data) {
		char *text = xasprintf("%.*s", (int)size, data);
		struct strvec all = {0};

		split(&all, text, ":\n");
		for (size_t i = 0; i < all.n; i++)
			if (all.v[i][0] == '/')
				strvec_add(&c->dirs, "%s", all.v[i]);
		strvec_free(&all);
		free(text);
		munmap(data, size);
	} else {
		split(&c->dirs, "/lib:/usr/local/lib:/usr/lib", ":");
	}
	free(path);
}

void libsearch_open(struct closure *c, const char *interp)
{
	const char *slash = strrchr(interp, '/');

	c->libc = strncmp(slash ? slash + 1 : interp, "ld-musl", 7) == 0 ? LIBC_MUSL : LIBC_GLIBC;
	if (c->libc == LIBC_MUSL)
		read_musl(c, interp);
	else
		read_glibc(c, interp);
}

void libsearch_close(struct closure *c)
{
	if (c->cache_data)
		munmap(c->cache_data, c->cache_size);
	strvec_free(&c->dirs);
	free(c->lib);
	free(c->cache_path);
}

/* ---- $ORIGIN and the like ---- */

struct search {
	struct closure *c;
	const char *name;
	libsearch_fn fn;
	void *ctx;
	char **looked;
	bool nodeflib;
};

/* Length of the variable at "$", 0 if it is not `name`: $NAME (no letter may follow) or ${NAME}. */
static size_t variable(const char *at, const char *name)
{
	size_t len = strlen(name);

	if (at[1] == '{')
		return strncmp(at + 2, name, len) == 0 && at[2 + len] == '}' ? len + 3 : 0;
	if (strncmp(at + 1, name, len) != 0)
		return 0;
	at += 1 + len;
	return (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z') || *at == '_' ||
		       (*at >= '0' && *at <= '9')
		   ? 0
		   : len + 1;
}

/* `dir` with $ORIGIN, $LIB and $PLATFORM replaced, as seen from an object; NULL if the linker would
 * ignore it. The caller frees it. */
static char *expand(const struct closure *c, const struct object *from, const char *dir,
		    const char *platform)
{
	const char *self = from->loader ? from->path : from->real;
	int origin = (int)(strrchr(self, '/') - self);
	char *out = xstrdup("");

	while (*dir) {
		size_t len = strcspn(dir, "$"), used = len;
		char *longer = NULL;

		if (len == 0 && (used = variable(dir, "ORIGIN")))
			longer = xasprintf("%s%.*s", out, origin ? origin : 1, self);
		else if (len == 0 && c->libc == LIBC_GLIBC && (used = variable(dir, "LIB")))
			longer = xasprintf("%s%s", out, c->lib);
		else if (len == 0 && c->libc == LIBC_GLIBC && (used = variable(dir, "PLATFORM")))
			longer = xasprintf("%s%s", out, platform);
		else if (len == 0 && c->libc == LIBC_MUSL)
			break; /* musl: an unknown variable spoils the whole path */
		else
			longer = xasprintf("%s%.*s", out, (int)(used = len ? len : 1), dir);
		free(out);
		out = longer;
		dir += used;
	}
	if (*dir == '\0')
		return out;
	free(out);
	return NULL;
}

/* glibc's names for x86-64 platforms; the last is for every processor. */
static const char *const platforms[] = {"haswell", "xeon_phi", "x86_64"};
#define N_PLATFORMS (sizeof(platforms) / sizeof(platforms[0]))

/* ---- directories ---- */

/* Would the linker take it? It passes over files for other machines, but not what is no ELF file at
 * all, where it ends in an error. */
static bool usable(const char *path)
{
	unsigned char head[20] = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, head, sizeof(head));
	close(fd);
	return n != sizeof(head) || memcmp(head, "\177ELF", 4) != 0 ||
	       (head[4] == ELFCLASS64 && head[18] == EM_X86_64 && head[19] == 0);
}

static bool try_file(struct search *s, const char *dir, const char *sub, const char *how,
		     bool variant)
{
	char *path = xasprintf("%s/%s%s", strcmp(dir, "/") == 0 ? "" : dir, sub, s->name);
	bool found = usable(path);

	if (found)
		s->fn(s->c, path, how, variant, s->ctx);
	free(path);
	return found;
}

/* The older per-processor subdirectories: every combination, in any of which a library may be. */
static void try_legacy(struct search *s, const char *dir, const char *how)
{
	static const char *const parts[][3] = {
	    {"", "tls/"}, {"", "haswell/", "xeon_phi/"}, {"", "avx512_1/"}, {"", "x86_64/"}};

	for (int i = 1; i < 24; i++) {
		const char *a = parts[0][i % 2], *b = parts[1][i / 2 % 3];
		char *sub = xasprintf("%s%s%s%s", a, b, parts[2][i / 6 % 2], parts[3][i / 12]);

		try_file(s, dir, sub, how, true);
		free(sub);
	}
}

static bool try_dir(struct search *s, const char *dir, const char *how, bool variant)
{
	static const char *const levels[] = {"glibc-hwcaps/x86-64-v4/", "glibc-hwcaps/x86-64-v3/",
					     "glibc-hwcaps/x86-64-v2/"};

	if (access(dir, X_OK) < 0)
		return false;
	for (size_t i = 0; s->c->libc == LIBC_GLIBC && i < sizeof(levels) / sizeof(levels[0]); i++)
		try_file(s, dir, levels[i], how, true);
	if (s->c->libc == LIBC_GLIBC)
		try_legacy(s, dir, how);
	return try_file(s, dir, "", how, variant) && !variant;
}

static void note(struct search *s, const char *fmt, const char *a, const char *b)
{
	char *what, *longer;

	if (s->looked == NULL)
		return;
	what = xasprintf("%s%s%s", a, fmt, b);
	longer = *s->looked ? xasprintf("%s, %s", *s->looked, what) : xstrdup(what);
	free(*s->looked);
	*s->looked = longer;
	free(what);
}

/* One directory of a list, for every platform if it names that. */
static bool try_listed(struct search *s, const struct object *from, const char *dir,
		       const char *kind)
{
	bool varies = strstr(dir, "PLATFORM") != NULL, found = false;

	for (size_t i = varies ? 0 : N_PLATFORMS - 1; !found && i < N_PLATFORMS; i++) {
		char *real = expand(s->c, from, dir, platforms[i]);
		char *how;

		if (real == NULL)
			break;
		how = xasprintf("%s %s", kind, real);
		note(s, " ", kind, real);
		found = try_dir(s, real, how, i < N_PLATFORMS - 1);
		free(how);
		free(real);
	}
	return found;
}

static bool try_list(struct search *s, const struct object *from, const char *list,
		     const char *kind)
{
	struct strvec dirs = {0};
	bool found = false;

	split(&dirs, list, ":");
	for (size_t i = 0; !found && i < dirs.n; i++)
		found = try_listed(s, from, dirs.v[i], kind);
	strvec_free(&dirs);
	return found;
}

static bool in_default_dir(const struct closure *c, const char *path)
{
	size_t len = (size_t)(strrchr(path, '/') - path);

	for (size_t i = 0; i < c->dirs.n; i++)
		if (strlen(c->dirs.v[i]) == len && memcmp(c->dirs.v[i], path, len) == 0)
			return true;
	return false;
}

static bool try_cache(struct search *s)
{
	struct ldcache_entry e;
	bool found = false;

	if (s->c->cache.n == 0)
		return false;
	note(s, "", s->c->cache_path, "");
	for (uint32_t at = 0; ldcache_next(&s->c->cache, s->name, &at, &e);) {
		if ((s->nodeflib && in_default_dir(s->c, e.path)) || (found && !e.variant) ||
		    !usable(e.path))
			continue;
		s->fn(s->c, e.path, s->c->cache_path, e.variant, s->ctx);
		found |= !e.variant;
	}
	return found;
}

static bool try_defaults(struct search *s)
{
	for (size_t i = 0; i < s->c->dirs.n; i++) {
		note(s, "", s->c->dirs.v[i], "");
		if (try_dir(s, s->c->dirs.v[i], s->c->dirs.v[i], false))
			return true;
	}
	return false;
}

/* LD_LIBRARY_PATH, whose $ORIGIN is the program's. */
static bool try_library_path(struct search *s)
{
	for (size_t i = 0; i < s->c->library_path.n; i++)
		if (try_listed(s, s->c->v[0], s->c->library_path.v[i], "LD_LIBRARY_PATH"))
			return true;
	return false;
}

/* DT_RPATH of the loader, its loader, and so on, and of the program; only where there is no
 * DT_RUNPATH. */
static bool try_rpaths(struct search *s, const struct object *loader)
{
	for (const struct object *o = loader; o; o = o->loader)
		if (o->dyn.rpath && !o->dyn.runpath && try_list(s, o, o->dyn.rpath, "RPATH"))
			return true;
	return false;
}

static bool search_glibc(struct search *s, const struct object *loader)
{
	if (loader->dyn.runpath == NULL && try_rpaths(s, loader))
		return true;
	if (try_library_path(s))
		return true;
	if (loader->dyn.runpath && try_list(s, loader, loader->dyn.runpath, "RUNPATH"))
		return true;
	return try_cache(s) || (!s->nodeflib && try_defaults(s));
}

/* musl makes no difference between the two, and both hold for what the libraries need in turn. */
static bool search_musl(struct search *s, const struct object *loader)
{
	if (try_library_path(s))
		return true;
	for (const struct object *o = loader; o; o = o->loader) {
		const char *list = o->dyn.runpath ? o->dyn.runpath : o->dyn.rpath;

		if (list && try_list(s, o, list, o->dyn.runpath ? "RUNPATH" : "RPATH"))
			return true;
	}
	return try_defaults(s);
}

/* A name with a slash is a path. */
static bool search_path(struct search *s, const struct object *loader)
{
	char *here = NULL, *path = expand(s->c, loader, s->name, platforms[N_PLATFORMS - 1]);
	bool found = path && usable(path);

	if (found && *path != '/') {
		char *cwd = getcwd(NULL, 0);

		here = xasprintf("%s/%s", cwd ? cwd : "", path);
		free(cwd);
	}
	if (found)
		s->fn(s->c, here ? here : path, "its own path", false, s->ctx);
	else
		note(s, "", path ? path : s->name, "");
	free(here);
	free(path);
	return found;
}

bool libsearch(struct closure *c, const struct object *loader, const char *name, libsearch_fn fn,
	       void *ctx, char **looked)
{
	struct search s = {c, name, fn, ctx, looked, loader->dyn.nodeflib};

	if (looked)
		*looked = NULL;
	if (strchr(name, '/'))
		return search_path(&s, loader);
	return c->libc == LIBC_MUSL ? search_musl(&s, loader) : search_glibc(&s, loader);
}
