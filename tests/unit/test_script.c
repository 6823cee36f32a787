/* SPDX-License-Identifier: MIT */
/* unit: loader/script.c */
/* The `#!` line: what Linux takes for interpreter and argument. */
#include "kernel/abi/errno.h"
#include "loader/script.h"
#include "tests/unit/unit.h"

#include <string.h>

static struct script s;

static int parse(const char *text)
{
	char head[SCRIPT_HEAD_SIZE] = "";
	size_t n = strlen(text);

	memcpy(head, text, n < sizeof(head) ? n : sizeof(head));
	memset(&s, 'x', sizeof(s));
	return script_parse(head, &s);
}

/* text is a script with this interpreter and argument (NULL: none). */
static int is(const char *text, const char *interp, const char *arg)
{
	return parse(text) == 1 && !strcmp(s.interp, interp) && s.has_arg == (arg != NULL) &&
	       (arg == NULL || !strcmp(s.arg, arg));
}

/* "#!" and `fill` repeated up to byte n, then rest. */
static const char *padded(char fill, size_t n, const char *rest)
{
	static char text[1024];

	memset(text, fill, sizeof(text));
	memcpy(text, "#!", 2);
	strcpy(text + n, rest);
	return text;
}

static void no_scripts(void)
{
	CHECK(parse("") == 0);
	CHECK(parse("#") == 0);
	CHECK(parse(" #!/bin/sh\n") == 0);
	CHECK(parse("\177ELF") == 0);
}

static void lines(void)
{
	CHECK(is("#!/bin/sh\n", "/bin/sh", NULL));
	CHECK(is("#!/bin/sh\nnext line\n", "/bin/sh", NULL));
	CHECK(is("#!/bin/sh", "/bin/sh", NULL));
	CHECK(is("#! \t/bin/sh \t \n", "/bin/sh", NULL));
	CHECK(is("#!/bin/sh -e\n", "/bin/sh", "-e"));
	CHECK(is("#!/usr/bin/env  perl\t-w  -T \t\n", "/usr/bin/env", "perl\t-w  -T"));
	CHECK(is("#!/bin/sh -e", "/bin/sh", "-e"));
	CHECK(is("#!x\n", "x", NULL));
	CHECK(is("#!/bin/sh\r\n", "/bin/sh\r", NULL));
}

static void no_interpreter(void)
{
	CHECK(is("#!", "", NULL));
	CHECK(parse("#!\n/bin/sh\n") == -ENOEXEC);
	CHECK(parse("#! \t \n") == -ENOEXEC);
	CHECK(parse(padded(' ', 600, "")) == -ENOEXEC);
}

static void long_lines(void)
{
	CHECK(parse(padded('p', 600, "")) == -ENOEXEC);	  /* the path may go on */
	CHECK(parse(padded('p', 256, "\n")) == -ENOEXEC); /* one byte too late */
	CHECK(parse(padded('p', 255, "\n")) == 1 && strlen(s.interp) == 253);
	CHECK(parse(padded('p', 255, " ")) == 1 && strlen(s.interp) == 253 && !s.has_arg);
	CHECK(
	    parse(padded('p', 200, " aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffff")) ==
	    1); /* the argument is cut */
	CHECK(s.has_arg && strlen(s.interp) == 198 && strlen(s.arg) == 54);
}

int main(void)
{
	no_scripts();
	lines();
	no_interpreter();
	long_lines();
	return UNIT_END();
}
