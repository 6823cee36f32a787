/* SPDX-License-Identifier: MIT */
/* UDP (net/inet.h): a send puts a message into the queue of the socket that has the port, if it has
 * room. */
#include "kernel/heap.h"
#include "kernel/socket_fs.h"
#include "kernel/string.h"
#include "kernel/uaccess.h"
#include "net/inet_port.h"

#include <linux/eventpoll.h>

/* ---- connecting: only a default address, and from whom to receive ---- */

int inet_dgram_connect(struct inet_sock *u, const struct inet_addr *a)
{
	struct inet_addr to = *a;
	struct in6_addr src;
	int r = inet_route(&to.ip, &src);

	spin_lock(&inet_lock);
	if (!r && !inet_is_any(&u->local.ip) && inet_is_v4(&u->local.ip) != inet_is_v4(&to.ip))
		r = -ENETUNREACH;
	if (!r && !u->local.port)
		r = inet_auto_port(u, NULL);
	if (!r) {
		if (inet_is_any(&u->local.ip))
			u->local.ip = src;
		u->remote = to;
		u->state = TCP_ESTABLISHED;
	}
	spin_unlock(&inet_lock);
	return r;
}

/* ---- sending ---- */

/* What a send's ancillary data and options ask for. */
struct sending {
	struct inet_addr to, from;
	int tos, ttl, segment;
};

static int control_ip(const struct cmsghdr *c, const void *data, size_t len, struct sending *out)
{
	switch (c->cmsg_type) {
	case IP_TTL:
	case IP_TOS:
		if (len < sizeof(int))
			return -EINVAL;
		memcpy(c->cmsg_type == IP_TTL ? &out->ttl : &out->tos, data, sizeof(int));
		return out->ttl < 1 || out->ttl > 255 || out->tos < 0 || out->tos > 255 ? -EINVAL
											: 0;
	case IP_PKTINFO:
		if (len != sizeof(struct in_pktinfo))
			return -EINVAL;
		memcpy(&out->from.ip.s6_addr32[3], data + offsetof(struct in_pktinfo, ipi_spec_dst),
		       4);
		return 0;
	}
	return -EINVAL;
}

static int control_ipv6(const struct cmsghdr *c, const void *data, size_t len, struct sending *out)
{
	switch (c->cmsg_type) {
	case IPV6_HOPLIMIT:
	case IPV6_TCLASS:
		if (len < sizeof(int))
			return -EINVAL;
		memcpy(c->cmsg_type == IPV6_HOPLIMIT ? &out->ttl : &out->tos, data, sizeof(int));
		return out->ttl < -1 || out->ttl > 255 || out->tos < -1 || out->tos > 255 ? -EINVAL
											  : 0;
	case IPV6_PKTINFO:
		if (len < sizeof(struct in6_pktinfo))
			return -EINVAL;
		memcpy(&out->from.ip, data, sizeof(out->from.ip));
		return 0;
	}
	return -EINVAL;
}

static int control_udp(const struct cmsghdr *c, const void *data, size_t len, struct sending *out)
{
	uint16_t size;

	if (c->cmsg_type != UDP_SEGMENT || len != sizeof(size))
		return -EINVAL;
	memcpy(&size, data, sizeof(size));
	out->segment = size;
	return 0;
}

/* m's ancillary data: 0 or -EINVAL. */
static int parse_control(const struct sock_msg *m, struct sending *out)
{
	for (size_t at = 0; at + sizeof(struct cmsghdr) <= m->control_len;) {
		const struct cmsghdr *c = (const void *)(m->control + at);
		size_t len = c->cmsg_len - sizeof(*c);
		int r = 0;

		if (c->cmsg_len < sizeof(*c) || c->cmsg_len > m->control_len - at)
			return -EINVAL;
		if (c->cmsg_level == IPPROTO_IP)
			r = control_ip(c, c + 1, len, out);
		else if (c->cmsg_level == IPPROTO_IPV6)
			r = control_ipv6(c, c + 1, len, out);
		else if (c->cmsg_level == IPPROTO_UDP)
			r = control_udp(c, c + 1, len, out);
		else if (c->cmsg_level == SOL_SOCKET)
			r = -EINVAL;
		if (r)
			return r;
		at += CMSG_ALIGN(c->cmsg_len);
	}
	return 0;
}

/* To whom m goes. */
static int destination(struct inet_sock *u, const struct sock_msg *m, struct inet_addr *to)
{
	struct sockaddr_any a;
	int r;

	if (!m->name) {
		*to = u->remote;
		return to->port ? 0 : -EDESTADDRREQ;
	}
	a = *m->name;
	if (a.family == AF_UNSPEC && u->s.family == AF_INET)
		a.family = AF_INET;
	r = inet_addr_in(u, &a, m->name_len, to);
	if (r)
		return r;
	if (!to->port)
		return -EINVAL;
	if (inet_is_v4(&to->ip) && to->ip.s6_addr32[3] == INADDR_BROADCAST &&
	    !(u->s.options & SOCKOPT_BROADCAST))
		return -EACCES;
	return 0;
}

