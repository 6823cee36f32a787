/* SPDX-License-Identifier: MIT */
/* What one process sees of another: its CPU clock (clock_getcpuclockid(3)), its locks in
 * /proc/locks. */
#include "tests/guest/tap.h"

#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

#define BURNT_NS 20000000l

static long own_ns(clockid_t id)
{
	struct timespec t = {0};

	return clock_gettime(id, &t) ? -1 : t.tv_sec * 1000000000l + t.tv_nsec;
}

/* Is there a lock of this class and process? */
static bool locked(const char *class, pid_t pid)
{
	char line[256], what[16];
	bool found = false;
	FILE *f = fopen("/proc/locks", "r");
	int who;

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d: %15s %*s %*s %d", what, &who) == 2)
			found |= !strcmp(what, class) && who == pid;
	fclose(f);
	return found;
}

static void child(int tell)
{
	struct flock lock = {.l_type = F_WRLCK};
	int fd = open("f", O_RDWR);

	fcntl(fd, F_SETLK, &lock);
	flock(open("f", O_RDWR), LOCK_SH);
	while (own_ns(CLOCK_PROCESS_CPUTIME_ID) < BURNT_NS)
		;
	write(tell, "x", 1);
	for (;;)
		pause();
}

int main(void)
{
	clockid_t id = 0;
	int ready[2];
	char c;
	pid_t pid;

	tmp();
	close(file_with("f", "text"));
	pipe(ready);
	pid = fork();
	if (pid == 0)
		child(ready[1]);
	is(read(ready[0], &c, 1), 1);
	is(clock_getcpuclockid(pid, &id), 0);
	ok(own_ns(id) >= BURNT_NS);
	is(clock_getres(id, NULL), 0);
	is(clock_getcpuclockid(getpid(), &id), 0);
	ok(own_ns(id) >= 0);
	ok(locked("POSIX", pid));
	ok(locked("FLOCK", pid));
	ok(!locked("POSIX", getpid()));
	is(clock_getcpuclockid(pid, &id), 0);
	kill(pid, SIGKILL);
	is(waitpid(pid, NULL, 0), pid);
	fails(own_ns(id), EINVAL);
	ok(!locked("POSIX", pid));
	ok(!locked("FLOCK", pid));
	return tap_done();
}
