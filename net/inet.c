/* SPDX-License-Identifier: MIT */
/*
 * Internet sockets (net/inet.h): how they come and go, their addresses, and the operations that are
 * the same for all types.
 */
#include "kernel/heap.h"
#include "kernel/poll.h"
#include "kernel/socket_fs.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"
#include "net/inet_port.h"
#include "net/netif.h"

#include <linux/eventpoll.h>

/* What TCP starts with on Linux: tcp_wmem and tcp_rmem. */
#define TCP_SNDBUF_DEFAULT 16384u
#define TCP_RCVBUF_DEFAULT 131072u

struct spinlock inet_lock = SPINLOCK_INIT;
const struct in6_addr inet_any6;
const struct in6_addr inet_loopback6 = {.s6_addr = {[15] = 1}};

static const struct socket_ops *ops_of(int family)
{
	return family == AF_INET ? &inet_ops : &inet6_ops;
}

/* ---- addresses ---- */

bool inet_same(const struct in6_addr *a, const struct in6_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static struct in6_addr v4_mapped(uint32_t network_order)
{
	return (struct in6_addr){.s6_addr32 = {0, 0, __builtin_bswap32(0xffff), network_order}};
}

bool inet_is_local(const struct in6_addr *ip)
{
	return netif_of_addr(ip) != NULL;
}

int inet_route(struct in6_addr *dst, struct in6_addr *src)
{
	const struct netif *n;

	if (inet_is_any(dst))
		*dst = inet_is_v4(dst) ? v4_mapped(__builtin_bswap32(INADDR_LOOPBACK))
				       : inet_loopback6;
	n = netif_of_addr(dst);
	if (!n) {
		/* Where the protocol stack begins: what a route leads to cannot be reached yet. */
		const struct route *r = route_lookup(dst, 0);

		return r && r->type == RTN_UNICAST ? -EHOSTUNREACH : -ENETUNREACH;
	}
	if (!(n->flags & IFF_LOOPBACK)) {
		*src = *dst;
		return 0;
	}
	*src = inet_is_v4(dst) ? v4_mapped(__builtin_bswap32(INADDR_LOOPBACK)) : inet_loopback6;
	return 0;
}

static int v4_in(const struct sockaddr_any *a, unsigned len, struct inet_addr *out)
{
	const struct sockaddr_in *sin = (const void *)a;

	if (len < sizeof(*sin))
		return -EINVAL;
	*out = (struct inet_addr){.ip = v4_mapped(sin->sin_addr.s_addr),
				  .port = __builtin_bswap16(sin->sin_port)};
	return 0;
}

int inet_addr_in(const struct inet_sock *u, const struct sockaddr_any *a, unsigned len,
		 struct inet_addr *out)
{
	const struct sockaddr_in6 *sin6 = (const void *)a;

	if (len < sizeof(a->family))
		return -EINVAL;
	if (a->family == AF_INET && u->s.family == AF_INET6)
		return u->opts.v6only ? -ENETUNREACH : v4_in(a, len, out);
	if (u->s.family == AF_INET)
		return len < sizeof(struct sockaddr_in) ? -EINVAL
		       : a->family != AF_INET		? -EAFNOSUPPORT
							: v4_in(a, len, out);
	if (len < SIN6_LEN_RFC2133)
		return -EINVAL;
	if (a->family != AF_INET6)
		return -EAFNOSUPPORT;
	*out =
	    (struct inet_addr){.ip = sin6->sin6_addr, .port = __builtin_bswap16(sin6->sin6_port)};
	if (len >= sizeof(*sin6))
		out->scope = sin6->sin6_scope_id;
	return inet_is_v4(&out->ip) && u->opts.v6only ? -ENETUNREACH : 0;
}

unsigned inet_addr_out(int family, const struct inet_addr *in, struct sockaddr_any *a)
{
	struct sockaddr_in *sin = (void *)a;
	struct sockaddr_in6 *sin6 = (void *)a;

	if (family == AF_INET) {
		*sin = (struct sockaddr_in){.sin_family = AF_INET,
					    .sin_port = __builtin_bswap16(in->port)};
		sin->sin_addr.s_addr = in->ip.s6_addr32[3];
		return sizeof(*sin);
	}
	*sin6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
				      .sin6_port = __builtin_bswap16(in->port),
				      .sin6_addr = in->ip,
				      .sin6_scope_id = in->scope};
	return sizeof(*sin6);
}

/* ---- life ---- */

