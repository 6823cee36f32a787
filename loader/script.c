/* SPDX-License-Identifier: MIT */
/* Taking a `#!` line apart. */
#include "loader/script.h"

#include "kernel/abi/errno.h"
#include "kernel/string.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* First byte of [p, last] that is blank or NUL (`ends`), or that is not blank; NULL if none is. */
static const char *find(const char *p, const char *last, bool ends)
{
	for (; p <= last; p++)
		if (ends ? is_blank(*p) || *p == '\0' : !is_blank(*p))
			return p;
	return NULL;
}

/* The line without "#!" and trailing blanks ends here; NULL: the path in it may be cut off. */
static const char *line_end(const char *head)
{
	const char *last = head + SCRIPT_HEAD_SIZE - 1, *end = NULL, *name;

	for (const char *p = head; p <= last && *p != '\0' && end == NULL; p++)
		if (*p == '\n')
			end = p;
	if (end == NULL) {
		name = find(head + 2, last, false);
		if (name == NULL || find(name, last, true) == NULL)
			return NULL;
		end = last;
	}
	while (is_blank(end[-1]))
		end--;
	return end;
}

static void copy(char *to, const char *from, const char *end)
{
	size_t n = strnlen(from, (size_t)(end - from));

	memcpy(to, from, n);
	to[n] = '\0';
}

int script_parse(const char head[SCRIPT_HEAD_SIZE], struct script *out)
{
	const char *end, *name, *sep, *arg = NULL;

	if (head[0] != '#' || head[1] != '!')
		return 0;
	end = line_end(head);
	name = end != NULL ? find(head + 2, end, false) : NULL;
	if (name == NULL || name == end)
		return -ENOEXEC;
	sep = find(name, end, true);
	if (sep != NULL && *sep != '\0')
		arg = find(sep, end, false);
	out->has_arg = arg != NULL && arg < end;
	copy(out->interp, name, sep != NULL && sep < end ? sep : end);
	if (out->has_arg)
		copy(out->arg, arg, end);
	return 1;
}
