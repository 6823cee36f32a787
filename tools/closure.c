/* SPDX-License-Identifier: MIT */
/*
 * Breadth first, as the linker loads: an object that was loaded answers to every name it was asked
 * for and to its DT_SONAME, whoever asks.
 */
#include "tools/closure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool answers_to(const struct object *o, const char *name)
{
	if (o->dyn.soname && strcmp(o->dyn.soname, name) == 0)
		return true;
	for (size_t i = 0; i < o->names.n; i++)
		if (strcmp(o->names.v[i], name) == 0)
			return true;
	return false;
}

/* musl is its own libc, libpthread and so on, and glibc's kernel-made library is in no file. */
static bool built_in(const struct closure *c, const char *name)
{
	static const char *const musl[] = {"c.", "pthread.", "rt.", "m.", "dl.", "util.", "xnet."};

	if (c->libc == LIBC_GLIBC)
		return strcmp(name, "linux-vdso.so.1") == 0;
	for (size_t i = 0; strncmp(name, "lib", 3) == 0 && i < sizeof(musl) / sizeof(musl[0]); i++)
		if (strncmp(name + 3, musl[i], strlen(musl[i])) == 0)
			return true;
	return false;
}

static struct object *loaded(const struct closure *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (!c->v[i]->variant && answers_to(c->v[i], name))
			return c->v[i];
	return NULL;
}

/* Note an object; NULL with errno if it cannot be read. One that is there under another name only
 * learns the new one. */
static struct object *add_object(struct closure *c, const char *path, struct object *loader,
				 bool variant)
{
	char *real = realpath(path, NULL);
	struct object *o;
	int err;

	if (real == NULL)
		return NULL;
	o = xrealloc(NULL, sizeof(*o));
	*o = (struct object){
	    .path = xstrdup(path), .real = real, .loader = loader, .variant = variant};
	err = elfdyn_read(&o->dyn, real);
	if (err) {
		free(o->path);
		free(o->real);
		elfdyn_free(&o->dyn);
		free(o);
		errno = -err;
		return NULL;
	}
	if (c->n == c->room) {
		c->room = c->room ? 2 * c->room : 16;
		c->v = xrealloc(c->v, c->room * sizeof(struct object *));
	}
	return c->v[c->n++] = o;
}

static struct object *same_file(const struct closure *c, const char *path)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->v[i]->path, path) == 0)
			return c->v[i];
	return NULL;
}

struct request {
	struct object *loader;
	const char *name;
	int error; /* of a file that was found and cannot be read */
	char *broken;
};

static void take(struct closure *c, const char *path, const char *how, bool variant, void *ctx)
{
	struct request *r = ctx;
	struct object *o = same_file(c, path);

	if (o == NULL) {
		o = add_object(c, path, r->loader, variant);
		if (o == NULL) {
			r->error = errno;
			free(r->broken);
			r->broken = xstrdup(path);
			return;
		}
		o->found = xstrdup(how);
	}
	if (!answers_to(o, r->name))
		strvec_add(&o->names, "%s", r->name);
}

static int complain(struct closure *c, const struct request *r, const char *looked, bool may_miss)
{
	char *text;

	if (r->broken)
		text = xasprintf("library %s, needed by %s, cannot be used: %s", r->broken,
				 r->loader->path,
				 r->error == ENOEXEC ? "damaged" : strerror(r->error));
	else
		text = xasprintf("library %s is missing, needed by %s; looked in: %s", r->name,
				 r->loader->path, looked ? looked : "nowhere");
	if (may_miss)
		strvec_add(&c->missing, "%s", text);
	else
		say("%s", text);
	free(text);
	return may_miss ? 0 : STATUS_CANNOT_RUN;
}

static int need(struct closure *c, struct object *loader, const char *name, bool may_miss)
{
	struct request r = {.loader = loader, .name = name};
	char *looked;
	int status = 0;

	if (built_in(c, name) || loaded(c, name))
		return 0;
	if (!libsearch(c, loader, name, take, &r, &looked) || r.broken)
		status = complain(c, &r, looked, may_miss);
	free(looked);
	free(r.broken);
	return status;
}

