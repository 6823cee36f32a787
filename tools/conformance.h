/* SPDX-License-Identifier: MIT */
/* Between the parts of `uniload conformance`: running (conformance.c), telling
 * (conformance_report.c). */
#ifndef TOOLS_CONFORMANCE_H
#define TOOLS_CONFORMANCE_H

#include "tools/suite.h"

#include <stdio.h>

#define SYSTEMS_MAX 4

/* What a test was on a system. */
struct test_result {
	bool ran;
	unsigned passed, failed, expected,
	    skipped;	 /* cases; expected: failed, for a known reason */
	bool second_try; /* the first was worse */
};

/* A case that does not do what it does on Linux. */
struct deviation {
	size_t test, system;
	unsigned line;
	char *text, *got; /* what was expected; what came instead, or NULL */
	char *reason;	  /* NULL: unexplained */
};

/* One way to run the programs; the first is this Linux. */
struct conf_system {
	char *name;	      /* host, runner, or as a mode of the tests: kvm, tcg-norewrite */
	struct strvec prefix; /* the command before the program's name; empty: the program itself */
};

struct conformance {
	struct suite suite;
	struct conf_system systems[SYSTEMS_MAX];
	size_t n_systems;
	bool *selected;		      /* by test */
	bool calls[SYSTABLE_NUMBERS]; /* that the report is about */
	struct test_result *results;  /* by test, then system */
	struct deviation *deviations;
	size_t n_deviations, room;
};

struct test_result *conf_result(const struct conformance *c, size_t test, size_t system);
/* What the tests of one call were together. */
struct test_result conf_call(const struct conformance *c, unsigned nr, size_t system);
/* Deviations on other systems than this one; those without a reason. */
size_t conf_deviations(const struct conformance *c);
size_t conf_unexplained(const struct conformance *c);

void conf_markdown(const struct conformance *c, FILE *to);
void conf_json(const struct conformance *c, FILE *to);

#endif
