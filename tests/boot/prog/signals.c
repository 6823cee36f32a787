/* SPDX-License-Identifier: MIT */
/*
 * Waits for signals: `signals wait` says "ready" and what comes, ending with 40 + the number;
 * `signals default` says "ready" and keeps the default actions; `signals ignore` says "ready" and
 * ignores all that can be; `signals spin` computes for ever.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void caught(int sig)
{
	dprintf(1, "signal %d\n", sig);
	_exit(40 + sig);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "default";
	void (*fn)(int) = !strcmp(what, "wait")	    ? caught
			  : !strcmp(what, "ignore") ? SIG_IGN
						    : SIG_DFL;

	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGCHLD)
			signal(sig, fn);
	dprintf(1, "ready\n");
	if (!strcmp(what, "spin"))
		for (;;)
			;
	for (;;)
		pause();
}
