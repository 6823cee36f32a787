/* SPDX-License-Identifier: MIT */
/* getsockopt(2), setsockopt(2) of IP, IPv6, TCP and UDP sockets: defaults, ranges, short values. */
#include "tests/guest/inet/inet.h"

#include <netinet/udp.h>

struct known {
	int level, opt, initial, set, then; /* set: a good value, read back as `then` */
	int low, high;			    /* values refused; low == high: none */
};

static const struct known tcp_options[] = {
    {IPPROTO_TCP, TCP_NODELAY, 0, 5, 1, 0, 0},
    {IPPROTO_TCP, TCP_CORK, 0, 1, 1, 0, 0},
    {IPPROTO_TCP, TCP_KEEPIDLE, 7200, 60, 60, 0, 32768},
    {IPPROTO_TCP, TCP_KEEPINTVL, 75, 10, 10, 0, 32768},
    {IPPROTO_TCP, TCP_KEEPCNT, 9, 3, 3, 0, 128},
    {IPPROTO_TCP, TCP_SYNCNT, 6, 2, 2, 0, 128},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, 0, 5000, 5000, -1, -2},
    {IPPROTO_TCP, TCP_LINGER2, 60, 10, 10, 0, 0},
    {IPPROTO_TCP, TCP_DEFER_ACCEPT, 0, 5, 7, 0, 0},
    {IPPROTO_TCP, TCP_MAXSEG, 536, 1000, 1000, 87, 32768},
    {IPPROTO_IP, IP_TOS, 0, 0x10, 0x10, 0, 0},
    {IPPROTO_IP, IP_TTL, 64, 9, 9, 0, 256},
    {IPPROTO_IP, IP_PKTINFO, 0, 1, 1, 0, 0},
    {IPPROTO_IP, IP_RECVTTL, 0, 1, 1, 0, 0},
    {IPPROTO_IP, IP_RECVERR, 0, 1, 1, 0, 0},
    {IPPROTO_IP, IP_FREEBIND, 0, 1, 1, 0, 0},
    {IPPROTO_IP, IP_MTU_DISCOVER, 1, 0, 0, -1, 6},
    {SOL_SOCKET, SO_KEEPALIVE, 0, 1, 1, 0, 0},
    {SOL_SOCKET, SO_REUSEADDR, 0, 1, 1, 0, 0},
    {SOL_SOCKET, SO_REUSEPORT, 0, 1, 1, 0, 0},
    {SOL_SOCKET, SO_OOBINLINE, 0, 1, 1, 0, 0},
};

static const struct known udp_options[] = {
    {IPPROTO_UDP, UDP_CORK, 0, 0, 0, 0, 0},
    {IPPROTO_IP, IP_MULTICAST_TTL, 1, 5, 5, 256, 257},
    {IPPROTO_IP, IP_MULTICAST_LOOP, 1, 0, 0, 0, 0},
    {SOL_SOCKET, SO_BROADCAST, 0, 1, 1, 0, 0},
    {SOL_SOCKET, SO_NO_CHECK, 0, 1, 1, 0, 0},
};

static const struct known ipv6_options[] = {
    {IPPROTO_IPV6, IPV6_V6ONLY, 0, 1, 1, 0, 0},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, 64, 10, 10, -2, 256},
    {IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1, 0, 0, 0, 0},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, 0, 1, 1, 0, 0},
    {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 0, 1, 1, 0, 0},
    {IPPROTO_IPV6, IPV6_TCLASS, 0, 7, 4, -2, 256},
};

static void try(int fd, const struct known *k, size_t n)
{
	for (size_t i = 0; i < n; i++, k++) {
		diag("level %d option %d", k->level, k->opt);
		is(option(fd, k->level, k->opt), k->initial);
		is(set_option(fd, k->level, k->opt, k->set), 0);
		is(option(fd, k->level, k->opt), k->then);
		if (k->low == k->high)
			continue;
		fails(set_option(fd, k->level, k->opt, k->low), EINVAL);
		fails(set_option(fd, k->level, k->opt, k->high), EINVAL);
	}
}

