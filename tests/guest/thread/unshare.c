/* SPDX-License-Identifier: MIT */
/* unshare(CLONE_FS) of one of several threads: working directory and umask of its own. */
#include "tests/guest/tap.h"

#include <linux/sched.h>
#include <pthread.h>

static char dir[256], here[256], there[256], seen[256];
static mode_t mask;
static int task_cwd, refused;

static void *look(void *arg)
{
	if (!getcwd(seen, sizeof(seen)))
		seen[0] = '\0';
	mask = umask(0);
	umask(mask);
	return arg;
}

/* What it starts has what it has. */
static void *unshares(void *arg)
{
	char path[64], target[256];
	pthread_t t;

	refused = sys(unshare, CLONE_THREAD) ? errno : 0;
	if (sys(unshare, CLONE_FS))
		return (void *)(long)errno;
	if (chdir(dir) || !getcwd(there, sizeof(there)))
		return (void *)-1l;
	umask(0123);
	snprintf(path, sizeof(path), "/proc/self/task/%d/cwd", (int)sys(gettid));
	task_cwd = readlink(path, target, sizeof(target)) == (ssize_t)strlen(there);
	pthread_create(&t, NULL, look, NULL);
	pthread_join(t, NULL);
	return NULL;
}

int main(void)
{
	char before[256];
	pthread_t t;
	void *r;

	umask(022);
	snprintf(dir, sizeof(dir), "%s/sub", tmp());
	is(mkdir(dir, 0700), 0);
	ok(getcwd(before, sizeof(before)) != NULL);
	pthread_create(&t, NULL, unshares, NULL);
	pthread_join(t, &r);
	is((long)r, 0);
	is(refused, EINVAL);
	ok(getcwd(here, sizeof(here)) && !strcmp(here, before));
	ok(strcmp(there, before) != 0);
	ok(!strcmp(seen, there), "a thread of the one that unshared shares with that");
	is(mask, 0123);
	is(umask(022), 022);
	ok(task_cwd, "/proc shows the directory of each thread");

	/* The others still share. */
	pthread_create(&t, NULL, look, NULL);
	pthread_join(t, NULL);
	ok(!strcmp(seen, before));
	is(mask, 022);
	is(chdir("/"), 0);
	pthread_create(&t, NULL, look, NULL);
	pthread_join(t, NULL);
	ok(!strcmp(seen, "/"));
	return tap_done();
}
