/* SPDX-License-Identifier: MIT */
/*
 * Root images and rewrite plans kept between runs, in ${XDG_CACHE_HOME:-~/.cache}/uniload, each
 * named by a digest of everything that goes into it. Any number of runs may use it at once; one
 * that cannot be used is done without.
 */
#ifndef TOOLS_CACHE_H
#define TOOLS_CACHE_H

#include "tools/fileset.h"
#include "tools/sha256.h"

enum cache_kind { CACHE_IMAGE, CACHE_PLAN };

/* The name of the image of this set: paths, attributes, and of each file of the host's what tells
 * whether it has changed. `salt` says what else it depends on. */
void cache_key(const struct fileset *s, const char *salt, char key[SHA256_HEX]);

/* What is there under a name, open for reading, and its size; else -1. It becomes the most recently
 * used. */
int cache_find(enum cache_kind kind, const char *key, uint64_t *size);
/* An empty file to write to: in the cache if that works, else a temporary one. -1 after
 * saying why. */
int cache_new(void);
/* Make a finished file available under its name, and remove the least recently used ones above
 * the limit ($UNILOAD_CACHE_SIZE, default 4G; 0: keep none). */
void cache_keep(enum cache_kind kind, int fd, const char *key, uint64_t size);

/* Forget a file of cache_new() that will not be finished. */
void cache_drop(void);

/* Parse $UNILOAD_CACHE_SIZE. Returns 0, or an exit status after saying what is wrong with it. */
int cache_check_limit(void);

#endif
