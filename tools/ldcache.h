/* SPDX-License-Identifier: MIT */
/*
 * glibc's /etc/ld.so.cache: which file a library name stands for. Pure; trusts no byte of it.
 */
#ifndef TOOLS_LDCACHE_H
#define TOOLS_LDCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One entry: `variant` is for some processors only (glibc-hwcaps or the older hwcap bits). */
struct ldcache_entry {
	const char *name, *path; /* inside the data given */
	bool variant;
};

struct ldcache {
	const unsigned char *data; /* of the new format's header; string offsets are from here */
	size_t size;
	uint32_t n; /* entries */
};

/* Look at the file's bytes, which must outlive *c. False: not a cache this understands. */
bool ldcache_open(struct ldcache *c, const void *data, size_t size);
/* The next x86-64 entry for `name` from *at (start with 0) on; false at the end. NULL: any name. */
bool ldcache_next(const struct ldcache *c, const char *name, uint32_t *at,
		  struct ldcache_entry *out);

#endif
