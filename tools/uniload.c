/* SPDX-License-Identifier: MIT */
/*
 * The front door: names of commands, nothing else.
 */
#include "tools/commands.h"
#include "tools/util.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command {
	const char *name, *summary;
	int (*run)(int argc, char **argv);
} commands[] = {
    {"run", "run a Linux program in a virtual machine", cmd_run},
    {"build", "make a bootable image of a program: one file with all that it needs", cmd_build},
    {"inspect", "tell what is in an image, or would be in the machine of a program", cmd_inspect},
    {"table", "list the system calls of Linux and how well each is supported", cmd_table},
    {"check", "tell whether a program will run, without running it", cmd_check},
    {"explore", "find out which system calls a program needs", cmd_explore},
    {"conformance", "run programs about system calls here and in uniload, and compare",
     cmd_conformance},
};

static int help(void)
{
	printf("uniload: run unmodified Linux programs, each on a small kernel in a virtual "
	       "machine of its own.\n\n"
	       "Usage: uniload COMMAND [ARG...]\n\nCommands:\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf("  %-11s %s\n", commands[i].name, commands[i].summary);
	printf("\n'uniload FILE' is 'uniload build FILE'.\n'uniload COMMAND --help' tells about "
	       "one of them; 'uniload --version' prints the "
	       "version.\n"
	       "For example: echo hello | uniload run /bin/busybox sha256sum\n");
	return 0;
}

/* A full disk must not look like success. */
static int flush(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return status ? status : fail(STATUS_FAILED, "cannot write standard output: %m");
	return status;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(word, commands[i].name) == 0)
			return flush(commands[i].run(argc - 1, argv + 1));
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
		return flush(help());
	if (strcmp(word, "--version") == 0) {
		printf("uniload %s\n", UNILOAD_VERSION);
		return flush(0);
	}
	if (*word && *word != '-' && access(word, F_OK) == 0)
		return flush(cmd_build(argc, argv));
	if (*word == '\0')
		return fail(STATUS_FAILED, "which command? See 'uniload --help'");
	return fail(STATUS_FAILED, "unknown %s %s: see 'uniload --help'",
		    *word == '-' ? "option" : "command", word);
}
