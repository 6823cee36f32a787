/* SPDX-License-Identifier: MIT */
/* fcntl(2), ioctl(2): signals when a socket or pipe may be ready: O_ASYNC, FIOASYNC, F_SETOWN,
 * F_SETSIG; of files that have none. */
#include "tests/guest/tap.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
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

static void is_event(const siginfo_t *info, int code, int fd, long band)
{
	is(info->si_code, code);
	is(info->si_fd, fd);
	is(info->si_band, band);
	is(info->si_errno, 0);
}

/* What happens to the other end, too; the descriptor is the one that was asked with. */
static void more_events(const sigset_t *set)
{
	const int rt = SIGRTMIN + 2;
	struct signalfd_siginfo si;
	siginfo_t info;
	int p[2], s[2], on = 1, copy, fd;
	char b[4096];
	sigset_t mine;

	is(pipe2(p, O_NONBLOCK), 0);
	while (write(p[1], b, sizeof(b)) > 0) {
	}
	copy = dup(p[1]);
	is(fcntl(copy, F_SETOWN, getpid()), 0);
	is(fcntl(copy, F_SETSIG, SIGUSR1), 0);
	is(ioctl(copy, FIOASYNC, &on), 0);
	while (read(p[0], b, sizeof(b)) > 0) {
	}
	is(wait_signal(set, &info), SIGUSR1);
	is_event(&info, POLL_OUT, copy, POLLOUT | POLLWRNORM | POLLWRBAND);
	close(p[0]);
	close(p[1]);
	close(copy);
	while (!none(set)) { /* of the end */
	}

	is(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	is(fcntl(s[0], F_SETOWN, getpid()), 0);
	is(fcntl(s[0], F_SETSIG, rt), 0);
	is(fcntl(s[0], F_SETFL, O_ASYNC), 0);
	sigemptyset(&mine);
	sigaddset(&mine, rt);
	sigprocmask(SIG_BLOCK, &mine, NULL);
	fd = signalfd(-1, &mine, 0);
	is(write(s[1], "x", 1), 1);
	is(read(fd, &si, sizeof(si)), sizeof(si));
	is(si.ssi_signo, rt);
	is(si.ssi_code, POLL_IN);
	is(si.ssi_fd, s[0]);
	is(si.ssi_band, POLLIN | POLLRDNORM);
	is(si.ssi_pid, 0);
	is(fcntl(s[0], F_SETSIG, SIGTRAP), 0); /* has codes of its own */
	sigaddset(&mine, SIGTRAP);
	sigprocmask(SIG_BLOCK, &mine, NULL);
	is(write(s[1], "x", 1), 1);
	is(wait_signal(&mine, &info), SIGTRAP);
	is_event(&info, SI_SIGIO, s[0], POLLIN | POLLRDNORM);
	is(read(s[0], b, 4), 2);
	is(fcntl(s[0], F_SETSIG, SIGUSR1), 0);
	while (!none(set)) {
	}
	close(s[1]);
	while (wait_signal(set, &info) == SIGUSR1 && info.si_code == POLL_OUT) {
		/* of reading, if it was late */
	}
	is_event(&info, POLL_HUP, s[0], POLLHUP | POLLERR);
	close(s[0]);
	close(fd);
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
	is(fcntl(in, F_GETSIG), SIGUSR1);
	is(write(out, "x", 1), 1);
	is(wait_signal(set, &info), SIGUSR1);
	is_event(&info, POLL_IN, in, POLLIN | POLLRDNORM);
	is(fcntl(in, F_SETSIG, SIGIO), 0); /* not the same as none */
	is(write(out, "x", 1), 1);
	is(wait_signal(set, &info), SIGIO);
	is_event(&info, POLL_IN, in, POLLIN | POLLRDNORM);
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
	more_events(&set);
	child_is_told();
	others();
	return tap_done();
}
