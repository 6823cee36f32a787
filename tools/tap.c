/* SPDX-License-Identifier: MIT */
/* Lines that are none of TAP's are passed over: a test may say more. */
#include "tools/tap.h"

#include "tools/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

/* "FILE:LINE: text": the line; *text becomes what follows. */
static unsigned source_line(const char **text)
{
	const char *colon = strstr(*text, ".c:");
	unsigned line = 0;
	int n = 0;

	if (colon && sscanf(colon + 3, "%u:%n", &line, &n) == 1 && n > 0) {
		*text = colon + 3 + n;
		*text += strspn(*text, " ");
	}
	return line;
}

static void add_case(struct tap *t, bool ok, const char *text)
{
	struct tap_case *c;
	const char *skip;

	if (t->n == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		t->v = xrealloc(t->v, t->room * sizeof(*t->v));
	}
	c = &t->v[t->n++];
	*c = (struct tap_case){.ok = ok};
	text += strspn(text, " 0123456789");
	if (after(text, "- "))
		text += 2;
	c->line = source_line(&text);
	skip = strstr(text, "# SKIP ");
	c->skipped = skip != NULL;
	c->text = skip ? skip + 7 : text;
}

static void read_line(struct tap *t, const char *line)
{
	const char *rest;
	size_t planned;

	if ((rest = after(line, "ok ")) != NULL)
		add_case(t, true, rest);
	else if ((rest = after(line, "not ok ")) != NULL)
		add_case(t, false, rest);
	else if (sscanf(line, "1..%zu", &planned) == 1)
		t->complete = planned == t->n;
	else if (after(line, "# ") && t->n && !t->v[t->n - 1].ok && !t->v[t->n - 1].more)
		t->v[t->n - 1].more = line + 2;
}

void tap_read(struct tap *t, char *output)
{
	*t = (struct tap){0};
	for (char *line = output, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		read_line(t, line);
	}
}

void tap_free(struct tap *t)
{
	free(t->v);
}
