/* SPDX-License-Identifier: MIT */
/* rt_sigsuspend(2) and pause(2): wait under another mask, then the old mask is back. */
#include "tests/guest/tap.h"

#include <sys/time.h>

static volatile int calls;
static volatile bool blocked_in_handler;

static void count(int sig)
{
	sigset_t now;

	calls++;
	sigprocmask(SIG_BLOCK, NULL, &now);
	blocked_in_handler = sigismember(&now, SIGUSR2);
}

int main(void)
{
	sigset_t set, now;
	uint64_t none = 0, usr2 = 1ul << (SIGUSR2 - 1);
	struct itimerval it = {{0, 0}, {0, 30000}};

	signal(SIGUSR1, count);
	signal(SIGALRM, count);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	is(calls, 0);
	fails(sys(rt_sigsuspend, &none, 8ul), EINTR);
	is(calls, 1);
	sigprocmask(SIG_BLOCK, NULL, &now);
	ok(sigismember(&now, SIGUSR1) && !sigismember(&now, SIGUSR2));
	raise(SIGUSR1);
	fails(sys(rt_sigsuspend, &usr2, 8ul), EINTR);
	is(calls, 2);
	ok(blocked_in_handler, "the handler runs under the temporary mask");
	setitimer(ITIMER_REAL, &it, NULL);
	fails(sys(rt_sigsuspend, &none, 8ul), EINTR);
	is(calls, 3);
	setitimer(ITIMER_REAL, &it, NULL);
	fails(sys(pause), EINTR);
	is(calls, 4);
	fails(sys(rt_sigsuspend, &none, 4ul), EINVAL);
	fails(sys(rt_sigsuspend, BAD, 8ul), EFAULT);
	return tap_done();
}
