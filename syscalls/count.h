/* SPDX-License-Identifier: MIT */
/*
 * Counting system calls for the host's --summary and --record; only with BI_COUNT does any of it
 * run.
 */
#ifndef SYSCALLS_COUNT_H
#define SYSCALLS_COUNT_H

#include "kernel/types.h"

struct count; /* of one number */

/* Start counting numbers below n_numbers, and all others together. Without memory nothing is
 * counted, and a message says so. */
void count_init(uint32_t n_numbers);

/* A call in progress. */
struct counted {
	struct count *count; /* NULL: not counted, as without BI_COUNT or in another program */
	uint64_t cpu_ns, start_ns;
};

/* Before a call, which counts from now on, whether or not it returns. */
void count_enter(struct counted *c, uint32_t nr);
/* After it. */
void count_leave(const struct counted *c, bool failed);
/* Tell the host; for con_farewell. */
void count_report(void);

#endif
