/* SPDX-License-Identifier: MIT */
/* --summary and --record: the system calls that a program made, as its machine has counted them. */
#ifndef TOOLS_COUNTS_H
#define TOOLS_COUNTS_H

#include "kernel/abi/bootinfo.h"
#include "tools/systable.h"

#include <stdbool.h>
#include <stdio.h>

struct counts {
	struct call_count {
		uint64_t calls, errors, cpu_ns, elapsed_ns;
	} of[SYSTABLE_NUMBERS + 1]; /* the last: of numbers that Linux does not have */
	bool any;
};

/* Take a message. False: it is not a BI_MSG_SYSCALL. */
bool counts_take(struct counts *c, const struct bi_msg *msg);
/* The table of --summary. */
void counts_print(const struct counts *c, FILE *to);

/*
 * The file of --record. Checking it comes before the run, writing after: what was made is added to
 * the calls that are in it already; comments stay. 0, or an exit status after saying why.
 */
int record_check(const char *path);
int record_write(const char *path, const struct counts *c);

#endif
