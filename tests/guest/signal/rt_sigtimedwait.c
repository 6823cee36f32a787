/* SPDX-License-Identifier: MIT */
/* rt_sigtimedwait(2): takes a pending signal without running its handler; timeouts; interruption.
 */
#include "tests/guest/tap.h"

#include <sys/time.h>
#include <time.h>

static volatile int calls;

static void count(int sig)
{
	calls++;
}

#define BIT(n) (1ul << ((n)-1))

int main(void)
{
	uint64_t usr = BIT(SIGUSR1) | BIT(SIGUSR2), none = 0, rt = BIT(34);
	struct timespec zero = {0, 0}, some = {0, 30000000}, bad = {0, 1000000000};
	struct itimerval it = {{0, 0}, {0, 30000}};
	siginfo_t si, q = {.si_code = SI_QUEUE};

	signal(SIGUSR1, count);
	signal(SIGALRM, count);
	sys(rt_sigprocmask, SIG_BLOCK, &usr, NULL, 8ul);
	fails(sys(rt_sigtimedwait, &usr, &si, &zero, 8ul), EAGAIN);
	fails(sys(rt_sigtimedwait, &usr, &si, &some, 8ul), EAGAIN);
	kill(getpid(), SIGUSR2);
	kill(getpid(), SIGUSR1);
	memset(&si, 0, sizeof(si));
	is(sys(rt_sigtimedwait, &usr, &si, &zero, 8ul), SIGUSR1);
	is(si.si_signo, SIGUSR1);
	is(si.si_code, SI_USER);
	is(si.si_pid, getpid());
	is(sys(rt_sigtimedwait, &usr, NULL, NULL, 8ul), SIGUSR2);
	is(calls, 0);
	fails(sys(rt_sigtimedwait, &usr, &si, &zero, 8ul), EAGAIN);
	setitimer(ITIMER_REAL, &it, NULL);
	fails(sys(rt_sigtimedwait, &usr, &si, NULL, 8ul), EINTR);
	is(calls, 1);
	sys(rt_sigprocmask, SIG_BLOCK, &rt, NULL, 8ul);
	q.si_value.sival_int = 5;
	sys(rt_sigqueueinfo, getpid(), 34, &q);
	q.si_value.sival_int = 6;
	sys(rt_sigqueueinfo, getpid(), 34, &q);
	is(sys(rt_sigtimedwait, &rt, &si, &zero, 8ul), 34);
	is(si.si_value.sival_int, 5);
	is(sys(rt_sigtimedwait, &rt, &si, &zero, 8ul), 34);
	is(si.si_value.sival_int, 6);
	fails(sys(rt_sigtimedwait, &none, &si, &zero, 8ul), EAGAIN);
	fails(sys(rt_sigtimedwait, &usr, &si, &bad, 8ul), EINVAL);
	fails(sys(rt_sigtimedwait, &usr, &si, &zero, 4ul), EINVAL);
	fails(sys(rt_sigtimedwait, BAD, &si, &zero, 8ul), EFAULT);
	fails(sys(rt_sigtimedwait, &usr, &si, BAD, 8ul), EFAULT);
	kill(getpid(), SIGUSR1);
	fails(sys(rt_sigtimedwait, &usr, BAD, &zero, 8ul), EFAULT);
	return tap_done();
}
