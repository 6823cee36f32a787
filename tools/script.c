/* SPDX-License-Identifier: MIT */
/* Scripts for env(1): which program their first line is really about. */
#include "tools/program.h"

#include "tools/util.h"

#include <string.h>

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
