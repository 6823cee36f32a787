/* SPDX-License-Identifier: MIT */
/* socketpair(2) and the data of streams: order, end of file, resets, shutdown(2), poll(2), flags.
 */
#include "tests/guest/tap.h"

#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

static int p[2];
static volatile sig_atomic_t got_signal;

static void on_signal(int signo)
{
	got_signal = signo;
}

static void pair(int type)
{
	if (socketpair(AF_UNIX, type, 0, p)) {
		diag("no pair: %s", strerror(errno));
		_exit(99);
	}
}

static void unpair(void)
{
	close(p[0]);
	close(p[1]);
}

static int events(int fd)
{
	struct pollfd pfd = {fd, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0};

	poll(&pfd, 1, 0);
	return pfd.revents;
}

static void arguments(void)
{
	int q[2] = {-7, -7};

	fails(socketpair(AF_UNIX, SOCK_STREAM | 0x20, 0, q), EINVAL);
	fails(socketpair(AF_UNIX, SOCK_RDM, 0, q), ESOCKTNOSUPPORT);
	fails(socketpair(46, SOCK_STREAM, 0, q), EAFNOSUPPORT);
	fails(socketpair(AF_UNIX, SOCK_STREAM, 0, BAD), EFAULT);
	fails(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)readonly_page()), EFAULT);
	is(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, q), 0);
	ok(q[1] > q[0]);
	is(fcntl(q[0], F_GETFD), FD_CLOEXEC);
	is(fcntl(q[1], F_GETFL), O_RDWR | O_NONBLOCK);
	close(q[0]);
	close(q[1]);
}

static void bytes(void)
{
	struct iovec v[2] = {{"ab", 2}, {"cde", 3}};
	char b[16];
	int n = -1;

	pair(SOCK_STREAM);
	is(write(p[0], "hello ", 6), 6);
	is(write(p[0], "world", 5), 5);
	is(ioctl(p[1], FIONREAD, &n), 0);
	is(n, 11);
	is(ioctl(p[0], TIOCOUTQ, &n), 0);
	ok(n >= 11);
	is(recv(p[1], b, 8, MSG_PEEK), 8);
	same(b, "hello wo", 8);
	is(read(p[1], b, 16), 11);
	same(b, "hello world", 11);
	is(ioctl(p[0], TIOCOUTQ, &n), 0);
	is(n, 0);
	is(writev(p[1], v, 2), 5);
	is(readv(p[0], (struct iovec[]){{b, 1}, {b + 4, 8}}, 2), 5);
	ok(b[0] == 'a' && !memcmp(b + 4, "bcde", 4));
	fails(recv(p[0], b, 1, MSG_DONTWAIT), EAGAIN);
	fails(recv(p[0], b, 1, MSG_OOB | MSG_DONTWAIT), EINVAL);
	is(write(p[0], "", 0), 0);
	fails(recv(p[1], b, 1, MSG_DONTWAIT), EAGAIN);
	is(send(p[0], "abc", 3, MSG_NOSIGNAL | MSG_EOR | MSG_MORE), 3);
	fails(sys(read, p[1], BAD, 1ul), EFAULT);
	is(recv(p[1], b, 16, MSG_WAITALL | MSG_DONTWAIT), 3);
	is(write(p[0], "abc", 3), 3);
	fails(sys(write, p[0], BAD, 1ul), EFAULT);
	fails(sendto(p[0], "x", 1, 0, (void *)&(struct sockaddr_un){AF_UNIX, "x"}, 4), EISCONN);
	is(recv(p[1], edge() - 2, 10, 0), -1);
	is(errno, EFAULT);
	is(recv(p[1], b, 16, MSG_TRUNC), 3);
	unpair();
}

