/* SPDX-License-Identifier: MIT */
/*
 * Where code or data of a file may lead to, as far as that is near a place of interest: whatever
 * looks like a near branch or a `lea`, at whatever offset in the code, counts, and every word of
 * the data. That finds all that a disassembler could, and now and then something that is none.
 */
#ifndef TOOLS_SCAN_TARGETS_H
#define TOOLS_SCAN_TARGETS_H

#include "tools/scan_elf.h"

#define SCAN_REACH 32 /* bytes around a place that are of interest */

struct scan_target {
	uint64_t to;
	uint64_t from; /* code that may just look like naming it: where it does; 0: no doubt */
	bool relative; /* there it is named by its distance */
};

struct scan_targets {
	struct scan_target *v; /* ascending once sorted; one may be there more than once */
	size_t n, room;
	uint64_t low, high; /* addresses of interest lie between */
	uint8_t *near;	    /* a bit for each line of them that a target counts in */
};

/* No targets yet, for places from `first` to `last`. */
void scan_targets_open(struct scan_targets *t, uint64_t first, uint64_t last);
/* This place is of interest. */
void scan_targets_want(struct scan_targets *t, uint64_t place);
/* Note a target, if it is of interest. */
void scan_targets_add(struct scan_targets *t, struct scan_target target);
/* Find those in a span; `placed`: its program is loaded where it was linked. */
void scan_targets_find(struct scan_targets *t, const struct scan_span *s, bool placed);
void scan_targets_sort(struct scan_targets *t);
/* The index of the first above the address, once sorted. */
size_t scan_targets_above(const struct scan_targets *t, uint64_t address);
void scan_targets_close(struct scan_targets *t);

#endif
