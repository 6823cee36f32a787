/* SPDX-License-Identifier: MIT */
/*
 * Network interfaces, their addresses and routes: one table, from which netlink, ioctls, /proc/net,
 * /sys/class/net and routing are served. net/netif.c has the table, netif_ioctl.c netdevice(7),
 * route.c routes; frames are net/netdev.h. The loopback interface is always there; the machine's
 * devices are looked for when somebody first asks for interfaces.
 *
 * Locks: the kernel lock; nothing here sleeps but netif_set_flags and netif_ioctl.
 */
#ifndef NET_NETIF_H
#define NET_NETIF_H

#include "kernel/abi/netif.h"
#include "kernel/list.h"
#include "kernel/socket_fs.h"

struct netdev_ops;

struct netif_addr {
	struct in6_addr ip; /* IPv4 mapped, as everywhere in net/ */
	unsigned prefix;    /* bits, of the family's own length */
	unsigned scope;	    /* RT_SCOPE_* */
	uint32_t broadcast; /* IPv4, network order; 0: none */
};

/* What a device does by itself for frames that are sent (NETIF_*). */
enum { NETIF_CSUM = 1, NETIF_TSO4 = 2, NETIF_TSO6 = 4 };

/* (i) */
struct netif {
	int index;	     /* (i) from 1 */
	char name[IFNAMSIZ]; /* (i) */
	unsigned type;	     /* (i) ARPHRD_* */
	unsigned flags;	     /* IFF_*, without what netif_flags() adds */
	unsigned mtu, txqlen;
	unsigned mtu_max;  /* (i) */
	unsigned offloads; /* (i) NETIF_*, for frames that are sent */
	uint8_t mac[6], broadcast[6];
	bool carrier;
	unsigned carrier_ups, carrier_downs;
	unsigned promisc, allmulti; /* how many want that: the flag, and packet sockets */
	struct netif_stats stats;
	unsigned n_addrs;
	struct netif_addr *addr;
	const struct netdev_ops *ops; /* (i) */
};

/* The interface of that index, of the smallest index above it, or of that name; NULL: none. */
struct netif *netif_by_index(int index);
struct netif *netif_after(int index);
struct netif *netif_by_name(const char *name);
/* Whose address ip is: its own, or on the loopback interface any of the prefix. NULL: not of this
 * machine. */
const struct netif *netif_of_addr(const struct in6_addr *ip);
/* Another device: 0 or -ENOSPC. Gets its index and name, ethN. */
int netif_add(struct netif *n);

/* All flags, with those that tell how it is: IFF_RUNNING, IFF_LOWER_UP. */
unsigned netif_flags(const struct netif *n);
unsigned netif_operstate(const struct netif *n); /* IF_OPER_* */
struct netif_stats netif_stats(const struct netif *n);
/* Set those of IFF_UP, IFF_PROMISC, ... that are in mask. 0 or what the device's open gives. */
int netif_set_flags(struct netif *n, unsigned flags, unsigned mask);
int netif_set_mtu(struct netif *n, unsigned mtu);	/* 0 or -EINVAL */
int netif_set_mac(struct netif *n, const uint8_t *mac); /* 0, -EADDRNOTAVAIL, -EOPNOTSUPP */
/* 0, -EEXIST or -ENOBUFS; -EADDRNOTAVAIL. They see to the routes that come of the address. */
int netif_add_addr(struct netif *n, const struct netif_addr *a);
int netif_del_addr(struct netif *n, const struct in6_addr *ip, unsigned prefix);

/* What the interface is to have when the devices are looked for: as `uniload run --ip` says. Its
 * memory stays. */
struct bi_net;
void netif_preset(const struct bi_net *net);

/* The ioctls of netdevice(7) on a socket of that family; addresses only on AF_INET. 0, -ENODEV,
 * -EFAULT, -EADDRNOTAVAIL, -EPERM, -EINVAL or -EOPNOTSUPP; -ENOTTY: none of these. */
long netif_ioctl(int family, unsigned cmd, uaddr_t arg);

/* ---- net/route.c: the table `main`; what addresses bring into `local` is derived from them ----
 */
struct route {
	struct list link;
	struct in6_addr dst, gw, src; /* gw, src: any: none */
	unsigned prefix;	      /* bits, of the family's own length */
	unsigned metric, protocol, scope, type, tos;
	int oif;
};

extern struct list routes; /* struct route, those of longer prefixes and lower metrics first */
/* The route to dst (through interface oif, if that is not 0), or NULL. */
const struct route *route_lookup(const struct in6_addr *dst, int oif);
/*
 * Add, replace or take away one. 0, -EEXIST, -ESRCH, -ENODEV, -ENETDOWN, -ENETUNREACH (the gateway
 * is on no network), -EINVAL, -ENOMEM.
 */
int route_add(const struct route *r, unsigned nlm_flags);
int route_del(const struct route *r);
/* The interface went down, or has come up: routes through it go, those of its addresses come. */
void route_netif_changed(const struct netif *n);
/* An address has come, or gone: the route to its network. */
void route_of_addr(const struct netif *n, const struct netif_addr *a, bool add);

#endif
