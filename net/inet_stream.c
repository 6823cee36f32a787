/* SPDX-License-Identifier: MIT */
/* Bytes of TCP connections (net/inet.h): a send puts them into the queue of the other end. */
#include "kernel/heap.h"
#include "kernel/socket_fs.h"
#include "net/inet.h"

#include <linux/eventpoll.h>

#define CHUNK_MAX 32768u

/* ---- sending ---- */

static bool has_room(const struct inet_sock *u)
{
	return u->peer->dead || u->peer->queued < inet_window(u);
}

/* Enough for poll(2): a third of what there may be. Locks: inet_lock. */
static bool writable(const struct inet_sock *u)
{
	return !u->peer || u->peer->dead || u->peer->queued * 3 <= inet_window(u) * 2;
}

static bool connected(const struct inet_sock *u)
{
	return u->state == TCP_ESTABLISHED || u->state == TCP_CLOSE_WAIT;
}

/* May u send now? 0, -errno, or WAIT. Locks: takes inet_lock. */
enum { WAIT = 1 };

static int may_send(struct inet_sock *u)
{
	int r;

	spin_lock(&inet_lock);
	if (u->s.error)
		r = socket_take_error(&u->s);
	else if ((u->shutdown & SEND_SHUTDOWN) || (u->state != TCP_SYN_SENT && !connected(u)))
		r = -EPIPE;
	else
		r = u->state == TCP_SYN_SENT || !has_room(u) ? WAIT : 0;
	u->no_space |= r == WAIT;
	spin_unlock(&inet_lock);
	return r;
}

static bool sendable_or_end(struct inet_sock *u)
{
	bool yes;

	spin_lock(&inet_lock);
	yes = u->s.error || (u->shutdown & SEND_SHUTDOWN) ||
	      (u->state != TCP_SYN_SENT && !connected(u)) || (connected(u) && writable(u));
	spin_unlock(&inet_lock);
	return yes;
}

/* Until u may send: 0 or -errno. */
static int wait_room(struct inet_sock *u, unsigned flags)
{
	uint64_t deadline = socket_deadline(u->s.sndtimeo_ns, flags & MSG_DONTWAIT);
	int r;

	while ((r = may_send(u)) == WAIT) {
		if (flags & MSG_DONTWAIT)
			return -EAGAIN;
		r = wait_until(&u->s.wq, sendable_or_end(u), deadline);
		if (r)
			return socket_wait_error(r, u->s.sndtimeo_ns);
	}
	return r;
}

/* Hand msg to the other end. What is sent to one that is gone is lost, and breaks the connection.
 */
static void deliver(struct inet_sock *u, struct inet_msg *msg)
{
	struct inet_sock *peer;

	spin_lock(&inet_lock);
	peer = u->peer;
	if (peer && !peer->dead && connected(u)) {
		list_add_tail(&msg->link, &peer->queue);
		peer->queued += msg->len + INET_MSG_OVERHEAD;
		peer->received += msg->len;
		u->sent += msg->len;
		loopback_stats.packets++;
		loopback_stats.bytes += msg->len;
		wait_wake_all(&peer->s.wq);
		msg = NULL;
	} else if (connected(u)) {
		inet_reset(u, u->state == TCP_CLOSE_WAIT ? EPIPE : ECONNRESET);
	}
	spin_unlock(&inet_lock);
	kfree(msg);
}

/* What was sent last is urgent: its last byte goes beside the stream, or with SO_OOBINLINE is only
 * marked there. */
static int make_urgent(struct inet_sock *u)
{
	struct inet_msg *mark = kzalloc(sizeof(*mark) + 1), *last;
	struct inet_sock *peer;

	if (!mark)
		return -ENOBUFS;
	list_init(&mark->link);
	mark->mark = true;
	spin_lock(&inet_lock);
	peer = u->peer;
	if (connected(u) && peer && !peer->dead && !list_empty(&peer->queue)) {
		last = list_entry(peer->queue.prev, struct inet_msg, link);
		peer->has_urgent = !(peer->s.options & SOCKOPT_OOBINLINE);
		peer->urgent = mark->data[0] = last->data[--last->len];
		mark->len = !peer->has_urgent;
		peer->queued += INET_MSG_OVERHEAD + mark->len - 1;
		list_add_tail(&mark->link, &peer->queue);
		wait_wake_all(&peer->s.wq);
		mark = NULL;
	}
	spin_unlock(&inet_lock);
	kfree(mark);
	return 0;
}

