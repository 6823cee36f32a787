/* SPDX-License-Identifier: MIT */
/* signalfd4(2), signalfd(2): reading signals, several at once, who sent them, readiness, changing
 * the mask. */
#include "tests/guest/tap.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <time.h>

static struct signalfd_siginfo si[4];

int main(void)
{
	struct pollfd p = {.events = POLLIN};
	union sigval value = {.sival_int = 77};
	sigset_t mask, other;
	int fd, null = open("/dev/null", O_RDONLY);

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGRTMIN);
	sigaddset(&mask, SIGALRM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	works(fd);
	is(fcntl(fd, F_GETFD), FD_CLOEXEC);
	p.fd = fd;
	is(poll(&p, 1, 0), 0);
	fails(read(fd, si, sizeof(si)), EAGAIN);
	kill(getpid(), SIGUSR1);
	is(poll(&p, 1, 0), 1);
	is(read(fd, si, sizeof(si)), sizeof(si[0]));
	is(si[0].ssi_signo, SIGUSR1);
	is(si[0].ssi_code, SI_USER);
	is(si[0].ssi_pid, getpid());
	is(si[0].ssi_uid, getuid());
	fails(read(fd, si, sizeof(si)), EAGAIN);
	sigqueue(getpid(), SIGRTMIN, value);
	value.sival_int = 78;
	sigqueue(getpid(), SIGRTMIN, value);
	raise(SIGUSR1);
	is(read(fd, si, sizeof(si)), 3 * sizeof(si[0]));
	is(si[0].ssi_signo, SIGUSR1);
	is(si[0].ssi_code, SI_TKILL);
	is(si[1].ssi_signo, SIGRTMIN);
	is(si[1].ssi_int, 77);
	is(si[1].ssi_code, SI_QUEUE);
	is(si[2].ssi_int, 78);
	fails(read(fd, si, 100), EINVAL);

	/* Waiting for one; it is blocked for everybody else. */
	fcntl(fd, F_SETFL, 0);
	ualarm(20000, 0);
	is(read(fd, si, sizeof(si)), sizeof(si[0]));
	is(si[0].ssi_signo, SIGALRM);
	ualarm(20000, 0);
	is(poll(&p, 1, 2000), 1);
	is(read(fd, si, sizeof(si)), sizeof(si[0]));

	sigemptyset(&other);
	sigaddset(&other, SIGUSR1);
	is(signalfd(fd, &other, 0), fd);
	raise(SIGALRM);
	is(poll(&p, 1, 0), 0);
	is(signalfd(fd, &mask, 0), fd);
	is(poll(&p, 1, 0), 1);
	is(read(fd, si, sizeof(si)), sizeof(si[0]));

	fails(signalfd(null, &mask, 0), EINVAL);
	fails(signalfd(FD_NONE, &mask, 0), EBADF);
	fails(signalfd(-1, &mask, 1), EINVAL);
	fails(sys(signalfd4, -1, &mask, 4, 0), EINVAL);
	fails(sys(signalfd4, -1, BAD, 8, 0), EFAULT);
	is(sys(signalfd, fd, &mask, 8), fd); /* without flags; C libraries use signalfd4 */
	fails(sys(signalfd, fd, &mask, 4), EINVAL);
	fails(sys(signalfd, fd, BAD, 8), EFAULT);
	return tap_done();
}
