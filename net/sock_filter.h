/* SPDX-License-Identifier: MIT */
/* Filters of sockets, SO_ATTACH_FILTER: socket(7), packet(7). */
#ifndef NET_SOCK_FILTER_H
#define NET_SOCK_FILTER_H

#include "net/netdev.h"
#include "net/socket.h"

struct sock_filter_prog;

/* How many of the bytes from `start` on the filter lets pass; 0: it wants nothing of the frame. */
uint32_t sock_filter_frame(const struct sock_filter_prog *f, const struct netbuf *b, size_t start);
void sock_filter_put(struct sock_filter_prog *f); /* NULL allowed */

/* SO_ATTACH_FILTER, SO_DETACH_FILTER, SO_GET_FILTER: 0 or -errno. */
int socket_attach_filter(struct socket *s, uaddr_t val, unsigned len);
int socket_detach_filter(struct socket *s);
int socket_get_filter(struct socket *s, uaddr_t val, uaddr_t ulen);

#endif
