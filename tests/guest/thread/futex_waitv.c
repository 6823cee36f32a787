/* SPDX-License-Identifier: MIT */
/* futex_waitv(2); futex_wait(2), futex_wake(2) and futex_requeue(2) of Linux 6.7. */
#include "tests/guest/tap.h"

#include <pthread.h>
#include <time.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#define SYS_futex_wake	  454
#define SYS_futex_wait	  455
#define SYS_futex_requeue 456

#define U32	2
#define PRIVATE 128

struct item {
	uint64_t val, uaddr;
	uint32_t flags, reserved;
};

static _Atomic uint32_t words[130];
static struct item items[130];

static struct timespec in_ms(clockid_t clock, long ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static void sleep_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

static void prepare(unsigned flags)
{
	for (int i = 0; i < 130; i++) {
		words[i] = i;
		items[i] = (struct item){i, (uint64_t)&words[i], flags, 0};
	}
}

static long waitv(unsigned n, struct timespec *t, int clock)
{
	return sys(futex_waitv, items, n, 0, t, clock);
}

static void *waker(void *arg)
{
	long i = (long)arg;

	for (int k = 0; k < 1000; k++) {
		if (sys(futex_wake, &words[i], ~0u, 1, items[i].flags) == 1)
			return NULL;
		sleep_ms(1);
	}
	return NULL;
}

static void test_waitv(void)
{
	struct timespec t = in_ms(CLOCK_MONOTONIC, 30), bad = {0, -1};
	pthread_t w;

	fails(waitv(3, &t, CLOCK_MONOTONIC), ETIMEDOUT);
	t = in_ms(CLOCK_REALTIME, 30);
	fails(waitv(128, &t, CLOCK_REALTIME), ETIMEDOUT);
	fails(waitv(129, NULL, CLOCK_MONOTONIC), EINVAL);
	fails(waitv(0, NULL, CLOCK_MONOTONIC), EINVAL);
	fails(waitv(3, &t, CLOCK_BOOTTIME), EINVAL);
	fails(waitv(3, &bad, CLOCK_MONOTONIC), EINVAL);
	fails(waitv(3, BAD, CLOCK_MONOTONIC), EFAULT);
	fails(sys(futex_waitv, items, 3, 1, NULL, 0), EINVAL);
	fails(sys(futex_waitv, NULL, 3, 0, NULL, 0), EINVAL);
	fails(sys(futex_waitv, BAD, 3, 0, NULL, 0), EFAULT);
	words[2] = 99;
	fails(waitv(3, NULL, 0), EAGAIN);
	words[2] = 2;
	items[1].reserved = 1;
	fails(waitv(3, NULL, 0), EINVAL);
	items[1].reserved = 0;
	items[1].flags |= 0x40;
	fails(waitv(3, NULL, 0), EINVAL);
	items[1].flags &= ~0x40u;
	items[1].flags &= ~3u; /* one byte */
	fails(waitv(3, NULL, 0), EINVAL);
	items[1].flags |= U32;
	items[1].uaddr = 16;
	fails(waitv(3, NULL, 0), EFAULT);
	items[1].uaddr = (uint64_t)&words[1];
	for (long i = 0; i < 3; i++) {
		t = in_ms(CLOCK_MONOTONIC, 5000);
		pthread_create(&w, NULL, waker, (void *)i);
		is(waitv(3, &t, CLOCK_MONOTONIC), i);
		pthread_join(w, NULL);
	}
	pthread_create(&w, NULL, waker, (void *)127l);
	is(waitv(128, NULL, 0), 127);
	pthread_join(w, NULL);
}

static volatile int woken;

static void *wait_one(void *arg)
{
	if (sys(futex_wait, &words[1], 1ul, (unsigned long)~0u, U32 | PRIVATE, NULL, 0) == 0)
		__atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void test_calls(void)
{
	struct timespec t = in_ms(CLOCK_MONOTONIC, 30);
	pthread_t w[3];

	fails(sys(futex_wait, &words[1], 9ul, (unsigned long)~0u, U32 | PRIVATE, NULL, 0), EAGAIN);
	fails(sys(futex_wait, &words[1], 1ul, ~0ul, U32 | PRIVATE, NULL, 0),
	      EINVAL); /* too many bits */
	fails(sys(futex_wait, &words[1], 1ul, 0ul, U32 | PRIVATE, NULL, 0), EINVAL);
	fails(sys(futex_wait, &words[1], 1ul, (unsigned long)~0u, PRIVATE, NULL, 0), EINVAL);
	fails(
	    sys(futex_wait, &words[1], 1ul, (unsigned long)~0u, U32 | PRIVATE, &t, CLOCK_MONOTONIC),
	    ETIMEDOUT);
	is(sys(futex_wake, &words[1], (unsigned long)~0u, 1, U32 | PRIVATE), 0);
	fails(sys(futex_wake, &words[1], 0ul, 1, U32 | PRIVATE), EINVAL);
	fails(sys(futex_wake, &words[1], (unsigned long)~0u, 1, 0x100), EINVAL);
	for (int i = 0; i < 3; i++)
		pthread_create(&w[i], NULL, wait_one, NULL);
	sleep_ms(100);
	prepare(U32 | PRIVATE);
	fails(sys(futex_requeue, items + 1, 1, 1, 1), EINVAL);
	fails(sys(futex_requeue, NULL, 0, 1, 1), EINVAL);
	items[1].val = 5;
	fails(sys(futex_requeue, items + 1, 0, 1, 1), EAGAIN);
	items[1].val = 1;
	is(sys(futex_requeue, items + 1, 0, 1, 1), 2);
	sleep_ms(50);
	is(woken, 1);
	is(sys(futex_wake, &words[2], (unsigned long)~0u, 5, U32 | PRIVATE), 1);
	is(sys(futex_wake, &words[1], (unsigned long)~0u, 5, U32 | PRIVATE), 1);
	for (int i = 0; i < 3; i++)
		pthread_join(w[i], NULL);
	is(woken, 3);
}

int main(void)
{
	for (unsigned flags = U32; flags <= (U32 | PRIVATE); flags += PRIVATE) {
		prepare(flags);
		test_waitv();
	}
	test_calls();
	return tap_done();
}
