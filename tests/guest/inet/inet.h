/* SPDX-License-Identifier: MIT */
/* What the tests of Internet sockets share: loopback addresses and pairs of connected sockets. */
#ifndef TESTS_GUEST_INET_INET_H
#define TESTS_GUEST_INET_INET_H

#include "tests/guest/tap.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

static __attribute__((unused)) struct sockaddr_in v4(unsigned ip, int port)
{
	return (struct sockaddr_in){AF_INET, htons(port), {htonl(ip)}, {0}};
}

static __attribute__((unused)) struct sockaddr_in6 v6(struct in6_addr ip, int port)
{
	return (struct sockaddr_in6){AF_INET6, htons(port), 0, ip, 0};
}

static __attribute__((unused)) int bind4(int fd, unsigned ip, int port)
{
	struct sockaddr_in a = v4(ip, port);

	return bind(fd, (void *)&a, sizeof(a));
}

static __attribute__((unused)) int connect4(int fd, unsigned ip, int port)
{
	struct sockaddr_in a = v4(ip, port);

	return connect(fd, (void *)&a, sizeof(a));
}

static __attribute__((unused)) int port_of(int fd)
{
	struct sockaddr_in6 a; /* the port is at the same place in both families */
	socklen_t len = sizeof(a);

	return getsockname(fd, (void *)&a, &len) ? -1 : ntohs(a.sin6_port);
}

static __attribute__((unused)) int option(int fd, int level, int opt)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, level, opt, &value, &len) ? -errno : value;
}

static __attribute__((unused)) int set_option(int fd, int level, int opt, int value)
{
	return setsockopt(fd, level, opt, &value, sizeof(value));
}

/* What poll(2) says at once. */
static __attribute__((unused)) int events(int fd)
{
	struct pollfd p = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};

	poll(&p, 1, 0);
	return p.revents;
}

/* What poll(2) says once it is one of `wanted`. */
static __attribute__((unused)) int wait_for(int fd, int wanted)
{
	struct pollfd p = {fd, wanted, 0};

	poll(&p, 1, 30000);
	return p.revents;
}

/* A socket listening on 127.0.0.1. */
static __attribute__((unused)) int listener(int backlog)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	bind4(fd, INADDR_LOOPBACK, 0);
	listen(fd, backlog);
	return fd;
}

/* Two ends of a connection: end[0] connected, end[1] was accepted. */
static __attribute__((unused)) void connected(int end[2])
{
	int l = listener(1);

	end[0] = socket(AF_INET, SOCK_STREAM, 0);
	is(connect4(end[0], INADDR_LOOPBACK, port_of(l)), 0);
	end[1] = accept(l, NULL, NULL);
	works(end[1]);
	close(l);
}

#endif
