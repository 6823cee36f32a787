/* SPDX-License-Identifier: MIT */
/*
 * The first line of a script, as Linux (fs/binfmt_script.c) reads it: the interpreter, and the rest
 * of the line as one argument.
 */
#include "tools/program.h"

#include "tools/util.h"

#include <string.h>

bool script_parse(char line[SCRIPT_LINE], char **interp, char **argument)
{
	char *end = memchr(line, '\n', SCRIPT_LINE), *at = line + 2;
	bool cut = end == NULL && memchr(line, '\0', SCRIPT_LINE) == NULL;

	if (end == NULL)
		end = cut ? line + SCRIPT_LINE - 1 : line + strlen(line);
	while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	at += strspn(at, " \t");
	*interp = at;
	at += strcspn(at, " \t");
	if (*at == '\0') {
		*argument = at;
		return **interp != '\0' && !cut; /* the name itself must not be cut */
	}
	*at++ = '\0';
	*argument = at + strspn(at, " \t");
	return true;
}

char *script_env_program(const char *argument)
{
	bool split = strncmp(argument, "-S", 2) == 0 || strncmp(argument, "-vS", 3) == 0 ||
		     strncmp(argument, "--split-string", 14) == 0;

	if (!split) /* one argument: a name, possibly with spaces in it */
		return *argument && *argument != '-' && !strchr(argument, '=') ? xstrdup(argument)
									       : NULL;
	argument += strncmp(argument, "--", 2) == 0 ? 14 : argument[1] == 'v' ? 3 : 2;
	argument += *argument == '=';
	for (;;) {
		size_t len;

		argument += strspn(argument, " \t");
		len = strcspn(argument, " \t");
		if (len == 0)
			return NULL;
		if (*argument != '-' && memchr(argument, '=', len) == NULL)
			return xasprintf("%.*s", (int)len, argument);
		argument += len;
	}
}
