/* SPDX-License-Identifier: MIT */
/* The table of network interfaces (net/netif.h), and the loopback interface. */
#include "net/netif.h"

#include "kernel/abi/bootinfo.h"
#include "kernel/heap.h"
#include "kernel/string.h"
#include "net/inet.h"
#include "net/netdev.h"
#include "net/netlink.h"

#include <linux/if_ether.h>

#define NETIF_MAX 8

struct loopback_stats loopback_stats;

/* What is sent is received. TCP and UDP join their ends without it (net/inet.h). */
static int lo_send(struct netif *n, struct netbuf *b, bool more)
{
	n->stats.tx_packets++;
	n->stats.tx_bytes += b->len;
	netdev_receive(n, b);
	return 0;
}

static const struct netdev_ops lo_ops = {.send = lo_send};

static struct netif_addr lo_addrs[] = {
    {{.s6_addr = {[10] = 0xff, 0xff, 127, 0, 0, 1}}, 8, RT_SCOPE_HOST, 0},
    {{.s6_addr = {[15] = 1}}, 128, RT_SCOPE_HOST, 0},
};

static struct netif lo = {
    .index = 1,
    .name = "lo",
    .flags = IFF_UP | IFF_LOOPBACK,
    .type = ARPHRD_LOOPBACK,
    .mtu = 65536,
    .mtu_max = INT32_MAX,
    .txqlen = 1000,
    .carrier = true,
    .n_addrs = ARRAY_SIZE(lo_addrs),
    .addr = lo_addrs,
    .ops = &lo_ops,
};

static struct netif *interfaces[NETIF_MAX] = {&lo}; /* by index, from 1 */
static unsigned n_interfaces = 1;
static const struct bi_net *preset;
static bool looked;

/* ---- the table ---- */

static void apply_preset(const struct bi_net *p)
{
	struct netif_addr a = {.prefix = p->prefix, .scope = RT_SCOPE_UNIVERSE};
	struct netif *n = netif_by_index(2);
	struct route r = {.oif = 2, .protocol = RTPROT_BOOT, .type = RTN_UNICAST};

	if (!n)
		return;
	memcpy(&a.ip, p->ip, sizeof(a.ip));
	memcpy(&r.gw, p->gateway, sizeof(r.gw));
	if (a.prefix > (inet_is_v4(&a.ip) ? 32 : 128))
		return;
	if (inet_is_v4(&a.ip) && p->prefix < 31)
		a.broadcast = a.ip.s6_addr32[3] | __builtin_bswap32(~0u >> p->prefix);
	if (netif_set_flags(n, IFF_UP, IFF_UP) || netif_add_addr(n, &a))
		return;
	if (inet_is_v4(&a.ip))
		r.dst.s6_addr32[2] = __builtin_bswap32(0xffff);
	if (!inet_is_any(&r.gw))
		route_add(&r, NLM_F_CREATE);
}

static void look(void)
{
	if (looked)
		return;
	looked = true;
	virtio_net_find();
	if (preset)
		apply_preset(preset);
}

void netif_preset(const struct bi_net *net)
{
	static const struct bi_net nothing;

	if (memcmp(net, &nothing, sizeof(nothing)))
		preset = net;
}

int netif_add(struct netif *n)
{
	if (n_interfaces == NETIF_MAX)
		return -ENOSPC;
	snprintf(n->name, sizeof(n->name), "eth%u", n_interfaces - 1);
	interfaces[n_interfaces++] = n;
	n->index = (int)n_interfaces;
	return 0;
}

struct netif *netif_by_index(int index)
{
	look();
	return index > 0 && index <= (int)n_interfaces ? interfaces[index - 1] : NULL;
}

struct netif *netif_after(int index)
{
	return netif_by_index(MAX(index, 0) + 1);
}

struct netif *netif_by_name(const char *name)
{
	struct netif *n = NULL;

	while ((n = netif_after(n ? n->index : 0)))
		if (strncmp(n->name, name, IFNAMSIZ) == 0)
			return n;
	return NULL;
}

static bool owns(const struct netif *n, const struct netif_addr *a, const struct in6_addr *ip)
{
	if (inet_same(&a->ip, ip))
		return true;
	/* 127.0.0.0/8 is all this machine's, but for its broadcast address */
	return (n->flags & IFF_LOOPBACK) && inet_is_v4(ip) && inet_is_v4(&a->ip) &&
	       ip->s6_addr[12] == a->ip.s6_addr[12] &&
	       ip->s6_addr32[3] != __builtin_bswap32(0x7fffffff);
}

/* Asked for each datagram: devices that nobody has asked for have no addresses. */
const struct netif *netif_of_addr(const struct in6_addr *ip)
{
	if (preset)
		look();
	for (unsigned i = 0; i < n_interfaces; i++)
		for (unsigned k = 0; k < interfaces[i]->n_addrs; k++)
			if (owns(interfaces[i], &interfaces[i]->addr[k], ip))
				return interfaces[i];
	return NULL;
}

/* ---- state ---- */

unsigned netif_flags(const struct netif *n)
{
	unsigned flags = n->flags;

	if ((flags & IFF_UP) && n->carrier)
		flags |= IFF_RUNNING | IFF_LOWER_UP;
	return flags;
}

