/* SPDX-License-Identifier: MIT */
/* rt_sigqueueinfo(2), rt_tgsigqueueinfo(2) to another process: what arrives, and what one may not
 * say of oneself. */
#include "tests/guest/tap.h"

#include <sys/wait.h>

static sigset_t set;

/* Takes two signals, and says whether they are what was sent. */
static int child(int parent)
{
	siginfo_t a, b;
	sigset_t first, second;

	sigemptyset(&first);
	sigemptyset(&second);
	sigaddset(&first, SIGRTMIN);
	sigaddset(&second, SIGRTMIN + 1);
	if (sigwaitinfo(&first, &a) != SIGRTMIN || sigwaitinfo(&second, &b) != SIGRTMIN + 1)
		return 1;
	if (a.si_code != SI_QUEUE || a.si_pid != parent || a.si_value.sival_int != 11)
		return 2;
	if (b.si_code != -7 || b.si_pid != 4711 || b.si_value.sival_int != 12)
		return 3;
	return 0;
}

int main(void)
{
	siginfo_t own = {.si_code = -7, .si_signo = SIGRTMIN + 1};
	int me = getpid(), status = -1;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = fork();
	if (pid == 0)
		_exit(child(me));
	is(sigqueue(pid, SIGRTMIN, (union sigval){.sival_int = 11}), 0);
	own.si_code = SI_USER;
	fails(sys(rt_sigqueueinfo, pid, SIGRTMIN, &own), EPERM);
	fails(sys(rt_tgsigqueueinfo, pid, pid, SIGRTMIN, &own), EPERM);
	own.si_code = SI_TKILL;
	fails(sys(rt_sigqueueinfo, pid, SIGRTMIN, &own), EPERM);
	fails(sys(rt_tgsigqueueinfo, me, pid, SIGRTMIN, &own), EPERM);
	own.si_code = -7;
	own.si_pid = 4711;
	own.si_value.sival_int = 12;
	fails(sys(rt_tgsigqueueinfo, me, pid, SIGRTMIN, &own), ESRCH);
	fails(sys(rt_tgsigqueueinfo, pid, 0, SIGRTMIN, &own), EINVAL);
	fails(sys(rt_sigqueueinfo, pid, 65, &own), EINVAL);
	is(sys(rt_tgsigqueueinfo, pid, pid, SIGRTMIN + 1, &own), 0);
	is(waitpid(pid, &status, 0), pid);
	is(status, 0);
	fails(sys(rt_sigqueueinfo, pid, SIGRTMIN, &own), ESRCH);
	fails(sys(rt_tgsigqueueinfo, pid, pid, SIGRTMIN, &own), ESRCH);
	return tap_done();
}
