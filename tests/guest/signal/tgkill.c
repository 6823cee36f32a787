/* SPDX-License-Identifier: MIT */
/* tgkill(2), tkill(2), rt_sigqueueinfo(2), rt_tgsigqueueinfo(2) to oneself. */
#include "tests/guest/tap.h"

static volatile int calls, values[8];
static volatile siginfo_t info;

static void count(int sig, siginfo_t *si, void *uc)
{
	values[calls++ & 7] = si->si_value.sival_int;
	info = *si;
}

int main(void)
{
	struct sigaction sa = {.sa_sigaction = count, .sa_flags = SA_SIGINFO};
	pid_t me = getpid(), tid = sys(gettid);
	siginfo_t si = {.si_code = SI_QUEUE};
	sigset_t set, old;

	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGRTMIN, &sa, NULL);
	is(tid, me);
	is(sys(tgkill, me, tid, SIGUSR1), 0);
	is(calls, 1);
	is(info.si_code, SI_TKILL);
	is(info.si_pid, me);
	is(sys(tkill, tid, SIGUSR1), 0);
	is(calls, 2);
	is(sys(tgkill, me, tid, 0), 0);
	fails(sys(tgkill, me, tid, 65), EINVAL);
	fails(sys(tgkill, me, tid, -1), EINVAL);
	fails(sys(tgkill, -1, tid, SIGUSR1), EINVAL);
	fails(sys(tgkill, me, 0, SIGUSR1), EINVAL);
	fails(sys(tgkill, me, 0x3ffffff, SIGUSR1), ESRCH);
	fails(sys(tgkill, 0x3ffffff, tid, SIGUSR1), ESRCH);
	fails(sys(tkill, 0, SIGUSR1), EINVAL);
	fails(sys(tkill, 0x3ffffff, SIGUSR1), ESRCH);
	si.si_value.sival_int = 42;
	is(sys(rt_sigqueueinfo, me, SIGUSR1, &si), 0);
	is(calls, 3);
	is(values[2], 42);
	is(info.si_code, SI_QUEUE);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, &old);
	for (int i = 0; i < 3; i++) {
		si.si_value.sival_int = 100 + i;
		is(sys(rt_tgsigqueueinfo, me, tid, SIGRTMIN, &si), 0);
	}
	is(calls, 3);
	sigprocmask(SIG_SETMASK, &old, NULL);
	is(calls, 6); /* real-time signals queue, in order */
	ok(values[3] == 100 && values[4] == 101 && values[5] == 102);
	fails(sys(rt_sigqueueinfo, me, SIGUSR1, BAD), EFAULT);
	fails(sys(rt_sigqueueinfo, me, 65, &si), EINVAL);
	fails(sys(rt_sigqueueinfo, 0x3ffffff, SIGUSR1, &si), ESRCH);
	return tap_done();
}
