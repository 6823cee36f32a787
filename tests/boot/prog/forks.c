/* SPDX-License-Identifier: MIT */
/*
 * Many processes, one after the other and at once: numbers, statuses, limits, and that all memory
 * comes back. It refuses to run outside of a machine.
 *
 *	forks COUNT
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLACK_KIB 1024 /* what may be kept for later */
#define LOW_PIDS  300  /* not given again after the last number was */
#define MOST	  300

static pid_t pids[MOST];

static long free_kib(void)
{
	struct sysinfo info;

	sysinfo(&info);
	return (long)(info.freeram / 1024);
}

static void check(const char *what, bool good)
{
	printf("%s: %s\n", what, good ? "good" : "BAD");
}

static bool is_machine(void)
{
	char text[512] = "";
	FILE *f = fopen("/proc/version", "r");

	return f && fgets(text, sizeof(text), f) && strstr(text, "(uniload)");
}

/* Children that end at once, next to one that stays. */
static void in_turn(int count)
{
	pid_t stays = fork(), last = 0;
	int bad = 0, wraps = 0;
	long before = 0;

	if (stays == 0)
		for (;;)
			pause();
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();
		int status = 0;

		if (pid == 0)
			_exit(i & 127);
		bad += waitpid(pid, &status, 0) != pid || status != (i & 127) << 8 || pid == stays;
		wraps += pid < last;
		bad += pid < last && pid < LOW_PIDS;
		last = pid;
		if (i == 100)
			before = free_kib();
	}
	kill(stays, SIGKILL);
	check("children", bad == 0 && waitpid(stays, NULL, 0) == stays);
	check("numbers", wraps == count / 32768);
	check("memory after them", free_kib() >= before - SLACK_KIB);
}

static void other_programs(int count, char *self)
{
	long before = 0;
	int bad = 0;

	for (int i = 0; i < count; i++) {
		pid_t pid = vfork();
		int status = 0;

		if (pid == 0) {
			execl(self, self, "exit", NULL);
			_exit(99);
		}
		bad += waitpid(pid, &status, 0) != pid || status != 7 << 8;
		if (i == 10)
			before = free_kib();
	}
	check("programs", bad == 0);
	check("memory after programs", free_kib() >= before - SLACK_KIB);
}

/* MOST, or as many as there can be. Returns how many there were; *error: why not more. */
static int at_once(int *error)
{
	int n = 0, reaped = 0;
	pid_t pid;

	while (n < MOST && (pid = fork()) >= 0) {
		if (pid == 0)
			for (;;)
				pause();
		pids[n++] = pid;
	}
	*error = errno;
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		reaped++;
	return reaped == n ? n : -1;
}

static void together(void)
{
	struct rlimit limit = {50, 50};
	int error, n = at_once(&error), status = 1;
	long before = free_kib();

	check("at once", n == MOST);
	for (int i = 0; i < 3; i++)
		check("again", at_once(&error) == MOST);
	check("memory after that", free_kib() >= before - SLACK_KIB);
	if (fork() == 0) {
		setrlimit(RLIMIT_NPROC, &limit);
		if (setuid(4711))
			_exit(1);
		n = at_once(&error);
		_exit(n == 49 && error == EAGAIN ? 0 : 1);
	}
	wait(&status);
	check("RLIMIT_NPROC", status == 0);
}

int main(int argc, char **argv)
{
	if (argc < 2 || !is_machine())
		return 98;
	if (!strcmp(argv[1], "exit"))
		return 7;
	setvbuf(stdout, NULL, _IONBF, 0);
	in_turn(atoi(argv[1]));
	other_programs(atoi(argv[1]) / 10, argv[0]);
	together();
	return 0;
}
