/* SPDX-License-Identifier: MIT */
/*
 * What an ELF file asks of the dynamic linker, through libelf. Damaged files end in an error, never
 * in a crash.
 */
#ifndef TOOLS_ELFDYN_H
#define TOOLS_ELFDYN_H

#include "tools/util.h"

struct elfdyn {
	char *interp, *soname, *rpath, *runpath; /* NULL: none */
	struct strvec needed;			 /* in order */
	bool dynamic;				 /* has a PT_DYNAMIC */
	bool executable;			 /* ET_EXEC, or marked as a PIE */
	bool nodeflib;				 /* DF_1_NODEFLIB: not in the default directories */
	uint64_t writable;			 /* bytes of its writable segments */
};

/* Read the file's dynamic section. Returns 0; -ENOEXEC if it is no x86-64 ELF program or library;
 * another -errno if it cannot be read. */
int elfdyn_read(struct elfdyn *d, const char *path);
void elfdyn_free(struct elfdyn *d);
/* Is a symbol of that name defined in the file's dynamic symbol table? */
bool elfdyn_defines(const char *path, const char *symbol);

#endif
