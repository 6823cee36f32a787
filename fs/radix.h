/* SPDX-License-Identifier: MIT */
/*
 * A sparse array from 64-bit indexes to pointers: a radix tree of 64-way nodes that is as high as
 * its largest index needs. A single entry at index 0 takes no node. No locking of its own; only
 * radix_set allocates.
 */
#ifndef FS_RADIX_H
#define FS_RADIX_H

#include "kernel/types.h"

struct radix {
	void *top;	 /* the value of index 0 (height 0), or a node */
	unsigned height; /* levels of nodes */
};

void *radix_get(const struct radix *r, uint64_t index);
int radix_set(struct radix *r, uint64_t index, void *value);
void *radix_remove(struct radix *r, uint64_t index);
void *radix_next(const struct radix *r, uint64_t *index);
void *radix_prev(const struct radix *r, uint64_t *index);

#endif
