/* SPDX-License-Identifier: MIT */
/* bind(2) and who may share a port: SO_REUSEADDR, SO_REUSEPORT, both families, IPV6_V6ONLY. */
#include "tests/guest/inet/inet.h"

static int tcp(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int bind6(int fd, struct in6_addr ip, int port)
{
	struct sockaddr_in6 a = v6(ip, port);

	return bind(fd, (void *)&a, sizeof(a));
}

static void wrong(void)
{
	struct sockaddr_in a = v4(INADDR_ANY, 0);
	int fd = tcp();

	fails(bind(fd, (void *)&a, 2), EINVAL);
	fails(bind(fd, BAD, sizeof(a)), EFAULT);
	a.sin_family = AF_UNIX;
	fails(bind(fd, (void *)&a, sizeof(a)), EAFNOSUPPORT);
	fails(bind4(fd, 0x01020304, 0), EADDRNOTAVAIL);
	a = (struct sockaddr_in){.sin_family = AF_UNSPEC};
	is(bind(fd, (void *)&a, sizeof(a)), 0); /* as old programs do */
	fails(bind4(fd, INADDR_ANY, 0), EINVAL);
	close(fd);
}

static void conflicts(void)
{
	int a = tcp(), b = tcp(), port;

	is(bind4(a, INADDR_LOOPBACK, 0), 0);
	port = port_of(a);
	ok(port >= 1024);
	fails(bind4(b, INADDR_LOOPBACK, port), EADDRINUSE);
	fails(bind4(b, INADDR_ANY, port), EADDRINUSE);
	is(bind4(b, INADDR_LOOPBACK + 1, port), 0); /* 127.0.0.2 is another address */
	close(b);
	b = tcp();
	set_option(a, SOL_SOCKET, SO_REUSEADDR, 1);
	set_option(b, SOL_SOCKET, SO_REUSEADDR, 1);
	is(bind4(b, INADDR_LOOPBACK, port), 0); /* while nobody listens */
	is(listen(a, 1), 0);
	fails(listen(b, 1), EADDRINUSE);
	close(b);
	b = tcp();
	set_option(b, SOL_SOCKET, SO_REUSEADDR, 1);
	fails(bind4(b, INADDR_LOOPBACK, port), EADDRINUSE);
	close(a);
	is(bind4(b, INADDR_LOOPBACK, port), 0);
	close(b);
}

static void shared(void)
{
	int a = tcp(), b = tcp(), c = tcp(), port;

	set_option(a, SOL_SOCKET, SO_REUSEPORT, 1);
	set_option(b, SOL_SOCKET, SO_REUSEPORT, 1);
	is(bind4(a, INADDR_LOOPBACK, 0), 0);
	port = port_of(a);
	is(bind4(b, INADDR_LOOPBACK, port), 0);
	fails(bind4(c, INADDR_LOOPBACK, port), EADDRINUSE);
	is(listen(a, 8), 0);
	is(listen(b, 8), 0);
	close(c);
	for (int i = 0; i < 4; i++) {
		c = tcp();
		is(connect4(c, INADDR_LOOPBACK, port), 0);
		close(c);
	}
	ok((wait_for(a, POLLIN) | wait_for(b, 0)) & POLLIN || (events(b) & POLLIN));
	close(a);
	close(b);
}

static void families(void)
{
	int six = socket(AF_INET6, SOCK_STREAM, 0), four = tcp(), only, c, s, port;
	struct sockaddr_in6 a;
	socklen_t len = sizeof(a);

	if (six < 0 || bind6(six, in6addr_any, 0)) {
		skip("no IPv6 here");
		return;
	}
	port = port_of(six);
	is(option(six, IPPROTO_IPV6, IPV6_V6ONLY), 0);
	fails(set_option(six, IPPROTO_IPV6, IPV6_V6ONLY, 1), EINVAL); /* too late */
	fails(bind4(four, INADDR_ANY, port), EADDRINUSE);
	is(listen(six, 2), 0);
	is(connect4(four, INADDR_LOOPBACK, port), 0);
	s = accept(six, (void *)&a, &len);
	works(s);
	is(len, sizeof(a));
	ok(IN6_IS_ADDR_V4MAPPED(&a.sin6_addr));
	close(s);
	close(four);
	c = socket(AF_INET6, SOCK_STREAM, 0);
	a = v6(in6addr_loopback, port);
	fails(connect(c, (void *)&a, 20), EINVAL);
	is(connect(c, (void *)&a, sizeof(a)), 0);
	s = accept(six, (void *)&a, &len);
	ok(IN6_IS_ADDR_LOOPBACK(&a.sin6_addr));
	close(s);
	close(c);
	close(six);
	only = socket(AF_INET6, SOCK_STREAM, 0);
	four = tcp();
	is(set_option(only, IPPROTO_IPV6, IPV6_V6ONLY, 1), 0);
	is(bind6(only, in6addr_any, 0), 0);
	is(bind4(four, INADDR_ANY, port_of(only)), 0);
	is(listen(only, 1), 0);
	is(listen(four, 1), 0);
	close(four);
	c = tcp();
	fails(connect4(c, INADDR_LOOPBACK, port_of(only)), ECONNREFUSED);
	close(c);
	close(only);
}

static void without_port(void)
{
	int fd = tcp();

	is(set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1), 0);
	is(bind4(fd, INADDR_LOOPBACK, 0), 0);
	is(port_of(fd), 0);
	is(listen(fd, 1), 0); /* which needs one */
	ok(port_of(fd) > 0);
	close(fd);
}

int main(void)
{
	wrong();
	conflicts();
	shared();
	families();
	without_port();
	return tap_done();
}
