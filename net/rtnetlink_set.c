/* SPDX-License-Identifier: MIT */
/* What NETLINK_ROUTE changes: rtnetlink(7). Links of this machine can be set, not made or removed;
 * addresses and routes are state (net/netif.h). */
#include "kernel/string.h"
#include "net/inet.h"
#include "net/netlink.h"

/* A number in an attribute of exactly that size: 1 there, 0 not, -EINVAL. */
static int number(const struct nlmsghdr *req, size_t header, unsigned type, unsigned *out)
{
	size_t size;
	const void *a = rtnetlink_attr(req, header, type, &size);
	uint32_t v;

	if (!a)
		return 0;
	if (size < sizeof(v))
		return -EINVAL;
	memcpy(&v, a, sizeof(v));
	*out = v;
	return 1;
}

/* An address in an attribute, as net/ has them: 1 there, 0 not, -EINVAL. */
static int address(const struct nlmsghdr *req, size_t header, unsigned type, int family,
		   struct in6_addr *out)
{
	size_t size, want = family == AF_INET ? 4 : 16;
	const void *a = rtnetlink_attr(req, header, type, &size);

	if (!a)
		return 0;
	if (size != want)
		return -EINVAL;
	*out = (struct in6_addr){.s6_addr = {[10] = 0xff, 0xff}};
	memcpy(&out->s6_addr[16 - want], a, want);
	return 1;
}

/* ---- links ---- */

static int set_link(const struct nlmsghdr *req)
{
	const struct ifinfomsg *i = NLMSG_DATA(req);
	struct netif *n;
	unsigned value;
	size_t size;
	const void *mac;
	int r = rtnetlink_link(req, &n);

	if (r)
		return r == -ENODEV && req->nlmsg_flags & NLM_F_CREATE ? -EOPNOTSUPP : r;
	if (req->nlmsg_flags & NLM_F_EXCL)
		return -EEXIST;
	mac = rtnetlink_attr(req, sizeof(*i), IFLA_ADDRESS, &size);
	if (mac)
		r = size == sizeof(n->mac) ? netif_set_mac(n, mac) : -EINVAL;
	if (!r && number(req, sizeof(*i), IFLA_MTU, &value) > 0)
		r = netif_set_mtu(n, value);
	if (!r && number(req, sizeof(*i), IFLA_TXQLEN, &value) > 0)
		n->txqlen = value;
	if (!r && (i->ifi_flags || i->ifi_change))
		r = netif_set_flags(n, i->ifi_flags, i->ifi_change ? i->ifi_change : ~0u);
	return r;
}

/* ---- addresses ---- */

/* The request's interface and address: 0, -EINVAL, -ENODEV. */
static int read_addr(const struct nlmsghdr *req, struct netif **n, struct netif_addr *a)
{
	const struct ifaddrmsg *m = NLMSG_DATA(req);
	struct in6_addr broadcast;
	int r;

	if (req->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EINVAL;
	if (m->ifa_family != AF_INET && m->ifa_family != AF_INET6)
		return -EOPNOTSUPP;
	*a = (struct netif_addr){.prefix = m->ifa_prefixlen, .scope = m->ifa_scope};
	r = address(req, sizeof(*m), IFA_LOCAL, m->ifa_family, &a->ip);
	if (!r)
		r = address(req, sizeof(*m), IFA_ADDRESS, m->ifa_family, &a->ip);
	if (r < 1 || a->prefix > (m->ifa_family == AF_INET ? 32 : 128))
		return -EINVAL;
	if (address(req, sizeof(*m), IFA_BROADCAST, AF_INET, &broadcast) > 0)
		a->broadcast = broadcast.s6_addr32[3];
	*n = netif_by_index((int)m->ifa_index);
	return *n ? 0 : -ENODEV;
}

static int change_addr(const struct nlmsghdr *req)
{
	struct netif_addr a;
	struct netif *n;
	int r = read_addr(req, &n, &a);

	if (r)
		return r;
	if (req->nlmsg_type == RTM_DELADDR)
		return netif_del_addr(n, &a.ip, a.prefix);
	r = netif_add_addr(n, &a);
	return r == -EEXIST && (req->nlmsg_flags & NLM_F_REPLACE) ? 0 : r;
}

/* ---- routes ---- */

static int read_route(const struct nlmsghdr *req, struct route *out)
{
	const struct rtmsg *m = NLMSG_DATA(req);
	unsigned oif = 0, table;
	struct route r;
	int e;

	if (req->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EINVAL;
	if (m->rtm_family != AF_INET && m->rtm_family != AF_INET6)
		return -EOPNOTSUPP;
	r = (struct route){.prefix = m->rtm_dst_len,
			   .protocol = m->rtm_protocol,
			   .scope = m->rtm_scope,
			   .type = m->rtm_type,
			   .tos = m->rtm_tos};
	table = m->rtm_table;
	if (m->rtm_family == AF_INET)
		r.dst.s6_addr32[2] = __builtin_bswap32(0xffff);
	e = address(req, sizeof(*m), RTA_DST, m->rtm_family, &r.dst);
	if (e >= 0)
		e = address(req, sizeof(*m), RTA_GATEWAY, m->rtm_family, &r.gw);
	if (e >= 0)
		e = address(req, sizeof(*m), RTA_PREFSRC, m->rtm_family, &r.src);
	if (e >= 0)
		e = number(req, sizeof(*m), RTA_OIF, &oif);
	if (e >= 0)
		e = number(req, sizeof(*m), RTA_PRIORITY, &r.metric);
	if (e >= 0)
		e = number(req, sizeof(*m), RTA_TABLE, &table);
	if (e < 0 || r.prefix > (m->rtm_family == AF_INET ? 32 : 128))
		return -EINVAL;
	if (table != RT_TABLE_MAIN && table != RT_TABLE_UNSPEC)
		return -EOPNOTSUPP; /* there are no rules that would lead to it */
	if (m->rtm_family == AF_INET6 && !r.metric && req->nlmsg_type == RTM_NEWROUTE)
		r.metric = 1024;
	r.oif = (int)oif;
	*out = r;
	return 0;
}

static int change_route(const struct nlmsghdr *req)
{
	struct route r;
	int e = read_route(req, &r);

	if (e)
		return e;
	return req->nlmsg_type == RTM_DELROUTE ? route_del(&r) : route_add(&r, req->nlmsg_flags);
}

int rtnetlink_change(const struct nlmsghdr *req)
{
	switch (req->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_SETLINK:
		return set_link(req);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return change_addr(req);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return change_route(req);
	}
	return -EOPNOTSUPP;
}
