/* SPDX-License-Identifier: MIT */
/* UDP over the loopback interface: sendto(2), recvfrom(2), connect(2), errors, ancillary data,
 * limits. */
#include "tests/guest/inet/inet.h"

#include <netinet/udp.h>
#include <sys/ioctl.h>

static int udp(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0);
}

static int bound(void)
{
	int fd = udp();

	bind4(fd, INADDR_LOOPBACK, 0);
	return fd;
}

static long send_to(int fd, const void *data, size_t n, int port)
{
	struct sockaddr_in a = v4(INADDR_LOOPBACK, port);

	return sendto(fd, data, n, 0, (void *)&a, sizeof(a));
}

static void datagrams(void)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	char buf[16];
	int s = bound(), c = udp(), n;

	is(option(c, SOL_SOCKET, SO_PROTOCOL), IPPROTO_UDP);
	is(events(s), POLLOUT);
	fails(recv(s, buf, 1, MSG_DONTWAIT), EAGAIN);
	is(port_of(c), 0);
	is(send_to(c, "first", 5, port_of(s)), 5);
	ok(port_of(c) != 0);
	is(send_to(c, "", 0, port_of(s)), 0);
	is(send_to(c, "third", 5, port_of(s)), 5);
	is(wait_for(s, POLLIN), POLLIN);
	is(ioctl(s, FIONREAD, &n), 0);
	is(n, 5);
	is(recvfrom(s, buf, sizeof(buf), MSG_PEEK, (void *)&a, &len), 5);
	is(len, sizeof(a));
	is(ntohs(a.sin_port), port_of(c));
	is(ntohl(a.sin_addr.s_addr), INADDR_LOOPBACK);
	is(recv(s, buf, 2, MSG_TRUNC), 5); /* its whole length; the rest is lost */
	same(buf, "fi", 2);
	is(recv(s, buf, sizeof(buf), 0), 0);
	is(recv(s, buf, sizeof(buf), 0), 5);
	same(buf, "third", 5);
	is(ioctl(s, FIONREAD, &n), 0);
	is(n, 0);
	fails(listen(s, 1), EOPNOTSUPP);
	fails(accept(s, NULL, NULL), EOPNOTSUPP);
	close(s);
	close(c);
}

static void wrong(void)
{
	static char big[65536];
	struct sockaddr_in a = v4(INADDR_LOOPBACK, 9);
	int s = bound(), c = udp();

	fails(send(c, "x", 1, 0), EDESTADDRREQ);
	fails(sendto(c, "x", 1, 0, (void *)&a, 3), EINVAL);
	fails(sendto(c, "x", 1, 0, BAD, sizeof(a)), EFAULT);
	fails(send_to(c, "x", 1, 0), EINVAL);
	a.sin_family = AF_UNIX;
	fails(sendto(c, "x", 1, 0, (void *)&a, sizeof(a)), EAFNOSUPPORT);
	a = v4(INADDR_BROADCAST, 9);
	fails(sendto(c, "x", 1, 0, (void *)&a, sizeof(a)), EACCES);
	fails(send_to(c, big, 65508, port_of(s)), EMSGSIZE);
	is(send_to(c, big, 65507, port_of(s)), 65507);
	is(recv(s, big, sizeof(big), 0), 65507);
	fails(send_to(c, BAD, 5, port_of(s)), EFAULT);
	fails(recv(s, big, 1, MSG_DONTWAIT), EAGAIN);
	is(send_to(c, "x", 1, port_of(s)), 1);
	wait_for(s, POLLIN);
	fails(recv(s, BAD, 1, 0), EFAULT);
	is(send_to(c, "x", 1, 1), 1); /* nobody there: an unconnected sender does not hear of it */
	is(send_to(c, "x", 1, 1), 1);
	is(option(c, SOL_SOCKET, SO_ERROR), 0);
	close(s);
	close(c);
}

static void connecting(void)
{
	struct sockaddr_in none = {.sin_family = AF_UNSPEC}, a;
	socklen_t len = sizeof(a);
	int s = bound(), c = udp(), other = bound();
	char buf[8];

	fails(getpeername(c, (void *)&a, &len), ENOTCONN);
	is(connect4(c, INADDR_LOOPBACK, port_of(s)), 0);
	is(getsockname(c, (void *)&a, &len), 0);
	is(ntohl(a.sin_addr.s_addr), INADDR_LOOPBACK);
	ok(a.sin_port != 0);
	is(getpeername(c, (void *)&a, &len), 0);
	is(ntohs(a.sin_port), port_of(s));
	is(send(c, "hi", 2, 0), 2);
	is(recv(s, buf, 8, 0), 2);
	is(send_to(other, "no", 2, port_of(c)), 2); /* only the peer is heard */
	is(send_to(s, "yes", 3, port_of(c)), 3);
	is(recv(c, buf, 8, 0), 3);
	fails(recv(c, buf, 8, MSG_DONTWAIT), EAGAIN);
	is(connect(c, (void *)&none, sizeof(none)), 0);
	fails(send(c, "x", 1, 0), EDESTADDRREQ);
	close(s);
	is(connect4(c, INADDR_LOOPBACK, 1), 0);
	is(send(c, "x", 1, 0), 1);
	ok(wait_for(c, POLLERR) & POLLERR);
	fails(send(c, "x", 1, 0), ECONNREFUSED);
	is(send(c, "x", 1, 0), 1);
	ok(wait_for(c, POLLERR) & POLLERR);
	fails(recv(c, buf, 1, 0), ECONNREFUSED);
	close(c);
	close(other);
}

