/* SPDX-License-Identifier: MIT */
/* AF_NETLINK: netlink(7). Between net/netlink.c (the sockets) and net/rtnetlink.c (what
 * NETLINK_ROUTE answers). */
#ifndef NET_NETLINK_H
#define NET_NETLINK_H

#include "kernel/list.h"
#include "net/netif.h"
#include "net/socket.h"

/* A datagram for a program. */
struct nl_reply {
	struct list link;
	size_t len, room;
	unsigned group; /* of an event; 0: an answer */
	bool full;	/* something did not fit: -EMSGSIZE */
	uint8_t data[];
};

/* What a message is made with: it is for the program's request `req`, of socket `portid`, or about
 * an event. */
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

/*
 * Events: begin one for the sockets of NETLINK_ROUTE that are in `group` (false: there are none, or
 * no memory), and send what was made. Who has no room hears ENOBUFS.
 */
bool nl_event_begin(struct nl_out *o, unsigned group);
void nl_event_send(struct nl_out *o);

/* ---- what rtnetlink.c tells and rtnetlink_set.c does ---- */
void rtnetlink_link_changed(const struct netif *n, unsigned changed_flags);
void rtnetlink_addr_changed(const struct netif *n, const struct netif_addr *a, bool added);
void rtnetlink_route_changed(const struct route *r, bool added);
/* A request to change something: 0 or -errno. */
int rtnetlink_change(const struct nlmsghdr *req);
/* The attribute of that type behind a header of n bytes: its data and size, or NULL. */
const void *rtnetlink_attr(const struct nlmsghdr *req, size_t n, unsigned type, size_t *size);
/* The interface that a request about links names, by index or name: 0, -EINVAL or -ENODEV. */
int rtnetlink_link(const struct nlmsghdr *req, struct netif **out);

#endif