static void lengths(int fd)
{
	unsigned char byte = 33;
	char name[16] = "";
	int value = 1;
	socklen_t len = 1;

	is(setsockopt(fd, IPPROTO_IP, IP_TTL, &byte, 1), 0); /* one byte will do for IP */
	is(option(fd, IPPROTO_IP, IP_TTL), 33);
	byte = 0;
	is(getsockopt(fd, IPPROTO_IP, IP_TTL, &byte, &len), 0);
	is(byte, 33);
	is(len, 1);
	fails(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, 3), EINVAL);
	fails(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, BAD, 4), EFAULT);
	fails(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, -1), EINVAL);
	len = -1;
	fails(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len), EINVAL);
	len = 4;
	fails(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, BAD, &len), EFAULT);
	fails(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, BAD), EFAULT);
	len = 2;
	is(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
	is(len, 2);
	fails(set_option(fd, IPPROTO_TCP, 9999, 1), ENOPROTOOPT);
	fails(set_option(fd, IPPROTO_IP, 9999, 1), ENOPROTOOPT);
	is(option(fd, IPPROTO_TCP, 9999), -ENOPROTOOPT);
	fails(set_option(fd, IPPROTO_UDP, 1, 1), ENOPROTOOPT);
	is(option(fd, IPPROTO_UDP, 1), -EOPNOTSUPP);
	fails(set_option(fd, 77, 1, 1), ENOPROTOOPT);
	len = sizeof(name);
	is(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4), 0);
	is(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len), 0);
	is(len, sizeof(name));
	same(name, "reno", 5);
	fails(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "no such", 7), ENOENT);
}

static void info(void)
{
	struct tcp_info i;
	socklen_t len = sizeof(i);
	int fd = socket(AF_INET, SOCK_STREAM, 0), e[2];

	is(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &i, &len), 0);
	is(i.tcpi_state, TCP_CLOSE);
	is(listen(fd, 5), 0);
	is(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &i, &len), 0);
	is(i.tcpi_state, TCP_LISTEN);
	close(fd);
	connected(e);
	is(getsockopt(e[0], IPPROTO_TCP, TCP_INFO, &i, &len), 0);
	is(i.tcpi_state, TCP_ESTABLISHED);
	ok(i.tcpi_snd_mss > 1000);
	close(e[1]);
	ok(wait_for(e[0], POLLRDHUP) & POLLRDHUP);
	is(getsockopt(e[0], IPPROTO_TCP, TCP_INFO, &i, &len), 0);
	is(i.tcpi_state, TCP_CLOSE_WAIT);
	close(e[0]);
}

/* What connections inherit of their listener. */
static void inherited(void)
{
	int l = listener(1), c = socket(AF_INET, SOCK_STREAM, 0), s;

	set_option(l, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(l, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(l, SOL_SOCKET, SO_RCVBUF, 8192);
	is(connect4(c, INADDR_LOOPBACK, port_of(l)), 0);
	s = accept(l, NULL, NULL);
	is(option(s, IPPROTO_TCP, TCP_NODELAY), 1);
	is(option(s, SOL_SOCKET, SO_KEEPALIVE), 1);
	is(option(s, SOL_SOCKET, SO_RCVBUF), 16384);
	is(option(s, SOL_SOCKET, SO_ACCEPTCONN), 0);
	close(s);
	close(c);
	close(l);
}

int main(void)
{
	int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0),
	    six = socket(AF_INET6, SOCK_STREAM, 0);

	try(tcp, tcp_options, sizeof(tcp_options) / sizeof(tcp_options[0]));
	try(udp, udp_options, sizeof(udp_options) / sizeof(udp_options[0]));
	if (six < 0)
		skip("no IPv6 here");
	else
		try(six, ipv6_options, sizeof(ipv6_options) / sizeof(ipv6_options[0]));
	lengths(tcp);
	info();
	inherited();
	return tap_done();
}
