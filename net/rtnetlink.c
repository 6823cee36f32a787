/* SPDX-License-Identifier: MIT */
/* What NETLINK_ROUTE answers and tells: rtnetlink(7). Links, addresses, routes, neighbours, from
 * the table of interfaces. */
#include "kernel/string.h"
#include "kernel/task.h"
#include "net/inet.h"
#include "net/netif.h"
#include "net/netlink.h"

#include <linux/if_ether.h>
#include <linux/in_route.h>

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

static void put_link(struct nl_out *o, const struct netif *n, unsigned flags, unsigned changed)
{
	struct ifinfomsg i = {.ifi_type = n->type,
			      .ifi_index = n->index,
			      .ifi_flags = netif_flags(n),
			      .ifi_change = changed};
	struct netif_stats st = netif_stats(n);
	struct rtnl_link_stats64 stats = {.rx_packets = st.rx_packets,
					  .tx_packets = st.tx_packets,
					  .rx_bytes = st.rx_bytes,
					  .tx_bytes = st.tx_bytes,
					  .rx_errors = st.rx_length_errors + st.rx_frame_errors,
					  .rx_length_errors = st.rx_length_errors,
					  .rx_frame_errors = st.rx_frame_errors,
					  .rx_dropped = st.rx_dropped,
					  .tx_dropped = st.tx_dropped,
					  .multicast = st.multicast};
	struct nlmsghdr *h = nl_begin(o, RTM_NEWLINK, flags, &i, sizeof(i));

	attr_str(o, h, IFLA_IFNAME, n->name);
	attr_u32(o, h, IFLA_TXQLEN, n->txqlen);
	attr_u8(o, h, IFLA_OPERSTATE, netif_operstate(n));
	attr_u8(o, h, IFLA_LINKMODE, 0);
	attr_u32(o, h, IFLA_MTU, n->mtu);
	attr_u32(o, h, IFLA_MIN_MTU, n->flags & IFF_LOOPBACK ? 0 : ETH_MIN_MTU);
	attr_u32(o, h, IFLA_MAX_MTU, n->flags & IFF_LOOPBACK ? 0 : n->mtu_max);
	attr_u32(o, h, IFLA_GROUP, 0);
	attr_u32(o, h, IFLA_PROMISCUITY, n->promisc);
	attr_u32(o, h, IFLA_NUM_TX_QUEUES, 1);
	attr_u32(o, h, IFLA_NUM_RX_QUEUES, 1);
	attr_u8(o, h, IFLA_CARRIER, n->carrier);
	attr_u32(o, h, IFLA_CARRIER_CHANGES, n->carrier_ups + n->carrier_downs);
	attr_str(o, h, IFLA_QDISC, n->flags & IFF_LOOPBACK ? "noqueue" : "pfifo_fast");
	nl_attr(o, h, IFLA_ADDRESS, n->mac, sizeof(n->mac));
	nl_attr(o, h, IFLA_BROADCAST, n->broadcast, sizeof(n->broadcast));
	nl_attr(o, h, IFLA_STATS64, &stats, sizeof(stats));
}

void rtnetlink_link_changed(const struct netif *n, unsigned changed_flags)
{
	struct nl_out o;

	if (!nl_event_begin(&o, RTNLGRP_LINK))
		return;
	put_link(&o, n, 0, changed_flags);
	nl_event_send(&o);
}

static void dump_links(struct nl_out *o)
{
	const struct netif *n = NULL;

	while ((n = netif_after(n ? n->index : 0)))
		put_link(o, n, NLM_F_MULTI, 0);
}

const void *rtnetlink_attr(const struct nlmsghdr *req, size_t n, unsigned type, size_t *size)
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

int rtnetlink_link(const struct nlmsghdr *req, struct netif **out)
{
	const struct ifinfomsg *i = NLMSG_DATA(req);
	char name[IFNAMSIZ] = "";
	size_t size;
	const void *a;

	if (req->nlmsg_len < NLMSG_LENGTH(sizeof(*i)))
		return -EINVAL;
	a = rtnetlink_attr(req, sizeof(*i), IFLA_IFNAME, &size);
	if (a)
		memcpy(name, a, MIN(size, sizeof(name) - 1));
	if (i->ifi_index <= 0 && !a)
		return -EINVAL;
	*out = i->ifi_index > 0 ? netif_by_index(i->ifi_index) : netif_by_name(name);
	return *out ? 0 : -ENODEV;
}

