/* SPDX-License-Identifier: MIT */
/* fcntl(2), ioctl(2): signals when a socket or pipe may be ready: O_ASYNC, FIOASYNC, F_SETOWN,
 * F_SETSIG; of files that have none. */
#include "tests/guest/tap.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

static volatile sig_atomic_t got;

static void handler(int signo)
{
	got = signo;
}

/* One signal of the set, or 0 after ten seconds. */
static int wait_signal(const sigset_t *set, siginfo_t *info)
{
	const struct timespec limit = {.tv_sec = 10};
	int r = sigtimedwait(set, info, &limit);

	return r < 0 ? 0 : r;
}

/* Is none pending? */
static bool none(const sigset_t *set)
{
	const struct timespec now = {0};

	return sigtimedwait(set, NULL, &now) == -1 && errno == EAGAIN;
}

/* Of what reading end gets through its other end. */
static void ends(int in, int out, const sigset_t *set)
{
	int on = 1, off = 0;
	siginfo_t info;
	char b[4];

	is(ioctl(in, FIOASYNC, &on), 0);
	ok(fcntl(in, F_GETFL) & O_ASYNC, "the flag shows");
	is(write(out, "x", 1), 1);
	ok(none(set), "nobody owns it");
	is(read(in, b, 4), 1);
	is(fcntl(in, F_SETOWN, getpid()), 0);
	is(write(out, "x", 1), 1);
	is(wait_signal(set, &info), SIGIO);
	is(info.si_code, SI_KERNEL);
	is(read(in, b, 4), 1);
	is(ioctl(in, FIOASYNC, &off), 0);
	while (!none(set)) { /* of before */
	}
	ok(!(fcntl(in, F_GETFL) & O_ASYNC));
	is(write(out, "x", 1), 1);
	ok(none(set), "no more");
	is(fcntl(in, F_SETFL, O_ASYNC | O_NONBLOCK), 0);
	is(fcntl(in, F_GETFL) & (O_ASYNC | O_NONBLOCK), O_ASYNC | O_NONBLOCK);
	is(write(out, "x", 1), 1);
	is(wait_signal(set, &info), SIGIO);
	is(fcntl(in, F_SETSIG, SIGUSR1), 0);
	is(write(out, "x", 1), 1);
	is(wait_signal(set, &info), SIGUSR1);
	is(fcntl(in, F_SETSIG, 0), 0);
	is(fcntl(in, F_SETOWN, -getpgrp()), 0);
	is(write(out, "x", 1), 1);
	is(wait_signal(set, &info), SIGIO);
	close(out);
	is(wait_signal(set, &info), SIGIO);
	close(in);
}

/* sigsuspend() ends by it: so does nginx's master process wait. */
static void child_is_told(void)
{
	sigset_t set, old;
	int s[2], on = 1, status;
	pid_t pid;

	is(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	is(ioctl(s[0], FIOASYNC, &on), 0);
	is(fcntl(s[0], F_SETOWN, getpid()), 0);
	signal(SIGIO, handler);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, NULL, &old);
	got = 0;
	pid = fork();
	if (pid == 0)
		_exit(write(s[1], "x", 1) != 1);
	while (!got)
		sigsuspend(&set);
	is(got, SIGIO);
	is(waitpid(pid, &status, 0), pid);
	is(status, 0);
	signal(SIGIO, SIG_DFL);
	close(s[0]);
	close(s[1]);
}

static void others(void)
{
	int on = 1, off = 0, fd = open("f", O_RDWR | O_CREAT, 0600), e = eventfd(0, 0), p[2];

	fails(ioctl(fd, FIOASYNC, &on), ENOTTY);
	is(ioctl(fd, FIOASYNC, &off), 0);
	fails(ioctl(e, FIOASYNC, &on), ENOTTY);
	is(fcntl(fd, F_SETFL, O_ASYNC), 0);
	ok(!(fcntl(fd, F_GETFL) & O_ASYNC), "the flag is not for this file");
	is(pipe(p), 0);
	fails(sys(ioctl, p[0], FIOASYNC, BAD), EFAULT);
	fails(fcntl(p[0], F_SETOWN, 999999), ESRCH);
	fails(fcntl(p[0], F_SETSIG, 65), EINVAL);
	close(p[0]);
	close(p[1]);
	close(e);
	close(fd);
}

int main(void)
{
	sigset_t set;
	int p[2];

	tmp();
	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	setpgid(0, 0); /* the group's signals are this program's */
	is(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
	ends(p[0], p[1], &set);
	is(pipe(p), 0);
	ends(p[0], p[1], &set);
	child_is_told();
	others();
	return tap_done();
}
