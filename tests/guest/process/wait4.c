/* SPDX-License-Identifier: MIT */
/* wait4(2) and waitid(2): whom, what and when; SIGCHLD and what it says; children nobody waits for.
 */
#include "tests/guest/tap.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#ifndef __WALL
#define __WALL 0x40000000
#endif

static volatile siginfo_t seen;
static volatile int n_seen;

static void on_child(int signo, siginfo_t *si, void *context)
{
	seen = *si;
	n_seen++;
}

static pid_t start_exit(int status)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(status);
	return pid;
}

static pid_t start_pause(void)
{
	pid_t pid = fork();

	while (pid == 0)
		pause();
	return pid;
}

static void test_errors(void)
{
	siginfo_t si;

	fails(wait4(-1, NULL, 0, NULL), ECHILD);
	fails(wait4(-1, NULL, 0x100, NULL), EINVAL);
	fails(wait4(INT32_MIN, NULL, 0, NULL), ESRCH);
	fails(waitid(P_ALL, 0, &si, 0), EINVAL);
	fails(waitid(P_PID, 0, &si, WEXITED), EINVAL);
	fails(waitid(P_ALL, 0, &si, WEXITED), ECHILD);
	fails(waitid(P_PIDFD, FD_NONE, &si, WEXITED), EBADF);
}

static void test_status(void)
{
	struct rusage ru;
	int status = -1;
	pid_t pid = start_exit(300);

	is(wait4(pid, &status, 0, &ru), pid);
	is(status, 300 % 256 << 8);
	pid = start_pause();
	is(waitpid(pid, &status, WNOHANG), 0);
	is(kill(pid, SIGTERM), 0);
	is(waitpid(pid, &status, 0), pid);
	is(status, SIGTERM);
	fails(kill(pid, 0), ESRCH);
	pid = start_exit(1);
	fails(waitpid(pid, BAD, 0), EFAULT);
	fails(waitpid(pid, NULL, 0), ECHILD); /* waited for all the same */
}

static void test_whom(void)
{
	pid_t a = start_exit(1), b = start_pause();
	int status = 0;

	is(setpgid(b, b), 0);
	is(waitpid(0, &status, 0), a);
	fails(waitpid(0, &status, 0), ECHILD);
	is(waitpid(-b, &status, WNOHANG), 0);
	kill(b, SIGKILL);
	is(waitpid(-b, &status, 0), b);
	is(status, SIGKILL);
}

static void test_events(void)
{
	pid_t pid = start_pause();
	siginfo_t si;
	int status;

	is(kill(pid, SIGSTOP), 0);
	is(waitpid(pid, &status, WUNTRACED), pid);
	is(status, SIGSTOP << 8 | 0x7f);
	is(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
	is(kill(pid, SIGCONT), 0);
	memset(&si, 0, sizeof(si));
	is(waitid(P_PID, pid, &si, WCONTINUED | WNOWAIT), 0);
	is(si.si_code, CLD_CONTINUED);
	is(si.si_status, SIGCONT);
	is(waitpid(pid, &status, WCONTINUED), pid);
	is(status, 0xffff);
	is(waitpid(pid, &status, WCONTINUED | WNOHANG), 0);
	kill(pid, SIGKILL);
	is(waitid(P_PID, pid, &si, WEXITED | WNOWAIT), 0);
	is(si.si_code, CLD_KILLED);
	is(si.si_signo, SIGCHLD);
	is(si.si_pid, pid);
	is(si.si_status, SIGKILL);
	is(waitid(P_ALL, 0, &si, WEXITED), 0);
	si.si_pid = 1;
	fails(waitid(P_ALL, 0, &si, WEXITED | WNOHANG), ECHILD);
	pid = start_pause();
	is(waitid(P_ALL, 0, &si, WEXITED | WNOHANG), 0);
	is(si.si_pid, 0);
	kill(pid, SIGKILL);
	is(waitpid(pid, NULL, 0), pid);
}

static void wait_seen(int n)
{
	while (n_seen < n)
		usleep(1000);
}

static void test_sigchld(void)
{
	struct sigaction act = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART};
	pid_t pid;

	sigaction(SIGCHLD, &act, NULL);
	pid = start_exit(9);
	wait_seen(1);
	is(seen.si_code, CLD_EXITED);
	is(seen.si_status, 9);
	is(seen.si_pid, pid);
	is(seen.si_uid, getuid());
	is(waitpid(-1, NULL, 0), pid);
	pid = start_pause();
	kill(pid, SIGSTOP);
	wait_seen(2);
	is(seen.si_code, CLD_STOPPED);
	is(seen.si_status, SIGSTOP);
	act.sa_flags |= SA_NOCLDSTOP;
	sigaction(SIGCHLD, &act, NULL);
	kill(pid, SIGCONT);
	is(waitpid(pid, NULL, WCONTINUED), pid);
	is(n_seen, 2);
	kill(pid, SIGKILL);
	is(waitpid(pid, NULL, 0), pid);
	signal(SIGCHLD, SIG_IGN);
	start_exit(0);
	fails(waitpid(-1, NULL, 0), ECHILD);
	act = (struct sigaction){.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
	sigaction(SIGCHLD, &act, NULL);
	start_exit(0);
	fails(waitpid(-1, NULL, 0), ECHILD);
	signal(SIGCHLD, SIG_DFL);
}

static void on_alarm(int signo)
{
}

static void test_interrupted(void)
{
	struct sigaction act = {.sa_handler = on_alarm};
	pid_t pid = start_pause();

	sigaction(SIGALRM, &act, NULL);
	alarm(1);
	fails(waitpid(pid, NULL, 0), EINTR);
	kill(pid, SIGKILL);
	is(waitpid(pid, NULL, 0), pid);
}

/* The grandchild of a subreaper becomes its child. */
static void test_orphans(void)
{
	int p[2], status;
	pid_t grandchild, pid;

	is(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	is(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		grandchild = fork();
		if (grandchild == 0) {
			while (getppid() == (pid_t)-1)
				;
			usleep(50000);
			_exit(33);
		}
		_exit(write(p[1], &grandchild, sizeof(grandchild)) < 0);
	}
	is(waitpid(pid, NULL, 0), pid);
	is(read(p[0], &grandchild, sizeof(grandchild)), sizeof(grandchild));
	is(waitpid(-1, &status, 0), grandchild);
	is(status, 33 << 8);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	close(p[0]);
	close(p[1]);
}

int main(void)
{
	test_errors();
	test_status();
	test_whom();
	test_events();
	test_sigchld();
	test_interrupted();
	test_orphans();
	return tap_done();
}
