/* SPDX-License-Identifier: MIT */
/* Ports of Internet sockets (net/inet_port.c). Locks: inet_lock, unless said. */
#ifndef NET_INET_PORT_H
#define NET_INET_PORT_H

#include "net/inet.h"

/* Give u (unbound) the address; port 0: any free one. 0, -EADDRINUSE. */
int inet_take_port(struct inet_sock *u, const struct inet_addr *a);
/* A free port for an unbound u, wanted for a connection to `remote` or, if NULL, for anything.
 * */
int inet_auto_port(struct inet_sock *u, const struct inet_addr *remote);
/* Membership among the sockets of u->local.port. */
void inet_port_add(struct inet_sock *u);
/* Is u's port still free for it to listen on? 0 or -EADDRINUSE. */
int inet_may_listen(const struct inet_sock *u);
/* Who gets what comes for `to` from `from`: a listener of TCP or a socket of UDP;
 * NULL. */
struct inet_sock *inet_lookup(int protocol, const struct inet_addr *to,
			      const struct inet_addr *from);

/* A line of /proc/net (kernel/socket_fs.h). Locks: takes inet_lock. */
struct inet_row;
bool inet_port_row(bool v6, bool stream, unsigned index, struct inet_row *row);

#endif
