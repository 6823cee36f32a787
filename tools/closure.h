/* SPDX-License-Identifier: MIT */
/*
 * The libraries a program needs: its dynamic linker, and transitively every library, looked for as
 * that linker (glibc's or musl's) looks for them on this host.
 */
#ifndef TOOLS_CLOSURE_H
#define TOOLS_CLOSURE_H

#include "tools/elfdyn.h"
#include "tools/ldcache.h"
#include "tools/util.h"

/* A loaded object: the program, its interpreter, or a library. */
struct object {
	char *path;	       /* absolute; as the linker opens it */
	char *real;	       /* without symbolic links */
	struct strvec names;   /* what it was asked for as */
	struct object *loader; /* who asked first; NULL: the program, the interpreter */
	char *found;	       /* where, for people: "RUNPATH /opt/x", "/etc/ld.so.cache" */
	struct elfdyn dyn;
	bool variant; /* used on some processors instead of another one */
};

enum libc { LIBC_GLIBC, LIBC_MUSL };

struct closure {
	struct object **v; /* v[0] is the program, v[1] the interpreter, if there is one */
	size_t n, room;
	enum libc libc;
	struct strvec dirs; /* the linker's default directories, without a slash at the end */
	char *lib;	    /* what $LIB stands for */
	char *cache_path;   /* of ld.so.cache */
	void *cache_data;
	size_t cache_size;
	struct ldcache cache;
	struct strvec library_path; /* LD_LIBRARY_PATH */
	struct strvec missing;	    /* of what may be missing, for people */
};

/*
 * The closure of the program at `path` (absolute, no symbolic links). `library_path` and `preload`
 * are the program's LD_LIBRARY_PATH and LD_PRELOAD, or NULL. Returns 0, or an exit status after
 * saying which library is missing, needed by whom, and where it was looked for. Needs
 * closure_free() in any case.
 */
int closure_open(struct closure *c, const char *path, const char *library_path,
		 const char *preload);
/*
 * Add a library that the program loads itself, with what it needs, as if the program had asked for
 * it. What is missing is an error, or noted in c->missing if it `may_miss` something.
 */
int closure_add(struct closure *c, const char *path, bool may_miss);
void closure_free(struct closure *c);

/* ---- libsearch.c: where the linker looks ---- */

/* Set dirs, lib, cache and libc from the interpreter. */
void libsearch_open(struct closure *c, const char *interp);
void libsearch_close(struct closure *c);

/* A file that was found; variants may be found beside the one for every processor. */
typedef void (*libsearch_fn)(struct closure *c, const char *path, const char *how, bool variant,
			     void *ctx);
/*
 * Look for `name` on behalf of `loader` and report every file that the linker may take. Returns
 * whether one for every processor was found; *looked (if not NULL) gets the places, for people; the
 * caller frees it.
 */
bool libsearch(struct closure *c, const struct object *loader, const char *name, libsearch_fn fn,
	       void *ctx, char **looked);

#endif
