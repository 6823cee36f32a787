/* SPDX-License-Identifier: MIT */
/* What `uniload explore` has found, kept in a file of lines and told as Markdown. */
#include "tools/explore.h"

#include "tools/util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const variant_names[VARIANTS] = {"stub", "fake"};
static const char *const outcome_names[] = {"unknown", "passed", "failed"};

/* ---- the state ---- */

static int index_of(const char *const *names, int n, const char *word)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], word) == 0)
			return i;
	return -1;
}

/* "call NAME", or "stub NAME passed". A last line that is not whole is ignored: there the
 * experiment was interrupted. */
static bool read_line(struct experiment *e, char *line)
{
	char *save = NULL, *kind = strtok_r(line, " \n", &save),
	     *name = strtok_r(NULL, " \n", &save);
	char *word = strtok_r(NULL, " \n", &save);
	const struct systable_row *row = name ? systable_by_name(name, strlen(name)) : NULL;
	int v, o;

	if (row == NULL)
		return false;
	if (strcmp(kind, "call") == 0) {
		e->made[row->nr] = true;
		return true;
	}
	v = index_of(variant_names, VARIANTS, kind);
	o = word ? index_of(outcome_names, 3, word) : -1;
	if (v < 0 || o < 0)
		return false;
	e->outcome[row->nr][v] = (enum outcome)o;
	return true;
}

FILE *state_open(struct experiment *e, const char *path)
{
	char *title = xasprintf("# uniload explore %s --test %s\n", e->app, e->test), *line = NULL;
	FILE *f = fopen(path, "a+e");
	bool good = f != NULL;
	size_t room = 0;
	ssize_t n;

	for (char *c = title; *c; c++)
		if (*c == '\n' && c[1])
			*c = ' ';
	if (f == NULL)
		say("--state %s: %s", path, strerror(errno));
	for (bool first = true; good && (n = getline(&line, &room, f)) > 0; first = false) {
		if (line[n - 1] != '\n') {
			putc('\n', f);
			break;
		}
		good = first ? strcmp(line, title) == 0 : *line == '\n' || read_line(e, line);
		if (!good)
			say("--state %s: it is of another experiment: remove it, or name another "
			    "file",
			    path);
	}
	if (good && ftell(f) == 0)
		fputs(title, f);
	if (f && !good)
		fclose(f);
	free(line);
	free(title);
	return good ? f : NULL;
}

void state_note_call(FILE *f, unsigned nr)
{
	if (f)
		fprintf(f, "call %s\n", systable_by_number(nr)->name);
}

void state_note_outcome(FILE *f, unsigned nr, enum variant v, enum outcome o)
{
	if (f == NULL)
		return;
	fprintf(f, "%s %s %s\n", variant_names[v], systable_by_number(nr)->name, outcome_names[o]);
	fflush(f);
}

/* ---- the report ---- */

static unsigned percent(unsigned n, unsigned of)
{
	return of ? (200 * n + of) / (2 * of) : 0;
}

static void print_list(const struct experiment *e, FILE *to, const char *title, bool stub,
		       bool fake)
{
	unsigned n = 0;

	for (unsigned nr = 0; nr < SYSTABLE_NUMBERS; nr++) {
		if (!e->made[nr] || (e->outcome[nr][STUBBED] == PASSED) != stub ||
		    (e->outcome[nr][FAKED] == PASSED) != fake)
			continue;
		if (n++ == 0)
			fprintf(to, "- %s: ", title);
		fprintf(to, "%s%s", n > 1 ? ", " : "", systable_by_number(nr)->name);
	}
	if (n)
		putc('\n', to);
}

void explore_report(const struct experiment *e, FILE *to)
{
	unsigned made = 0, stub = 0, fake = 0, either = 0;

	for (unsigned nr = 0; nr < SYSTABLE_NUMBERS; nr++) {
		bool s = e->outcome[nr][STUBBED] == PASSED, f = e->outcome[nr][FAKED] == PASSED;

		made += e->made[nr];
		stub += e->made[nr] && s;
		fake += e->made[nr] && f;
		either += e->made[nr] && (s || f);
	}
	fprintf(to, "## %s\n\nTest: `%s`\n\n", e->app, e->test);
	fprintf(to,
		"| system calls made | required | stubbable | fakeable | stubbable or fakeable |\n"
		"| ---: | ---: | ---: | ---: | ---: |\n| %u | %u | %u | %u | %u (%u %%) |\n\n",
		made, made - either, stub, fake, either, percent(either, made));
	print_list(e, to, "Required", false, false);
	print_list(e, to, "Stubbable (ENOSYS) or fakeable (0)", true, true);
	print_list(e, to, "Stubbable only", true, false);
	print_list(e, to, "Fakeable only", false, true);
	if (either)
		fprintf(to, "\nWith all of these stubbed or faked at once the test %s.\n",
			e->together == PASSED ? "passes" : "fails");
}
