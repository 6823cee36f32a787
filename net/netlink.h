/* SPDX-License-Identifier: MIT */
/* AF_NETLINK: netlink(7). Between net/netlink.c (the sockets) and net/rtnetlink.c (what
 * NETLINK_ROUTE answers). */
#ifndef NET_NETLINK_H
#define NET_NETLINK_H

#include "kernel/abi/netif.h"
#include "kernel/list.h"
#include "net/socket.h"

/* A datagram for a program. */
struct nl_reply {
	struct list link;
	size_t len, room;
	bool full; /* something did not fit: -EMSGSIZE */
	uint8_t data[];
};

/* What a message is made with: it is for the program's request `req`, of socket `portid`. */
struct nl_out {
	struct nl_reply *reply;
	const struct nlmsghdr *req;
	uint32_t portid;
};

/* Begin a message of that type with a header of n bytes; NULL: no room. */
struct nlmsghdr *nl_begin(struct nl_out *o, unsigned type, unsigned flags, const void *header,
			  size_t n);
/* Add an attribute to the message that was begun last. */
void nl_attr(struct nl_out *o, struct nlmsghdr *h, unsigned type, const void *data, size_t n);
/* Answer a request of NETLINK_ROUTE of `len` bytes: 0 (answered, or to be acknowledged) or -errno,
 * which the program is told. */
int rtnetlink_request(struct nl_out *o, const struct nlmsghdr *req);

#endif
