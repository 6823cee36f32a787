/* SPDX-License-Identifier: MIT */
/* The ioctls of netdevice(7), about the table of interfaces (net/netif.h). */
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"
#include "net/inet.h"
#include "net/netif.h"

#define SIOCETHTOOL 0x8946

/* ---- asking ---- */

static struct netif_addr *v4_addr(const struct netif *n)
{
	for (unsigned i = 0; i < n->n_addrs; i++)
		if (inet_is_v4(&n->addr[i].ip))
			return &n->addr[i];
	return NULL;
}

static void set_in(struct ifreq *r, uint32_t network_order)
{
	r->in = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = network_order};
}

/* SIOCGIFCONF: interfaces that have an IPv4 address. A null buffer asks how long the list is. */
static long list_interfaces(uaddr_t arg)
{
	struct ifconf c;
	const struct netif *n = NULL;
	int used = 0;

	if (get_user(&c, arg))
		return -EFAULT;
	while ((n = netif_after(n ? n->index : 0))) {
		const struct netif_addr *a = v4_addr(n);
		struct ifreq r = {0};

		if (!a)
			continue;
		memcpy(r.name, n->name, IFNAMSIZ);
		set_in(&r, a->ip.s6_addr32[3]);
		if (c.buf && c.len - used < (int)sizeof(r))
			break;
		if (c.buf && put_user(c.buf + used, r))
			return -EFAULT;
		used += sizeof(r);
	}
	c.len = used;
	return put_user(arg, c);
}

/* One interface's address, mask, ... of IPv4. */
static int get_address(const struct netif *n, unsigned cmd, struct ifreq *r)
{
	const struct netif_addr *a = v4_addr(n);
	uint32_t mask;

	if (!a)
		return -EADDRNOTAVAIL;
	mask = a->prefix ? ~0u << (32 - a->prefix) : 0;
	switch (cmd) {
	case SIOCGIFNETMASK:
		set_in(r, __builtin_bswap32(mask));
		break;
	case SIOCGIFBRDADDR:
		set_in(r, a->broadcast);
		break;
	default:
		set_in(r, a->ip.s6_addr32[3]);
	}
	return 0;
}

static int get_about(const struct netif *n, unsigned cmd, struct ifreq *r)
{
	switch (cmd) {
	case SIOCGIFFLAGS:
		r->flags = (int16_t)netif_flags(n);
		return 0;
	case SIOCGIFINDEX:
		r->number = n->index;
		return 0;
	case SIOCGIFMTU:
		r->number = n->mtu;
		return 0;
	case SIOCGIFMETRIC:
		r->number = 0;
		return 0;
	case SIOCGIFTXQLEN:
		r->number = n->txqlen;
		return 0;
	case SIOCGIFMAP:
		memset(r->room, 0, sizeof(r->room));
		return 0;
	case SIOCGIFHWADDR:
		memset(&r->hw, 0, sizeof(r->hw));
		r->hw.family = n->type;
		memcpy(r->hw.data, n->mac, sizeof(n->mac));
		return 0;
	}
	return get_address(n, cmd, r);
}

/* One interface, named in the request; an alias of old ("eth0:1") is the interface. */
static struct netif *named(struct ifreq *r)
{
	char *colon;

	r->name[IFNAMSIZ - 1] = '\0';
	colon = strchr(r->name, ':');
	if (colon)
		*colon = '\0';
	return netif_by_name(r->name);
}

static long ask(unsigned cmd, uaddr_t arg)
{
	const struct netif *n;
	struct ifreq r;
	int err;

	if (get_user(&r, arg))
		return -EFAULT;
	n = cmd == SIOCGIFNAME ? netif_by_index(r.number) : named(&r);
	if (!n)
		return -ENODEV;
	if (cmd == SIOCGIFNAME)
		memcpy(r.name, n->name, IFNAMSIZ);
	err = cmd == SIOCGIFNAME ? 0 : get_about(n, cmd, &r);
	return err ? err : put_user(arg, r);
}

