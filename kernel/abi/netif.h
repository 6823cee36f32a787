/* SPDX-License-Identifier: MIT */
/* The ABI of network interfaces: netdevice(7), netlink(7), rtnetlink(7). <linux/if.h> needs a C
 * library, so what is used of it is here. */
#ifndef KERNEL_ABI_NETIF_H
#define KERNEL_ABI_NETIF_H

#include "kernel/abi/inet.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#define IFNAMSIZ 16

enum { ARPHRD_ETHER = 1, ARPHRD_LOOPBACK = 772 };

enum {
	IFF_UP = 0x1,
	IFF_BROADCAST = 0x2,
	IFF_DEBUG = 0x4,
	IFF_LOOPBACK = 0x8,
	IFF_RUNNING = 0x40,
	IFF_NOARP = 0x80,
	IFF_PROMISC = 0x100,
	IFF_ALLMULTI = 0x200,
	IFF_MULTICAST = 0x1000,
	IFF_LOWER_UP = 0x10000,
};

/* RFC 2863, of IFLA_OPERSTATE */
enum { IF_OPER_UNKNOWN = 0, IF_OPER_DOWN = 2, IF_OPER_UP = 6 };

struct ifreq {
	char name[IFNAMSIZ];
	union {
		struct sockaddr_in in;
		struct {
			uint16_t family;
			uint8_t data[14];
		} hw;
		int16_t flags;
		int32_t number;
		uint8_t room[24];
	};
};

struct ifconf {
	int len;
	uaddr_t buf;
};

#endif
