/* SPDX-License-Identifier: MIT */
/* Groups and sessions: setpgid(2), setsid(2), kill(2) to groups, orphaned groups; pidfd_open(2),
 * pidfd_send_signal(2). */
#include "tests/guest/tap.h"

#include <poll.h>
#include <sys/wait.h>

static pid_t start_pause(void)
{
	pid_t pid = fork();

	while (pid == 0)
		pause();
	return pid;
}

static int reap(pid_t pid)
{
	int status = -1;

	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static void test_groups(void)
{
	pid_t a = start_pause(), b = start_pause();

	is(getpgid(a), getpgid(0));
	is(setpgid(a, 0), 0);
	is(getpgid(a), a);
	is(setpgid(b, a), 0);
	is(getpgid(b), a);
	is(getsid(b), getsid(0));
	fails(setpgid(b, 99999999), EPERM);
	fails(setpgid(99999999, 0), ESRCH);
	fails(setpgid(b, -1), EINVAL);
	fails(kill(-99999999, 0), ESRCH);
	is(kill(-a, 0), 0);
	fails(kill(-a, 99), EINVAL);
	is(kill(-a, SIGTERM), 0);
	is(reap(a), SIGTERM);
	is(reap(b), SIGTERM);
	fails(kill(-a, 0), ESRCH);
}

static void test_session(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (setsid() != getpid() || getpgrp() != getpid() || getsid(0) != getpid())
			_exit(1);
		_exit(setsid() == -1 && errno == EPERM && setpgid(0, 0) == -1 && errno == EPERM
			  ? 0
			  : 2);
	}
	is(reap(pid), 0);
	pid = start_pause();
	setpgid(pid, pid);
	kill(pid, SIGKILL);
	is(reap(pid), SIGKILL);
}

/* In an orphaned group SIGTSTP stops nobody; a stopped group that becomes one gets SIGHUP. */
static void test_orphaned(void)
{
	int p[2];
	char c;
	pid_t pid;

	is(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		pid_t child;

		setsid();
		child = fork();
		if (child == 0) {
			raise(SIGTSTP);
			_exit(write(p[1], "x", 1) != 1);
		}
		_exit(reap(child));
	}
	is(read(p[0], &c, 1), 1);
	is(reap(pid), 0);
	pid = fork();
	if (pid == 0) {
		pid_t child;

		setsid();
		child = start_pause();
		setpgid(child, child);
		kill(child, SIGTSTP);
		waitpid(child, NULL, WUNTRACED);
		_exit(0); /* the child's end of the pipe closes when SIGHUP ends it */
	}
	close(p[1]);
	is(reap(pid), 0);
	is(read(p[0], &c, 1), 0);
	close(p[0]);
}

static void test_pidfd(void)
{
	pid_t pid = start_pause();
	int fd = sys(pidfd_open, pid, 0);
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	siginfo_t si;

	ok(fd >= 0);
	is(fcntl(fd, F_GETFD), FD_CLOEXEC);
	fails(sys(pidfd_open, 99999999, 0), ESRCH);
	fails(sys(pidfd_open, -1, 0), EINVAL);
	fails(sys(pidfd_open, pid, 1), EINVAL);
	is(poll(&pfd, 1, 0), 0);
	fails(sys(pidfd_send_signal, fd, SIGTERM, NULL, 99), EINVAL);
	is(sys(pidfd_send_signal, fd, 0, NULL, 0), 0);
	is(sys(pidfd_send_signal, fd, SIGTERM, NULL, 0), 0);
	is(poll(&pfd, 1, -1), 1);
	ok(pfd.revents & POLLIN);
	is(waitid(P_PIDFD, fd, &si, WEXITED), 0);
	is(si.si_pid, pid);
	is(si.si_status, SIGTERM);
	fails(waitid(P_PIDFD, fd, &si, WEXITED), ECHILD);
	fails(sys(pidfd_send_signal, fd, 0, NULL, 0), ESRCH);
	close(fd);
}

/* pidfd_send_signal(2) takes a process's directory of /proc too. */
static void test_proc_directory(void)
{
	pid_t pid = start_pause();
	char path[32];
	int dir, proc = open("/proc", O_RDONLY | O_DIRECTORY);

	snprintf(path, sizeof(path), "/proc/%d", pid);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	fails(sys(pidfd_send_signal, proc, 0, NULL, 0), EBADF);
	if (sys(pidfd_send_signal, dir, SIGTERM, NULL, 0) && errno == EBADF) {
		skip("the kernel takes descriptors of pidfd_open only");
		kill(pid, SIGTERM);
		reap(pid);
	} else {
		is(reap(pid), SIGTERM);
		fails(sys(pidfd_send_signal, dir, 0, NULL, 0), ESRCH);
	}
	close(dir);
	close(proc);
}

int main(void)
{
	test_groups();
	test_session();
	test_orphaned();
	test_pidfd();
	test_proc_directory();
	return tap_done();
}