/* The next chunk of m: 0, -ENOBUFS, -EFAULT. */
static int read_chunk(struct sock_msg *m, struct inet_msg **out)
{
	size_t n = MIN(m->data->left, CHUNK_MAX);
	struct inet_msg *msg = kmalloc(sizeof(*msg) + n);

	if (!msg)
		return -ENOBUFS;
	list_init(&msg->link);
	msg->len = iter_read(m->data, msg->data, n);
	msg->off = 0;
	msg->mark = false;
	if (n && !msg->len) {
		kfree(msg);
		return -EFAULT;
	}
	*out = msg;
	return msg->len == n ? 0 : -EFAULT;
}

ssize_t inet_stream_send(struct inet_sock *u, struct sock_msg *m)
{
	struct inet_msg *msg = NULL;
	ssize_t done = 0;
	int r;

	r = m->data->left ? 0 : may_send(u);
	if (r == WAIT)
		r = 0;
	while (m->data->left && !r) {
		r = wait_room(u, m->flags);
		if (r)
			break;
		msg = NULL;
		r = read_chunk(m, &msg);
		if (msg) {
			done += msg->len;
			deliver(u, msg);
		}
	}
	if (done && !r && (m->flags & MSG_OOB))
		r = make_urgent(u);
	return done ? done : r;
}

/* ---- receiving ---- */

static bool readable_or_end(const struct inet_sock *u)
{
	return !list_empty(&u->queue) || READ_ONCE(u->s.error) || READ_ONCE(u->done) ||
	       (READ_ONCE(u->shutdown) & RCV_SHUTDOWN) || READ_ONCE(u->state) == TCP_CLOSE;
}

/* The message after `last`, or NULL. It stays, because read_lock is held. */
static struct inet_msg *next_msg(struct inet_sock *u, const struct inet_msg *last)
{
	struct list *at;

	spin_lock(&inet_lock);
	at = last ? last->link.next : u->queue.next;
	spin_unlock(&inet_lock);
	return at == &u->queue ? NULL : list_entry(at, struct inet_msg, link);
}

/* n bytes of msg have been read: those who send may go on once a third is free. */
static void consume(struct inet_sock *u, struct inet_msg *msg, size_t n)
{
	bool all;

	spin_lock(&inet_lock);
	msg->off += n;
	all = msg->off == msg->len;
	u->queued -= n;
	if (all) {
		list_del(&msg->link);
		u->queued -= INET_MSG_OVERHEAD;
	}
	if (u->peer && u->peer->no_space && !u->peer->dead && u->peer->peer == u &&
	    writable(u->peer)) {
		u->peer->no_space = false;
		wait_wake_all(&u->peer->s.wq);
	}
	spin_unlock(&inet_lock);
	if (all)
		kfree(msg);
}

/* With nothing to read: 0 (there may be now), 1 (this is the end) or -errno. Locks: read_lock,
 * released meanwhile. */
static int wait_more(struct inet_sock *u, struct sock_msg *m, bool some, uint64_t deadline)
{
	int r;

	if (some &&
	    (u->s.error || u->done || u->state == TCP_CLOSE || (u->shutdown & RCV_SHUTDOWN)))
		return 1;
	if (u->done)
		return 1;
	r = socket_take_error(&u->s);
	if (r)
		return r;
	if (u->shutdown & RCV_SHUTDOWN)
		return 1;
	if (u->state == TCP_CLOSE)
		return -ENOTCONN;
	if (m->flags & MSG_DONTWAIT)
		return -EAGAIN;
	mutex_unlock(&u->read_lock);
	r = wait_until(&u->s.wq, readable_or_end(u), deadline);
	mutex_lock(&u->read_lock);
	return socket_wait_error(r, u->s.rcvtimeo_ns);
}

/* Up to m->data->left bytes of msg: how many, or -EFAULT. MSG_TRUNC throws them away. */
static ssize_t read_msg(struct inet_sock *u, struct sock_msg *m, struct inet_msg *msg)
{
	size_t n = MIN(msg->len - msg->off, m->data->left);

	if (m->flags & MSG_TRUNC)
		m->data->left -= n;
	else if (n)
		n = iter_write(m->data, msg->data + msg->off, n);
	if (!n && m->data->left && msg->len != msg->off)
		return -EFAULT;
	if (!(m->flags & MSG_PEEK))
		consume(u, msg, n);
	return n;
}

