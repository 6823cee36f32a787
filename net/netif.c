/* SPDX-License-Identifier: MIT */
/* Network interfaces (net/netif.h), and the ioctls that ask about them: netdevice(7). */
#include "net/netif.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"
#include "net/inet.h"

static const struct netif interfaces[] = {
    {
	.index = 1,
	.name = "lo",
	.flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING | IFF_LOWER_UP,
	.type = ARPHRD_LOOPBACK,
	.mtu = 65536,
	.txqlen = 1000,
	.n_addrs = 2,
	.addr = {{{.s6_addr = {[10] = 0xff, 0xff, 127, 0, 0, 1}}, 8, RT_SCOPE_HOST},
		 {{.s6_addr = {[15] = 1}}, 128, RT_SCOPE_HOST}},
    },
};

const struct netif *netif_after(int index)
{
	for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++)
		if (interfaces[i].index > index)
			return &interfaces[i];
	return NULL;
}

const struct netif *netif_by_index(int index)
{
	const struct netif *n = netif_after(index - 1);

	return n && n->index == index ? n : NULL;
}

const struct netif *netif_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++)
		if (strncmp(interfaces[i].name, name, IFNAMSIZ) == 0)
			return &interfaces[i];
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

const struct netif *netif_of_addr(const struct in6_addr *ip)
{
	for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++)
		for (unsigned k = 0; k < interfaces[i].n_addrs; k++)
			if (owns(&interfaces[i], &interfaces[i].addr[k], ip))
				return &interfaces[i];
	return NULL;
}

/* ---- ioctls ---- */

static const struct netif_addr *v4_addr(const struct netif *n)
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
		set_in(r, n->flags & IFF_BROADCAST ? a->ip.s6_addr32[3] | __builtin_bswap32(~mask)
						   : 0);
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
		r->flags = n->flags;
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

/* The question is about one interface, named in the request. */
static long ask(unsigned cmd, uaddr_t arg)
{
	const struct netif *n;
	struct ifreq r;
	int err;

	if (get_user(&r, arg))
		return -EFAULT;
	r.name[IFNAMSIZ - 1] = '\0';
	n = cmd == SIOCGIFNAME ? netif_by_index(r.number) : netif_by_name(r.name);
	if (!n)
		return -ENODEV;
	if (cmd == SIOCGIFNAME)
		memcpy(r.name, n->name, IFNAMSIZ);
	err = cmd == SIOCGIFNAME ? 0 : get_about(n, cmd, &r);
	return err ? err : put_user(arg, r);
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
	case SIOCSIFFLAGS:
	case SIOCSIFADDR:
	case SIOCSIFDSTADDR:
	case SIOCSIFBRDADDR:
	case SIOCSIFNETMASK:
	case SIOCSIFMETRIC:
	case SIOCSIFMTU:
	case SIOCSIFHWADDR:
	case SIOCSIFTXQLEN:
	case SIOCSIFNAME:
	case SIOCADDRT:
	case SIOCDELRT:
		return capable(CAP_NET_ADMIN) ? -EOPNOTSUPP : -EPERM;
	}
	return -ENOTTY;
}
