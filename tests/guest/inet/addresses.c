/* SPDX-License-Identifier: MIT */
/* Addresses that come and go: netlink(7), rtnetlink(7), netdevice(7); sendto(2), recvfrom(2),
 * bind(2), ioctl(2). On the loopback interface, in a network namespace of its own if there are
 * such. */
#include "tests/guest/inet/inet.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#define IP 0x0a630001u /* 10.99.0.1 */

static int route; /* the socket that asks */

static int send_addr(int type, int flags, uint32_t ip, int prefix)
{
	struct {
		struct nlmsghdr h;
		struct ifaddrmsg a;
		struct rtattr local;
		uint32_t ip;
	} q = {
	    .h = {.nlmsg_len = sizeof(q),
		  .nlmsg_type = type,
		  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags,
		  .nlmsg_seq = 7},
	    .a = {.ifa_family = AF_INET, .ifa_prefixlen = prefix, .ifa_index = 1},
	    .local = {.rta_len = 8, .rta_type = IFA_LOCAL},
	    .ip = htonl(ip),
	};
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		char more[512];
	} r;

	if (send(route, &q, sizeof(q), 0) != sizeof(q) || recv(route, &r, sizeof(r), 0) < 36)
		return -1;
	return r.h.nlmsg_type == NLMSG_ERROR && r.h.nlmsg_seq == 7 ? r.e.error : -2;
}

/* The type of the next event, which is about IP, or what is the matter. */
static int event(int fd)
{
	struct {
		struct nlmsghdr h;
		struct ifaddrmsg a;
		char attrs[1000];
	} r;
	struct pollfd p = {fd, POLLIN, 0};
	struct sockaddr_nl from;
	socklen_t len = sizeof(from);
	uint32_t ip = htonl(IP);

	if (poll(&p, 1, 10000) != 1 || recvfrom(fd, &r, sizeof(r), 0, (void *)&from, &len) < 24)
		return -1;
	if (from.nl_pid || from.nl_groups != RTMGRP_IPV4_IFADDR || r.a.ifa_index != 1)
		return -2;
	return memmem(r.attrs, sizeof(r.attrs), &ip, sizeof(ip)) ? r.h.nlmsg_type : -3;
}

static void test_netlink(void)
{
	struct sockaddr_nl a = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR};
	int listener = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE),
	    u = socket(AF_INET, SOCK_DGRAM, 0);

	route = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	is(bind(listener, (void *)&a, sizeof(a)), 0);
	fails(bind4(u, IP, 0), EADDRNOTAVAIL);
	is(send_addr(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, IP, 24), 0);
	is(event(listener), RTM_NEWADDR);
	is(send_addr(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, IP, 24), -EEXIST);
	is(send_addr(RTM_NEWADDR, NLM_F_CREATE, IP + 1, 33), -EINVAL);
	is(bind4(u, IP, 0), 0);
	close(u);
	is(send_addr(RTM_DELADDR, 0, IP, 24), 0);
	is(event(listener), RTM_DELADDR);
	is(send_addr(RTM_DELADDR, 0, IP, 24), -EADDRNOTAVAIL);
	u = socket(AF_INET, SOCK_DGRAM, 0);
	fails(bind4(u, IP, 0), EADDRNOTAVAIL);
	close(u);
	close(listener);
	close(route);
}

static void test_ioctl(void)
{
	int u = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq r = {.ifr_name = "lo"};
	struct sockaddr_in *in = (void *)&r.ifr_addr;

	is(ioctl(u, SIOCGIFFLAGS, &r), 0);
	r.ifr_flags &= ~IFF_UP;
	is(ioctl(u, SIOCSIFFLAGS, &r), 0);
	is(ioctl(u, SIOCGIFFLAGS, &r), 0);
	ok(!(r.ifr_flags & (IFF_UP | IFF_RUNNING)));
	r.ifr_flags |= IFF_UP;
	is(ioctl(u, SIOCSIFFLAGS, &r), 0);
	is(ioctl(u, SIOCGIFFLAGS, &r), 0);
	ok((r.ifr_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING));
	r.ifr_mtu = 9000;
	is(ioctl(u, SIOCSIFMTU, &r), 0);
	r.ifr_mtu = 0;
	is(ioctl(u, SIOCGIFMTU, &r), 0);
	is(r.ifr_mtu, 9000);
	*in = v4(IP, 0);
	is(ioctl(u, SIOCSIFADDR, &r), 0);
	is(ioctl(u, SIOCGIFADDR, &r), 0);
	is(ntohl(in->sin_addr.s_addr), IP);
	is(ioctl(u, SIOCGIFNETMASK, &r), 0);
	is(ntohl(in->sin_addr.s_addr), 0xff000000);
	*in = v4(0xffff0000, 0);
	is(ioctl(u, SIOCSIFNETMASK, &r), 0);
	is(ioctl(u, SIOCGIFNETMASK, &r), 0);
	is(ntohl(in->sin_addr.s_addr), 0xffff0000);
	*in = v4(0xff00ff00, 0);
	fails(ioctl(u, SIOCSIFNETMASK, &r), EINVAL);
	close(u);
}

int main(void)
{
	struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	bool own = unshare(CLONE_NEWNET) == 0;
	int u = socket(AF_INET, SOCK_DGRAM, 0);

	/* The interface of a whole machine is left alone, unless it is nobody else's. */
	if (!is_root() || (!own && getpid() > 2)) {
		skip("no network namespace of our own");
	} else if (own && ioctl(u, SIOCSIFFLAGS, &r)) {
		skip("the loopback interface cannot be set up");
	} else {
		test_netlink();
		test_ioctl();
	}
	close(u);
	return tap_done();
}
