/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX sockets that keep messages apart: SOCK_DGRAM, and SOCK_SEQPACKET, which sends in the same
 * way but over connections (net/unix_conn.c).
 */
#include "net/unix.h"

#define DGRAM_OVERHEAD 32u /* of the send buffer, that no message can use */

/* ---- who may send to whom ---- */

bool unix_peer_full(const struct unix_sock *u, const struct unix_sock *other)
{
	return other != u && other->peer != u && other->n_queued > other->backlog;
}

void unix_wake_senders(struct unix_sock *u)
{
	struct unix_sock *client;

	wait_wake_all(&u->room_wq);
	list_for_each (client, &u->clients, client_link)
		unix_wake(client);
}

/* A connected socket takes messages from its peer only. Locks: unix_lock. */
static bool may_send(const struct unix_sock *u, const struct unix_sock *other)
{
	return !other->peer || other->peer == u;
}

/*
 * Make other (referenced, taken over; may be NULL) the peer of u. What the old one sent is void, as
 * Linux has it, and the old one hears of it if u was its peer. Locks: takes unix_lock.
 */
static void set_peer(struct unix_sock *u, struct unix_sock *other)
{
	struct unix_sock *old;
	struct list msgs;

	list_init(&msgs);
	spin_lock(&unix_lock);
	old = u->peer;
	u->peer = other;
	list_del(&u->client_link);
	if (other)
		list_add_tail(&u->client_link, &other->clients);
	if (old && old != other) {
		list_take(&u->queue, &msgs);
		u->n_queued = 0;
		unix_wake_senders(u);
		if (!old->dead && old->peer == u) {
			old->s.error = ECONNRESET;
			unix_wake(old);
		}
	}
	u->state = other ? UNIX_CONNECTED : UNIX_UNCONNECTED;
	unix_wake(u);
	spin_unlock(&unix_lock);
	unix_msgs_free(&msgs);
	if (old)
		unix_put(old);
}

/* connect(2): the default address, and from whom to receive. AF_UNSPEC undoes it. */
int unix_connect_dgram(struct unix_sock *u, const struct sockaddr_any *a, unsigned len)
{
	struct unix_sock *other;
	int r;

	if (len < sizeof(a->family))
		return -EINVAL;
	if (a->family == AF_UNSPEC) {
		set_peer(u, NULL);
		return 0;
	}
	r = unix_check_addr(a, len);
	if (!r && (u->s.options & SOCKOPT_PASSCRED))
		r = unix_autobind(u);
	if (!r)
		r = unix_find(a, len, u->s.type, &other);
	if (r)
		return r;
	spin_lock(&unix_lock);
	if (!may_send(u, other))
		r = -EPERM;
	spin_unlock(&unix_lock);
	if (r)
		unix_put(other);
	else
		set_peer(u, other);
	return r;
}

/* ---- sending ---- */

/* To whom m goes, referenced. */
static int destination(struct unix_sock *u, struct sock_msg *m, struct unix_sock **out)
{
	if (m->name && u->s.type == SOCK_DGRAM)
		return unix_find(m->name, m->name_len, u->s.type, out);
	spin_lock(&unix_lock);
	*out = u->peer ? unix_get(u->peer) : NULL;
	spin_unlock(&unix_lock);
	return *out ? 0 : -ENOTCONN;
}

static bool can_try(const struct unix_sock *u, const struct unix_sock *other)
{
	return !unix_peer_full(u, other) || READ_ONCE(other->dead) ||
	       (READ_ONCE(other->shutdown) & RCV_SHUTDOWN);
}

enum { TRY_AGAIN = 1 };

/* One attempt: 0, -errno, or TRY_AGAIN when the queue there is full. */
static int try_deliver(struct unix_sock *u, struct unix_msg *msg, struct unix_sock *other)
{
	int r = 0;

	spin_lock(&unix_lock);
	if (other->dead)
		r = u->s.type == SOCK_SEQPACKET ? -EPIPE : -ECONNREFUSED;
	else if (u->s.type == SOCK_DGRAM && !may_send(u, other))
		r = -EPERM;
	else if (other->shutdown & RCV_SHUTDOWN)
		r = -EPIPE;
	else if (unix_peer_full(u, other))
		r = TRY_AGAIN;
	if (!r) {
		unix_add_cred(msg, other);
		list_add_tail(&msg->link, &other->queue);
		other->n_queued++;
		unix_wake(other);
	}
	spin_unlock(&unix_lock);
	return r;
}

static int deliver(struct unix_sock *u, struct sock_msg *m, struct unix_msg *msg,
		   struct unix_sock *other)
{
	bool nonblock = m->flags & MSG_DONTWAIT;
	uint64_t deadline = socket_deadline(u->s.sndtimeo_ns, nonblock);
	int r;

