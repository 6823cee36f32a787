/* SPDX-License-Identifier: MIT */
/* Signals among threads: directed ones, the process's ones, masks of their own, interrupted calls.
 */
#include "tests/guest/tap.h"

#include <pthread.h>
#include <time.h>

static volatile int tids[3], handled[3], go, who;

static int index_of(int tid)
{
	for (int i = 0; i < 3; i++)
		if (tids[i] == tid)
			return i;
	return -1;
}

static void handler(int sig)
{
	who = index_of(sys(gettid));
	if (who >= 0)
		handled[who]++;
}

/* Sleeps until its handler has run; the result is whether the sleep was interrupted. */
static void *sleeper(void *arg)
{
	struct timespec ten = {.tv_sec = 10};
	long i = (long)arg;
	int r;

	tids[i] = sys(gettid);
	r = nanosleep(&ten, NULL);
	return (void *)(long)(r == -1 && errno == EINTR);
}

static void *blocker(void *arg)
{
	sigset_t all, set;
	long i = (long)arg;
	int sig = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	tids[i] = sys(gettid);
	sigwait(&set, &sig);
	return (void *)(long)sig;
}

static void wait_for(int i)
{
	struct timespec ms = {.tv_nsec = 20000000};

	while (!tids[i])
		nanosleep(&ms, NULL);
	nanosleep(&ms, NULL);
}

static void test_directed(void)
{
	pthread_t t[3];
	void *r;

	for (long i = 1; i < 3; i++)
		pthread_create(&t[i], NULL, sleeper, (void *)i);
	wait_for(1);
	wait_for(2);
	works(sys(tgkill, getpid(), tids[2], SIGUSR1));
	pthread_join(t[2], &r);
	is((long)r, 1);
	is(handled[2], 1);
	is(handled[1], 0);
	is(pthread_kill(t[1], SIGUSR1), 0);
	pthread_join(t[1], &r);
	is((long)r, 1);
	is(handled[1], 1);
	is(handled[0], 0);
	fails(sys(tgkill, getpid(), tids[1], 0), ESRCH);
	fails(sys(tgkill, getpid() + 1, tids[0], 0), ESRCH);
	fails(sys(tkill, -1, 0), EINVAL);
}

/* A signal for the process goes to a thread that does not block it. */
static void test_process(void)
{
	sigset_t set;
	pthread_t t;
	void *r;

	tids[1] = 0;
	handled[0] = handled[1] = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_create(&t, NULL, sleeper, (void *)1);
	wait_for(1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGUSR1);
	pthread_join(t, &r);
	is((long)r, 1);
	is(handled[1], 1);
	is(handled[0], 0);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);

	tids[1] = 0;
	pthread_create(&t, NULL, blocker, (void *)1);
	wait_for(1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGUSR2);
	pthread_join(t, &r);
	is((long)r, SIGUSR2);
	sigpending(&set);
	ok(!sigismember(&set, SIGUSR2));
}

/* What a thread leaves behind when it ends goes to another. */
static void *leave(void *arg)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGUSR1);
	return NULL;
}

static void test_left(void)
{
	sigset_t set;
	pthread_t t;

	handled[0] = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_create(&t, NULL, leave, NULL);
	pthread_join(t, NULL);
	sigpending(&set);
	ok(sigismember(&set, SIGUSR1));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	is(handled[0], 1);
}

int main(void)
{
	struct sigaction sa = {.sa_handler = handler};

	sigaction(SIGUSR1, &sa, NULL);
	tids[0] = sys(gettid);
	test_directed();
	test_process();
	test_left();
	return tap_done();
}
