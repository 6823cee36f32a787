/* SPDX-License-Identifier: MIT */
/* What NETLINK_ROUTE answers: rtnetlink(7). Links, addresses, routes, neighbours, from the table of
 * interfaces. */
#include "kernel/socket_fs.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "net/inet.h"
#include "net/netif.h"
#include "net/netlink.h"

#include <linux/in_route.h>

#define OPER_UNKNOWN 0 /* RFC 2863: what Linux says of a loopback interface */

static void attr_u32(struct nl_out *o, struct nlmsghdr *h, unsigned type, uint32_t value)
{
	nl_attr(o, h, type, &value, sizeof(value));
}

static void attr_u8(struct nl_out *o, struct nlmsghdr *h, unsigned type, uint8_t value)
{
	nl_attr(o, h, type, &value, sizeof(value));
}

static void attr_str(struct nl_out *o, struct nlmsghdr *h, unsigned type, const char *s)
{
	nl_attr(o, h, type, s, strlen(s) + 1);
}

/* An address as its own family has it. */
static void attr_ip(struct nl_out *o, struct nlmsghdr *h, unsigned type, const struct in6_addr *ip)
{
	bool v4 = inet_is_v4(ip);

	nl_attr(o, h, type, v4 ? &ip->s6_addr[12] : ip->s6_addr, v4 ? 4 : 16);
}

static int family_of(const struct in6_addr *ip)
{
	return inet_is_v4(ip) ? AF_INET : AF_INET6;
}

/* ---- links ---- */

static void put_link(struct nl_out *o, const struct netif *n, unsigned flags)
{
	struct ifinfomsg i = {.ifi_type = n->type, .ifi_index = n->index, .ifi_flags = n->flags};
	struct rtnl_link_stats64 stats = {.rx_packets = loopback_stats.packets,
					  .tx_packets = loopback_stats.packets,
					  .rx_bytes = loopback_stats.bytes,
					  .tx_bytes = loopback_stats.bytes};
	struct nlmsghdr *h = nl_begin(o, RTM_NEWLINK, flags, &i, sizeof(i));

	attr_str(o, h, IFLA_IFNAME, n->name);
	attr_u32(o, h, IFLA_TXQLEN, n->txqlen);
	attr_u8(o, h, IFLA_OPERSTATE, OPER_UNKNOWN);
	attr_u8(o, h, IFLA_LINKMODE, 0);
	attr_u32(o, h, IFLA_MTU, n->mtu);
	attr_u32(o, h, IFLA_GROUP, 0);
	attr_u32(o, h, IFLA_PROMISCUITY, 0);
	attr_u32(o, h, IFLA_NUM_TX_QUEUES, 1);
	attr_u32(o, h, IFLA_NUM_RX_QUEUES, 1);
	attr_u8(o, h, IFLA_CARRIER, 1);
	attr_str(o, h, IFLA_QDISC, "noqueue");
	nl_attr(o, h, IFLA_ADDRESS, n->mac, sizeof(n->mac));
	nl_attr(o, h, IFLA_BROADCAST, n->mac, sizeof(n->mac));
	nl_attr(o, h, IFLA_STATS64, &stats, sizeof(stats));
}

static void dump_links(struct nl_out *o)
{
	const struct netif *n = NULL;

	while ((n = netif_after(n ? n->index : 0)))
		put_link(o, n, NLM_F_MULTI);
}

/* The attribute of that type behind a header of n bytes: its data and size, or NULL. */
static const void *find_attr(const struct nlmsghdr *req, size_t n, unsigned type, size_t *size)
{
	size_t at = NLMSG_SPACE(n);

	while (at + sizeof(struct rtattr) <= req->nlmsg_len) {
		const struct rtattr *a = (const void *)((const uint8_t *)req + at);

		if (a->rta_len < sizeof(*a) || a->rta_len > req->nlmsg_len - at)
			return NULL;
		*size = a->rta_len - sizeof(*a);
		if (a->rta_type == type)
			return RTA_DATA(a);
		at += RTA_ALIGN(a->rta_len);
	}
	return NULL;
}

