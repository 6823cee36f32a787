/* SPDX-License-Identifier: MIT */
/* rt_sigprocmask(2), rt_sigpending(2): the three operations, pending signals, unblocking delivers
 * at once. */
#include "tests/guest/tap.h"

static volatile int calls;

static void count(int sig)
{
	calls++;
}

static long mask(int how, uint64_t *set, uint64_t *old)
{
	return sys(rt_sigprocmask, how, set, old, 8ul);
}

#define BIT(n) (1ul << ((n)-1))

int main(void)
{
	uint64_t s = BIT(SIGUSR1) | BIT(SIGKILL) | BIT(SIGSTOP), old, pend;

	signal(SIGUSR1, count);
	signal(SIGUSR2, count);
	is(mask(SIG_BLOCK, NULL, &old), 0);
	is(old, 0);
	is(mask(SIG_BLOCK, &s, &old), 0);
	is(old, 0);
	is(mask(SIG_BLOCK, NULL, &old), 0);
	is(old, BIT(SIGUSR1));
	raise(SIGUSR1);
	raise(SIGUSR1);
	is(calls, 0);
	is(sys(rt_sigpending, &pend, 8ul), 0);
	is(pend, BIT(SIGUSR1));
	s = BIT(SIGUSR1);
	is(mask(SIG_UNBLOCK, &s, NULL), 0);
	is(calls, 1);
	is(sys(rt_sigpending, &pend, 8ul), 0);
	is(pend, 0);
	s = BIT(SIGUSR2);
	is(mask(SIG_SETMASK, &s, &old), 0);
	is(old, 0);
	kill(getpid(), SIGUSR2);
	sys(rt_sigpending, &pend, 8ul);
	is(pend, BIT(SIGUSR2));
	signal(SIGUSR2, SIG_IGN);
	sys(rt_sigpending, &pend, 8ul);
	is(pend, 0); /* ignoring throws away what is pending */
	s = 0;
	is(mask(SIG_SETMASK, &s, NULL), 0);
	is(calls, 1);
	s = ~0ul;
	is(mask(SIG_SETMASK, &s, NULL), 0);
	is(mask(SIG_SETMASK, &s, &old), 0);
	is(old, ~0ul & ~BIT(SIGKILL) & ~BIT(SIGSTOP));
	s = 0;
	mask(SIG_SETMASK, &s, NULL);
	fails(mask(3, &s, NULL), EINVAL);
	fails(mask(-1, &s, NULL), EINVAL);
	is(mask(99, NULL, &old), 0);
	fails(sys(rt_sigprocmask, SIG_BLOCK, &s, NULL, 4ul), EINVAL);
	fails(sys(rt_sigprocmask, SIG_BLOCK, BAD, NULL, 8ul), EFAULT);
	fails(sys(rt_sigprocmask, SIG_BLOCK, NULL, BAD, 8ul), EFAULT);
	fails(sys(rt_sigpending, &s, 16ul), EINVAL);
	fails(sys(rt_sigpending, BAD, 8ul), EFAULT);
	return tap_done();
}
