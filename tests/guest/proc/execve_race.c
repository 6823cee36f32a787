/* SPDX-License-Identifier: MIT */
/* volume: where reading a page takes a while */
/*
 * Threads that call execve(2) at once: one becomes the program, alone and with the process's
 * number, the others end and give back what they held: their programs can be written again.
 */
#include "tests/guest/tap.h"

#include <pthread.h>
#include <sys/wait.h>

enum { THREADS = 8, ROUNDS = 12, GOOD = 41, BAD_ONE = 42 };

static char *late_args;
static pthread_barrier_t start;
static char names[THREADS][16];

static void copy_self(const char *to)
{
	int in = open("/proc/self/exe", O_RDONLY), out = open(to, O_WRONLY | O_CREAT, 0755);
	static char buf[65536];
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		write(out, buf, n);
	close(out);
	close(in);
}

/* ---- the winner ---- */

static int threads_now(void)
{
	char line[256];
	int n = 0;
	FILE *f = fopen("/proc/self/status", "r");

	while (fgets(line, sizeof(line), f))
		sscanf(line, "Threads: %d", &n);
	fclose(f);
	return n;
}

static int winner(int parent)
{
	return threads_now() == 1 && sys(gettid) == getpid() && getppid() == parent ? GOOD
										    : BAD_ONE;
}

/* ---- many ---- */

static void *run_one(void *name)
{
	char parent[16], *args[] = {name, "winner", parent, NULL};
	int i = (int)((char(*)[16])name - names);

	snprintf(parent, sizeof(parent), "%d", getppid());
	pthread_barrier_wait(&start);
	for (;;) {
		if (i % 3 == 1)
			execve("./nothing", args, NULL);
		if (i % 3 == 2)
			execve("./text", args, NULL);
		if (i % 3 == 0)
			execve(name, args, NULL);
	}
	return NULL;
}

/* Does not return. Without the first thread if `leave`. */
static void race(bool leave)
{
	pthread_t t;

	pthread_barrier_init(&start, NULL, THREADS);
	for (int i = leave ? 0 : 1; i < THREADS; i++)
		pthread_create(&t, NULL, run_one, names[i]);
	if (leave)
		pthread_exit(NULL);
	run_one(names[0]);
}

static void many(void)
{
	int good = 0, writable = 0;

	close(file_with("text", "neither program nor script"));
	chmod("text", 0755);
	for (int i = 0; i < THREADS; i++) {
		snprintf(names[i], sizeof(names[i]), "./copy%d", i);
		copy_self(names[i]);
	}
	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid = fork();
		int status = 0;

		if (!pid)
			race(i & 1);
		is(waitpid(pid, &status, 0), pid);
		good += WIFEXITED(status) && WEXITSTATUS(status) == GOOD;
	}
	is(good, ROUNDS);
	for (int i = 0; i < THREADS; i++)
		writable += open(names[i], O_WRONLY) >= 0;
	is(writable, THREADS);
}

/* ---- two, one of which has to wait for its arguments ---- */

static void *exec_late(void *arg)
{
	execve("./late", (char **)late_args, NULL);
	return NULL;
}

static void one_late(void)
{
	char *args[] = {"./early", "early", NULL};
	int fd = open("args", O_RDWR | O_CREAT, 0600), status;
	pid_t pid;
	pthread_t t;

	copy_self("early");
	copy_self("late");
	ftruncate(fd, 16 * PAGE);
	late_args = mmap(NULL, 16 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	pid = fork();
	if (!pid) {
		pthread_create(&t, NULL, exec_late, NULL);
		usleep(1);
		execve("./early", args, NULL);
		_exit(99);
	}
	is(waitpid(pid, &status, 0), pid);
	is(status, GOOD << 8); /* whoever was faster */
	works(open("late", O_WRONLY));
	works(open("early", O_WRONLY));
}

int main(int argc, char **argv)
{
	if (argc > 2)
		return winner(atoi(argv[2]));
	if (argc > 1 || argc < 1 || !*argv[0])
		return GOOD;
	tmp();
	many();
	one_late();
	return tap_done();
}
