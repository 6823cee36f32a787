/* SPDX-License-Identifier: MIT */
/*
 * A program of a conformance suite, whose name says what it does: good, bad (one case fails where
 * TMPDIR is not set, as in a machine of uniload), known (the same on line 7), wrong (fails
 * everywhere), dies, hangs and skips.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int number;

static void result(int ok, int line, const char *text)
{
	printf("%sok %d - cases.c:%d: %s\n", ok ? "" : "not ", ++number, line, text);
	if (!ok)
		printf("# got 1, want 2\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	int elsewhere = getenv("TMPDIR") == NULL;

	result(1, 5, "the first");
	if (strcmp(name, "bad") == 0)
		result(!elsewhere, 6, "one | two");
	if (strcmp(name, "known") == 0)
		result(!elsewhere, 7, "known");
	if (strcmp(name, "wrong") == 0)
		result(0, 8, "wrong");
	if (strcmp(name, "dies") == 0 && elsewhere)
		raise(SIGKILL);
	if (strcmp(name, "hangs") == 0 && elsewhere)
		pause();
	if (strcmp(name, "skips") == 0)
		printf("ok %d - cases.c:9: # SKIP no reason\n", ++number);
	printf("1..%d\n", number);
	return 0;
}
