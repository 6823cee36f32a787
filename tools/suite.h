/* SPDX-License-Identifier: MIT */
/*
 * The conformance suite: programs for Linux, each about some system calls, and a manifest that
 * lists them (tests/manifest writes it). It lies beside an installed uniload in
 * ../lib/uniload/conformance, and in the tree it was built in in build/tests.
 */
#ifndef TOOLS_SUITE_H
#define TOOLS_SUITE_H

#include "tools/systable.h"
#include "tools/util.h"

struct suite_test {
	char *name;	  /* its path in the directory too: guest/file/read */
	unsigned seconds; /* its own time limit; 0: none */
	bool calls[SYSTABLE_NUMBERS];
	bool about_none; /* of them in particular */
};

/* An expectation that may fail, with the reason. */
struct suite_xfail {
	char *test, *mode;    /* mode "*": in all */
	unsigned first, last; /* lines of the source */
	char *reason;
};

struct suite {
	char *dir;
	struct suite_test *tests;
	size_t n_tests, tests_room;
	struct suite_xfail *xfails;
	size_t n_xfails, xfails_room;
};

/* Read the suite in dir (NULL: where it belongs). 0, or an exit status after saying why;
 * suite_free() is due in any case. */
int suite_open(struct suite *s, const char *dir);
/* Why this expectation may fail in a mode (ACCEL or ACCEL-VARIANT), or NULL. */
const char *suite_xfail(const struct suite *s, const char *test, unsigned line, const char *mode);
void suite_free(struct suite *s);

#endif