	while ((r = try_deliver(u, msg, other)) == TRY_AGAIN) {
		if (nonblock)
			return -EAGAIN;
		r = wait_until(&other->room_wq, can_try(u, other), deadline);
		if (r)
			return socket_wait_error(r, u->s.sndtimeo_ns);
	}
	if (r == -ECONNREFUSED && READ_ONCE(u->peer) == other)
		set_peer(u, NULL);
	return r;
}

static ssize_t send_one(struct unix_sock *u, struct sock_msg *m, struct scm *scm)
{
	size_t n = m->data->left;
	struct unix_sock *other;
	struct unix_msg *msg;
	int r;

	if (n > u->s.sndbuf - DGRAM_OVERHEAD)
		return -EMSGSIZE;
	r = unix_msg_new(u, m, n, scm, &msg);
	if (r)
		return r;
	r = destination(u, m, &other);
	if (!r) {
		r = deliver(u, m, msg, other);
		unix_put(other);
	}
	if (r)
		unix_msg_free(msg);
	return r ? r : (ssize_t)n;
}

/* What is to be said before a message is made. */
static int check_send(struct unix_sock *u, struct sock_msg *m)
{
	int r = 0;

	if (u->s.type == SOCK_SEQPACKET) {
		r = socket_take_error(&u->s);
		return !r && u->state != UNIX_CONNECTED ? -ENOTCONN : r;
	}
	if (m->name)
		r = unix_check_addr(m->name, m->name_len);
	else if (!u->peer)
		r = -ENOTCONN;
	if (!r && (u->s.options & SOCKOPT_PASSCRED))
		r = unix_autobind(u);
	return r;
}

ssize_t unix_dgram_send(struct unix_sock *u, struct sock_msg *m)
{
	struct scm scm = {0};
	ssize_t r;

	r = u->s.type == SOCK_SEQPACKET ? check_send(u, m) : 0;
	if (!r)
		r = scm_parse(m, &scm);
	if (!r && (m->flags & MSG_OOB))
		r = -EOPNOTSUPP;
	if (!r && u->s.type == SOCK_DGRAM)
		r = check_send(u, m);
	if (!r)
		r = send_one(u, m, &scm);
	scm_files_put(scm.files);
	return r;
}

/* ---- receiving ---- */

static bool readable_or_end(const struct unix_sock *u)
{
	return !list_empty(&u->queue) || READ_ONCE(u->s.error) ||
	       (READ_ONCE(u->shutdown) & RCV_SHUTDOWN);
}

/* The first message, taken off the queue unless peek. NULL: none. */
static struct unix_msg *take(struct unix_sock *u, bool peek)
{
	struct unix_msg *msg = NULL;

	spin_lock(&unix_lock);
	if (!list_empty(&u->queue)) {
		msg = list_first(&u->queue, struct unix_msg, link);
		if (!peek) {
			list_del(&msg->link);
			if (u->n_queued-- > u->backlog)
				unix_wake_senders(u);
		}
	}
	spin_unlock(&unix_lock);
	return msg;
}

/* Until there is a message: it, or 0 (nothing will come) or -errno. Locks: read_lock, released
 * meanwhile. */
static int wait_msg(struct unix_sock *u, struct sock_msg *m, struct unix_msg **out)
{
	bool nonblock = m->flags & MSG_DONTWAIT;
	uint64_t deadline = socket_deadline(u->s.rcvtimeo_ns, nonblock);
	int r;

	for (;;) {
		r = socket_take_error(&u->s);
		if (r)
			return r;
		*out = take(u, m->flags & MSG_PEEK);
		if (*out)
			return 0;
		if ((u->shutdown & RCV_SHUTDOWN) && (!nonblock || u->s.type == SOCK_SEQPACKET))
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

static ssize_t read_msg(struct unix_sock *u, struct sock_msg *m, struct unix_msg *msg)
{
	size_t n = MIN(msg->len, m->data->left);

	if (m->name && msg->from->addr)
		m->name_len = unix_copy_addr(msg->from, m->name);
	if (n < msg->len)
		m->out_flags |= MSG_TRUNC;
	if (iter_write(m->data, msg->data, n) != n)
		return -EFAULT;
	scm_deliver(&u->s, m, &msg->scm);
	return m->flags & MSG_TRUNC ? msg->len : n;
}

ssize_t unix_dgram_recv(struct unix_sock *u, struct sock_msg *m)
{
	struct unix_msg *msg = NULL;
	ssize_t r;

	if (u->s.type == SOCK_SEQPACKET && u->state != UNIX_CONNECTED)
		return -ENOTCONN;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	mutex_lock(&u->read_lock);
	r = wait_msg(u, m, &msg);
	if (!r && msg)
		r = read_msg(u, m, msg);
	mutex_unlock(&u->read_lock);
	if (msg && !(m->flags & MSG_PEEK))
		unix_msg_free(msg);
	return r;
}
