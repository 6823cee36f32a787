/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the reader of ld.so.cache: the input is the file, in memory of exactly its size. Every
 * entry it gives must be two strings that end inside it.
 */
/* fuzz: tools/ldcache.c */
#include "tools/ldcache.h"

#include <stdlib.h>
#include <string.h>

static void require(bool cond)
{
	if (!cond)
		abort();
}

static void check_string(const struct ldcache *c, const char *s)
{
	const char *start = (const char *)c->data;

	require(s >= start && s < start + c->size);
	require(memchr(s, '\0', (size_t)(start + c->size - s)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size);
	struct ldcache_entry e;
	struct ldcache c;

	if (size)
		memcpy(copy, data, size);
	if (ldcache_open(&c, copy, size)) {
		for (uint32_t at = 0; ldcache_next(&c, NULL, &at, &e);) {
			check_string(&c, e.name);
			check_string(&c, e.path);
			require(at <= c.n && *e.path == '/');
		}
		for (uint32_t at = 0; ldcache_next(&c, "libc.so.6", &at, &e);)
			require(strcmp(e.name, "libc.so.6") == 0);
	}
	free(copy);
	return 0;
}