/* ---- changing ---- */

/* How long the network's part was when addresses had classes; -1: not an address to have. */
static int class_prefix(uint32_t ip)
{
	uint8_t first = (uint8_t)ip;

	if (!ip)
		return 0;
	return first < 128 ? 8 : first < 192 ? 16 : first < 224 ? 24 : -1;
}

static uint32_t last_of(uint32_t ip, unsigned prefix)
{
	return prefix < 31 ? ip | __builtin_bswap32(~0u >> prefix) : 0;
}

/* The interface's IPv4 address, in place of the first it has. 0.0.0.0: none. */
static int set_address(struct netif *n, uint32_t ip, int prefix)
{
	struct netif_addr *old = v4_addr(n);
	struct netif_addr a = {.ip.s6_addr32 = {0, 0, __builtin_bswap32(0xffff), ip},
			       .prefix = (unsigned)prefix,
			       .scope = (uint8_t)ip == 127 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE};
	int r = 0;

	if (prefix < 0)
		return -EINVAL;
	if (n->flags & IFF_BROADCAST)
		a.broadcast = last_of(ip, a.prefix);
	if (old && old->ip.s6_addr32[3] == ip && old->prefix == a.prefix)
		return 0;
	if (old)
		r = netif_del_addr(n, &old->ip, old->prefix);
	return r || !ip ? r : netif_add_addr(n, &a);
}

static int set_mask(struct netif *n, uint32_t mask)
{
	const struct netif_addr *a = v4_addr(n);
	uint32_t m = __builtin_bswap32(mask);

	if (!a)
		return -EADDRNOTAVAIL;
	if (~m & (~m + 1))
		return -EINVAL; /* not a prefix */
	return set_address(n, a->ip.s6_addr32[3], m ? 32 - __builtin_ctz(m) : 0);
}

static int set_broadcast(struct netif *n, uint32_t ip)
{
	struct netif_addr *a = v4_addr(n);

	if (!a)
		return -EADDRNOTAVAIL;
	a->broadcast = ip;
	return 0;
}

static long change(unsigned cmd, uaddr_t arg)
{
	const unsigned settable =
	    IFF_UP | IFF_PROMISC | IFF_ALLMULTI | IFF_NOARP | IFF_DEBUG | IFF_MULTICAST;
	struct netif *n;
	struct ifreq r;

	if (get_user(&r, arg))
		return -EFAULT;
	n = named(&r);
	if (!n)
		return -ENODEV;
	switch (cmd) {
	case SIOCSIFFLAGS:
		return netif_set_flags(n, (uint16_t)r.flags, settable);
	case SIOCSIFMTU:
		return netif_set_mtu(n, (unsigned)r.number);
	case SIOCSIFHWADDR:
		return r.hw.family == n->type ? netif_set_mac(n, r.hw.data) : -EINVAL;
	case SIOCSIFTXQLEN:
		if (r.number < 0)
			return -EINVAL;
		n->txqlen = (unsigned)r.number;
		return 0;
	case SIOCSIFMETRIC:
		return r.number ? -EOPNOTSUPP : 0;
	}
	if (r.in.sin_family != AF_INET)
		return -EINVAL;
	if (cmd == SIOCSIFNETMASK)
		return set_mask(n, r.in.sin_addr.s_addr);
	if (cmd == SIOCSIFBRDADDR)
		return set_broadcast(n, r.in.sin_addr.s_addr);
	return set_address(n, r.in.sin_addr.s_addr, class_prefix(r.in.sin_addr.s_addr));
}

/* struct rtentry of route(8), IPv4 only. */
struct rtentry {
	uint64_t pad1;
	struct sockaddr_in dst, gateway, mask;
	uint16_t flags; /* RTF_* */
	int16_t pad2;
	uint64_t pad3, pad4;
	int16_t metric; /* one more than it is */
	uaddr_t dev;
	uint64_t mtu, window;
	uint16_t irtt;
};
enum { RTF_UP = 1, RTF_GATEWAY = 2, RTF_HOST = 4, RTF_REJECT = 0x200 };