/* What objects from index `first` on need, and what those need. */
static int complete(struct closure *c, size_t first, bool may_miss)
{
	int status = 0;

	for (size_t i = first; status == 0 && i < c->n; i++)
		for (size_t k = 0; status == 0 && k < c->v[i]->dyn.needed.n; k++)
			status = need(c, c->v[i], c->v[i]->dyn.needed.v[k], may_miss);
	return status;
}

static int add_interpreter(struct closure *c)
{
	const char *interp = c->v[0]->dyn.interp;
	struct object *o;

	if (interp == NULL)
		return 0;
	if (*interp != '/')
		return fail(STATUS_CANNOT_RUN, "%s: its interpreter %s has no absolute path",
			    c->v[0]->path, interp);
	o = add_object(c, interp, NULL, false);
	if (o == NULL)
		return fail(STATUS_CANNOT_RUN, "%s: its interpreter %s %s%s", c->v[0]->path, interp,
			    errno == ENOENT ? "is missing" : "cannot be used: ",
			    errno == ENOENT    ? ""
			    : errno == ENOEXEC ? "not an x86-64 ELF file"
					       : strerror(errno));
	o->found = xstrdup("the program's interpreter");
	libsearch_open(c, interp);
	return 0;
}

/*
 * What glibc itself loads while the program runs: the unwinder (pthread_exit, pthread_cancel,
 * backtrace), and before 2.34 the modules that read /etc/passwd and ask name servers.
 */
static int add_hidden(struct closure *c)
{
	static const char *const nss[] = {"libnss_files.so.2", "libnss_dns.so.2"};
	struct object *libc = loaded(c, "libc.so.6");
	size_t first = c->n;

	if (c->libc != LIBC_GLIBC || libc == NULL)
		return 0;
	need(c, libc, "libgcc_s.so.1", true);
	if (!elfdyn_defines(libc->real, "_nss_files_getpwnam_r"))
		for (size_t i = 0; i < sizeof(nss) / sizeof(nss[0]); i++)
			need(c, libc, nss[i], true);
	return complete(c, first, true);
}

/* Words of `list`; the empty ones mean nothing. */
static void add_words(struct strvec *to, const char *list, const char *separators)
{
	while (list && *list) {
		size_t len = strcspn(list, separators);

		if (len)
			strvec_add(to, "%.*s", (int)len, list);
		list += len + (list[len] != '\0');
	}
}

int closure_open(struct closure *c, const char *path, const char *library_path, const char *preload)
{
	struct strvec preloads = {0};
	int status;

	*c = (struct closure){0};
	if (add_object(c, path, NULL, false) == NULL)
		return fail(STATUS_CANNOT_RUN, "%s: %s", path,
			    errno == ENOEXEC ? "not an x86-64 ELF program" : strerror(errno));
	add_words(&c->library_path, library_path, ":;");
	add_words(&preloads, preload, ": ");
	status = add_interpreter(c);
	if (status == 0 && c->n > 1) {
		for (size_t i = 0; i < preloads.n; i++)
			need(c, c->v[0], preloads.v[i], true); /* the linker only warns too */
		status = complete(c, 0, false);
		if (status == 0)
			status = add_hidden(c);
	}
	strvec_free(&preloads);
	return status;
}

int closure_add(struct closure *c, const char *path, bool may_miss)
{
	size_t first = c->n;
	struct object *o;

	if (same_file(c, path))
		return 0;
	o = add_object(c, path, c->v[0], false);
	if (o == NULL)
		return errno == ENOEXEC ? 0 : fail(STATUS_FAILED, "%s: %s", path, strerror(errno));
	o->found = xstrdup("--add");
	return complete(c, first, may_miss);
}

void closure_free(struct closure *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i]->path);
		free(c->v[i]->real);
		free(c->v[i]->found);
		strvec_free(&c->v[i]->names);
		elfdyn_free(&c->v[i]->dyn);
		free(c->v[i]);
	}
	free(c->v);
	libsearch_close(c);
	strvec_free(&c->library_path);
	strvec_free(&c->missing);
}
