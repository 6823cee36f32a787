/* SPDX-License-Identifier: MIT */
/* restart_syscall(2): a sleep that a stop interrupts goes on afterwards, for what is left of it;
 * alone the call is EINTR. */
#include "tests/guest/tap.h"

#include <sys/wait.h>
#include <time.h>

static long ms_since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - from->tv_sec) * 1000 + (now.tv_nsec - from->tv_nsec) / 1000000;
}

/* Sleeps and says whether it took that long and was not interrupted. */
static int sleeper(int ready)
{
	struct timespec t = {0, 300000000}, from;

	clock_gettime(CLOCK_MONOTONIC, &from);
	if (write(ready, "x", 1) != 1 || sys(nanosleep, &t, NULL) != 0)
		return 1;
	return ms_since(&from) < 300 ? 2 : 0;
}

int main(void)
{
	int p[2], status;
	char b;
	pid_t pid;

	is(sys(restart_syscall), -1);
	fails(sys(restart_syscall), EINTR);
	is(pipe(p), 0);
	pid = fork();
	if (pid == 0)
		_exit(sleeper(p[1]));
	is(read(p[0], &b, 1), 1);
	is(kill(pid, SIGSTOP), 0);
	is(waitpid(pid, &status, WUNTRACED), pid);
	ok(WIFSTOPPED(status));
	is(kill(pid, SIGCONT), 0);
	is(waitpid(pid, &status, 0), pid);
	is(status, 0);
	return tap_done();
}
