/* SPDX-License-Identifier: MIT */
/*
 * Makes the system calls whose numbers are its arguments, without arguments of their own, and
 * prints each result. `abort` ends it by SIGABRT there and then, `hang` waits for ever and
 * `thread` makes 1000 calls of getppid in each of four threads.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *thread(void *arg)
{
	for (int i = 0; i < 1000; i++)
		syscall(SYS_getppid);
	return arg;
}

static void threads(void)
{
	pthread_t t[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, thread, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
}

static void call(long nr)
{
	long r = syscall(nr, 0, 0, 0);

	printf("%ld: %ld%s%s\n", nr, r, r < 0 ? " " : "", r < 0 ? strerrorname_np(errno) : "");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "abort") == 0)
			abort();
		else if (strcmp(argv[i], "hang") == 0)
			for (;;)
				pause();
		else if (strcmp(argv[i], "thread") == 0)
			threads();
		else
			call(atol(argv[i]));
	}
	return 0;
}
