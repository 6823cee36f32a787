/* SPDX-License-Identifier: MIT */
/*
 * AF_INET and AF_INET6: TCP and UDP sockets. Between net/inet*.c only. inet.c has lives and names,
 * inet_port.c ports and who listens, inet_conn.c connections, inet_stream.c and inet_dgram.c data,
 * inet_raw.c raw sockets,
 * inet_opt.c options.
 *
 * Both ends of what is built so far are in this machine: a connection joins two sockets, and a send
 * puts its bytes into the other's queue. No packets, check sums or timers are needed for that.
 *
 * Locks: inet_lock, one spin lock for all sockets because nearly everything touches two of them,
 * guards every member below but the immutable; the short sections under it never sleep. read_lock
 * (mutex, outside it) is held over a whole receive: what heads the queue then stays.
 */
#ifndef NET_INET_H
#define NET_INET_H

#include "kernel/abi/inet.h"
#include "kernel/list.h"
#include "net/inet_opt.h"
#include "net/socket.h"

/* An address of either family: IPv4 as ::ffff:a.b.c.d. */
struct inet_addr {
	struct in6_addr ip;
	uint16_t port; /* host order */
	uint32_t scope;
};

struct inet_sock {
	struct socket s;
	uint32_t refs; /* (a) file or listener's queue, peer, waiters */
	enum tcp_state state;
	bool connecting;	   /* a connect(2) has begun whose end no call has told yet */
	bool dead;		   /* the file is gone */
	bool keep_addr, keep_port; /* chosen by bind(2): a disconnect leaves them */
	unsigned shutdown;	   /* RCV_SHUTDOWN, SEND_SHUTDOWN */
	bool done;		   /* nothing will be received any more */
	struct inet_addr local;	   /* port 0: none */
	struct inet_addr remote;   /* port 0: not connected */
	uint32_t owner;		   /* (i) user, for SO_REUSEPORT */
	struct inet_opts opts;
	struct list port_link;	 /* of the sockets with this port: inet_port.c */
	struct inet_sock *peer;	 /* the other end of a connection, referenced; stays when dead */
	struct list queue;	 /* struct inet_msg to be read */
	size_t queued;		 /* what they are charged */
	uint64_t received, sent; /* bytes, for TCP_INFO */
	bool has_urgent;	 /* `urgent` was sent out of band, and not yet read */
	uint8_t urgent;
	bool no_space;		     /* somebody has found no room to send */
	struct list pending;	     /* a listener's connections not yet accepted ... */
	struct list pending_link;    /* ... and membership there */
	unsigned n_pending, backlog; /* more than backlog: full */
	struct list waiting;	     /* sockets that want to connect to this full listener ... */
	struct list waiting_link;    /* ... and membership there */
	struct mutex read_lock;
};

struct inet_msg {
	struct list link;
	size_t len, off; /* off: bytes of a stream already read */
	bool mark;	 /* where urgent data was sent: a read stops before it */
	struct inet_addr from, to;
	uint8_t tos, ttl;
	uint8_t data[];
};

extern struct spinlock inet_lock;
extern const struct in6_addr inet_any6, inet_loopback6;
static inline struct inet_sock *inet_sock(struct socket *s)
{
	return container_of(s, struct inet_sock, s);
}

static inline struct inet_sock *inet_get(struct inet_sock *u)
{
	__atomic_add_fetch(&u->refs, 1, __ATOMIC_RELAXED);
	return u;
}

static inline bool inet_is_v4(const struct in6_addr *ip)
{
	return !ip->s6_addr32[0] && !ip->s6_addr32[1] &&
	       ip->s6_addr32[2] == __builtin_bswap32(0xffff);
}

static inline bool inet_is_any(const struct in6_addr *ip)
{
	return !ip->s6_addr32[0] && !ip->s6_addr32[1] && !ip->s6_addr32[3] &&
	       (!ip->s6_addr32[2] || inet_is_v4(ip));
}

bool inet_same(const struct in6_addr *a, const struct in6_addr *b);

/* Charged to a receiver for each message beside its bytes. */
#define INET_MSG_OVERHEAD 256u

/* Bytes that u has sent and that may wait at its peer: what the buffers of both hold. */
static inline size_t inet_window(const struct inet_sock *u)
{
	return (size_t)u->s.sndbuf + u->peer->s.rcvbuf;
}

/* ---- inet.c ---- */
int inet_new(int family, int type, int protocol, struct inet_sock **out);
void inet_put(struct inet_sock *u);
/* The program's address for a socket of u's family. 0, -EINVAL (too short), -EAFNOSUPPORT,
 * -ENETUNREACH (the other IP). */
int inet_addr_in(const struct inet_sock *u, const struct sockaddr_any *a, unsigned len,
		 struct inet_addr *out);
/* The other way: its length. */
unsigned inet_addr_out(int family, const struct inet_addr *in, struct sockaddr_any *a);
/*
 * The way to dst, which may be changed from "this machine" to an address of it: 0 and the source
 * address, or -ENETUNREACH (no route), -EHOSTUNREACH (one, but nothing to send by it).
 */
int inet_route(struct in6_addr *dst, struct in6_addr *src);
bool inet_is_local(const struct in6_addr *ip);
void inet_msgs_free(struct list *msgs);

/* ---- inet_conn.c ---- */
int inet_stream_connect(struct inet_sock *u, const struct inet_addr *a, bool nonblock);
/* AF_UNSPEC: back to a socket that was never connected. Locks: takes inet_lock. */
void inet_disconnect(struct inet_sock *u);
int inet_listen(struct socket *s, unsigned backlog);
int inet_accept(struct socket *s, bool nonblock, struct socket **out);
int inet_shutdown(struct socket *s, int how);
/* The end of u as a stream: its peer and those that wait at it hear of it. Messages and connections
 * to be freed are left in the lists. Locks: inet_lock. */
void inet_stream_end(struct inet_sock *u, struct list *msgs, struct list *pending);
/* The connection is broken: `error` for u. Locks: inet_lock. */
void inet_reset(struct inet_sock *u, int error);

/* ---- inet_stream.c ---- */
ssize_t inet_stream_send(struct inet_sock *u, struct sock_msg *m);
ssize_t inet_stream_recv(struct inet_sock *u, struct sock_msg *m);
/* Locks: inet_lock. */
unsigned inet_stream_poll(struct inet_sock *u);
/* SIOCATMARK: the next byte is the urgent one. Locks: takes inet_lock. */
bool inet_at_mark(struct inet_sock *u);
/* Bytes to be read; -EINVAL for a listener. Locks: takes inet_lock. */
int inet_stream_bytes(struct inet_sock *u);

/* ---- inet_dgram.c ---- */
int inet_dgram_connect(struct inet_sock *u, const struct inet_addr *a);
ssize_t inet_dgram_send(struct inet_sock *u, struct sock_msg *m);
ssize_t inet_dgram_recv(struct inet_sock *u, struct sock_msg *m);
unsigned inet_dgram_poll(struct inet_sock *u);
int inet_dgram_bytes(struct inet_sock *u);

/* ---- inet_raw.c ---- */
extern const struct socket_ops inet_raw_ops, inet6_raw_ops;
int inet_raw_create(int family, int protocol, struct socket **out);
int inet_raw_bind(struct socket *s, const struct sockaddr_any *a, unsigned len);
int inet_raw_connect(struct socket *s, const struct sockaddr_any *a, unsigned len, bool nonblock);
ssize_t inet_raw_send(struct socket *s, struct sock_msg *m);

#endif
