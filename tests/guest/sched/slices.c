/* SPDX-License-Identifier: MIT */
/* cpus */
/*
 * Threads that only compute, without any system call, share the processor, also after it has often
 * been idle while timers were due.
 */
#include "tests/guest/tap.h"

#include <pthread.h>
#include <time.h>

enum { SLEEPERS = 12, BURSTS = 60, TURNS = 6 };

static volatile int stop, turn;

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void *sleep_often(void *arg)
{
	struct timespec t = {0, 700000 + 37000 * (long)arg};

	while (!stop)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
	return NULL;
}

/* More than a slice of work, then a pause, while others sleep and wake. */
static void bursts(void)
{
	pthread_t t[SLEEPERS];

	for (long i = 0; i < SLEEPERS; i++)
		pthread_create(&t[i], NULL, sleep_often, (void *)i);
	for (int i = 0; i < BURSTS; i++) {
		for (long end = now_us() + 4500 + 100 * (i % 20); now_us() < end;)
			;
		usleep(3000);
	}
	stop = 1;
	for (int i = 0; i < SLEEPERS; i++)
		is(pthread_join(t[i], NULL), 0);
}

/* Make every other turn, without a system call: only the end of a slice lets the others run. */
static void *take_turns(void *arg)
{
	long end = now_us() + 60 * 1000000L;
	int seen;

	while ((seen = turn) < TURNS && now_us() < end)
		if (seen % 2 == (long)arg)
			turn = seen + 1;
	return NULL;
}

static volatile int answered;

static void *answer(void *fds)
{
	int *fd = fds;
	char c;

	while (read(fd[0], &c, 1) == 1 && c)
		write(fd[1], &c, 1);
	answered = 1;
	return NULL;
}

/* Each waits for the other's answer, but then one goes on by itself. */
static void hand_over(void)
{
	int to[2], back[2], fds[2];
	long end;
	pthread_t t;
	char c = 1;

	pipe(to);
	pipe(back);
	fds[0] = to[0];
	fds[1] = back[1];
	pthread_create(&t, NULL, answer, fds);
	for (int i = 0; i < 50; i++) {
		write(to[1], &c, 1);
		read(back[0], &c, 1);
	}
	c = 0;
	write(to[1], &c, 1);
	for (end = now_us() + 60 * 1000000L; !answered && now_us() < end;)
		;
	is(answered, 1);
	is(pthread_join(t, NULL), 0);
}

int main(void)
{
	pthread_t t[2];

	hand_over();
	bursts();
	for (long i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, take_turns, (void *)i);
	for (int i = 0; i < 2; i++)
		is(pthread_join(t[i], NULL), 0);
	is(turn, TURNS);
	return tap_done();
}
