/* SPDX-License-Identifier: MIT */
/* The manifest's format is described where it is written: tests/manifest. */
#include "tools/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where this command's own suite is: the first of two places that has one, else NULL. */
static char *find_dir(void)
{
	static const char *const places[] = {"tests", "../lib/uniload/conformance"};
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return NULL;
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char *dir = xasprintf("%s/%s", self, places[i]);
		char *manifest = xasprintf("%s/manifest", dir);
		bool found = access(manifest, R_OK) == 0;

		free(manifest);
		if (found)
			return dir;
		free(dir);
	}
	return NULL;
}

static bool read_test(struct suite *s, char **field)
{
	struct suite_test *t;
	char *save = NULL;

	if (s->n_tests == s->tests_room) {
		s->tests_room = s->tests_room ? 2 * s->tests_room : 256;
		s->tests = xrealloc(s->tests, s->tests_room * sizeof(*s->tests));
	}
	t = &s->tests[s->n_tests++];
	*t = (struct suite_test){.name = xstrdup(field[1]),
				 .seconds = (unsigned)strtoul(field[2], NULL, 10)};
	t->about_none = strcmp(field[3], "-") == 0;
	for (char *name = strtok_r(field[3], ",", &save); name && !t->about_none;
	     name = strtok_r(NULL, ",", &save)) {
		const struct systable_row *row = systable_by_name(name, strlen(name));

		if (row == NULL)
			return false;
		t->calls[row->nr] = true;
	}
	return true;
}

static bool read_xfail(struct suite *s, char **field)
{
	if (s->n_xfails == s->xfails_room) {
		s->xfails_room = s->xfails_room ? 2 * s->xfails_room : 64;
		s->xfails = xrealloc(s->xfails, s->xfails_room * sizeof(*s->xfails));
	}
	s->xfails[s->n_xfails++] =
	    (struct suite_xfail){.test = xstrdup(field[1]),
				 .first = (unsigned)strtoul(field[2], NULL, 10),
				 .last = (unsigned)strtoul(field[3], NULL, 10),
				 .mode = xstrdup(field[4]),
				 .reason = xstrdup(field[5])};
	return true;
}

static bool read_line(struct suite *s, char *line)
{
	char *field[6];
	size_t n = 0;

	line[strcspn(line, "\n")] = '\0';
	while (n < 6 && (field[n] = strsep(&line, "\t")) != NULL)
		n++;
	if (n == 4 && strcmp(field[0], "test") == 0)
		return read_test(s, field);
	return n == 6 && strcmp(field[0], "xfail") == 0 && read_xfail(s, field);
}

int suite_open(struct suite *s, const char *dir)
{
	char *path, *line = NULL;
	unsigned number = 0;
	size_t room = 0;
	int status = 0;
	FILE *f;

	*s = (struct suite){.dir = dir ? xstrdup(dir) : find_dir()};
	if (s->dir == NULL)
		return fail(STATUS_FAILED, "the conformance suite is not here: in the source tree, "
					   "`make conformance-suite` builds it");
	path = xasprintf("%s/manifest", s->dir);
	f = fopen(path, "re");
	if (f == NULL)
		status = fail(STATUS_FAILED, "%s: %s", path, strerror(errno));
	while (status == 0 && getline(&line, &room, f) >= 0) {
		number++;
		if (!read_line(s, line))
			status =
			    fail(STATUS_FAILED, "%s:%u: not a line of a manifest of this version",
				 path, number);
	}
	if (f)
		fclose(f);
	free(line);
	free(path);
	return status;
}

/* A mode is what is wanted, or begins or ends with it: kvm, kvm-norewrite, norewrite. */
static bool mode_matches(const char *wanted, const char *mode)
{
	size_t len = strlen(wanted), all = strlen(mode);

	if (strcmp(wanted, "*") == 0)
		return true;
	return strncmp(mode, wanted, len) == 0 ||
	       (all > len && mode[all - len - 1] == '-' && strcmp(mode + all - len, wanted) == 0);
}

const char *suite_xfail(const struct suite *s, const char *test, unsigned line, const char *mode)
{
	for (size_t i = 0; i < s->n_xfails; i++) {
		const struct suite_xfail *x = &s->xfails[i];

		if (line >= x->first && line <= x->last && strcmp(x->test, test) == 0 &&
		    mode_matches(x->mode, mode))
			return x->reason;
	}
	return NULL;
}

void suite_free(struct suite *s)
{
	for (size_t i = 0; i < s->n_tests; i++)
		free(s->tests[i].name);
	for (size_t i = 0; i < s->n_xfails; i++) {
		free(s->xfails[i].test);
		free(s->xfails[i].mode);
		free(s->xfails[i].reason);
	}
	free(s->tests);
	free(s->xfails);
	free(s->dir);
}