/* One link, by index or name. */
static int get_link(struct nl_out *o, const struct nlmsghdr *req)
{
	const struct ifinfomsg *i = NLMSG_DATA(req);
	const struct netif *n;
	char name[IFNAMSIZ] = "";
	size_t size;
	const void *a;

	if (req->nlmsg_len < NLMSG_LENGTH(sizeof(*i)))
		return -EINVAL;
	a = find_attr(req, sizeof(*i), IFLA_IFNAME, &size);
	if (a)
		memcpy(name, a, MIN(size, sizeof(name) - 1));
	if (i->ifi_index <= 0 && !a)
		return -EINVAL;
	n = i->ifi_index > 0 ? netif_by_index(i->ifi_index) : netif_by_name(name);
	if (!n)
		return -ENODEV;
	put_link(o, n, 0);
	return 0;
}

/* ---- addresses ---- */

static void put_addr(struct nl_out *o, const struct netif *n, const struct netif_addr *a)
{
	struct ifaddrmsg m = {.ifa_family = family_of(&a->ip),
			      .ifa_prefixlen = a->prefix,
			      .ifa_flags = IFA_F_PERMANENT,
			      .ifa_scope = a->scope,
			      .ifa_index = n->index};
	struct ifa_cacheinfo forever = {.ifa_prefered = UINT32_MAX, .ifa_valid = UINT32_MAX};
	struct nlmsghdr *h = nl_begin(o, RTM_NEWADDR, NLM_F_MULTI, &m, sizeof(m));

	attr_ip(o, h, IFA_ADDRESS, &a->ip);
	if (m.ifa_family == AF_INET) {
		attr_ip(o, h, IFA_LOCAL, &a->ip);
		attr_str(o, h, IFA_LABEL, n->name);
	}
	attr_u32(o, h, IFA_FLAGS, m.ifa_flags);
	nl_attr(o, h, IFA_CACHEINFO, &forever, sizeof(forever));
}

static void dump_addrs(struct nl_out *o, int family)
{
	const struct netif *n = NULL;

	while ((n = netif_after(n ? n->index : 0)))
		for (unsigned i = 0; i < n->n_addrs; i++)
			if (family == AF_UNSPEC || family == family_of(&n->addr[i].ip))
				put_addr(o, n, &n->addr[i]);
}

/* ---- routes: what each address brings into the local table ---- */

static void put_route(struct nl_out *o, const struct netif *n, const struct in6_addr *dst,
		      unsigned prefix, unsigned type, unsigned scope)
{
	struct rtmsg m = {.rtm_family = family_of(dst),
			  .rtm_dst_len = prefix,
			  .rtm_table = RT_TABLE_LOCAL,
			  .rtm_protocol = RTPROT_KERNEL,
			  .rtm_scope = scope,
			  .rtm_type = type};
	struct nlmsghdr *h = nl_begin(o, RTM_NEWROUTE, NLM_F_MULTI, &m, sizeof(m));

	attr_u32(o, h, RTA_TABLE, RT_TABLE_LOCAL);
	attr_ip(o, h, RTA_DST, dst);
	if (m.rtm_family == AF_INET) {
		attr_ip(o, h, RTA_PREFSRC, &n->addr[0].ip);
	} else {
		attr_u32(o, h, RTA_PRIORITY, 0);
		attr_u8(o, h, RTA_PREF, 0);
	}
	attr_u32(o, h, RTA_OIF, n->index);
}

static void put_routes_of(struct nl_out *o, const struct netif *n, const struct netif_addr *a)
{
	struct in6_addr net = a->ip, last = a->ip;

	if (!inet_is_v4(&a->ip)) {
		put_route(o, n, &a->ip, 128, RTN_LOCAL, RT_SCOPE_UNIVERSE);
		return;
	}
	net.s6_addr32[3] &= __builtin_bswap32(~0u << (32 - a->prefix));
	last.s6_addr32[3] |= __builtin_bswap32(~(~0u << (32 - a->prefix)));
	put_route(o, n, &net, a->prefix, RTN_LOCAL, RT_SCOPE_HOST);
	put_route(o, n, &a->ip, 32, RTN_LOCAL, RT_SCOPE_HOST);
	put_route(o, n, &last, 32, RTN_BROADCAST, RT_SCOPE_LINK);
}