static long change_route(unsigned cmd, uaddr_t arg)
{
	struct route r = {.protocol = cmd == SIOCADDRT ? RTPROT_BOOT : 0,
			  .type = RTN_UNICAST,
			  .scope = cmd == SIOCADDRT ? RT_SCOPE_LINK : RT_SCOPE_NOWHERE};
	struct rtentry e;
	struct ifreq dev = {0};
	uint32_t mask;

	if (get_user(&e, arg))
		return -EFAULT;
	if (e.dst.sin_family && e.dst.sin_family != AF_INET)
		return -EAFNOSUPPORT;
	mask = e.flags & RTF_HOST ? ~0u : __builtin_bswap32(e.mask.sin_addr.s_addr);
	if (~mask & (~mask + 1))
		return -EINVAL;
	r.prefix = mask ? 32 - __builtin_ctz(mask) : 0;
	r.dst.s6_addr32[2] = __builtin_bswap32(0xffff);
	r.dst.s6_addr32[3] = e.dst.sin_addr.s_addr;
	r.metric = e.metric > 0 ? (unsigned)e.metric - 1 : 0;
	if (e.flags & RTF_REJECT)
		r.type = RTN_UNREACHABLE;
	if (e.flags & RTF_GATEWAY) {
		if (!e.gateway.sin_addr.s_addr)
			return -EINVAL;
		r.gw.s6_addr32[2] = __builtin_bswap32(0xffff);
		r.gw.s6_addr32[3] = e.gateway.sin_addr.s_addr;
		if (cmd == SIOCADDRT)
			r.scope = RT_SCOPE_UNIVERSE;
	}
	if (e.dev) {
		ssize_t n = strncpy_from_user(dev.name, e.dev, sizeof(dev.name));
		const struct netif *way = n < 0 && n != -ENAMETOOLONG ? NULL : named(&dev);

		if (!way)
			return n == -EFAULT ? -EFAULT : -ENODEV;
		r.oif = way->index;
	}
	return cmd == SIOCADDRT ? route_add(&r, NLM_F_CREATE) : route_del(&r);
}

long netif_ioctl(int family, unsigned cmd, uaddr_t arg)
{
	switch (cmd) {
	case SIOCGIFCONF:
		return list_interfaces(arg);
	case SIOCGIFNAME:
	case SIOCGIFFLAGS:
	case SIOCGIFINDEX:
	case SIOCGIFMTU:
	case SIOCGIFMETRIC:
	case SIOCGIFTXQLEN:
	case SIOCGIFMAP:
	case SIOCGIFHWADDR:
		return ask(cmd, arg);
	case SIOCGIFADDR:
	case SIOCGIFDSTADDR:
	case SIOCGIFBRDADDR:
	case SIOCGIFNETMASK:
		return family == AF_INET ? ask(cmd, arg) : -ENOTTY;
	case SIOCSIFADDR:
	case SIOCSIFBRDADDR:
	case SIOCSIFNETMASK:
	case SIOCSIFFLAGS:
	case SIOCSIFMTU:
	case SIOCSIFHWADDR:
	case SIOCSIFTXQLEN:
	case SIOCSIFMETRIC:
		return capable(CAP_NET_ADMIN) ? change(cmd, arg) : -EPERM;
	case SIOCADDRT:
	case SIOCDELRT:
		return capable(CAP_NET_ADMIN) ? change_route(cmd, arg) : -EPERM;
	case SIOCSIFDSTADDR:
	case SIOCSIFNAME:
		return capable(CAP_NET_ADMIN) ? -EOPNOTSUPP : -EPERM;
	case SIOCETHTOOL: /* a driver that knows nothing of it */
		return -EOPNOTSUPP;
	}
	return -ENOTTY;
}
