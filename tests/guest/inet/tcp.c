/* SPDX-License-Identifier: MIT */
/* TCP over the loopback interface: connect(2), accept(2), names, shutdown(2), how connections end,
 * readiness. */
#include "tests/guest/inet/inet.h"

static void creating(void)
{
	fails(socket(AF_INET, 77, 0), EINVAL);
	fails(socket(AF_INET, SOCK_SEQPACKET, 0), ESOCKTNOSUPPORT);
	fails(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
	fails(socket(AF_INET, SOCK_STREAM, -1), EINVAL);
	fails(socket(AF_INET, SOCK_STREAM, 70000), EINVAL);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	works(fd);
	is(option(fd, SOL_SOCKET, SO_DOMAIN), AF_INET);
	is(option(fd, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
	is(option(fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
	is(option(fd, SOL_SOCKET, SO_ACCEPTCONN), 0);
	is(events(fd), POLLOUT | POLLHUP);
	fails(socketpair(AF_INET, SOCK_STREAM, 0, (int[2]){0}), EOPNOTSUPP);
	close(fd);
}

static void unconnected(void)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	char c;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	is(getsockname(fd, (void *)&a, &len), 0);
	is(len, sizeof(a));
	is(a.sin_family, AF_INET);
	is(a.sin_port, 0);
	is(a.sin_addr.s_addr, 0);
	fails(getpeername(fd, (void *)&a, &len), ENOTCONN);
	fails(recv(fd, &c, 1, 0), ENOTCONN);
	fails(send(fd, &c, 1, MSG_NOSIGNAL), EPIPE);
	fails(shutdown(fd, SHUT_RDWR), ENOTCONN);
	fails(accept(fd, NULL, NULL), EINVAL);
	fails(shutdown(fd, 3), EINVAL);
	close(fd);
}

static void refused(void)
{
	struct sockaddr_in a = v4(INADDR_LOOPBACK, 1);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	fails(connect(fd, (void *)&a, 1), EINVAL);
	fails(connect(fd, (void *)&a, sizeof(a) - 1), EINVAL);
	fails(connect(fd, BAD, sizeof(a)), EFAULT);
	a.sin_family = AF_UNIX;
	fails(connect(fd, (void *)&a, sizeof(a)), EAFNOSUPPORT);
	fails(connect4(fd, INADDR_LOOPBACK, 1), ECONNREFUSED);
	fails(connect4(fd, INADDR_LOOPBACK, 1), ECONNREFUSED); /* it may be tried again */
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	fails(connect4(fd, INADDR_LOOPBACK, 1), EINPROGRESS);
	ok((wait_for(fd, POLLOUT) & (POLLOUT | POLLERR | POLLHUP)) ==
	   (POLLOUT | POLLERR | POLLHUP));
	is(option(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	is(option(fd, SOL_SOCKET, SO_ERROR), 0);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	fails(connect4(fd, INADDR_LOOPBACK, 1), EINPROGRESS);
	wait_for(fd, POLLOUT);
	fails(connect4(fd, INADDR_LOOPBACK, 1), ECONNREFUSED);
	fails(connect4(fd, INADDR_LOOPBACK, 1), EINPROGRESS);
	close(fd);
}

static void accepting(void)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	char buf[8];
	int l = listener(3), c = socket(AF_INET, SOCK_STREAM, 0), s;

	is(option(l, SOL_SOCKET, SO_ACCEPTCONN), 1);
	is(events(l), 0);
	fcntl(l, F_SETFL, O_NONBLOCK);
	fails(accept(l, NULL, NULL), EAGAIN);
	fails(connect4(l, INADDR_LOOPBACK, 1), EISCONN);
	fails(recv(l, buf, 1, 0), ENOTCONN);
	is(connect4(c, INADDR_LOOPBACK, port_of(l)), 0);
	fails(connect4(c, INADDR_LOOPBACK, port_of(l)), EISCONN);
	fails(listen(c, 1), EINVAL);
	is(wait_for(l, POLLIN), POLLIN);
	is(send(c, "early", 5, 0), 5); /* before anybody accepts */
	s = accept4(l, (void *)&a, &len, SOCK_CLOEXEC);
	works(s);
	is(fcntl(s, F_GETFD), FD_CLOEXEC);
	is(fcntl(s, F_GETFL), O_RDWR);
	is(len, sizeof(a));
	is(ntohl(a.sin_addr.s_addr), INADDR_LOOPBACK);
	is(ntohs(a.sin_port), port_of(c));
	is(port_of(s), port_of(l));
	is(getpeername(c, (void *)&a, &len), 0);
	is(ntohs(a.sin_port), port_of(l));
	is(recv(s, buf, sizeof(buf), 0), 5);
	same(buf, "early", 5);
	is(listen(l, 5), 0); /* again */
	is(shutdown(l, SHUT_RD), 0);
	fails(accept(l, NULL, NULL), EINVAL);
	close(l);
	is(send(s, "on", 2, 0), 2); /* connections stay */
	is(recv(c, buf, sizeof(buf), 0), 2);
	close(c);
	close(s);
}

static void nonblocking(void)
{
	int l = listener(1), c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), s;

	fails(connect4(c, INADDR_LOOPBACK, port_of(l)), EINPROGRESS);
	is(wait_for(c, POLLOUT), POLLOUT);
	is(option(c, SOL_SOCKET, SO_ERROR), 0);
	is(connect4(c, INADDR_LOOPBACK, port_of(l)), 0);
	fails(connect4(c, INADDR_LOOPBACK, port_of(l)), EISCONN);
	s = accept(l, NULL, NULL);
	fails(recv(c, &s, 1, 0), EAGAIN);
	close(s);
	close(c);
	/* a connection that nobody accepts, and whose listener goes */
	c = socket(AF_INET, SOCK_STREAM, 0);
	is(connect4(c, INADDR_LOOPBACK, port_of(l)), 0);
	close(l);
	ok(wait_for(c, POLLIN) & POLLIN);
	fails(recv(c, &s, 1, 0), ECONNRESET);
	is(recv(c, &s, 1, 0), 0);
	close(c);
}

static void halves(void)
{
	char buf[16];
	int e[2];

	connected(e);
	is(events(e[0]), POLLOUT);
	is(send(e[0], "last", 4, 0), 4);
	is(shutdown(e[0], SHUT_WR), 0);
	fails(send(e[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	is(wait_for(e[1], POLLRDHUP) & POLLRDHUP, POLLRDHUP);
	is(events(e[1]), POLLIN | POLLOUT | POLLRDHUP);
	is(recv(e[1], buf, sizeof(buf), 0), 4);
	is(recv(e[1], buf, sizeof(buf), 0), 0);
	is(recv(e[1], buf, sizeof(buf), 0), 0);
	is(send(e[1], "back", 4, 0), 4); /* the other half lives */
	is(recv(e[0], buf, sizeof(buf), 0), 4);
	is(shutdown(e[1], SHUT_WR), 0);
	is(recv(e[0], buf, sizeof(buf), 0), 0);
	is(wait_for(e[0], POLLHUP) & POLLHUP, POLLHUP);
	is(events(e[0]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	close(e[0]);
	close(e[1]);
	connected(e);
	is(shutdown(e[0], SHUT_RD), 0);
	is(recv(e[0], buf, sizeof(buf), 0), 0);
	is(events(e[0]), POLLIN | POLLOUT | POLLRDHUP);
	is(send(e[1], "still", 5, 0), 5);
	close(e[0]);
	close(e[1]);
}

static void ends(void)
{
	struct linger l = {1, 0};
	char buf[16];
	int e[2];

	connected(e); /* closed: what was sent can be read, then the end; what is sent goes nowhere,
			 then EPIPE */
	is(send(e[1], "bye", 3, 0), 3);
	close(e[1]);
	is(recv(e[0], buf, sizeof(buf), 0), 3);
	is(recv(e[0], buf, sizeof(buf), 0), 0);
	is(events(e[0]), POLLIN | POLLOUT | POLLRDHUP);
	is(send(e[0], "x", 1, MSG_NOSIGNAL), 1);
	is(wait_for(e[0], POLLHUP) & POLLHUP, POLLHUP);
	fails(send(e[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	is(recv(e[0], buf, sizeof(buf), 0), 0);
	close(e[0]);
	connected(e); /* closed with something unread: a reset */
	is(send(e[0], "unread", 6, 0), 6);
	is(wait_for(e[1], POLLIN), POLLIN);
	close(e[1]);
	is(wait_for(e[0], POLLIN) & (POLLERR | POLLHUP), POLLERR | POLLHUP);
	fails(recv(e[0], buf, sizeof(buf), 0), ECONNRESET);
	is(recv(e[0], buf, sizeof(buf), 0), 0);
	fails(send(e[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	close(e[0]);
	connected(e); /* asked for */
	is(setsockopt(e[1], SOL_SOCKET, SO_LINGER, &l, sizeof(l)), 0);
	close(e[1]);
	fails(send(e[0], "x", 1, MSG_NOSIGNAL), ECONNRESET);
	fails(send(e[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	fails(getpeername(e[0], (void *)buf, &(socklen_t){sizeof(buf)}), ENOTCONN);
	close(e[0]);
}

static void disconnecting(void)
{
	struct sockaddr_in none = {.sin_family = AF_UNSPEC};
	int e[2], l = listener(1);
	char c;

	connected(e);
	is(connect(e[0], (void *)&none, sizeof(none)), 0);
	fails(recv(e[1], &c, 1, 0), ECONNRESET);
	is(connect4(e[0], INADDR_LOOPBACK, port_of(l)), 0); /* a new life */
	close(e[0]);
	close(e[1]);
	is(connect(l, (void *)&none, sizeof(none)), 0); /* it listens no more */
	fails(accept(l, NULL, NULL), EINVAL);
	close(l);
}

static volatile int pipes;

static void on_pipe(int sig)
{
	pipes++;
}

static void signals(void)
{
	int e[2];

	signal(SIGPIPE, on_pipe);
	connected(e);
	shutdown(e[0], SHUT_WR);
	fails(send(e[0], "x", 1, 0), EPIPE);
	is(pipes, 1);
	fails(write(e[0], "x", 1), EPIPE);
	is(pipes, 2);
	close(e[0]);
	close(e[1]);
}

int main(void)
{
	creating();
	unconnected();
	refused();
	accepting();
	nonblocking();
	halves();
	ends();
	disconnecting();
	signals();
	return tap_done();
}
