/* SPDX-License-Identifier: MIT */
/* Datagrams of AF_UNIX: sendto(2), recvfrom(2), connected ones, borders, limits, SOCK_SEQPACKET. */
#include "tests/guest/tap.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#define OFFSET offsetof(struct sockaddr_un, sun_path)

static volatile sig_atomic_t got_signal;

static void on_signal(int signo)
{
	got_signal = signo;
}

static struct sockaddr_un name(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	memcpy(a.sun_path, path, strlen(path));
	return a;
}

static int bound(const char *path)
{
	struct sockaddr_un a = name(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	unlink(path);
	is(bind(fd, (void *)&a, sizeof(a)), 0);
	return fd;
}

static ssize_t send_to(int fd, const char *path, const char *text)
{
	struct sockaddr_un a = name(path);

	return sendto(fd, text, strlen(text), MSG_DONTWAIT, (void *)&a, sizeof(a));
}

static int connect_to(int fd, const char *path)
{
	struct sockaddr_un a = name(path);

	return connect(fd, (void *)&a, sizeof(a));
}

static int events(int fd)
{
	struct pollfd pfd = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};

	poll(&pfd, 1, 0);
	return pfd.revents;
}

static void borders(void)
{
	int a = bound("a"), b = bound("b"), anon = socket(AF_UNIX, SOCK_DGRAM, 0), n;
	struct sockaddr_un from;
	socklen_t len = sizeof(from);
	char buf[32];

	is(events(a), POLLOUT);
	is(send_to(a, "b", "first"), 5);
	is(send_to(a, "b", "second one"), 10);
	is(send_to(anon, "b", ""), 0);
	is(ioctl(b, FIONREAD, &n), 0);
	is(n, 5);
	is(events(b), POLLIN | POLLOUT);
	is(recvfrom(b, buf, sizeof(buf), MSG_PEEK, NULL, NULL), 5);
	is(recvfrom(b, buf, sizeof(buf), 0, (void *)&from, &len), 5);
	same(buf, "first", 5);
	is(len, OFFSET + 2);
	ok(!strcmp(from.sun_path, "a"));
	is(recv(b, buf, 3, MSG_PEEK | MSG_TRUNC), 10);
	is(recv(b, buf, 3, 0), 3); /* the rest is lost */
	same(buf, "sec", 3);
	len = sizeof(from);
	from.sun_family = 77;
	is(recvfrom(b, buf, sizeof(buf), 0, (void *)&from, &len), 0);
	is(len, 0);
	is(from.sun_family, 77);
	fails(recv(b, buf, 1, MSG_DONTWAIT), EAGAIN);
	fails(recv(b, buf, 1, MSG_DONTWAIT | MSG_OOB), EOPNOTSUPP);
	fails(send(a, "x", 1, 0), ENOTCONN);
	fails(write(a, "x", 1), ENOTCONN);
	fails(send_to(a, "nobody", "x"), ENOENT);
	fails(sendto(a, "x", 1, 0, (void *)&from, 1), EINVAL);
	fails(sendto(a, "x", 1, 0, BAD, sizeof(from)), EFAULT);
	fails(sendto(a, "x", 1, 0, (void *)&from, -1), EINVAL);
	is(send_to(a, "a", "self"), 4);
	is(read(a, buf, sizeof(buf)), 4);
	is(read(a, buf, 0), 0);
	close(b);
	fails(send_to(a, "b", "x"), ECONNREFUSED);
	close(a);
	close(anon);
}

static void connected(void)
{
	int a = bound("a"), b = bound("b"), c = bound("c"), e = 0;
	struct sockaddr_un none = {.sun_family = AF_UNSPEC}, got;
	socklen_t len = sizeof(got);
	char buf[8];

	is(connect_to(a, "b"), 0);
	is(getpeername(a, (void *)&got, &len), 0);
	ok(len == OFFSET + 2 && !strcmp(got.sun_path, "b"));
	is(write(a, "1", 1), 1);
	is(send_to(a, "c", "2"), 1);
	is(read(b, buf, 8), 1);
	is(read(c, buf, 8), 1);
	fails(send_to(c, "a", "x"), EPERM); /* a takes b's only */
	fails(connect_to(c, "a"), EPERM);
	is(connect_to(b, "a"), 0);
	is(write(b, "x", 1), 1);
	is(connect(a, (void *)&none, 2), 0); /* loses what b sent, and b hears */
	fails(recv(a, buf, 8, MSG_DONTWAIT), EAGAIN);
	fails(getpeername(a, (void *)&got, &len), ENOTCONN);
	is(events(b), POLLERR | POLLOUT);
	len = sizeof(e);
	is(getsockopt(b, SOL_SOCKET, SO_ERROR, &e, &len), 0);
	is(e, ECONNRESET);
	is(send_to(c, "a", "x"), 1);
	is(connect_to(c, "b"), -1);
	close(a);
	got_signal = 0;
	fails(write(b, "x", 1), ECONNREFUSED);
	is(got_signal, 0);
	fails(write(b, "x", 1), ENOTCONN);
	close(b);
	close(c);
}

