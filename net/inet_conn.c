/* SPDX-License-Identifier: MIT */
/*
 * TCP connections: tcp(7). A connect makes the other end itself and queues it at the listener, so
 * it is complete before anybody accepts it; with the queue full it waits there, as a SYN that is
 * sent again and again would.
 */
#include "kernel/heap.h"
#include "kernel/string.h"
#include "net/inet_port.h"

#define LOOPBACK_SNDBUF                                                                            \
	2626560u /* what tuning makes of a loopback connection's send buffer on Linux */

static bool is_full(const struct inet_sock *u)
{
	return u->n_pending > u->backlog;
}

static void wake(struct inet_sock *u)
{
	wait_wake_all(&u->s.wq);
}

/* ---- the end ---- */

void inet_reset(struct inet_sock *u, int error)
{
	u->s.error = error;
	u->state = TCP_CLOSE;
	u->shutdown = ALL_SHUTDOWN;
	list_del(&u->waiting_link);
	wake(u);
}

/* What the other end of u learns when u, which is connected, sends no more. Locks: inet_lock. */
static void send_fin(struct inet_sock *u)
{
	struct inet_sock *peer = u->peer;

	if (u->shutdown & SEND_SHUTDOWN)
		return;
	u->shutdown |= SEND_SHUTDOWN;
	u->state = u->state == TCP_CLOSE_WAIT ? TCP_CLOSE : TCP_FIN_WAIT2;
	peer->done = true;
	peer->shutdown |= RCV_SHUTDOWN;
	if (peer->state == TCP_ESTABLISHED)
		peer->state = TCP_CLOSE_WAIT;
	else if (peer->state == TCP_FIN_WAIT2)
		peer->state = TCP_CLOSE;
	wake(peer);
}

/* Those who wait to connect to a listener that has gone. Locks: inet_lock. */
static void refuse_waiting(struct inet_sock *listener)
{
	while (!list_empty(&listener->waiting))
		inet_reset(list_first(&listener->waiting, struct inet_sock, waiting_link),
			   ECONNREFUSED);
}

void inet_stream_end(struct inet_sock *u, struct list *msgs, struct list *pending)
{
	struct inet_sock *peer = u->peer;
	bool unread = !list_empty(&u->queue) || (!u->s.ino && !u->s.file);
	bool abort = u->s.linger.l_onoff && !u->s.linger.l_linger;

	if (peer && !peer->dead && u->state != TCP_CLOSE) {
		if (unread || abort)
			inet_reset(peer, peer->state == TCP_CLOSE_WAIT ? EPIPE : ECONNRESET);
		else
			send_fin(u);
		if (peer->no_space) /* what it sends from now on goes nowhere */
			wake(peer);
	}
	list_del(&u->waiting_link);
	refuse_waiting(u);
	list_take(&u->queue, msgs);
	list_take(&u->pending, pending);
	u->queued = 0;
	u->n_pending = 0;
}

/* Connections in `pending` that nobody will accept. */
static void drop_pending(struct list *pending)
{
	while (!list_empty(pending)) {
		struct inet_sock *c = list_first(pending, struct inet_sock, pending_link);

		list_del(&c->pending_link);
		c->s.ops->release(&c->s);
	}
}

void inet_disconnect(struct inet_sock *u)
{
	struct list msgs, pending;
	struct inet_sock *peer;

	list_init(&msgs);
	list_init(&pending);
	spin_lock(&inet_lock);
	if (u->s.type == SOCK_STREAM) {
		if (u->peer && !u->peer->dead && u->state != TCP_CLOSE)
			inet_reset(u->peer, ECONNRESET);
		u->state = TCP_CLOSE;
		inet_stream_end(u, &msgs, &pending);
		u->shutdown = 0;
		u->done = u->connecting = u->no_space = false;
		u->s.listening = false;
		u->s.error = 0;
	}
	peer = u->peer;
	u->peer = NULL;
	memset(&u->remote, 0, sizeof(u->remote));
	if (!u->keep_addr)
		u->local.ip = u->remote.ip = inet_any6;
	if (!u->keep_addr && u->s.family == AF_INET)
		u->local.ip.s6_addr32[2] = __builtin_bswap32(0xffff);
	if (!u->keep_port) {
		list_del(&u->port_link);
		u->local.port = 0;
	}
	wake(u);
	spin_unlock(&inet_lock);
	inet_msgs_free(&msgs);
	drop_pending(&pending);
	if (peer)
		inet_put(peer);
}

