/* SPDX-License-Identifier: MIT */
/*
 * Every job is a process group, so that all of it can be ended. Signals are blocked and waited for,
 * with the nearest deadline as the limit.
 */
#include "tools/jobs.h"

#include "tools/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NEVER UINT64_MAX

struct job *jobs_add(struct jobs *jobs)
{
	if (jobs->n == jobs->room) {
		jobs->room = jobs->room ? 2 * jobs->room : 64;
		jobs->v = xrealloc(jobs->v, jobs->room * sizeof(*jobs->v));
	}
	jobs->v[jobs->n] = (struct job){.fd = -1};
	return &jobs->v[jobs->n++];
}

unsigned jobs_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

/* ---- one job ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	/* A directory that may not be entered is empty for us: make it ours and try again. */
	if (type == FTW_DNR && chmod(path, 0700) == 0)
		nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	(void)remove(path);
	return 0;
}

static __attribute__((noreturn)) void become(const struct job *job, const sigset_t *mask)
{
	int null = open("/dev/null", O_RDONLY);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	sigprocmask(SIG_SETMASK, mask, NULL);
	dup2(null, 0);
	dup2(job->fd, 1);
	dup2(job->fd, 2);
	close_range(3, ~0u, 0);
	setenv("TMPDIR", job->directory, 1);
	for (size_t i = 0; i < job->env.n; i++)
		putenv(job->env.v[i]);
	execvp(job->argv.v[0], job->argv.v);
	_exit(fail(STATUS_NOT_FOUND, "%s: %s", job->argv.v[0], strerror(errno)));
}

static int start(struct job *job, const sigset_t *mask)
{
	const char *tmp = getenv("TMPDIR");

	job->fd = temporary_file();
	job->directory = xasprintf("%s/uniload-job-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (job->fd < 0 || mkdtemp(job->directory) == NULL)
		return fail(STATUS_FAILED, "cannot make a temporary directory: %s",
			    strerror(errno));
	job->deadline_ns = job->seconds ? monotonic_ns() + job->seconds * 1000000000ull : NEVER;
	job->pid = fork();
	if (job->pid == 0)
		become(job, mask);
	if (job->pid < 0)
		return fail(STATUS_FAILED, "cannot create a process: %s", strerror(errno));
	setpgid(job->pid, job->pid);
	return 0;
}

static char *read_all(int fd)
{
	struct stat st;
	size_t size = fstat(fd, &st) == 0 && st.st_size > 0 ? (size_t)st.st_size : 0, have = 0;
	char *text;

	size = size < JOB_OUTPUT_MAX ? size : JOB_OUTPUT_MAX;
	text = xrealloc(NULL, size + 1);
	while (have < size) {
		ssize_t n = pread(fd, text + have, size - have, (off_t)have);

		if (n <= 0)
			break;
		have += (size_t)n;
	}
	text[have] = '\0';
	return text;
}

/* It has ended, or never began: nothing stays but what it said. */
static void finish(struct job *job)
{
	if (job->pid > 0)
		kill(-job->pid, SIGKILL);
	job->pid = 0;
	if (job->fd >= 0) {
		job->output = read_all(job->fd);
		close(job->fd);
	}
	job->fd = -1;
	if (job->directory)
		nftw(job->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(job->directory);
	job->directory = NULL;
}

/* ---- all of them ---- */

static void take_ended(struct jobs *jobs, size_t n_started, unsigned *running)
{
	for (size_t i = 0; i < n_started; i++) {
		struct job *job = &jobs->v[i];

		if (job->pid <= 0 || waitpid(job->pid, &job->status, WNOHANG) != job->pid)
			continue;
		finish(job);
		(*running)--;
		if (jobs->done)
			jobs->done(jobs, job);
	}
}

/* Kill what is over its time; returns when the next one will be. */
static uint64_t enforce_limits(struct jobs *jobs, size_t n_started)
{
	uint64_t now = monotonic_ns(), next = NEVER;

	for (size_t i = 0; i < n_started; i++) {
		struct job *job = &jobs->v[i];

		if (job->pid <= 0)
			continue;
		if (job->deadline_ns <= now) {
			job->timed_out = true;
			job->deadline_ns = NEVER;
			kill(-job->pid, SIGKILL);
		} else if (job->deadline_ns < next) {
			next = job->deadline_ns;
		}
	}
	return next;
}

static void kill_all(struct jobs *jobs, size_t n_started)
{
	for (size_t i = 0; i < n_started; i++) {
		struct job *job = &jobs->v[i];

		if (job->pid <= 0)
			continue;
		kill(-job->pid, SIGKILL);
		waitpid(job->pid, &job->status, 0);
		finish(job);
	}
}

/* Wait until a child has ended, `until` has come, or a signal asks to end, which is returned. */
static int wait_for_news(const sigset_t *set, uint64_t until)
{
	uint64_t now = monotonic_ns(), ns = until > now ? until - now : 0;
	struct timespec t = {.tv_sec = (time_t)(ns / 1000000000),
			     .tv_nsec = (long)(ns % 1000000000)};
	int sig = until == NEVER ? sigwaitinfo(set, NULL) : sigtimedwait(set, NULL, &t);

	return sig > 0 && sig != SIGCHLD ? sig : 0;
}

int jobs_run(struct jobs *jobs, unsigned at_once)
{
	unsigned running = 0;
	size_t started = 0;
	int status = 0, sig;
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &old);
	while (status == 0 && (started < jobs->n || running > 0)) {
		while (status == 0 && started < jobs->n && running < at_once) {
			status = start(&jobs->v[started++], &old);
			running++;
		}
		sig = status ? 0 : wait_for_news(&set, enforce_limits(jobs, started));
		if (sig)
			status = STATUS_SIGNAL + sig;
		else
			take_ended(jobs, started, &running);
	}
	kill_all(jobs, started);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return status;
}

void jobs_free(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++) {
		strvec_free(&jobs->v[i].argv);
		strvec_free(&jobs->v[i].env);
		free(jobs->v[i].output);
	}
	free(jobs->v);
	jobs->v = NULL;
	jobs->n = jobs->room = 0;
}
