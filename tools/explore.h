/* SPDX-License-Identifier: MIT */
/* Between the parts of `uniload explore`: the experiment (explore.c), its memory and report. */
#ifndef TOOLS_EXPLORE_H
#define TOOLS_EXPLORE_H

#include "tools/systable.h"

#include <stdbool.h>
#include <stdio.h>

enum variant { STUBBED, FAKED, VARIANTS };
enum outcome { UNKNOWN, PASSED, FAILED };

struct experiment {
	const char *app, *test;	     /* as given */
	const char *driver;	     /* started in the machine, to start app; NULL: app itself */
	bool made[SYSTABLE_NUMBERS]; /* calls that the test makes as things are */
	enum outcome outcome[SYSTABLE_NUMBERS][VARIANTS];
	enum outcome together; /* with all that can be stubbed or faked at once */
};

/* "stub" and "fake". */
extern const char *const variant_names[VARIANTS];

/*
 * A file that knows what has been found out. state_open() reads what is there of this experiment
 * and opens it for more; a file of another one is an error. NULL after saying why.
 */
FILE *state_open(struct experiment *e, const char *path);
void state_note_call(FILE *f, unsigned nr);
void state_note_outcome(FILE *f, unsigned nr, enum variant v, enum outcome o);

/* The report, Markdown. */
void explore_report(const struct experiment *e, FILE *to);

#endif