static int get_link(struct nl_out *o, const struct nlmsghdr *req)
{
	struct netif *n;
	int r = rtnetlink_link(req, &n);

	if (!r)
		put_link(o, n, 0, 0);
	return r;
}

/* ---- addresses ---- */

static void put_addr(struct nl_out *o, unsigned type, unsigned flags, const struct netif *n,
		     const struct netif_addr *a)
{
	struct ifaddrmsg m = {.ifa_family = family_of(&a->ip),
			      .ifa_prefixlen = a->prefix,
			      .ifa_flags = IFA_F_PERMANENT,
			      .ifa_scope = a->scope,
			      .ifa_index = n->index};
	struct ifa_cacheinfo forever = {.ifa_prefered = UINT32_MAX, .ifa_valid = UINT32_MAX};
	struct nlmsghdr *h = nl_begin(o, type, flags, &m, sizeof(m));

	attr_ip(o, h, IFA_ADDRESS, &a->ip);
	if (m.ifa_family == AF_INET) {
		attr_ip(o, h, IFA_LOCAL, &a->ip);
		if (a->broadcast)
			attr_u32(o, h, IFA_BROADCAST, a->broadcast);
		attr_str(o, h, IFA_LABEL, n->name);
	}
	attr_u32(o, h, IFA_FLAGS, m.ifa_flags);
	nl_attr(o, h, IFA_CACHEINFO, &forever, sizeof(forever));
}

void rtnetlink_addr_changed(const struct netif *n, const struct netif_addr *a, bool added)
{
	struct nl_out o;

	if (!nl_event_begin(&o, inet_is_v4(&a->ip) ? RTNLGRP_IPV4_IFADDR : RTNLGRP_IPV6_IFADDR))
		return;
	put_addr(&o, added ? RTM_NEWADDR : RTM_DELADDR, 0, n, a);
	nl_event_send(&o);
}

static void dump_addrs(struct nl_out *o, int family)
{
	const struct netif *n = NULL;

	while ((n = netif_after(n ? n->index : 0)))
		for (unsigned i = 0; i < n->n_addrs; i++)
			if (family == AF_UNSPEC || family == family_of(&n->addr[i].ip))
				put_addr(o, RTM_NEWADDR, NLM_F_MULTI, n, &n->addr[i]);
}

/* ---- routes: what each address brings into the table `local`, and those of `main` ---- */

static void put_local(struct nl_out *o, const struct netif *n, const struct netif_addr *a,
		      const struct in6_addr *dst, unsigned prefix, unsigned type)
{
	struct rtmsg m = {.rtm_family = family_of(dst),
			  .rtm_dst_len = prefix,
			  .rtm_table = RT_TABLE_LOCAL,
			  .rtm_protocol = RTPROT_KERNEL,
			  .rtm_scope = type == RTN_BROADCAST ? RT_SCOPE_LINK
				       : inet_is_v4(dst)     ? RT_SCOPE_HOST
							     : RT_SCOPE_UNIVERSE,
			  .rtm_type = type};
	struct nlmsghdr *h = nl_begin(o, RTM_NEWROUTE, NLM_F_MULTI, &m, sizeof(m));

	attr_u32(o, h, RTA_TABLE, RT_TABLE_LOCAL);
	attr_ip(o, h, RTA_DST, dst);
	if (m.rtm_family == AF_INET) {
		attr_ip(o, h, RTA_PREFSRC, &a->ip);
	} else {
		attr_u32(o, h, RTA_PRIORITY, 0);
		attr_u8(o, h, RTA_PREF, 0);
	}
	attr_u32(o, h, RTA_OIF, n->index);
}