static void limits(void)
{
	static char big[300000];
	int a = bound("a"), b = bound("b"), fd[2], n = 0, size = 0;
	socklen_t len = sizeof(size);

	is(connect_to(a, "b"), 0);
	while (send(a, "x", 1, MSG_DONTWAIT) == 1)
		n++;
	is(errno, EAGAIN);
	ok(n >= 10 && n < 300);
	is(events(a), 0);
	is(recv(b, big, 1, 0), 1);
	is(events(a), POLLOUT);
	is(send(a, "x", 1, MSG_DONTWAIT), 1);
	is(getsockopt(a, SOL_SOCKET, SO_SNDBUF, &size, &len), 0);
	fails(send(a, big, size, MSG_DONTWAIT), EMSGSIZE);
	fails(send(a, big, size - 31, MSG_DONTWAIT), EMSGSIZE);
	is(socketpair(AF_UNIX, SOCK_DGRAM, 0, fd), 0);
	is(send(fd[0], big, size - 32, MSG_DONTWAIT), size - 32);
	is(recv(fd[1], big, sizeof(big), 0), size - 32);
	close(fd[1]);
	fails(send(fd[0], "x", 1, 0), ECONNREFUSED);
	close(fd[0]);
	close(a);
	close(b);
}

static void shutdowns(void)
{
	int fd[2];
	char buf[8];

	is(socketpair(AF_UNIX, SOCK_DGRAM, 0, fd), 0);
	is(write(fd[0], "x", 1), 1);
	is(shutdown(fd[1], SHUT_RD), 0);
	got_signal = 0;
	fails(write(fd[0], "x", 1), EPIPE);
	is(got_signal, 0);
	is(read(fd[1], buf, 8), 1);
	is(read(fd[1], buf, 8), 0);
	fails(recv(fd[1], buf, 8, MSG_DONTWAIT), EAGAIN);
	is(shutdown(fd[1], SHUT_WR), 0);
	fails(write(fd[1], "x", 1), EPIPE);
	close(fd[0]);
	close(fd[1]);
}

static void seqpacket(void)
{
	struct sockaddr_un to = name("nowhere");
	int fd[2], alone = socket(AF_UNIX, SOCK_SEQPACKET, 0), n;
	struct msghdr m;
	struct iovec v;
	char buf[8];

	fails(read(alone, buf, 8), ENOTCONN);
	fails(write(alone, buf, 8), ENOTCONN);
	is(events(alone), POLLOUT | POLLHUP);
	close(alone);
	is(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
	is(write(fd[0], "abc", 3), 3);
	is(sendto(fd[0], "defghijklmn", 11, 0, (void *)&to, sizeof(to)), 11); /* address unused */
	is(send(fd[0], "", 0, 0), 0);
	is(ioctl(fd[1], FIONREAD, &n), 0);
	is(n, 14);
	is(read(fd[1], buf, 8), 3);
	v = (struct iovec){buf, 8};
	m = (struct msghdr){.msg_iov = &v, .msg_iovlen = 1};
	is(recvmsg(fd[1], &m, 0), 8);
	is(m.msg_flags, MSG_TRUNC);
	is(read(fd[1], buf, 8), 0);
	fails(recv(fd[1], buf, 8, MSG_DONTWAIT), EAGAIN);
	is(send(fd[0], "x", 1, MSG_EOR), 1);
	is(recvmsg(fd[1], &m, 0), 1);
	is(m.msg_flags, 0);
	is(write(fd[0], "tail", 4), 4);
	close(fd[0]);
	is(events(fd[1]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	is(read(fd[1], buf, 8), 4);
	is(read(fd[1], buf, 8), 0);
	is(recv(fd[1], buf, 8, MSG_DONTWAIT), 0);
	got_signal = 0;
	fails(write(fd[1], "x", 1), EPIPE);
	is(got_signal, 0);
	close(fd[1]);
}

int main(void)
{
	tmp();
	signal(SIGPIPE, on_signal);
	borders();
	connected();
	limits();
	shutdowns();
	seqpacket();
	return tap_done();
}