/* Where it comes from, and that there is a way. Locks: inet_lock. */
static int choose_source(struct inet_sock *u, struct sending *out)
{
	struct in6_addr src;
	int r = inet_route(&out->to.ip, &src);

	if (!r && !u->local.port)
		r = inet_auto_port(u, NULL);
	if (r)
		return r;
	if (inet_is_any(&out->from.ip))
		out->from.ip = inet_is_any(&u->local.ip) ? src : u->local.ip;
	if (inet_is_v4(&out->from.ip) != inet_is_v4(&out->to.ip))
		return -ENETUNREACH;
	out->from.port = u->local.port;
	return inet_is_local(&out->from.ip) ? 0 : -EINVAL;
}

/* Hand msg to who has the port: nobody is told to a connected sender, a full queue to none. */
static void deliver(struct inet_sock *u, struct inet_msg *msg)
{
	struct inet_sock *other;

	spin_lock(&inet_lock);
	loopback_stats.packets++;
	loopback_stats.bytes += msg->len;
	other = inet_lookup(u->s.protocol, &msg->to, &msg->from);
	if (!other) {
		if (u->remote.port || u->opts.recverr || u->opts.recverr6) {
			u->s.error = ECONNREFUSED;
			wait_wake_all(&u->s.wq);
		}
	} else if (other->queued <= other->s.rcvbuf && !(other->shutdown & RCV_SHUTDOWN)) {
		list_add_tail(&msg->link, &other->queue);
		other->queued += msg->len + INET_MSG_OVERHEAD;
		wait_wake_all(&other->s.wq);
		msg = NULL;
	}
	spin_unlock(&inet_lock);
	kfree(msg);
}

/* n bytes of m as one datagram: 0, -ENOBUFS, -EFAULT. */
static int send_one(struct inet_sock *u, struct sock_msg *m, size_t n, const struct sending *how)
{
	struct inet_msg *msg = kmalloc(sizeof(*msg) + n);

	if (!msg)
		return -ENOBUFS;
	list_init(&msg->link);
	msg->len = n;
	msg->off = 0;
	msg->mark = false;
	msg->from = how->from;
	msg->to = how->to;
	msg->tos = how->tos < 0 ? 0 : how->tos;
	msg->ttl = how->ttl < 0 ? 64 : how->ttl;
	if (iter_read(m->data, msg->data, n) != n) {
		kfree(msg);
		return -EFAULT;
	}
	deliver(u, msg);
	return 0;
}

/* Everything a send needs to know before its data. */
static int prepare(struct inet_sock *u, struct sock_msg *m, struct sending *out)
{
	bool v4;
	int r;

	if (m->data->left > 0xffff)
		return -EMSGSIZE;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	*out = (struct sending){.segment = u->opts.udp_segment};
	r = destination(u, m, &out->to);
	if (r)
		return r;
	v4 = inet_is_v4(&out->to.ip);
	out->tos = v4 ? u->opts.tos : u->opts.tclass;
	out->ttl = v4 ? u->opts.ttl : u->opts.hops;
	out->from.ip =
	    v4 ? (struct in6_addr){.s6_addr32 = {0, 0, __builtin_bswap32(0xffff), 0}} : inet_any6;
	if (v4 && out->ttl < 0)
		out->ttl = 64;
	r = parse_control(m, out);
	if (!r && out->segment == 0 && m->data->left > UDP_MAX_PAYLOAD + (v4 ? 0 : 20))
		r = -EMSGSIZE;
	return r;
}

ssize_t inet_dgram_send(struct inet_sock *u, struct sock_msg *m)
{
	size_t len = m->data->left;
	struct sending how;
	int r = prepare(u, m, &how);

	if (r)
		return r;
	spin_lock(&inet_lock);
	r = socket_take_error(&u->s);
	if (!r && (u->shutdown & SEND_SHUTDOWN))
		r = -EPIPE;
	if (!r)
		r = choose_source(u, &how);
	spin_unlock(&inet_lock);
	if (r)
		return r;
	do {
		size_t n = how.segment ? MIN(m->data->left, (size_t)how.segment) : m->data->left;

		r = send_one(u, m, n, &how);
	} while (!r && m->data->left);
	return r ? r : (ssize_t)len;
}

/* ---- receiving ---- */

