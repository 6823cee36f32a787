/* SPDX-License-Identifier: MIT */
/* Threads as programs use them: mutexes, conditions, barriers, TLS, fairness, vector state, errno.
 */
#include "tests/guest/tap.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <time.h>

#define N 6

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static int turn;
static long sum;
static volatile bool stop;
static __thread long own = 7;

static void *in_turn(void *arg)
{
	long id = (long)arg;

	for (int i = 0; i < 100; i++) {
		pthread_mutex_lock(&mutex);
		while (turn != id)
			pthread_cond_wait(&cond, &mutex);
		turn = (turn + 1) % N;
		sum += i;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	own += id;
	return (void *)own;
}

static void test_turns(void)
{
	pthread_t t[N];
	void *r;

	for (long i = 0; i < N; i++)
		is(pthread_create(&t[i], NULL, in_turn, (void *)i), 0);
	for (long i = 0; i < N; i++) {
		is(pthread_join(t[i], &r), 0);
		is((long)r, 7 + i);
	}
	is(sum, N * 4950);
	is(own, 7);
}

/* Computes with vector registers while others do: a switch must keep all of them. */
static void *compute(void *arg)
{
	double x = (long)arg, y = x;
	long n = 0;

	for (; !stop; n++) {
		y = sqrt(y * y + 0.0) + 1.5 - 1.5;
		if (y != x)
			return (void *)-1l;
	}
	return (void *)n;
}

static void test_sharing(void)
{
	struct timespec t300 = {.tv_nsec = 300000000};
	pthread_t t[4];
	long least = INT64_MAX, most = 0;
	void *r;

	for (long i = 0; i < 4; i++)
		is(pthread_create(&t[i], NULL, compute, (void *)(i + 1)), 0);
	nanosleep(&t300, NULL);
	stop = true;
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &r);
		ok((long)r > 0, "vector registers are kept");
		least = (long)r < least ? (long)r : least;
		most = (long)r > most ? (long)r : most;
	}
	ok(most < 20 * least, "nobody starves");
}

static void *meet(void *arg)
{
	int r = pthread_barrier_wait(&barrier);

	return (void *)(long)(r == PTHREAD_BARRIER_SERIAL_THREAD);
}

static void test_barrier(void)
{
	pthread_t t[N];
	long serial = 0;
	void *r;

	pthread_barrier_init(&barrier, NULL, N);
	for (long i = 0; i < N; i++)
		pthread_create(&t[i], NULL, meet, NULL);
	for (int i = 0; i < N; i++) {
		pthread_join(t[i], &r);
		serial += (long)r;
	}
	is(serial, 1);
}

static void *yield(void *arg)
{
	for (int i = 0; i < 1000; i++)
		sched_yield();
	return arg;
}

static void test_many(void)
{
	pthread_attr_t attr;
	pthread_t t[200];
	int made = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 200; i++)
			made += pthread_create(&t[i], &attr, i % 10 ? meet : yield, NULL) == 0;
		for (int i = 0; i < 200; i++)
			pthread_join(t[i], NULL);
	}
	is(made, 1000);
}

static sem_t ping, pong;

static void *answer(void *arg)
{
	for (int i = 0; i < 1000; i++) {
		sem_wait(&ping);
		sem_post(&pong);
	}
	return NULL;
}

static void test_pingpong(void)
{
	struct timespec late = {.tv_sec = 1};
	pthread_t t;

	sem_init(&ping, 0, 0);
	sem_init(&pong, 0, 0);
	pthread_create(&t, NULL, answer, NULL);
	for (int i = 0; i < 1000; i++) {
		sem_post(&ping);
		sem_wait(&pong);
	}
	pthread_join(t, NULL);
	fails(sem_timedwait(&ping, &late), ETIMEDOUT);
}

int main(void)
{
	test_turns();
	test_sharing();
	test_barrier();
	pthread_barrier_init(&barrier, NULL, 1);
	test_many();
	test_pingpong();
	return tap_done();
}
