/* SPDX-License-Identifier: MIT */
/* The report of `uniload conformance`, for people (Markdown) and programs (JSON). */
#include "tools/conformance.h"

#include "tools/report.h"

#include <string.h>

struct test_result *conf_result(const struct conformance *c, size_t test, size_t system)
{
	return &c->results[test * SYSTEMS_MAX + system];
}

static void add(struct test_result *sum, const struct test_result *r)
{
	sum->ran |= r->ran;
	sum->passed += r->passed;
	sum->failed += r->failed;
	sum->expected += r->expected;
	sum->skipped += r->skipped;
	sum->second_try |= r->second_try;
}

struct test_result conf_call(const struct conformance *c, unsigned nr, size_t system)
{
	struct test_result sum = {0};

	for (size_t t = 0; t < c->suite.n_tests; t++)
		if (c->selected[t] && c->suite.tests[t].calls[nr])
			add(&sum, conf_result(c, t, system));
	return sum;
}

size_t conf_unexplained(const struct conformance *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_deviations; i++)
		n += c->deviations[i].system && c->deviations[i].reason == NULL;
	return n;
}

size_t conf_deviations(const struct conformance *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_deviations; i++)
		n += c->deviations[i].system > 0;
	return n;
}

static size_t count_tests(const struct conformance *c)
{
	size_t n = 0;

	for (size_t t = 0; t < c->suite.n_tests; t++)
		n += c->selected[t];
	return n;
}

static size_t count_calls(const struct conformance *c)
{
	size_t n = 0;

	for (unsigned nr = 0; nr < SYSTABLE_NUMBERS; nr++)
		n += c->calls[nr];
	return n;
}

/* ---- Markdown ---- */

/* In a cell of a table. */
static void cell(FILE *to, const char *text)
{
	for (; *text; text++)
		fprintf(to, *text == '|' ? "\\|" : "%c", *text);
}

static void markdown_systems(const struct conformance *c, FILE *to)
{
	fprintf(to, "| system | tests | cases passed | failed | failed as known | skipped |\n"
		    "| --- | ---: | ---: | ---: | ---: | ---: |\n");
	for (size_t s = 0; s < c->n_systems; s++) {
		struct test_result sum = {0};
		unsigned tests = 0;

		for (size_t t = 0; t < c->suite.n_tests; t++) {
			add(&sum, conf_result(c, t, s));
			tests += conf_result(c, t, s)->ran;
		}
		fprintf(to, "| %s | %u | %u | %u | %u | %u |\n", c->systems[s].name, tests,
			sum.passed, sum.failed, sum.expected, sum.skipped);
	}
}

static void markdown_calls(const struct conformance *c, FILE *to)
{
	fprintf(to,
		"\n## Calls\n\nCases passed there / on this Linux, in all tests about a call.\n\n"
		"| number | call | status |");
	for (size_t s = 1; s < c->n_systems; s++)
		fprintf(to, " %s |", c->systems[s].name);
	fprintf(to, " what is missing |\n| ---: | --- | --- |");
	for (size_t s = 1; s < c->n_systems; s++)
		fprintf(to, " ---: |");
	fprintf(to, " --- |\n");
	for (size_t i = 0; i < systable_rows; i++) {
		const struct systable_row *row = &systable[i];
		struct test_result host = conf_call(c, row->nr, 0);

		if (!c->calls[row->nr])
			continue;
		fprintf(to, "| %u | `%s` | %s |", row->nr, row->name, systable_status[row->status]);
		for (size_t s = 1; s < c->n_systems; s++) {
			struct test_result r = conf_call(c, row->nr, s);

			fprintf(to, host.ran ? " %u / %u |" : " no test |", r.passed, host.passed);
		}
		fprintf(to, " ");
		cell(to, row->note);
		fprintf(to, " |\n");
	}
}