/* Bytes read so far into *done; 0 or what ended it. */
static int read_stream(struct inet_sock *u, struct sock_msg *m, size_t target, size_t *done)
{
	uint64_t deadline = socket_deadline(u->s.rcvtimeo_ns, m->flags & MSG_DONTWAIT);
	struct inet_msg *msg, *last = NULL;
	int r = 0;

	do {
		ssize_t n;

		msg = next_msg(u, last);
		if (!msg && (last || *done >= target))
			return 0;
		if (msg && msg->mark && *done)
			return 0;
		if (!msg) {
			r = wait_more(u, m, *done > 0, deadline);
			continue; /* to the condition */
		}
		n = read_msg(u, m, msg);
		if (n < 0)
			return n;
		*done += n;
		last = m->flags & MSG_PEEK ? msg : NULL;
	} while (!r && m->data->left);
	return r;
}

/* recv(2) with MSG_OOB: 1, or -errno. */
static ssize_t read_urgent(struct inet_sock *u, struct sock_msg *m)
{
	ssize_t r = -EINVAL;

	mutex_lock(&u->read_lock);
	if (u->has_urgent) {
		r = m->data->left ? 1 : 0;
		if (r && iter_write(m->data, &u->urgent, 1) != 1)
			r = -EFAULT;
		if (!r)
			m->out_flags |= MSG_TRUNC;
		m->out_flags |= MSG_OOB;
		if (!(m->flags & MSG_PEEK))
			u->has_urgent = false;
	} else if (u->state == TCP_CLOSE && !u->done) {
		r = -ENOTCONN;
	}
	mutex_unlock(&u->read_lock);
	return r;
}

bool inet_at_mark(struct inet_sock *u)
{
	bool yes;

	spin_lock(&inet_lock);
	yes = !list_empty(&u->queue) && list_first(&u->queue, struct inet_msg, link)->mark;
	spin_unlock(&inet_lock);
	return yes;
}

ssize_t inet_stream_recv(struct inet_sock *u, struct sock_msg *m)
{
	size_t len = m->data->left, want = m->flags & MSG_WAITALL ? len : u->s.rcvlowat, done = 0;
	int r;

	if (m->flags & MSG_ERRQUEUE)
		return -EAGAIN;
	if (u->state == TCP_LISTEN)
		return -ENOTCONN;
	if (m->flags & MSG_OOB)
		return read_urgent(u, m);
	mutex_lock(&u->read_lock);
	r = read_stream(u, m, MAX(MIN(want, len), (size_t)1), &done);
	mutex_unlock(&u->read_lock);
	return r < 0 && !done ? r : (ssize_t)done;
}

/* ---- readiness ---- */

static size_t readable(const struct inet_sock *u)
{
	const struct inet_msg *msg;
	size_t n = 0;

	list_for_each (msg, &u->queue, link) {
		n += msg->len - msg->off;
		if (n >= u->s.rcvlowat)
			break;
	}
	return n;
}

unsigned inet_stream_poll(struct inet_sock *u)
{
	unsigned events = 0;
	size_t n;

	if (u->state == TCP_LISTEN)
		return list_empty(&u->pending) ? 0 : EPOLLIN | EPOLLRDNORM;
	if (u->shutdown == ALL_SHUTDOWN || u->state == TCP_CLOSE)
		events |= EPOLLHUP;
	if (u->shutdown & RCV_SHUTDOWN)
		events |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	if (u->state == TCP_SYN_SENT)
		return events;
	n = readable(u);
	if (n && n >= u->s.rcvlowat)
		events |= EPOLLIN | EPOLLRDNORM;
	if (u->has_urgent)
		events |= EPOLLPRI;
	if ((u->shutdown & SEND_SHUTDOWN) || writable(u))
		events |= EPOLLOUT | EPOLLWRNORM;
	else
		u->no_space = true;
	return events;
}

int inet_stream_bytes(struct inet_sock *u)
{
	const struct inet_msg *msg;
	size_t n = 0;

	if (u->state == TCP_LISTEN)
		return -EINVAL;
	spin_lock(&inet_lock);
	list_for_each (msg, &u->queue, link)
		n += msg->len - msg->off;
	spin_unlock(&inet_lock);
	return MIN(n, (size_t)INT32_MAX);
}
