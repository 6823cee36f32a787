/* SPDX-License-Identifier: MIT */
/* futex(2) with FUTEX_LOCK_PI and relatives, and the C library's priority-inheriting mutexes. */
#include "tests/guest/tap.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

enum {
	WAIT = 0,
	WAKE = 1,
	REQUEUE = 3,
	LOCK_PI = 6,
	UNLOCK_PI = 7,
	TRYLOCK_PI = 8,
	WAIT_REQUEUE_PI = 11,
	CMP_REQUEUE_PI = 12,
	LOCK_PI2 = 13,
	PRIVATE = 128,
	REALTIME = 256,
	WAITERS = 0x80000000,
	DIED = 0x40000000,
};

static _Atomic uint32_t word, cond;
static _Atomic int stage;
static int shared; /* 0 or PRIVATE */

static long fx(void *addr, int op, uint32_t val, const void *timeout, void *addr2, uint32_t val3)
{
	return sys(futex, addr, op | shared, val, timeout, addr2, val3);
}

static void sleep_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

static struct timespec in_ms(clockid_t clock, long ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static void await(int n)
{
	while (stage < n)
		sched_yield();
}

static void test_alone(void)
{
	int tid = sys(gettid);
	struct timespec bad = {0, -1};

	word = 0;
	is(fx(&word, LOCK_PI, 0, NULL, NULL, 0), 0);
	is(word, tid);
	fails(fx(&word, LOCK_PI, 0, NULL, NULL, 0), EDEADLK);
	fails(fx(&word, TRYLOCK_PI, 0, NULL, NULL, 0), EDEADLK);
	is(fx(&word, UNLOCK_PI, 0, NULL, NULL, 0), 0);
	is(word, 0);
	is(fx(&word, TRYLOCK_PI, 0, NULL, NULL, 0), 0);
	is(word, tid);
	word = (uint32_t)tid | WAITERS; /* somebody has given up */
	is(fx(&word, UNLOCK_PI, 0, NULL, NULL, 0), 0);
	is(word, 0);
	fails(fx(&word, UNLOCK_PI, 0, NULL, NULL, 0), EPERM);
	is(fx(&word, LOCK_PI2, 0, NULL, NULL, 0), 0);
	is(fx(&word, UNLOCK_PI, 0, NULL, NULL, 0), 0);
	word = DIED;
	is(fx(&word, LOCK_PI, 0, NULL, NULL, 0), 0);
	is(word, DIED | tid);
	is(fx(&word, UNLOCK_PI, 0, NULL, NULL, 0), 0);
	is(word, 0);
	word = 0x3ffffff0; /* no such thread */
	fails(fx(&word, LOCK_PI, 0, NULL, NULL, 0), ESRCH);
	fails(fx(&word, UNLOCK_PI, 0, NULL, NULL, 0), EPERM);
	fails(fx(&word, LOCK_PI, 0, &bad, NULL, 0), EINVAL);
	fails(fx(&word, LOCK_PI, 0, BAD, NULL, 0), EFAULT);
	fails(fx((char *)&word + 1, LOCK_PI, 0, NULL, NULL, 0), EINVAL);
	fails(fx(BAD, LOCK_PI, 0, NULL, NULL, 0), EFAULT);
	fails(fx(&word, LOCK_PI | REALTIME, 0, NULL, NULL, 0), ENOSYS);
}

static void *hold(void *arg)
{
	fx(&word, LOCK_PI, 0, NULL, NULL, 0);
	stage = 1;
	await(2);
	return (void *)fx(&word, UNLOCK_PI, 0, NULL, NULL, 0);
}

static int order[3], n_order;

static void *in_turn(void *arg)
{
	if (fx(&word, LOCK_PI, 0, NULL, NULL, 0))
		return (void *)1;
	order[n_order++] = (int)(long)arg;
	return (void *)fx(&word, UNLOCK_PI, 0, NULL, NULL, 0);
}

/* The lock of another: timeouts, then those who wait get it in their order. */
static void test_contended(void)
{
	struct timespec t;
	pthread_t holder, w[3];
	void *r;

	word = stage = n_order = 0;
	pthread_create(&holder, NULL, hold, NULL);
	await(1);
	fails(fx(&word, TRYLOCK_PI, 0, NULL, NULL, 0), EAGAIN);
	is(word & WAITERS, WAITERS);
	t = in_ms(CLOCK_REALTIME, 30);
	fails(fx(&word, LOCK_PI, 0, &t, NULL, 0), ETIMEDOUT);
	t = in_ms(CLOCK_MONOTONIC, 30);
	fails(fx(&word, LOCK_PI2, 0, &t, NULL, 0), ETIMEDOUT);
	t = in_ms(CLOCK_REALTIME, 30);
	fails(fx(&word, LOCK_PI2 | REALTIME, 0, &t, NULL, 0), ETIMEDOUT);
	fails(fx(&word, UNLOCK_PI, 0, NULL, NULL, 0), EPERM);
	for (long i = 0; i < 3; i++) {
		pthread_create(&w[i], NULL, in_turn, (void *)i);
		sleep_ms(30);
	}
	stage = 2;
	pthread_join(holder, &r);
	is((long)r, 0);
	for (int i = 0; i < 3; i++) {
		pthread_join(w[i], &r);
		is((long)r, 0);
		is(order[i], i);
	}
	is(word & ~WAITERS, 0);
}

static void nothing(int sig)
{
}

static void *interrupted(void *arg)
{
	stage = 2;
	return (void *)fx(&word, LOCK_PI, 0, NULL, NULL, 0);
}

/* A handler does not end the call, SA_RESTART or not. */
static void test_signal(void)
{
	struct sigaction sa = {.sa_handler = nothing};
	pthread_t t;
	void *r;

	sigaction(SIGUSR1, &sa, NULL);
	word = stage = 0;
	fx(&word, LOCK_PI, 0, NULL, NULL, 0);
	pthread_create(&t, NULL, interrupted, NULL);
	await(2);
	sleep_ms(30);
	pthread_kill(t, SIGUSR1);
	sleep_ms(30);
	is(fx(&word, UNLOCK_PI, 0, NULL, NULL, 0), 0);
	pthread_join(t, &r);
	is((long)r, 0);
	word = 0;
}

static _Atomic uint32_t words[2];

static void *cross(void *arg)
{
	long r;

	fx(&words[1], LOCK_PI, 0, NULL, NULL, 0);
	stage = 1;
	r = fx(&words[0], LOCK_PI, 0, NULL, NULL, 0); /* waits */
	fx(&words[0], UNLOCK_PI, 0, NULL, NULL, 0);
	fx(&words[1], UNLOCK_PI, 0, NULL, NULL, 0);
	return (void *)r;
}

static void test_deadlock(void)
{
	pthread_t t;
	void *r;

	stage = 0;
	fx(&words[0], LOCK_PI, 0, NULL, NULL, 0);
	pthread_create(&t, NULL, cross, NULL);
	await(1);
	sleep_ms(50);
	fails(fx(&words[1], LOCK_PI, 0, NULL, NULL, 0), EDEADLK);
	is(fx(&words[0], UNLOCK_PI, 0, NULL, NULL, 0), 0);
	pthread_join(t, &r);
	is((long)r, 0);
}

static void *die_holding(void *arg)
{
	fx(&word, LOCK_PI, 0, NULL, NULL, 0);
	stage = 1;
	await(2);
	sleep_ms(50);
	return NULL;
}

/* Who waits for a thread that ends gets the lock, and is told. */
static void test_owner_died(void)
{
	int tid = sys(gettid);
	pthread_t t;

	word = stage = 0;
	pthread_create(&t, NULL, die_holding, NULL);
	await(1);
	stage = 2;
	is(fx(&word, LOCK_PI, 0, NULL, NULL, 0), 0);
	is(word & ~WAITERS, DIED | tid);
	pthread_join(t, NULL);
	is(fx(&word, UNLOCK_PI, 0, NULL, NULL, 0), 0);
}

static void *wait_requeued(void *arg)
{
	struct timespec t = in_ms(CLOCK_MONOTONIC, 5000);
	long r;

	stage++;
	r = fx(&cond, WAIT_REQUEUE_PI, 7, &t, &word, 0);
	if (r == 0)
		r = (word & 0x3fffffff) == (uint32_t)sys(gettid) ? 0 : -2;
	if (r == 0)
		r = fx(&word, UNLOCK_PI, 0, NULL, NULL, 0);
	return (void *)r;
}

static void test_requeue(void)
{
	struct timespec t = in_ms(CLOCK_MONOTONIC, 30);
	pthread_t w[3];
	void *r;

	cond = 7;
	word = stage = 0;
	fails(fx(&cond, WAIT_REQUEUE_PI, 8, NULL, &word, 0), EAGAIN);
	fails(fx(&cond, WAIT_REQUEUE_PI, 7, &t, &word, 0), ETIMEDOUT);
	fails(fx(&cond, WAIT_REQUEUE_PI, 7, NULL, &cond, 0), EINVAL);
	fails(fx(&cond, CMP_REQUEUE_PI, 2, (void *)1, &word, 7), EINVAL);
	fails(fx(&cond, CMP_REQUEUE_PI, 1, (void *)1, &word, 8), EAGAIN);
	fails(fx(&cond, CMP_REQUEUE_PI, 1, (void *)1, &cond, 7), EINVAL);
	is(fx(&cond, CMP_REQUEUE_PI, 1, (void *)1, &word, 7), 0);
	for (int i = 0; i < 3; i++)
		pthread_create(&w[i], NULL, wait_requeued, NULL);
	await(3);
	sleep_ms(100);
	fails(fx(&cond, WAKE, 1, NULL, NULL, 0), EINVAL);
	fails(fx(&cond, REQUEUE, 1, (void *)1, &word, 0), EINVAL);
	fails(fx(&cond, CMP_REQUEUE_PI, 1, (void *)5, &words[0], 7),
	      EINVAL); /* not what they want */
	is(fx(&word, LOCK_PI, 0, NULL, NULL, 0), 0);
	is(fx(&cond, CMP_REQUEUE_PI, 1, (void *)0, &word, 7), 1);
	sleep_ms(20);
	is(fx(&word, UNLOCK_PI, 0, NULL, NULL, 0), 0);
	sleep_ms(50);
	is(fx(&cond, CMP_REQUEUE_PI, 1, (void *)5, &word, 7), 2); /* the first gets it at once */
	for (int i = 0; i < 3; i++) {
		pthread_join(w[i], &r);
		is((long)r, 0);
	}
	is(word & 0x3fffffff, 0);
}

/* ---- the C library's mutexes ---- */

static pthread_mutex_t mutex;
static long count;

static void *add(void *arg)
{
	for (int i = 0; i < 2000; i++) {
		if (pthread_mutex_lock(&mutex))
			return (void *)1;
		count++;
		if (i % 100 == 0)
			sched_yield();
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void *lock_and_end(void *arg)
{
	pthread_mutex_lock(&mutex);
	stage = 1;
	await(2);
	return NULL;
}

static void test_mutex(int pshared)
{
	struct timespec t;
	pthread_mutexattr_t a;
	pthread_t w[4];
	void *r;

	pthread_mutexattr_init(&a);
	is(pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT), 0);
	pthread_mutexattr_setpshared(&a, pshared);
	is(pthread_mutex_init(&mutex, &a), 0);
	count = 0;
	for (int i = 0; i < 4; i++)
		pthread_create(&w[i], NULL, add, NULL);
	for (int i = 0; i < 4; i++) {
		pthread_join(w[i], &r);
		is((long)r, 0);
	}
	is(count, 8000);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	is(pthread_mutex_init(&mutex, &a), 0);
	stage = 0;
	pthread_create(&w[0], NULL, lock_and_end, NULL);
	await(1);
	is(pthread_mutex_trylock(&mutex), EBUSY);
	t = in_ms(CLOCK_REALTIME, 10);
	is(pthread_mutex_timedlock(&mutex, &t), ETIMEDOUT);
	stage = 2;
	is(pthread_mutex_lock(&mutex), EOWNERDEAD);
	is(pthread_mutex_consistent(&mutex), 0);
	is(pthread_mutex_unlock(&mutex), 0);
	is(pthread_mutex_lock(&mutex), 0);
	is(pthread_mutex_unlock(&mutex), 0);
	pthread_join(w[0], NULL);
}

int main(void)
{
	for (shared = 0; shared <= PRIVATE; shared += PRIVATE) {
		test_alone();
		test_contended();
		test_signal();
		test_deadlock();
		test_owner_died();
		test_requeue();
	}
	test_mutex(PTHREAD_PROCESS_PRIVATE);
	test_mutex(PTHREAD_PROCESS_SHARED);
	return tap_done();
}
