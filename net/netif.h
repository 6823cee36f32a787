/* SPDX-License-Identifier: MIT */
/* Network interfaces and their addresses: one table, from which netlink, ioctls, /proc/net and
 * routing are served. */
#ifndef NET_NETIF_H
#define NET_NETIF_H

#include "kernel/abi/netif.h"

struct netif_addr {
	struct in6_addr ip; /* IPv4 mapped, as everywhere in net/ */
	unsigned prefix;    /* bits, of the family's own length */
	unsigned scope;	    /* RT_SCOPE_* */
};

/* (i) */
struct netif {
	int index; /* from 1 */
	char name[IFNAMSIZ];
	unsigned flags; /* IFF_* */
	unsigned type;	/* ARPHRD_* */
	unsigned mtu, txqlen;
	uint8_t mac[6];
	unsigned n_addrs;
	struct netif_addr addr[4];
};

/* The interface of that index, of the smallest index above it, or of that name; NULL: none. */
const struct netif *netif_by_index(int index);
const struct netif *netif_after(int index);
const struct netif *netif_by_name(const char *name);
/* Whose address ip is: its own, or on the loopback interface any of the prefix. NULL: not of this
 * machine. */
const struct netif *netif_of_addr(const struct in6_addr *ip);
/* SIOCGIF* on a socket of that family; addresses only on AF_INET. 0, -ENODEV, -EFAULT,
 * -EADDRNOTAVAIL, -EPERM or -EOPNOTSUPP (changes); -ENOTTY: none of these. */
long netif_ioctl(int family, unsigned cmd, uaddr_t arg);

#endif
