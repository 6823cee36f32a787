/* SPDX-License-Identifier: MIT */
/*
 * Command-line options from one table: what is accepted and what the help says cannot drift apart.
 */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include <stdbool.h>

/* A table ends with .help == NULL. An entry without names is a heading in the help. */
struct opt {
	int id;
	char letter;	   /* 0: none */
	const char *name;  /* long name; NULL: none */
	const char *value; /* what the help calls the value; NULL: takes none */
	bool optional;	   /* the value may be missing; given, it is --name=VALUE */
	const char *help;  /* may have several lines */
};

/* One option was met; value is NULL if it has none. Returns 0, or an exit status after saying why.
 */
typedef int (*opt_fn)(void *ctx, int id, const char *value);

/*
 * Take options from argv[1] on, up to the first operand or "--". *operand becomes the index of the
 * first operand (argc if there is none). `hint` is the help command for error lines. Returns 0 or
 * an exit status.
 */
int options_parse(const struct opt *table, int argc, char **argv, const char *hint, opt_fn fn,
		  void *ctx, int *operand);

/* The table as help text on standard output. */
void options_help(const struct opt *table);

#endif