/* ---- the beginning ---- */

/* The other end of u, of a listener: 0, -ENOBUFS. Locks: inet_lock. */
static int join(struct inet_sock *u, struct inet_sock *listener)
{
	struct inet_sock *c;
	int r = inet_new(listener->s.family, SOCK_STREAM, listener->s.protocol, &c);

	if (r)
		return r;
	c->opts = listener->opts;
	c->s.options = listener->s.options;
	c->s.linger = listener->s.linger;
	c->s.rcvbuf = listener->s.rcvbuf;
	c->s.sndbuf = MAX(listener->s.sndbuf, LOOPBACK_SNDBUF);
	c->s.rcvlowat = listener->s.rcvlowat;
	c->s.rcvtimeo_ns = listener->s.rcvtimeo_ns;
	c->s.sndtimeo_ns = listener->s.sndtimeo_ns;
	c->s.priority = listener->s.priority;
	c->local = u->remote;
	c->remote = u->local;
	c->owner = listener->owner;
	c->keep_addr = c->keep_port = true;
	inet_port_add(c);
	c->peer = inet_get(u);
	u->peer = inet_get(c);
	u->s.sndbuf = MAX(u->s.sndbuf, LOOPBACK_SNDBUF);
	c->state = u->state = TCP_ESTABLISHED;
	list_add_tail(&c->pending_link, &listener->pending);
	listener->n_pending++;
	wake(listener);
	return 0;
}

/* u's connection, now or once the listener has room. Locks: inet_lock. */
static void begin(struct inet_sock *u)
{
	struct inet_sock *listener = inet_lookup(IPPROTO_TCP, &u->remote, &u->local);

	u->state = TCP_SYN_SENT;
	if (!listener)
		inet_reset(u, ECONNREFUSED);
	else if (is_full(listener))
		list_add_tail(&u->waiting_link, &listener->waiting);
	else if (join(u, listener))
		inet_reset(u, ETIMEDOUT);
}

/* Source address and port of a new connection: 0, -ENETUNREACH, -EADDRNOTAVAIL. Locks: inet_lock.
 */
static int choose_source(struct inet_sock *u, struct inet_addr *to)
{
	struct in6_addr src;
	int r = inet_route(&to->ip, &src);

	if (r)
		return r;
	if (inet_is_any(&u->local.ip))
		u->local.ip = src;
	else if (inet_is_v4(&u->local.ip) != inet_is_v4(&to->ip))
		return -ENETUNREACH;
	return u->local.port ? 0 : inet_auto_port(u, to);
}

/* How a connect(2) that was begun has ended: 0 or -errno. Locks: takes inet_lock. */
static int finish(struct inet_sock *u)
{
	int r = 0;

	spin_lock(&inet_lock);
	u->connecting = false;
	if (u->state == TCP_CLOSE)
		r = u->s.error ? -u->s.error : -ECONNABORTED;
	spin_unlock(&inet_lock);
	if (r)
		inet_disconnect(u);
	return r;
}

