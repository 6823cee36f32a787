/* SPDX-License-Identifier: MIT */
/*
 * A tree of facts, for people or as JSON: said once, printed either way. For
 * people a list's entries take a line each.
 */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define REPORT_DEPTH 8

struct report {
	FILE *to; /* NULL: standard output */
	bool json;
	int depth;
	bool in_list[REPORT_DEPTH]; /* what is open at each depth is a list */
	bool any[REPORT_DEPTH];	    /* something is in it already */
};

/* `key` is NULL for an entry of a list. */
void report_open(struct report *r, const char *key, bool list);
void report_close(struct report *r);
void report_text(struct report *r, const char *key, const char *text);
void report_number(struct report *r, const char *key, uint64_t n);
/* A number that people read in hexadecimal, and a number of bytes. */
void report_address(struct report *r, const char *key, uint64_t n);
void report_bytes(struct report *r, const char *key, uint64_t n);

#endif
