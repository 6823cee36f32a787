/* SPDX-License-Identifier: MIT */
/*
 * firstbyte -n RUNS [-b SEC] [-e] [-t SEC] [-x PATTERN] -- CMD... [-- CMD...]...: runs the commands
 * in turn (A B A B ...), RUNS times each, and prints for each the milliseconds from exec to the
 * first byte of its standard output, or to the first byte of PATTERN in it: minimum, median,
 * maximum. A run is killed once the byte has come; with -e it goes on, and the time is that to its
 * exit with status 0. No turn begins after -b seconds but the first. A run that fails is tried
 * again twice, then left out; a command of which none succeeds gets dashes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COMMANDS 8
#define MAX_RUNS     1000

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* Read until the pattern (or anything, if it is empty) has come; if to_end, to the end of file.
 * Returns whether it came in time. */
static int wait_for(int fd, const char *pattern, int to_end, double deadline)
{
	static char buf[1 << 20];
	size_t have = 0;
	int came = 0;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		double left = deadline - now_ms();
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left + 1) <= 0)
			return 0;
		n = read(fd, buf + have, sizeof(buf) - have);
		if (n <= 0)
			return n == 0 && to_end && came;
		have += (size_t)n;
		if (memmem(buf, have, pattern, strlen(pattern)))
			came = 1;
		if (came && !to_end)
			return 1;
		if (have == sizeof(buf))
			have = 0;
	}
}

static double one_run(char **argv, const char *pattern, int to_exit, double timeout_ms)
{
	int fd[2], ok, status;
	double start, ms;
	pid_t pid;

	if (pipe(fd))
		return -1;
	start = now_ms();
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		dup2(fd[1], 1);
		close(fd[0]);
		close(fd[1]);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(fd[1]);
	ok = wait_for(fd[0], pattern, to_exit, start + timeout_ms);
	ms = now_ms() - start;
	if (!ok || !to_exit)
		kill(-pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (to_exit) {
		ms = now_ms() - start;
		ok = ok && status == 0;
	}
	close(fd[0]);
	return ok ? ms : -1;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static double ms[MAX_COMMANDS][MAX_RUNS];
	char **commands[MAX_COMMANDS];
	const char *pattern = "";
	double timeout_ms = 30000, budget_ms = 1e12, start = now_ms();
	int runs = 5, n = 0, opt, to_exit = 0, good[MAX_COMMANDS] = {0};

	while ((opt = getopt(argc, argv, "+b:en:t:x:")) != -1) {
		if (opt == 'b')
			budget_ms = atof(optarg) * 1e3;
		else if (opt == 'n')
			runs = atoi(optarg);
		else if (opt == 'e')
			to_exit = 1;
		else if (opt == 't')
			timeout_ms = atof(optarg) * 1e3;
		else if (opt == 'x')
			pattern = optarg;
		else
			return 2;
	}
	for (int i = optind; i < argc && n < MAX_COMMANDS; i++) {
		commands[n++] = &argv[i];
		while (i < argc && strcmp(argv[i], "--"))
			i++;
		argv[i] = NULL;
	}
	if (!n || runs < 1 || runs > MAX_RUNS)
		return 2;
	for (int r = 0; r < runs && (r == 0 || now_ms() - start < budget_ms); r++)
		for (int c = 0; c < n; c++)
			for (int tries = 0; tries < 3; tries++) {
				double t = one_run(commands[c], pattern, to_exit, timeout_ms);

				if (t < 0)
					continue;
				ms[c][good[c]++] = t;
				break;
			}
	for (int c = 0; c < n; c++) {
		qsort(ms[c], (size_t)good[c], sizeof(double), by_value);
		if (good[c])
			printf("%.1f %.1f %.1f\n", ms[c][0], ms[c][good[c] / 2],
			       ms[c][good[c] - 1]);
		else
			printf("- - -\n");
	}
	return 0;
}
