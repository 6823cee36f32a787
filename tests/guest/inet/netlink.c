/* SPDX-License-Identifier: MIT */
/* socket(2) of AF_NETLINK: questions about the loopback interface, its addresses and routes; names,
 * errors, MSG_PEEK and MSG_TRUNC. */
#include "tests/guest/inet/inet.h"

#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

struct request {
	struct nlmsghdr h;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg addr;
		struct rtmsg route;
	};
	char attrs[64];
};

static char answer[65536];

static int route_socket(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

static struct request request(int type, int flags, size_t n)
{
	return (struct request){.h = {NLMSG_LENGTH(n), type, NLM_F_REQUEST | flags, 7, 0}};
}

static struct rtattr *attr(struct nlmsghdr *h, size_t n, int type)
{
	struct rtattr *a = (void *)((char *)NLMSG_DATA(h) + NLMSG_ALIGN(n));
	int left = h->nlmsg_len - NLMSG_SPACE(n);

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == type)
			return a;
	return NULL;
}

/* Sends r, and gives every message of the answer to f until it says that it found what it wants, or
 * the end. */
static int ask(int fd, struct request *r, int (*f)(struct nlmsghdr *h))
{
	int found = 0;

	if (send(fd, r, r->h.nlmsg_len, 0) != r->h.nlmsg_len)
		return -1;
	for (;;) {
		int n = recv(fd, answer, sizeof(answer), 0);

		if (n <= 0)
			return -2;
		for (struct nlmsghdr *h = (void *)answer; NLMSG_OK(h, (unsigned)n);
		     h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_seq != 7)
				return -3;
			if (h->nlmsg_type == NLMSG_DONE)
				return found;
			if (h->nlmsg_type == NLMSG_ERROR)
				return ((struct nlmsgerr *)NLMSG_DATA(h))->error;
			found += f(h);
			if (!(h->nlmsg_flags & NLM_F_MULTI))
				return found;
		}
	}
}

static int is_lo(struct nlmsghdr *h)
{
	struct ifinfomsg *i = NLMSG_DATA(h);
	struct rtattr *name = attr(h, sizeof(*i), IFLA_IFNAME),
		      *mtu = attr(h, sizeof(*i), IFLA_MTU);

	return h->nlmsg_type == RTM_NEWLINK && i->ifi_index == 1 && i->ifi_type == 772 &&
	       (i->ifi_flags & IFF_LOOPBACK) && name && strcmp(RTA_DATA(name), "lo") == 0 && mtu &&
	       *(int *)RTA_DATA(mtu) == 65536;
}

static int is_lo_addr(struct nlmsghdr *h)
{
	struct ifaddrmsg *a = NLMSG_DATA(h);
	struct rtattr *local = attr(h, sizeof(*a), IFA_LOCAL);

	return h->nlmsg_type == RTM_NEWADDR && a->ifa_index == 1 && a->ifa_family == AF_INET &&
	       a->ifa_prefixlen == 8 && local &&
	       *(unsigned *)RTA_DATA(local) == htonl(INADDR_LOOPBACK);
}

static int is_lo_route(struct nlmsghdr *h)
{
	struct rtmsg *r = NLMSG_DATA(h);
	struct rtattr *dst = attr(h, sizeof(*r), RTA_DST);

	return h->nlmsg_type == RTM_NEWROUTE && r->rtm_type == RTN_LOCAL && r->rtm_dst_len == 8 &&
	       dst && *(unsigned *)RTA_DATA(dst) == htonl(0x7f000000);
}

static int anything(struct nlmsghdr *h)
{
	return 1;
}

static void dumps(void)
{
	int fd = route_socket();
	struct request r = request(RTM_GETLINK, NLM_F_DUMP, sizeof(r.link));

	is(ask(fd, &r, is_lo), 1);
	r = request(RTM_GETADDR, NLM_F_DUMP, sizeof(r.addr));
	r.addr.ifa_family = AF_INET;
	is(ask(fd, &r, is_lo_addr), 1);
	r = request(RTM_GETROUTE, NLM_F_DUMP, sizeof(r.route));
	r.route.rtm_family = AF_INET;
	is(ask(fd, &r, is_lo_route), 1);
	r = request(RTM_GETNEIGH, NLM_F_DUMP, sizeof(r.link));
	ok(ask(fd, &r, anything) >= 0);
	close(fd);
}