static bool readable_or_end(const struct inet_sock *u)
{
	return !list_empty(&u->queue) || READ_ONCE(u->s.error) ||
	       (READ_ONCE(u->shutdown) & RCV_SHUTDOWN);
}

/* The first message, taken off the queue unless peek. NULL: none. */
static struct inet_msg *take(struct inet_sock *u, bool peek)
{
	struct inet_msg *msg = NULL;

	spin_lock(&inet_lock);
	if (!list_empty(&u->queue)) {
		msg = list_first(&u->queue, struct inet_msg, link);
		if (!peek) {
			list_del(&msg->link);
			u->queued -= msg->len + INET_MSG_OVERHEAD;
		}
	}
	spin_unlock(&inet_lock);
	return msg;
}

/* Until there is a message: it, or 0 (nothing will come) or -errno. Locks: read_lock, released
 * meanwhile. */
static int wait_msg(struct inet_sock *u, struct sock_msg *m, struct inet_msg **out)
{
	bool nonblock = m->flags & MSG_DONTWAIT;
	uint64_t deadline = socket_deadline(u->s.rcvtimeo_ns, nonblock);
	int r;

	for (;;) {
		r = socket_take_error(&u->s);
		if (r)
			return r;
		*out = take(u, m->flags & MSG_PEEK);
		if (*out || ((u->shutdown & RCV_SHUTDOWN) && !nonblock))
			return 0;
		if (nonblock)
			return -EAGAIN;
		mutex_unlock(&u->read_lock);
		r = wait_until(&u->s.wq, readable_or_end(u), deadline);
		mutex_lock(&u->read_lock);
		if (r)
			return socket_wait_error(r, u->s.rcvtimeo_ns);
	}
}

/* What the options ask to be told about msg. */
static void deliver_control(struct inet_sock *u, struct sock_msg *m, const struct inet_msg *msg)
{
	const struct inet_opts *o = &u->opts;
	int tos = msg->tos, ttl = msg->ttl;

	if (inet_is_v4(&msg->to.ip)) {
		uint32_t to = msg->to.ip.s6_addr32[3];
		struct in_pktinfo info = {
		    .ipi_ifindex = 1, .ipi_spec_dst.s_addr = to, .ipi_addr.s_addr = to};
		uint8_t tos8 = tos;

		if (o->pktinfo)
			socket_put_control(m, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
		if (o->recvttl)
			socket_put_control(m, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
		if (o->recvtos)
			socket_put_control(m, IPPROTO_IP, IP_TOS, &tos8, sizeof(tos8));
	}
	if (u->s.family == AF_INET6) {
		struct in6_pktinfo info = {.ipi6_addr = msg->to.ip, .ipi6_ifindex = 1};

		if (o->recvpktinfo)
			socket_put_control(m, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
		if (inet_is_v4(&msg->to.ip))
			return;
		if (o->recvhoplimit)
			socket_put_control(m, IPPROTO_IPV6, IPV6_HOPLIMIT, &ttl, sizeof(ttl));
		if (o->recvtclass)
			socket_put_control(m, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	}
}

static ssize_t read_msg(struct inet_sock *u, struct sock_msg *m, struct inet_msg *msg)
{
	size_t n = MIN(msg->len, m->data->left);

	if (n < msg->len)
		m->out_flags |= MSG_TRUNC;
	if (iter_write(m->data, msg->data, n) != n)
		return -EFAULT;
	if (m->name)
		m->name_len = inet_addr_out(u->s.family, &msg->from, m->name);
	deliver_control(u, m, msg);
	return m->flags & MSG_TRUNC ? msg->len : n;
}

ssize_t inet_dgram_recv(struct inet_sock *u, struct sock_msg *m)
{
	struct inet_msg *msg = NULL;
	ssize_t r;

	if (m->flags & MSG_ERRQUEUE)
		return -EAGAIN;
	mutex_lock(&u->read_lock);
	r = wait_msg(u, m, &msg);
	if (!r && msg)
		r = read_msg(u, m, msg);
	mutex_unlock(&u->read_lock);
	if (!(m->flags & MSG_PEEK))
		kfree(msg);
	return r;
}

/* ---- readiness ---- */

unsigned inet_dgram_poll(struct inet_sock *u)
{
	unsigned events = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;

	if (u->shutdown == ALL_SHUTDOWN)
		events |= EPOLLHUP;
	if (u->shutdown & RCV_SHUTDOWN)
		events |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	if (!list_empty(&u->queue))
		events |= EPOLLIN | EPOLLRDNORM;
	return events;
}

int inet_dgram_bytes(struct inet_sock *u)
{
	int n = 0;

	spin_lock(&inet_lock);
	if (!list_empty(&u->queue))
		n = list_first(&u->queue, struct inet_msg, link)->len;
	spin_unlock(&inet_lock);
	return n;
}