/* a is NULL for a call that only asks how the connection is going. */
int inet_stream_connect(struct inet_sock *u, const struct inet_addr *a, bool nonblock)
{
	uint64_t deadline = socket_deadline(u->s.sndtimeo_ns, nonblock);
	struct inet_addr to;
	int r = 0;

	if (a) {
		to = *a;
		spin_lock(&inet_lock);
		r = choose_source(u, &to);
		if (!r) {
			u->remote = to;
			u->connecting = true;
			u->done = false;
			u->shutdown = 0;
			begin(u);
		}
		spin_unlock(&inet_lock);
		if (r)
			return r;
		if (nonblock)
			return -EINPROGRESS;
	}
	if (nonblock && READ_ONCE(u->state) == TCP_SYN_SENT)
		return -EALREADY;
	r = wait_until(&u->s.wq, READ_ONCE(u->state) != TCP_SYN_SENT, deadline);
	if (r == -ETIMEDOUT)
		return a ? -EINPROGRESS : -EALREADY;
	return r ? socket_wait_error(r, u->s.sndtimeo_ns) : finish(u);
}

/* ---- listening ---- */

int inet_listen(struct socket *s, unsigned backlog)
{
	struct inet_sock *u = inet_sock(s);
	int r = 0;

	if (s->type != SOCK_STREAM)
		return -EOPNOTSUPP;
	spin_lock(&inet_lock);
	if (u->connecting || (u->state != TCP_CLOSE && u->state != TCP_LISTEN) || u->peer) {
		r = -EINVAL;
	} else if (u->state == TCP_CLOSE) {
		r = u->local.port ? inet_may_listen(u) : inet_auto_port(u, NULL);
	}
	if (!r) {
		u->backlog = backlog;
		u->state = TCP_LISTEN;
		u->shutdown = 0;
		s->listening = true;
	}
	spin_unlock(&inet_lock);
	return r;
}

/* Take a connection: 0 with *out NULL if there is none. Locks: takes inet_lock. */
static int take_pending(struct inet_sock *u, struct inet_sock **out)
{
	struct inet_sock *c = NULL, *next;
	int r = 0;

	spin_lock(&inet_lock);
	if (u->state != TCP_LISTEN) {
		r = -EINVAL;
	} else if (!list_empty(&u->pending)) {
		c = list_first(&u->pending, struct inet_sock, pending_link);
		list_del(&c->pending_link);
		u->n_pending--;
	}
	if (c && !list_empty(&u->waiting)) {
		next = list_first(&u->waiting, struct inet_sock, waiting_link);
		list_del(&next->waiting_link);
		if (join(next, u))
			inet_reset(next, ETIMEDOUT);
		else
			wake(next);
	}
	spin_unlock(&inet_lock);
	*out = c;
	return r;
}

static bool may_accept(const struct inet_sock *u)
{
	return !list_empty(&u->pending) || READ_ONCE(u->state) != TCP_LISTEN;
}

int inet_accept(struct socket *s, bool nonblock, struct socket **out)
{
	struct inet_sock *u = inet_sock(s), *c;
	uint64_t deadline = socket_deadline(s->rcvtimeo_ns, nonblock);
	int r;

	if (s->type != SOCK_STREAM)
		return -EOPNOTSUPP;
	while (!(r = take_pending(u, &c)) && !c) {
		if (nonblock)
			return -EAGAIN;
		r = wait_until(&s->wq, may_accept(u), deadline);
		if (r)
			return socket_wait_error(r, s->rcvtimeo_ns);
	}
	if (!r)
		*out = &c->s;
	return r;
}

/* ---- shutdown(2) ---- */

int inet_shutdown(struct socket *s, int how)
{
	struct inet_sock *u = inet_sock(s);
	unsigned mode = how + 1;
	int r = 0;

	if (u->state == TCP_LISTEN || u->state == TCP_SYN_SENT) {
		if (u->state == TCP_SYN_SENT || (mode & RCV_SHUTDOWN))
			inet_disconnect(u);
		return 0;
	}
	spin_lock(&inet_lock);
	if (s->type == SOCK_STREAM ? u->state == TCP_CLOSE : !u->remote.port)
		r = -ENOTCONN; /* and yet it has an effect, as on Linux */
	if (!r && s->type == SOCK_STREAM && (mode & SEND_SHUTDOWN))
		send_fin(u);
	u->shutdown |= mode;
	wake(u);
	spin_unlock(&inet_lock);
	return r;
}