static void ends(void)
{
	char b[8];
	int e = -1;
	socklen_t len = sizeof(e);

	signal(SIGPIPE, on_signal);
	pair(SOCK_STREAM);
	is(events(p[0]), POLLOUT);
	is(write(p[0], "x", 1), 1);
	is(events(p[1]), POLLIN | POLLOUT);
	close(p[0]);
	is(events(p[1]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	is(read(p[1], b, 8), 1);
	is(read(p[1], b, 8), 0);
	is(read(p[1], b, 8), 0);
	got_signal = 0;
	fails(write(p[1], "x", 1), EPIPE);
	is(got_signal, SIGPIPE);
	got_signal = 0;
	fails(send(p[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	is(got_signal, 0);
	close(p[1]);

	pair(SOCK_STREAM); /* with something unread the end is a reset */
	is(write(p[1], "x", 1), 1);
	close(p[0]);
	is(events(p[1]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP | POLLERR);
	fails(read(p[1], b, 8), ECONNRESET);
	is(read(p[1], b, 8), 0);
	close(p[1]);

	pair(SOCK_STREAM);
	is(write(p[1], "x", 1), 1);
	close(p[0]);
	is(getsockopt(p[1], SOL_SOCKET, SO_ERROR, &e, &len), 0);
	is(e, ECONNRESET);
	is(read(p[1], b, 8), 0);
	close(p[1]);
}

static void shutdowns(void)
{
	char b[8];

	pair(SOCK_STREAM);
	fails(shutdown(p[0], 3), EINVAL);
	fails(shutdown(p[0], -1), EINVAL);
	is(write(p[0], "last", 4), 4);
	is(shutdown(p[0], SHUT_WR), 0);
	fails(send(p[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	is(events(p[0]), POLLOUT);
	is(events(p[1]), POLLIN | POLLOUT | POLLRDHUP);
	is(read(p[1], b, 8), 4);
	is(read(p[1], b, 8), 0);
	is(write(p[1], "back", 4), 4);
	is(read(p[0], b, 8), 4);
	is(shutdown(p[0], SHUT_RD), 0);
	fails(send(p[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	is(read(p[0], b, 8), 0);
	is(events(p[0]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	unpair();
}

/* Until it is full, and empty again; nothing is lost. */
static void capacity(void)
{
	char b[5000], c;
	long sent = 0, taken = 0;
	ssize_t n;

	pair(SOCK_STREAM | SOCK_NONBLOCK);
	memset(b, 'x', sizeof(b));
	while ((n = write(p[0], b, sizeof(b))) > 0)
		sent += n;
	is(n, -1);
	is(errno, EAGAIN);
	ok(sent > 100000 && sent < 400000);
	is(events(p[0]), 0);
	while ((n = read(p[1], b, sizeof(b))) > 0)
		taken += n;
	is(taken, sent);
	is(events(p[0]), POLLOUT);
	for (sent = 0; write(p[0], "x", 1) == 1;)
		sent++;
	ok(sent > 100 && sent < 3000, "small writes cost more than their bytes");
	for (taken = 0; read(p[1], &c, 1) == 1;)
		taken++;
	is(taken, sent);
	unpair();
}

static void *talk(void *arg)
{
	char b[3000];

	memset(b, 'y', sizeof(b));
	for (int i = 0; i < 300; i++)
		if (write(p[0], b, sizeof(b)) != sizeof(b))
			return "short write";
	shutdown(p[0], SHUT_WR);
	return NULL;
}

static void blocking(void)
{
	static char b[900000];
	pthread_t t;
	void *wrong;

	pair(SOCK_STREAM);
	pthread_create(&t, NULL, talk, NULL);
	is(recv(p[1], b, 10000, MSG_WAITALL), 10000);
	is(recv(p[1], b, sizeof(b), MSG_WAITALL), 890000);
	is(read(p[1], b, 1), 0);
	pthread_join(t, &wrong);
	ok(!wrong);
	unpair();
}

static void interrupted(void)
{
	struct timeval tv = {0, 20000}, back = {9, 9};
	struct sigaction sa = {.sa_handler = on_signal};
	socklen_t len = sizeof(back);
	char b[4];

	pair(SOCK_STREAM);
	sigaction(SIGALRM, &sa, NULL);
	got_signal = 0;
	ualarm(20000, 0);
	fails(read(p[0], b, 4), EINTR);
	is(got_signal, SIGALRM);
	is(setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0);
	is(getsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &back, &len), 0);
	ok(back.tv_sec == 0 && back.tv_usec == 20000 && len == sizeof(back));
	fails(read(p[0], b, 4), EAGAIN);
	tv.tv_usec = 1000000;
	fails(setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), EDOM);
	fails(setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv) - 1), EINVAL);
	sa.sa_flags = SA_RESTART; /* but not with a timeout */
	sigaction(SIGALRM, &sa, NULL);
	tv = (struct timeval){10, 0};
	is(setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0);
	ualarm(20000, 0);
	fails(read(p[0], b, 4), EINTR);
	unpair();
}

int main(void)
{
	arguments();
	bytes();
	ends();
	shutdowns();
	capacity();
	blocking();
	interrupted();
	return tap_done();
}