int inet_new(int family, int type, int protocol, struct inet_sock **out)
{
	struct inet_sock *u = kzalloc(sizeof(*u));

	if (!u)
		return -ENOBUFS;
	socket_init(&u->s, ops_of(family), family, type);
	u->s.protocol = protocol;
	u->s.peer = (struct ucred){.pid = 0, .uid = -1, .gid = -1};
	if (type == SOCK_STREAM) {
		u->s.sndbuf = TCP_SNDBUF_DEFAULT;
		u->s.rcvbuf = TCP_RCVBUF_DEFAULT;
	}
	u->refs = 1;
	u->state = TCP_CLOSE;
	u->owner = current->cred->euid;
	if (family == AF_INET)
		u->local.ip = u->remote.ip = v4_mapped(0);
	inet_opts_init(u);
	list_init(&u->port_link);
	list_init(&u->queue);
	list_init(&u->pending);
	list_init(&u->pending_link);
	list_init(&u->waiting);
	list_init(&u->waiting_link);
	mutex_init(&u->read_lock);
	*out = u;
	return 0;
}

static int create(int family, int type, int protocol, struct socket **out)
{
	struct inet_sock *u;
	int own, r;

	if (protocol < 0 || protocol >= IPPROTO_MAX)
		return -EINVAL;
	if (type == SOCK_RAW)
		return inet_raw_create(family, protocol, out);
	if (type != SOCK_STREAM && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	inet_table_row = inet_port_row;
	own = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
	if (type == SOCK_DGRAM && protocol == IPPROTO_UDPLITE)
		own = IPPROTO_UDPLITE;
	if (protocol && protocol != own)
		return -EPROTONOSUPPORT;
	r = inet_new(family, type, own, &u);
	if (!r)
		*out = &u->s;
	return r;
}

static int create4(int type, int protocol, struct socket **out)
{
	return create(AF_INET, type, protocol, out);
}

static int create6(int type, int protocol, struct socket **out)
{
	return create(AF_INET6, type, protocol, out);
}

void inet_put(struct inet_sock *u)
{
	if (!__atomic_sub_fetch(&u->refs, 1, __ATOMIC_ACQ_REL))
		kfree(u);
}

void inet_msgs_free(struct list *msgs)
{
	while (!list_empty(msgs)) {
		struct inet_msg *msg = list_first(msgs, struct inet_msg, link);

		list_del(&msg->link);
		kfree(msg);
	}
}

static void release(struct socket *s)
{
	struct inet_sock *u = inet_sock(s), *peer;
	struct list msgs, pending;

	spin_lock(&inet_lock);
	u->dead = true;
	inet_stream_end(u, &msgs, &pending);
	u->state = TCP_CLOSE;
	u->shutdown = ALL_SHUTDOWN;
	u->s.listening = false;
	list_del(&u->port_link);
	peer = u->peer;
	u->peer = NULL;
	spin_unlock(&inet_lock);
	inet_msgs_free(&msgs);
	while (!list_empty(&pending)) {
		struct inet_sock *c = list_first(&pending, struct inet_sock, pending_link);

		list_del(&c->pending_link);
		release(&c->s);
	}
	if (peer)
		inet_put(peer);
	inet_put(u);
}

/* ---- names ---- */

/* bind(2): what the address must be for u's family. */
static int check_bind(struct inet_sock *u, const struct sockaddr_any *a, unsigned len,
		      struct inet_addr *to)
{
	const struct sockaddr_in *sin = (const void *)a;
	struct sockaddr_any v4 = *a;
	int r;

	if (len < (u->s.family == AF_INET ? sizeof(*sin) : SIN6_LEN_RFC2133))
		return -EINVAL;
	if (u->s.family == AF_INET && a->family == AF_UNSPEC && !sin->sin_addr.s_addr)
		v4.family = AF_INET; /* what old programs left out */
	if (v4.family != u->s.family)
		return -EAFNOSUPPORT;
	r = inet_addr_in(u, &v4, len, to);
	if (r)
		return r == -ENETUNREACH ? -EINVAL : r;
	if (!inet_is_any(&to->ip) && !inet_is_local(&to->ip) && !u->opts.freebind &&
	    !u->opts.freebind6)
		return -EADDRNOTAVAIL;
	return to->port && to->port < 1024 && !capable(CAP_NET_BIND_SERVICE) ? -EACCES : 0;
}

static int bind(struct socket *s, const struct sockaddr_any *a, unsigned len)
{
	struct inet_sock *u = inet_sock(s);
	struct inet_addr to;
	int r = check_bind(u, a, len, &to);

	if (r)
		return r;
	spin_lock(&inet_lock);
	if (u->state != TCP_CLOSE || u->local.port)
		r = -EINVAL;
	else if (to.port || !u->opts.no_port)
		r = inet_take_port(u, &to);
	if (!r) {
		u->local.ip = to.ip;
		u->local.scope = to.scope;
		u->keep_addr = !inet_is_any(&to.ip);
		u->keep_port = to.port != 0;
	}
	spin_unlock(&inet_lock);
	return r;
}

static int getname(struct socket *s, bool of_peer, struct sockaddr_any *a)
{
	struct inet_sock *u = inet_sock(s);
	bool none = s->type == SOCK_STREAM && (u->state == TCP_CLOSE || u->state == TCP_SYN_SENT);

	if (of_peer && (!u->remote.port || none))
		return -ENOTCONN;
	return inet_addr_out(s->family, of_peer ? &u->remote : &u->local, a);
}

/* ---- by type ---- */

static int connect(struct socket *s, const struct sockaddr_any *a, unsigned len, bool nonblock)
{
	struct inet_sock *u = inet_sock(s);
	struct inet_addr to;
	int r;

	if (len < sizeof(a->family))
		return -EINVAL;
	if (a->family == AF_UNSPEC) {
		inet_disconnect(u);
		return 0;
	}
	if (s->type == SOCK_STREAM && u->connecting)
		return inet_stream_connect(u, NULL, nonblock);
	if (s->type == SOCK_STREAM && u->state != TCP_CLOSE)
		return -EISCONN;
	r = inet_addr_in(u, a, len, &to);
	if (r)
		return r;
	return s->type == SOCK_STREAM ? inet_stream_connect(u, &to, nonblock)
				      : inet_dgram_connect(u, &to);
}

static ssize_t send(struct socket *s, struct sock_msg *m)
{
	return s->type == SOCK_STREAM ? inet_stream_send(inet_sock(s), m)
				      : inet_dgram_send(inet_sock(s), m);
}

static ssize_t recv(struct socket *s, struct sock_msg *m)
{
	return s->type == SOCK_STREAM ? inet_stream_recv(inet_sock(s), m)
				      : inet_dgram_recv(inet_sock(s), m);
}

static unsigned poll(struct socket *s, struct poll_table *pt)
{
	struct inet_sock *u = inet_sock(s);
	unsigned events;

	poll_wait(pt, &s->wq);
	spin_lock(&inet_lock);
	events = s->type == SOCK_STREAM ? inet_stream_poll(u) : inet_dgram_poll(u);
	if (s->error)
		events |= EPOLLERR;
	spin_unlock(&inet_lock);
	return events;
}

static long ioctl(struct socket *s, unsigned cmd, uaddr_t arg)
{
	struct inet_sock *u = inet_sock(s);
	int n;

	switch (cmd) {
	case SIOCOUTQ: /* what was sent has arrived */
		n = u->state == TCP_LISTEN ? -EINVAL : 0;
		return n < 0 ? n : put_user(arg, n);
	case SIOCINQ:
		n = s->type == SOCK_STREAM ? inet_stream_bytes(u) : inet_dgram_bytes(u);
		return n < 0 ? n : put_user(arg, n);
	case SIOCATMARK:
		return s->type == SOCK_STREAM ? put_user(arg, (int)inet_at_mark(u)) : -ENOTTY;
	}
	return -ENOTTY;
}

#define INET_OPS(create_)                                                                          \
	{                                                                                          \
		.create = create_, .bind = bind, .connect = connect, .listen = inet_listen,        \
		.accept = inet_accept, .getname = getname, .send = send, .recv = recv,             \
		.shutdown = inet_shutdown, .poll = poll, .ioctl = ioctl, .setopt = inet_setopt,    \
		.getopt = inet_getopt, .release = release,                                         \
	}
const struct socket_ops inet_ops = INET_OPS(create4);
const struct socket_ops inet6_ops = INET_OPS(create6);

static ssize_t raw_recv(struct socket *s, struct sock_msg *m)
{
	return inet_dgram_recv(inet_sock(s), m);
}

#define RAW_OPS                                                                                    \
	{                                                                                          \
		.bind = inet_raw_bind, .connect = inet_raw_connect, .getname = getname,            \
		.send = inet_raw_send, .recv = raw_recv, .shutdown = inet_shutdown, .poll = poll,  \
		.ioctl = ioctl, .setopt = inet_setopt, .getopt = inet_getopt, .release = release,  \
	}
const struct socket_ops inet_raw_ops = RAW_OPS;
const struct socket_ops inet6_raw_ops = RAW_OPS;
