/* SPDX-License-Identifier: MIT */
/* kill(2) to oneself: existence checks, delivery before it returns, errno. */
#include "tests/guest/tap.h"

static volatile int calls;
static volatile siginfo_t info;

static void count(int sig, siginfo_t *si, void *uc)
{
	calls++;
	info = *si;
}

int main(void)
{
	struct sigaction sa = {.sa_sigaction = count, .sa_flags = SA_SIGINFO};
	pid_t me = getpid();

	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	is(kill(me, 0), 0);
	is(kill(me, SIGUSR1), 0);
	is(calls, 1);
	is(info.si_signo, SIGUSR1);
	is(info.si_code, SI_USER);
	is(info.si_pid, me);
	is(kill(me, SIGTERM), 0);
	is(calls, 2);
	signal(SIGHUP, SIG_IGN);
	is(kill(me, SIGHUP), 0);
	is(kill(me, SIGCHLD), 0);
	is(kill(me, SIGURG), 0);
	is(kill(me, SIGWINCH), 0);
	is(kill(me, SIGCONT), 0);
	is(calls, 2);
	fails(kill(me, -1), EINVAL);
	fails(kill(me, 65), EINVAL);
	fails(kill(0x3ffffff, 0), ESRCH);
	fails(kill(0x3ffffff, SIGKILL), ESRCH);
	fails(kill(-0x3ffffff, 0), ESRCH);
	is(sys(kill, getpgrp() == me ? 0 : me, 0), 0);
	return tap_done();
}
