/* SPDX-License-Identifier: MIT */
/*
 * The option parser: -x, -xVALUE, -x VALUE, -xy (flags), --name, --name=VALUE, --name VALUE, and
 * "--". Options stop at the first operand, because what follows belongs to the program to run. Long
 * names are not abbreviated.
 */
#include "tools/options.h"

#include "tools/util.h"

#include <stdio.h>
#include <string.h>

struct parse {
	const struct opt *table;
	int argc, next;
	char **argv;
	const char *hint;
	opt_fn fn;
	void *ctx;
};

static const struct opt *find_long(const struct opt *o, const char *name, size_t len)
{
	for (; o->help; o++)
		if (o->name && strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static const struct opt *find_short(const struct opt *o, char letter)
{
	for (; o->help; o++)
		if (o->letter && o->letter == letter)
			return o;
	return NULL;
}

static int unknown(const struct parse *p, const char *dashes, const char *name, size_t len)
{
	return fail(STATUS_FAILED, "unknown option %s%.*s: see '%s'", dashes, (int)len, name,
		    p->hint);
}

/* The next word as the value of an option that needs one. */
static int take_next(struct parse *p, const struct opt *o, const char *shown)
{
	if (p->next >= p->argc)
		return fail(STATUS_FAILED, "option %s needs a value (%s): see '%s'", shown,
			    o->value, p->hint);
	return p->fn(p->ctx, o->id, p->argv[p->next++]);
}

static int parse_long(struct parse *p, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct opt *o = find_long(p->table, word + 2, len - 2);

	if (o == NULL)
		return unknown(p, "", word, len);
	if (equals && o->value == NULL)
		return fail(STATUS_FAILED, "option --%s takes no value: see '%s'", o->name,
			    p->hint);
	if (equals)
		return p->fn(p->ctx, o->id, equals + 1);
	if (o->value && !o->optional)
		return take_next(p, o, word);
	return p->fn(p->ctx, o->id, NULL);
}

static int parse_short(struct parse *p, const char *letters)
{
	for (const char *c = letters; *c; c++) {
		const struct opt *o = find_short(p->table, *c);
		const char shown[] = {'-', *c, '\0'};
		int status;

		if (o == NULL)
			return unknown(p, "-", c, 1);
		if (o->value && !o->optional && c[1])
			return p->fn(p->ctx, o->id, c + 1);
		if (o->value && !o->optional)
			return take_next(p, o, shown);
		status = p->fn(p->ctx, o->id, NULL);
		if (status)
			return status;
	}
	return 0;
}

int options_parse(const struct opt *table, int argc, char **argv, const char *hint, opt_fn fn,
		  void *ctx, int *operand)
{
	struct parse p = {table, argc, 1, argv, hint, fn, ctx};
	int status = 0;

	while (status == 0 && p.next < argc) {
		const char *word = argv[p.next];

		if (word[0] != '-' || word[1] == '\0')
			break;
		p.next++;
		if (strcmp(word, "--") == 0)
			break;
		status = word[1] == '-' ? parse_long(&p, word) : parse_short(&p, word + 1);
	}
	*operand = p.next;
	return status;
}

/* "  -m, --memory SIZE" */
static int print_names(const struct opt *o)
{
	int n = o->letter ? printf("  -%c", o->letter) : printf("    ");

	if (o->name)
		n += printf("%s--%s", o->letter ? ", " : "  ", o->name);
	if (o->value)
		n += printf(o->optional ? "[=%s]" : " %s", o->value);
	return n;
}

void options_help(const struct opt *table)
{
	const int column = 26;

	for (const struct opt *o = table; o->help; o++) {
		const char *line = o->help;
		int n;

		if (o->letter == 0 && o->name == NULL) {
			printf("%s\n", o->help);
			continue;
		}
		n = print_names(o);
		if (n > column - 2)
			n = (printf("\n"), 0);
		for (;;) {
			size_t len = strcspn(line, "\n");

			printf("%*s%.*s\n", column - n, "", (int)len, line);
			if (line[len] == '\0')
				break;
			line += len + 1;
			n = 0;
		}
	}
}
