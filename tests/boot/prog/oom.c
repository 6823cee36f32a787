/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out while one child holds most of it and another asks for some: who is killed?
 *
 *	oom ADJUST    oom_score_adj of the one that holds most
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define LEFT	(8ul << 20)
#define STEP	(64ul << 10)
#define REQUEST (4 * LEFT)

static void adjust(const char *value)
{
	FILE *f = fopen("/proc/self/oom_score_adj", "w");

	if (!f || fputs(value, f) < 0 || fclose(f))
		exit(90);
}

static void *reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		exit(91);
	return p;
}

/* Takes all but LEFT, says so, and stays. */
static void hold_most(int fd)
{
	struct sysinfo info;
	char *at = reserve(1ul << 30);

	for (; sysinfo(&info) == 0 && info.freeram > LEFT; at += STEP)
		memset(at, 1, STEP);
	if (write(fd, "x", 1) != 1)
		exit(92);
	for (;;)
		pause();
}

static const char *end(pid_t pid)
{
	int status = 0;

	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? "killed" : "ended";
}

int main(int argc, char **argv)
{
	pid_t big, small;
	int fds[2];
	char c;

	if (pipe(fds))
		return 93;
	big = fork();
	if (big == 0) {
		adjust(argv[1]);
		hold_most(fds[1]);
	}
	if (read(fds[0], &c, 1) != 1)
		return 94;
	small = fork();
	if (small == 0) {
		memset(reserve(REQUEST), 1, REQUEST);
		_exit(0);
	}
	printf("small %s\n", end(small));
	kill(big, SIGTERM);
	printf("big %s\n", end(big));
	return 0;
}
