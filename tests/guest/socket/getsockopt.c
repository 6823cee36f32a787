/* SPDX-License-Identifier: MIT */
/* getsockopt(2), setsockopt(2) at SOL_SOCKET: values, lengths, errors. */
#include "tests/guest/tap.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

static int fd;

static long get(int opt)
{
	int v = -7;
	socklen_t len = sizeof(v);

	if (getsockopt(fd, SOL_SOCKET, opt, &v, &len) || len != sizeof(v))
		return -1;
	return v;
}

static int set(int opt, int v)
{
	return setsockopt(fd, SOL_SOCKET, opt, &v, sizeof(v));
}

static void values(void)
{
	is(get(SO_TYPE), SOCK_SEQPACKET);
	is(get(SO_DOMAIN), AF_UNIX);
	is(get(SO_PROTOCOL), 0);
	is(get(SO_ERROR), 0);
	is(get(SO_ACCEPTCONN), 0);
	fails(set(SO_TYPE, 1), ENOPROTOOPT);
	fails(set(SO_ERROR, 1), ENOPROTOOPT);
	fails(set(SO_ACCEPTCONN, 1), ENOPROTOOPT);
	fails(set(SO_PEERCRED, 1), ENOPROTOOPT);
	fails(set(12345, 1), ENOPROTOOPT);
	fails(get(12345), ENOPROTOOPT);
	for (int i = 0; i < 4; i++) {
		const int opts[] = {SO_REUSEADDR, SO_KEEPALIVE, SO_BROADCAST, SO_PASSCRED};

		is(get(opts[i]), 0);
		is(set(opts[i], 5), 0);
		is(get(opts[i]), 1);
		is(set(opts[i], 0), 0);
		is(get(opts[i]), 0);
	}
	is(set(SO_RCVLOWAT, 0), 0);
	is(get(SO_RCVLOWAT), 1);
	is(get(SO_SNDLOWAT), 1);
	is(set(SO_PRIORITY, 3), 0);
	is(get(SO_PRIORITY), 3);
	fails(set(SO_REUSEPORT, 1), EOPNOTSUPP);
}

static void sizes(void)
{
	is(get(SO_SNDBUF), 212992);
	is(get(SO_RCVBUF), 212992);
	is(set(SO_SNDBUF, 10000), 0);
	is(get(SO_SNDBUF), 20000);
	is(set(SO_SNDBUF, 1), 0);
	is(get(SO_SNDBUF), 4608);
	is(set(SO_RCVBUF, 1), 0);
	is(get(SO_RCVBUF), 2304);
	is(set(SO_SNDBUF, 100000000), 0);
	ok(get(SO_SNDBUF) >= 425984); /* net.core.wmem_max differs */
}

static void lengths(void)
{
	struct linger l = {5, 9};
	char c[8] = {0};
	socklen_t len = 1;

	is(getsockopt(fd, SOL_SOCKET, SO_TYPE, c, &len), 0);
	ok(len == 1 && c[0] == SOCK_SEQPACKET);
	len = 8;
	is(getsockopt(fd, SOL_SOCKET, SO_TYPE, c, &len), 0);
	is(len, 4);
	len = -1;
	fails(getsockopt(fd, SOL_SOCKET, SO_TYPE, c, &len), EINVAL);
	fails(sys(getsockopt, fd, SOL_SOCKET, SO_TYPE, c, BAD), EFAULT);
	len = 4;
	fails(sys(getsockopt, fd, SOL_SOCKET, SO_TYPE, BAD, &len), EFAULT);
	fails(sys(setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, BAD, 4), EFAULT);
	fails(sys(setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, c, 3), EINVAL);
	fails(sys(setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, c, -1), EINVAL);
	fails(sys(setsockopt, fd, 6, 1, c, 4), EOPNOTSUPP);
	fails(sys(getsockopt, fd, 6, 1, c, &len), EOPNOTSUPP);
	is(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)), 0);
	len = sizeof(l);
	memset(&l, 0, sizeof(l));
	is(getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len), 0);
	ok(l.l_onoff == 1 && l.l_linger == 9 && len == 8);
	fails(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, 7), EINVAL);
}

static void credentials(void)
{
	struct sockaddr_un a = {AF_UNIX, "s"};
	struct ucred c = {7, 7, 7};
	socklen_t len = sizeof(c);

	is(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &len), 0);
	ok(c.pid == 0 && c.uid == (uid_t)-1 && c.gid == (gid_t)-1);
	is(bind(fd, (void *)&a, sizeof(a)), 0);
	is(listen(fd, 1), 0);
	is(get(SO_ACCEPTCONN), 1);
	is(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &len), 0);
	ok(c.pid == getpid() && c.uid == geteuid() && c.gid == getegid());
}

int main(void)
{
	tmp();
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	values();
	sizes();
	lengths();
	credentials();
	return tap_done();
}