static void markdown_deviations(const struct conformance *c, FILE *to)
{
	fprintf(to, "\n## Deviations\n\n");
	if (c->n_deviations == 0)
		fprintf(to, "None.\n");
	for (size_t i = 0; i < c->n_deviations; i++) {
		const struct deviation *d = &c->deviations[i];

		fprintf(to, "- %s, %s", c->suite.tests[d->test].name, c->systems[d->system].name);
		if (d->line)
			fprintf(to, ", line %u", d->line);
		fprintf(to, ": `%s`", d->text);
		if (d->got)
			fprintf(to, ": %s", d->got);
		if (d->system == 0)
			fprintf(to, ". So it is on this Linux: the test was not run elsewhere.\n");
		else
			fprintf(to, ". %s%s\n", d->reason ? "Known: " : "**Unexplained.**",
				d->reason ? d->reason : "");
	}
	for (size_t t = 0; t < c->suite.n_tests; t++)
		for (size_t s = 0; s < c->n_systems; s++)
			if (conf_result(c, t, s)->second_try && !conf_result(c, t, s)->failed)
				fprintf(to, "- %s, %s: passed at the second try only\n",
					c->suite.tests[t].name, c->systems[s].name);
}

void conf_markdown(const struct conformance *c, FILE *to)
{
	fprintf(to,
		"# Conformance to Linux\n\n%zu system calls, %zu tests; %zu deviations, %zu of "
		"them unexplained.\n\n",
		count_calls(c), count_tests(c), conf_deviations(c), conf_unexplained(c));
	markdown_systems(c, to);
	markdown_calls(c, to);
	markdown_deviations(c, to);
}

/* ---- JSON ---- */

static void json_result(struct report *r, const char *name, const struct test_result *t)
{
	report_open(r, name, false);
	report_number(r, "passed", t->passed);
	report_number(r, "failed", t->failed);
	report_number(r, "failed_as_known", t->expected);
	report_number(r, "skipped", t->skipped);
	report_close(r);
}

static void json_calls(const struct conformance *c, struct report *r)
{
	report_open(r, "calls", true);
	for (size_t i = 0; i < systable_rows; i++) {
		const struct systable_row *row = &systable[i];

		if (!c->calls[row->nr])
			continue;
		report_open(r, NULL, false);
		report_number(r, "number", row->nr);
		report_text(r, "name", row->name);
		report_text(r, "status", systable_status[row->status]);
		report_text(r, "missing", row->note);
		report_open(r, "tests", true);
		for (size_t t = 0; t < c->suite.n_tests; t++)
			if (c->suite.tests[t].calls[row->nr])
				report_text(r, NULL, c->suite.tests[t].name);
		report_close(r);
		report_open(r, "results", false);
		for (size_t s = 0; s < c->n_systems; s++) {
			struct test_result sum = conf_call(c, row->nr, s);

			json_result(r, c->systems[s].name, &sum);
		}
		report_close(r);
		report_close(r);
	}
	report_close(r);
}

static void json_tests(const struct conformance *c, struct report *r)
{
	report_open(r, "tests", true);
	for (size_t t = 0; t < c->suite.n_tests; t++) {
		if (!c->selected[t])
			continue;
		report_open(r, NULL, false);
		report_text(r, "name", c->suite.tests[t].name);
		report_open(r, "results", false);
		for (size_t s = 0; s < c->n_systems; s++)
			if (conf_result(c, t, s)->ran)
				json_result(r, c->systems[s].name, conf_result(c, t, s));
		report_close(r);
		report_close(r);
	}
	report_close(r);
}

void conf_json(const struct conformance *c, FILE *to)
{
	struct report r = {.json = true, .to = to};

	report_open(&r, NULL, false);
	report_number(&r, "deviations_unexplained", conf_unexplained(c));
	json_calls(c, &r);
	json_tests(c, &r);
	report_open(&r, "deviations", true);
	for (size_t i = 0; i < c->n_deviations; i++) {
		const struct deviation *d = &c->deviations[i];

		report_open(&r, NULL, false);
		report_text(&r, "test", c->suite.tests[d->test].name);
		report_text(&r, "system", c->systems[d->system].name);
		report_number(&r, "line", d->line);
		report_text(&r, "expected", d->text);
		report_text(&r, "got", d->got ? d->got : "");
		report_text(&r, "known", d->reason ? d->reason : "");
		report_close(&r);
	}
	report_close(&r);
	report_close(&r);
}
