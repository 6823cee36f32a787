/* SPDX-License-Identifier: MIT */
/* A thread that ends while it holds robust mutexes: the next owner is told. */
#include "tests/guest/tap.h"

#include <pthread.h>
#include <time.h>

static pthread_mutex_t m[2];
static int held[2]; /* a pipe: a byte comes when it is */

static void *holder(void *arg)
{
	for (int i = 0; i < 2; i++)
		if (pthread_mutex_lock(&m[i]))
			return NULL;
	return (void *)1;
}

static void *late_holder(void *arg)
{
	struct timespec t = {.tv_nsec = 50000000};

	pthread_mutex_lock(&m[0]);
	write(held[1], "", 1);
	nanosleep(&t, NULL); /* so that mostly the other one waits already */
	return (void *)1;
}

int main(void)
{
	pthread_mutexattr_t attr;
	pthread_t thread;
	char byte;
	void *r;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	for (int i = 0; i < 2; i++)
		pthread_mutex_init(&m[i], &attr);
	pthread_create(&thread, NULL, holder, NULL);
	pthread_join(thread, &r);
	ok(r != NULL);
	for (int i = 0; i < 2; i++) {
		is(pthread_mutex_lock(&m[i]), EOWNERDEAD);
		is(pthread_mutex_consistent(&m[i]), 0);
		is(pthread_mutex_unlock(&m[i]), 0);
	}
	is(pthread_mutex_lock(&m[0]), 0);
	is(pthread_mutex_unlock(&m[0]), 0);
	/* A waiter is woken by the death. */
	works(pipe(held));
	pthread_create(&thread, NULL, late_holder, NULL);
	is(read(held[0], &byte, 1), 1);
	is(pthread_mutex_lock(&m[0]), EOWNERDEAD);
	pthread_join(thread, NULL);
	return tap_done();
}
