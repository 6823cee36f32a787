/* SPDX-License-Identifier: MIT */
/* futex(2) as far as one thread gets: value check, timeouts, interruption, waking nobody, refusals.
 */
#include "tests/guest/tap.h"

#include <sys/time.h>
#include <time.h>

enum {
	WAIT = 0,
	WAKE = 1,
	REQUEUE = 3,
	CMP_REQUEUE = 4,
	WAKE_OP = 5,
	WAIT_BITSET = 9,
	WAKE_BITSET = 10,
	PRIVATE = 128
};

static uint32_t word = 5, other;

static void nothing(int sig)
{
}

static long fx(void *addr, int op, uint32_t val, void *timeout, void *addr2, uint32_t val3)
{
	return sys(futex, addr, op, val, timeout, addr2, val3);
}

static long ms_since(const struct timespec *a)
{
	struct timespec b;

	clock_gettime(CLOCK_MONOTONIC, &b);
	return (b.tv_sec - a->tv_sec) * 1000 + (b.tv_nsec - a->tv_nsec) / 1000000;
}

int main(void)
{
	struct timespec t = {0, 30000000}, a, bad = {0, 1000000000};
	struct itimerval it = {{0, 0}, {0, 30000}};
	struct sigaction sa = {.sa_handler = nothing};

	fails(fx(&word, WAIT, 4, NULL, NULL, 0), EAGAIN);
	fails(fx(&word, WAIT | PRIVATE, 4, NULL, NULL, 0), EAGAIN);
	clock_gettime(CLOCK_MONOTONIC, &a);
	fails(fx(&word, WAIT | PRIVATE, 5, &t, NULL, 0), ETIMEDOUT);
	ok(ms_since(&a) >= 30 && ms_since(&a) < 2000);
	fails(fx(&word, WAIT_BITSET | PRIVATE, 5, &a, NULL, ~0u),
	      ETIMEDOUT); /* absolute, in the past */
	fails(fx(&word, WAIT_BITSET | PRIVATE, 5, NULL, NULL, 0), EINVAL);
	is(fx(&word, WAKE, 1, NULL, NULL, 0), 0);
	is(fx(&word, WAKE | PRIVATE, 0x7fffffff, NULL, NULL, 0), 0);
	is(fx(&word, WAKE_BITSET | PRIVATE, 1, NULL, NULL, 1), 0);
	fails(fx(&word, WAKE_BITSET | PRIVATE, 1, NULL, NULL, 0), EINVAL);
	is(fx(&word, REQUEUE | PRIVATE, 1, (void *)1, &other, 0), 0);
	is(fx(&word, CMP_REQUEUE | PRIVATE, 1, (void *)1, &other, 5), 0);
	fails(fx(&word, CMP_REQUEUE | PRIVATE, 1, (void *)1, &other, 6), EAGAIN);
	is(fx(&word, WAKE_OP | PRIVATE, 1, (void *)1, &other, 7 << 12), 0); /* other = 7 */
	is(other, 7);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
	fails(fx(&word, WAIT | PRIVATE, 5, NULL, NULL, 0), EINTR);
	fails(fx((char *)&word + 1, WAIT, 5, NULL, NULL, 0), EINVAL);
	fails(fx((char *)&word + 2, WAKE, 1, NULL, NULL, 0), EINVAL);
	fails(fx((void *)0x1000, WAIT, 5, NULL, NULL, 0), EFAULT);
	fails(fx((void *)0xffff888000000000, WAIT, 5, NULL, NULL, 0), EFAULT);
	fails(fx(&word, WAIT, 5, &bad, NULL, 0), EINVAL);
	fails(fx(&word, WAIT, 5, BAD, NULL, 0), EFAULT);
	fails(fx(&word, 99, 5, NULL, NULL, 0), ENOSYS);
	return tap_done();
}
