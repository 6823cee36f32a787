/* SPDX-License-Identifier: MIT */
/* Prints arguments, environment and working directory, one item on a line; `env stub` makes an
 * unimplemented call. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
	char cwd[4096];

	if (argc > 1 && !strcmp(argv[1], "stub")) {
		long r = syscall(SYS_swapon, "/nowhere", 0);

		printf("%ld %s\n", r, strerror(errno));
		return 0;
	}
	for (int i = 0; i < argc; i++)
		printf("arg %d [%s]\n", i, argv[i]);
	for (char **e = environ; *e; e++)
		printf("env [%s]\n", *e);
	printf("cwd [%s]\n", getcwd(cwd, sizeof(cwd)) ? cwd : strerror(errno));
	return 0;
}
