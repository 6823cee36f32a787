/* SPDX-License-Identifier: MIT */
/*
 * Which functions of libraries the files of a machine use: names that they import, and under which
 * names a function is exported. Files that are no ELF say nothing.
 */
#ifndef TOOLS_IMPORTS_H
#define TOOLS_IMPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct export
{
	uint64_t address;
	const char *name;
};

/* The functions that one file exports, in memory that must stay. */
struct exports {
	struct export *v;
	size_t n, room;
};

struct imports {
	void *names; /* a tree of strings */
};

/* Add the names that the ELF file in these bytes imports. */
void imports_add(struct imports *i, const char *data, size_t size);
bool imports_have(const struct imports *i, const char *name);
void imports_free(struct imports *i);

void exports_read(struct exports *e, const char *data, size_t size);
/* Is the function at this address called from outside only by its names, and by none of those in i?
 */
bool exports_unused(const struct exports *e, uint64_t address, const struct imports *i);
void exports_free(struct exports *e);

#endif