static void shutting_down(void)
{
	int s = bound();
	char c;

	fails(shutdown(s, SHUT_RD), ENOTCONN); /* it does it nevertheless */
	is(recv(s, &c, 1, 0), 0);
	is(connect4(s, INADDR_LOOPBACK, 1), 0);
	is(shutdown(s, SHUT_WR), 0);
	fails(send(s, "x", 1, MSG_NOSIGNAL), EPIPE);
	is(events(s), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	close(s);
}

/* The ancillary data of a message of that level and type, in buf. */
static struct cmsghdr *control(int fd, int level, int type, char *buf, size_t size)
{
	static char data[8];
	struct iovec v = {data, sizeof(data)};
	struct msghdr m = {
	    .msg_iov = &v, .msg_iovlen = 1, .msg_control = buf, .msg_controllen = size};

	if (recvmsg(fd, &m, 0) < 0)
		return NULL;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == level && c->cmsg_type == type)
			return c;
	return NULL;
}

static void ancillary(void)
{
	int s = bound(), c = udp(), value = 7;
	union {
		char buf[256];
		struct cmsghdr align;
	} u;
	struct sockaddr_in to = v4(INADDR_LOOPBACK, port_of(s));
	struct iovec v = {"x", 1};
	struct msghdr m = {.msg_name = &to,
			   .msg_namelen = sizeof(to),
			   .msg_iov = &v,
			   .msg_iovlen = 1,
			   .msg_control = u.buf,
			   .msg_controllen = CMSG_SPACE(sizeof(int))};
	struct cmsghdr *h;
	struct in_pktinfo *info;

	is(set_option(s, IPPROTO_IP, IP_PKTINFO, 1), 0);
	is(set_option(s, IPPROTO_IP, IP_RECVTTL, 1), 0);
	is(send_to(c, "x", 1, port_of(s)), 1);
	h = control(s, IPPROTO_IP, IP_PKTINFO, u.buf, sizeof(u.buf));
	ok(h);
	info = h ? (void *)CMSG_DATA(h) : NULL;
	ok(info && info->ipi_ifindex == 1 && ntohl(info->ipi_addr.s_addr) == INADDR_LOOPBACK);
	memset(&u, 0, sizeof(u));
	h = CMSG_FIRSTHDR(&m);
	*h = (struct cmsghdr){
	    .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_TTL};
	memcpy(CMSG_DATA(h), &value, sizeof(value));
	is(sendmsg(c, &m, 0), 1);
	h = control(s, IPPROTO_IP, IP_TTL, u.buf, sizeof(u.buf));
	ok(h && *(int *)CMSG_DATA(h) == 7);
	h = CMSG_FIRSTHDR(&m);
	h->cmsg_len = 3;
	fails(sendmsg(c, &m, 0), EINVAL);
	h->cmsg_len = CMSG_LEN(sizeof(int));
	h->cmsg_level = IPPROTO_IP;
	h->cmsg_type = 99;
	fails(sendmsg(c, &m, 0), EINVAL);
	close(s);
	close(c);
}

static void full(void)
{
	static char block[1000];
	int s = bound(), c = udp(), n = 0;

	set_option(s, SOL_SOCKET, SO_RCVBUF, 8192);
	for (int i = 0; i < 500; i++) /* what does not fit is lost, and the sender is not told */
		if (send_to(c, block, sizeof(block), port_of(s)) != sizeof(block))
			break;
		else
			n++;
	is(n, 500);
	for (n = 0; recv(s, block, sizeof(block), MSG_DONTWAIT) == sizeof(block);)
		n++;
	ok(n > 2 && n < 100);
	close(s);
	close(c);
}

/* UDP-Lite has ports of its own. */
static void lite(void)
{
	int a = bound(), b = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE), c;
	char buf[4];

	if (b < 0) {
		skip("no UDP-Lite here");
		return;
	}
	c = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);
	is(bind4(b, INADDR_LOOPBACK, port_of(a)), 0);
	is(send_to(c, "lite", 4, port_of(a)), 4);
	is(recv(b, buf, 4, 0), 4);
	fails(recv(a, buf, 4, MSG_DONTWAIT), EAGAIN);
	close(a);
	close(b);
	close(c);
}

int main(void)
{
	datagrams();
	wrong();
	connecting();
	shutting_down();
	ancillary();
	full();
	lite();
	return tap_done();
}