static void dump_routes(struct nl_out *o, int family)
{
	const struct netif *n = NULL;

	while ((n = netif_after(n ? n->index : 0)))
		for (unsigned i = 0; i < n->n_addrs; i++)
			if (family == AF_UNSPEC || family == family_of(&n->addr[i].ip))
				put_routes_of(o, n, &n->addr[i]);
}

/* The way to an address of this machine, as the answer to a question about just that. */
static void put_way(struct nl_out *o, const struct netif *n, const struct in6_addr *dst)
{
	struct rtmsg m = {.rtm_family = AF_INET,
			  .rtm_dst_len = 32,
			  .rtm_table = RT_TABLE_MAIN,
			  .rtm_type = RTN_LOCAL,
			  .rtm_flags = RTM_F_CLONED | RTCF_LOCAL};
	struct rta_cacheinfo cache = {0};
	struct in6_addr src, to = *dst;
	struct nlmsghdr *h;

	if (!inet_is_v4(dst)) {
		put_route(o, n, dst, 128, RTN_LOCAL, RT_SCOPE_UNIVERSE);
		return;
	}
	h = nl_begin(o, RTM_NEWROUTE, 0, &m, sizeof(m));
	attr_u32(o, h, RTA_TABLE, RT_TABLE_MAIN);
	attr_ip(o, h, RTA_DST, dst);
	attr_u32(o, h, RTA_OIF, n->index);
	if (!inet_route(&to, &src))
		attr_ip(o, h, RTA_PREFSRC, &src);
	attr_u32(o, h, RTA_UID, current->cred->uid);
	nl_attr(o, h, RTA_CACHEINFO, &cache, sizeof(cache));
}

/* Which way to an address. */
static int get_route(struct nl_out *o, const struct nlmsghdr *req)
{
	const struct rtmsg *m = NLMSG_DATA(req);
	struct in6_addr dst = {.s6_addr = {[10] = 0xff, 0xff}};
	const struct netif *n;
	size_t size = 0, want;
	const void *a;

	if (req->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EINVAL;
	if (m->rtm_family != AF_INET && m->rtm_family != AF_INET6)
		return -EOPNOTSUPP;
	want = m->rtm_family == AF_INET ? 4 : 16;
	a = find_attr(req, sizeof(*m), RTA_DST, &size);
	if (!a || size != want)
		return -EINVAL;
	memcpy(&dst.s6_addr[16 - want], a, want);
	n = netif_of_addr(&dst);
	if (!n)
		return -ENETUNREACH;
	put_way(o, n, &dst);
	return 0;
}

/* ---- requests ---- */

static int dump(struct nl_out *o, unsigned type, int family)
{
	switch (type) {
	case RTM_GETLINK:
		dump_links(o);
		return 0;
	case RTM_GETADDR:
		dump_addrs(o, family);
		return 0;
	case RTM_GETROUTE:
		dump_routes(o, family);
		return 0;
	case RTM_GETNEIGH:
	case RTM_GETNEIGHTBL:
	case RTM_GETRULE:
	case RTM_GETQDISC:
	case RTM_GETTCLASS:
	case RTM_GETTFILTER:
	case RTM_GETADDRLABEL:
	case RTM_GETMULTICAST:
	case RTM_GETANYCAST:
		return 0; /* there are none */
	}
	return -EOPNOTSUPP;
}

int rtnetlink_request(struct nl_out *o, const struct nlmsghdr *req)
{
	unsigned type = req->nlmsg_type;
	const struct rtgenmsg *g = NLMSG_DATA(req);

	if (type < RTM_BASE || type > RTM_MAX)
		return -EOPNOTSUPP;
	if (req->nlmsg_len < NLMSG_LENGTH(sizeof(*g)))
		return 0;
	if ((type & 3) != 2) /* not one of the RTM_GET* */
		return capable(CAP_NET_ADMIN) ? -EOPNOTSUPP : -EPERM;
	if (req->nlmsg_flags & NLM_F_DUMP)
		return dump(o, type, g->rtgen_family);
	return type == RTM_GETLINK    ? get_link(o, req)
	       : type == RTM_GETROUTE ? get_route(o, req)
				      : -EOPNOTSUPP;
}
