/* SPDX-License-Identifier: MIT */
/*
 * Rewrite plans (kernel/abi/plan.h): which files of a machine have `syscall` instructions that may
 * become jumps, as the scanner says. Making one reads every program and library; the cache keeps
 * it.
 */
#ifndef TOOLS_PLAN_H
#define TOOLS_PLAN_H

#include "kernel/abi/plan.h"
#include "tools/fileset.h"
#include "tools/util.h"

#include <stdbool.h>

struct plan {
	struct plan_file *files;
	struct plan_site *sites;
	size_t n_files, n_sites;
};

/* Scan a file and note its sites, if it has any. A file that cannot be read has none. */
void plan_add_file(struct plan *p, uint64_t nid, int fd, uint64_t offset, uint64_t size);
/* All files of a set whose nodes know their nids. */
void plan_add_set(struct plan *p, const struct fileset *set);
/* The plan as it is passed on, and forget it. */
void plan_write(struct plan *p, struct blob *out);

/* How many sites are in a plan; 0: it is none. */
uint32_t plan_sites(const void *plan, size_t size);
/* Does a plan of `size` bytes begin so? */
bool plan_is(const struct plan_header *header, size_t size);

#endif
