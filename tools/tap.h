/* SPDX-License-Identifier: MIT */
/* What a test says: TAP (Test Anything Protocol), as tests/guest/tap.h writes it. */
#ifndef TOOLS_TAP_H
#define TOOLS_TAP_H

#include <stdbool.h>
#include <stddef.h>

struct tap_case {
	bool ok, skipped;
	unsigned line; /* of the test's source; 0: not said */
	const char
	    *text; /* what was expected, or why it was skipped; in the output, NUL-terminated */
	const char *more; /* what was got instead, or NULL */
};

struct tap {
	struct tap_case *v;
	size_t n, room;
	bool complete; /* the plan at the end says as many as there are */
};

/* Read a test's output, which is changed and must live as long as the result. */
void tap_read(struct tap *t, char *output);
void tap_free(struct tap *t);

#endif