static void put_locals_of(struct nl_out *o, const struct netif *n, const struct netif_addr *a)
{
	uint32_t mask = a->prefix ? __builtin_bswap32(~0u << (32 - a->prefix)) : 0;
	struct in6_addr net = a->ip, last = a->ip;

	if (!inet_is_v4(&a->ip)) {
		put_local(o, n, a, &a->ip, 128, RTN_LOCAL);
		return;
	}
	net.s6_addr32[3] &= mask;
	last.s6_addr32[3] |= ~mask;
	if (n->flags & IFF_LOOPBACK)
		put_local(o, n, a, &net, a->prefix, RTN_LOCAL);
	put_local(o, n, a, &a->ip, 32, RTN_LOCAL);
	if ((n->flags & IFF_UP) && a->prefix < 31)
		put_local(o, n, a, &last, 32, RTN_BROADCAST);
}

static void put_route(struct nl_out *o, unsigned type, unsigned flags, const struct route *r)
{
	struct rtmsg m = {.rtm_family = family_of(&r->dst),
			  .rtm_dst_len = r->prefix,
			  .rtm_tos = r->tos,
			  .rtm_table = RT_TABLE_MAIN,
			  .rtm_protocol = r->protocol,
			  .rtm_scope = r->scope,
			  .rtm_type = r->type};
	struct nlmsghdr *h = nl_begin(o, type, flags, &m, sizeof(m));

	attr_u32(o, h, RTA_TABLE, RT_TABLE_MAIN);
	if (r->prefix)
		attr_ip(o, h, RTA_DST, &r->dst);
	if (r->metric)
		attr_u32(o, h, RTA_PRIORITY, r->metric);
	if (!inet_is_any(&r->src))
		attr_ip(o, h, RTA_PREFSRC, &r->src);
	if (!inet_is_any(&r->gw))
		attr_ip(o, h, RTA_GATEWAY, &r->gw);
	if (r->oif)
		attr_u32(o, h, RTA_OIF, r->oif);
	if (m.rtm_family == AF_INET6)
		attr_u8(o, h, RTA_PREF, 0);
}

void rtnetlink_route_changed(const struct route *r, bool added)
{
	struct nl_out o;

	if (!nl_event_begin(&o, inet_is_v4(&r->dst) ? RTNLGRP_IPV4_ROUTE : RTNLGRP_IPV6_ROUTE))
		return;
	put_route(&o, added ? RTM_NEWROUTE : RTM_DELROUTE, 0, r);
	nl_event_send(&o);
}

static void dump_routes(struct nl_out *o, int family)
{
	const struct netif *n = NULL;
	const struct route *r;

	list_for_each (r, &routes, link)
		if (family == AF_UNSPEC || family == family_of(&r->dst))
			put_route(o, RTM_NEWROUTE, NLM_F_MULTI, r);
	while ((n = netif_after(n ? n->index : 0)))
		for (unsigned i = 0; i < n->n_addrs; i++)
			if (family == AF_UNSPEC || family == family_of(&n->addr[i].ip))
				put_locals_of(o, n, &n->addr[i]);
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
		put_local(o, n, &n->addr[0], dst, 128, RTN_LOCAL);
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
	const struct route *r;
	const struct netif *n;
	size_t size = 0, want;
	const void *a;

	if (req->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EINVAL;
	if (m->rtm_family != AF_INET && m->rtm_family != AF_INET6)
		return -EOPNOTSUPP;
	want = m->rtm_family == AF_INET ? 4 : 16;
	a = rtnetlink_attr(req, sizeof(*m), RTA_DST, &size);
	if (!a || size != want)
		return -EINVAL;
	memcpy(&dst.s6_addr[16 - want], a, want);
	n = netif_of_addr(&dst);
	r = n ? NULL : route_lookup(&dst, 0);
	if (!n && !r)
		return -ENETUNREACH;
	if (n)
		put_way(o, n, &dst);
	else
		put_route(o, RTM_NEWROUTE, 0, r);
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
		return 0; /* there are none (neighbours: nobody asks for them yet) */
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
		return capable(CAP_NET_ADMIN) ? rtnetlink_change(req) : -EPERM;
	if (req->nlmsg_flags & NLM_F_DUMP)
		return dump(o, type, g->rtgen_family);
	return type == RTM_GETLINK    ? get_link(o, req)
	       : type == RTM_GETROUTE ? get_route(o, req)
				      : -EOPNOTSUPP;
}
