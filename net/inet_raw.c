/* SPDX-License-Identifier: MIT */
/*
 * Raw IP sockets: raw(7). Over the loopback only, as all of net/inet*.c: what is sent to an address
 * of this machine reaches the raw sockets of its protocol. Nobody answers ICMP: that is a protocol
 * stack's. A socket has no port; its protocol stands in its place, as on Linux. Locks: inet_lock.
 */
#include "kernel/heap.h"
#include "kernel/socket_fs.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "net/inet.h"

static struct list raws = LIST_INIT(raws); /* by port_link */

struct ip_header {
	uint8_t version_length, tos;
	uint16_t length, id, fragment;
	uint8_t ttl, protocol;
	uint16_t sum;
	uint32_t from, to;
};

int inet_raw_create(int family, int protocol, struct socket **out)
{
	struct inet_sock *u;
	int r;

	if (!protocol)
		return -EPROTONOSUPPORT;
	if (!capable(CAP_NET_RAW))
		return -EPERM;
	r = inet_new(family, SOCK_RAW, protocol, &u);
	if (r)
		return r;
	u->s.ops = family == AF_INET ? &inet_raw_ops : &inet6_raw_ops;
	u->local.port = (uint16_t)protocol;
	spin_lock(&inet_lock);
	list_add_tail(&u->port_link, &raws);
	spin_unlock(&inet_lock);
	*out = &u->s;
	return 0;
}

int inet_raw_bind(struct socket *s, const struct sockaddr_any *a, unsigned len)
{
	struct inet_sock *u = inet_sock(s);
	struct inet_addr to;
	int r = inet_addr_in(u, a, len, &to);

	if (r)
		return r == -EAFNOSUPPORT ? -EINVAL : r;
	if (!inet_is_any(&to.ip) && !inet_is_local(&to.ip))
		return -EADDRNOTAVAIL;
	u->local.ip = to.ip;
	u->local.scope = to.scope;
	return 0;
}

int inet_raw_connect(struct socket *s, const struct sockaddr_any *a, unsigned len, bool nonblock)
{
	struct inet_sock *u = inet_sock(s);
	struct inet_addr to;
	struct in6_addr src;
	int r;

	if (len < sizeof(a->family))
		return -EINVAL;
	if (a->family == AF_UNSPEC) {
		memset(&u->remote, 0, sizeof(u->remote));
		return 0;
	}
	r = inet_addr_in(u, a, len, &to);
	if (!r)
		r = inet_route(&to.ip, &src);
	if (r)
		return r;
	if (inet_is_any(&u->local.ip))
		u->local.ip = src;
	u->remote = to;
	u->remote.port = u->local.port;
	return 0;
}

/* ---- sending ---- */

static uint16_t checksum(const void *data, size_t n)
{
	const uint16_t *p = data;
	uint32_t sum = 0;

	for (; n > 1; n -= 2)
		sum += *p++;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t header_length(const struct ip_header *h)
{
	return (h->version_length & 15u) * 4;
}

/* The header, or of one that the program made what Linux puts in. */
static void complete(struct ip_header *h, const struct inet_msg *msg, bool made)
{
	if (!made)
		*h = (struct ip_header){.version_length = 0x45,
					.tos = msg->tos,
					.ttl = msg->ttl,
					.protocol = (uint8_t)msg->from.port,
					.to = msg->to.ip.s6_addr32[3]};
	if (!h->from)
		h->from = msg->from.ip.s6_addr32[3];
	h->length = __builtin_bswap16((uint16_t)msg->len);
	h->sum = 0;
	h->sum = checksum(h, header_length(h));
}

static bool takes(const struct inet_sock *u, const struct inet_msg *msg, unsigned protocol)
{
	return u->s.protocol == (int)protocol && protocol != IPPROTO_RAW &&
	       (u->s.family == AF_INET) == inet_is_v4(&msg->to.ip) &&
	       (inet_is_any(&u->local.ip) || inet_same(&u->local.ip, &msg->to.ip)) &&
	       (inet_is_any(&u->remote.ip) || inet_same(&u->remote.ip, &msg->from.ip)) &&
	       u->queued <= u->s.rcvbuf && !(u->shutdown & RCV_SHUTDOWN);
}

static void deliver(const struct inet_msg *msg, unsigned protocol)
{
	struct inet_sock *u;

	spin_lock(&inet_lock);
	loopback_stats.packets++;
	loopback_stats.bytes += msg->len;
	list_for_each (u, &raws, port_link) {
		struct inet_msg *copy =
		    takes(u, msg, protocol) ? kmemdup(msg, sizeof(*msg) + msg->len) : NULL;

		if (!copy)
			continue;
		copy->from.port = 0;
		list_add_tail(&copy->link, &u->queue);
		u->queued += copy->len + INET_MSG_OVERHEAD;
		wait_wake_all(&u->s.wq);
	}
	spin_unlock(&inet_lock);
}

static int destination(struct inet_sock *u, const struct sock_msg *m, struct inet_addr *to,
		       struct in6_addr *src)
{
	int r;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	*to = u->remote;
	r = m->name ? inet_addr_in(u, m->name, m->name_len, to) : to->port ? 0 : -EDESTADDRREQ;
	if (!r)
		r = inet_route(&to->ip, src);
	if (!r && !inet_is_any(&u->local.ip))
		*src = u->local.ip;
	return r;
}

ssize_t inet_raw_send(struct socket *s, struct sock_msg *m)
{
	struct inet_sock *u = inet_sock(s);
	bool v4 = s->family == AF_INET, made = v4 && s->protocol == IPPROTO_RAW;
	size_t len = m->data->left, header = v4 && !made ? sizeof(struct ip_header) : 0;
	unsigned protocol = (unsigned)s->protocol;
	struct inet_addr to;
	struct in6_addr src;
	struct inet_msg *msg;
	int r = destination(u, m, &to, &src);

	if (r)
		return r;
	if (header + len > 0xffff)
		return -EMSGSIZE;
	if (made && len < sizeof(struct ip_header))
		return -EINVAL;
	msg = kzalloc(sizeof(*msg) + header + len);
	if (!msg)
		return -ENOBUFS;
	list_init(&msg->link);
	msg->len = header + len;
	msg->from = (struct inet_addr){.ip = src, .port = u->local.port};
	msg->to = to;
	msg->tos = v4 ? u->opts.tos : 0;
	msg->ttl = v4 && u->opts.ttl > 0 ? u->opts.ttl : 64;
	if (iter_read(m->data, msg->data + header, len) != len) {
		kfree(msg);
		return -EFAULT;
	}
	if (made && header_length((void *)msg->data) > len) {
		kfree(msg);
		return -EINVAL;
	}
	if (v4)
		complete((void *)msg->data, msg, made);
	if (made)
		protocol = ((struct ip_header *)msg->data)->protocol;
	deliver(msg, protocol);
	kfree(msg);
	return len;
}