static void single(void)
{
	int fd = route_socket();
	struct request r = request(RTM_GETLINK, 0, sizeof(r.link));

	r.link.ifi_index = 1;
	is(ask(fd, &r, is_lo), 1);
	r.link.ifi_index = 12345;
	is(ask(fd, &r, is_lo), -ENODEV);
	r.h.nlmsg_flags |= NLM_F_ACK;
	r.link.ifi_index = 1;
	is(ask(fd, &r, is_lo), 1);
	is(ask(fd, &r, is_lo), 0); /* the acknowledgement of the one before */
	close(fd);
}

static void messages(void)
{
	int fd = route_socket();
	struct request r = request(RTM_GETLINK, 0, sizeof(r.link));
	struct sockaddr_nl from;
	socklen_t len = sizeof(from);
	long n;

	fails(recv(fd, answer, 1, MSG_DONTWAIT), EAGAIN);
	is(events(fd), POLLOUT);
	r.link.ifi_index = 1;
	is(send(fd, &r, r.h.nlmsg_len, 0), r.h.nlmsg_len);
	is(events(fd), POLLIN | POLLOUT);
	n = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC);
	ok(n > 100);
	is(recvfrom(fd, answer, 10, MSG_PEEK, (void *)&from, &len), 10);
	is(len, sizeof(from));
	is(from.nl_family, AF_NETLINK);
	is(from.nl_pid, 0);
	is(recv(fd, answer, sizeof(answer), 0), n);
	is(((struct nlmsghdr *)answer)->nlmsg_pid,
	   (unsigned)getpid()); /* bound by the first send */
	fails(recv(fd, answer, 1, MSG_DONTWAIT), EAGAIN);
	fails(send(fd, BAD, 20, 0), EFAULT);
	close(fd);
}

static void names(void)
{
	struct sockaddr_nl a = {.nl_family = AF_NETLINK}, b;
	socklen_t len = sizeof(b);
	int fd = route_socket(), other = route_socket();

	is(getsockname(fd, (void *)&b, &len), 0);
	is(b.nl_pid, 0);
	fails(bind(fd, (void *)&a, 4), EINVAL);
	a.nl_family = AF_INET;
	fails(bind(fd, (void *)&a, sizeof(a)), EINVAL);
	a.nl_family = AF_NETLINK;
	is(bind(fd, (void *)&a, sizeof(a)), 0);
	is(getsockname(fd, (void *)&b, &len), 0);
	is(len, sizeof(b));
	is(b.nl_pid, (unsigned)getpid());
	is(bind(other, (void *)&a, sizeof(a)),
	   0); /* one of the process has the number: another is found */
	is(getsockname(other, (void *)&b, &len), 0);
	ok(b.nl_pid != (unsigned)getpid() && b.nl_pid != 0);
	close(other);
	other = route_socket();
	a.nl_pid = getpid();
	fails(bind(other, (void *)&a, sizeof(a)), EADDRINUSE);
	close(fd);
	is(bind(other, (void *)&a, sizeof(a)), 0);
	close(other);
	fails(socket(AF_NETLINK, SOCK_STREAM, NETLINK_ROUTE), ESOCKTNOSUPPORT);
	fails(socket(AF_NETLINK, SOCK_RAW, 99), EPROTONOSUPPORT);
	fd = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE);
	works(fd);
	fails(listen(fd, 1), EOPNOTSUPP);
	fails(shutdown(fd, SHUT_RD), EOPNOTSUPP);
	close(fd);
}

static void library(void)
{
	struct ifaddrs *all, *i;
	int found = 0;

	is(if_nametoindex("lo"), 1);
	is(getifaddrs(&all), 0);
	for (i = all; i; i = i->ifa_next)
		if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET &&
		    strcmp(i->ifa_name, "lo") == 0)
			found += ((struct sockaddr_in *)i->ifa_addr)->sin_addr.s_addr ==
				 htonl(INADDR_LOOPBACK);
	is(found, 1);
	freeifaddrs(all);
}

int main(void)
{
	dumps();
	single();
	messages();
	names();
	library();
	return tap_done();
}