/* As Linux says it of an interface that has no notion of it (RFC 2863). */
unsigned netif_operstate(const struct netif *n)
{
	if (n->flags & IFF_LOOPBACK)
		return IF_OPER_UNKNOWN;
	return (n->flags & IFF_UP) && n->carrier ? IF_OPER_UP : IF_OPER_DOWN;
}

void netdev_carrier(struct netif *n, bool on)
{
	if (n->carrier == on)
		return;
	n->carrier = on;
	(*(on ? &n->carrier_ups : &n->carrier_downs))++;
	if (n->flags & IFF_UP)
		rtnetlink_link_changed(n, 0);
}

static int set_up(struct netif *n, bool up)
{
	int r = up && n->ops->open ? n->ops->open(n) : 0;

	if (r)
		return r;
	n->flags ^= IFF_UP;
	if (!up && n->ops->close)
		n->ops->close(n);
	route_netif_changed(n);
	if (netdev_down && !up)
		netdev_down(n);
	return 0;
}

int netif_set_flags(struct netif *n, unsigned flags, unsigned mask)
{
	unsigned before = netif_flags(n), changed = (n->flags ^ flags) & mask;
	const unsigned kept = IFF_PROMISC | IFF_ALLMULTI | IFF_NOARP | IFF_DEBUG | IFF_MULTICAST;
	int r;

	if (changed & IFF_UP) {
		r = set_up(n, flags & IFF_UP);
		if (r)
			return r;
	}
	changed &= kept;
	n->flags ^= changed & ~(IFF_PROMISC | IFF_ALLMULTI);
	if (changed & IFF_PROMISC)
		n->promisc += (flags & IFF_PROMISC) ? 1 : -1;
	if (changed & IFF_ALLMULTI)
		n->allmulti += (flags & IFF_ALLMULTI) ? 1 : -1;
	n->flags ^= changed & (IFF_PROMISC | IFF_ALLMULTI);
	if (netif_flags(n) != before)
		rtnetlink_link_changed(n, netif_flags(n) ^ before);
	return 0;
}

int netif_set_mtu(struct netif *n, unsigned mtu)
{
	if (mtu == n->mtu)
		return 0;
	if (mtu > n->mtu_max || (mtu < ETH_MIN_MTU && !(n->flags & IFF_LOOPBACK)))
		return -EINVAL;
	n->mtu = mtu;
	rtnetlink_link_changed(n, 0);
	return 0;
}

int netif_set_mac(struct netif *n, const uint8_t *mac)
{
	static const uint8_t none[6];

	if (n->flags & IFF_LOOPBACK)
		return -EOPNOTSUPP;
	if ((mac[0] & 1) || !memcmp(mac, none, sizeof(none)))
		return -EADDRNOTAVAIL;
	memcpy(n->mac, mac, sizeof(n->mac));
	rtnetlink_link_changed(n, 0);
	return 0;
}

/* ---- addresses ---- */

int netif_add_addr(struct netif *n, const struct netif_addr *a)
{
	struct netif_addr *more;

	for (unsigned i = 0; i < n->n_addrs; i++)
		if (inet_same(&n->addr[i].ip, &a->ip) && n->addr[i].prefix == a->prefix)
			return -EEXIST;
	more = kmalloc((n->n_addrs + 1) * sizeof(*more));
	if (!more)
		return -ENOBUFS;
	memcpy(more, n->addr, n->n_addrs * sizeof(*more));
	more[n->n_addrs] = *a;
	if (n->addr != lo_addrs)
		kfree(n->addr);
	n->addr = more;
	n->n_addrs++;
	rtnetlink_addr_changed(n, a, true);
	route_of_addr(n, a, true);
	return 0;
}

int netif_del_addr(struct netif *n, const struct in6_addr *ip, unsigned prefix)
{
	for (unsigned i = 0; i < n->n_addrs; i++) {
		struct netif_addr gone = n->addr[i];

		if (!inet_same(&gone.ip, ip) || gone.prefix != prefix)
			continue;
		n->n_addrs--;
		memmove(&n->addr[i], &n->addr[i + 1], (n->n_addrs - i) * sizeof(gone));
		route_of_addr(n, &gone, false);
		rtnetlink_addr_changed(n, &gone, false);
		return 0;
	}
	return -EADDRNOTAVAIL;
}

/* ---- for fs/proc ---- */

bool netif_row(unsigned nth, struct netif_row *row)
{
	const struct netif *n = netif_by_index((int)nth + 1);

	if (!n)
		return false;
	*row = (struct netif_row){
	    .name = n->name,
	    .index = n->index,
	    .flags = n->flags,
	    .type = n->type,
	    .mtu = n->mtu,
	    .txqlen = n->txqlen,
	    .mac = n->mac,
	    .broadcast = n->broadcast,
	    .operstate = netif_operstate(n),
	    .carrier = n->carrier,
	    .carrier_ups = n->carrier_ups,
	    .carrier_downs = n->carrier_downs,
	    .stats = netif_stats(n),
	};
	return true;
}

struct netif_stats netif_stats(const struct netif *n)
{
	struct netif_stats s = n->stats;

	if (n == &lo) {
		s.rx_packets += loopback_stats.packets;
		s.tx_packets += loopback_stats.packets;
		s.rx_bytes += loopback_stats.bytes;
		s.tx_bytes += loopback_stats.bytes;
	}
	return s;
}
