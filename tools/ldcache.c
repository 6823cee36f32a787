/* SPDX-License-Identifier: MIT */
/*
 * The new format, "glibc-ld.so.cache1.1", alone or behind a table of the old one.
 */
#include "tools/ldcache.h"

#include <string.h>

#define OLD_MAGIC   "ld.so-1.7.0"
#define NEW_MAGIC   "glibc-ld.so.cache1.1"
#define FLAGS_X8664 0x0303 /* a libc6 library, 64-bit */
#define ENDIAN_MASK 3	   /* of the header's flags: 0 unknown, 2 little, else not for us */

struct old_header {
	char magic[12]; /* without NUL; one byte of padding */
	uint32_t n;
};
#define OLD_ENTRY 12

struct header {
	char magic[20];
	uint32_t n, len_strings;
	uint8_t flags, unused[3];
	uint32_t extensions, unused2[3];
};

struct entry {
	int32_t flags;
	uint32_t key, value, osversion;
	uint64_t hwcap;
};
_Static_assert(sizeof(struct header) == 48 && sizeof(struct entry) == 24, "");

bool ldcache_open(struct ldcache *c, const void *data, size_t size)
{
	const unsigned char *at = data;
	struct old_header old;
	struct header h;

	if (size >= sizeof(old) && memcmp(at, OLD_MAGIC, sizeof(OLD_MAGIC) - 1) == 0) {
		uint64_t skip;

		memcpy(&old, at, sizeof(old));
		skip = (sizeof(old) + (uint64_t)old.n * OLD_ENTRY + 7) & ~7ull;
		if (skip > size)
			return false;
		at += skip;
		size -= skip;
	}
	if (size < sizeof(h) || memcmp(at, NEW_MAGIC, sizeof(h.magic)) != 0)
		return false;
	memcpy(&h, at, sizeof(h));
	if ((h.flags & ENDIAN_MASK) != 0 && (h.flags & ENDIAN_MASK) != 2)
		return false;
	if (h.n > (size - sizeof(h)) / sizeof(struct entry))
		return false;
	*c = (struct ldcache){at, size, h.n};
	return true;
}

/* The string at an offset, or NULL if it does not end inside the file. */
static const char *string_at(const struct ldcache *c, uint32_t offset)
{
	if (offset >= c->size || memchr(c->data + offset, '\0', c->size - offset) == NULL)
		return NULL;
	return (const char *)c->data + offset;
}

bool ldcache_next(const struct ldcache *c, const char *name, uint32_t *at,
		  struct ldcache_entry *out)
{
	while (*at < c->n) {
		struct entry e;

		memcpy(&e, c->data + sizeof(struct header) + *at * sizeof(e), sizeof(e));
		++*at;
		if (e.flags != FLAGS_X8664)
			continue;
		out->name = string_at(c, e.key);
		out->path = string_at(c, e.value);
		out->variant = e.hwcap != 0;
		if (out->name && out->path && *out->path == '/' &&
		    (name == NULL || strcmp(name, out->name) == 0))
			return true;
	}
	return false;
}
