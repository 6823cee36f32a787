/* SPDX-License-Identifier: MIT */
/*
 * Connections of AF_UNIX: a connect makes the other end itself and queues it at the listener, so it
 * is complete before anybody accepts it.
 */
#include "net/unix.h"

static bool is_full(const struct unix_sock *u)
{
	return u->n_queued > u->backlog;
}

int unix_listen(struct socket *s, unsigned backlog)
{
	struct unix_sock *u = unix_sock(s);
	int r = 0;

	if (!unix_connected_type(u))
		return -EOPNOTSUPP;
	spin_lock(&unix_lock);
	if (!u->addr || u->state == UNIX_CONNECTED) {
		r = -EINVAL;
	} else {
		u->backlog = backlog;
		u->state = UNIX_LISTENING;
		u->s.listening = true;
		u->s.peer = socket_current_cred(true);
		wait_wake_all(&u->room_wq);
	}
	spin_unlock(&unix_lock);
	return r;
}

static bool may_accept(const struct unix_sock *u)
{
	return !list_empty(&u->pending) || READ_ONCE(u->shutdown) || READ_ONCE(u->s.error);
}

/* Take a connection: 0 with *out NULL if there is none. Locks: takes unix_lock. */
static int take_pending(struct unix_sock *u, struct unix_sock **out)
{
	struct unix_sock *c = NULL;
	int r = 0;

	spin_lock(&unix_lock);
	if (u->state != UNIX_LISTENING) {
		r = -EINVAL;
	} else if (!list_empty(&u->pending)) {
		c = list_first(&u->pending, struct unix_sock, pending_link);
		list_del(&c->pending_link);
		u->n_queued--;
		wait_wake_all(&u->room_wq);
	} else if (u->shutdown & RCV_SHUTDOWN) {
		r = -EINVAL;
	}
	spin_unlock(&unix_lock);
	*out = c;
	return r;
}

int unix_accept(struct socket *s, bool nonblock, struct socket **out)
{
	struct unix_sock *u = unix_sock(s), *c;
	uint64_t deadline = socket_deadline(s->rcvtimeo_ns, nonblock);
	int r;

	if (!unix_connected_type(u))
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

/* u and its new other end c, which appears at `listener`. Locks: unix_lock. */
static void join(struct unix_sock *u, struct unix_sock *c, struct unix_sock *listener)
{
	c->peer = unix_get(u);
	u->peer = unix_get(c);
	c->state = u->state = UNIX_CONNECTED;
	c->s.peer = socket_current_cred(true);
	u->s.peer = listener->s.peer;
	c->addr = listener->addr;
	__atomic_add_fetch(&c->addr->refs, 1, __ATOMIC_RELAXED);
	c->s.options |= listener->s.options & SOCKOPT_PASSCRED;
	list_add_tail(&c->pending_link, &listener->pending);
	listener->n_queued++;
	unix_wake(listener);
}

/* May u become connected? Locks: unix_lock. */
static int check_state(const struct unix_sock *u)
{
	if (u->state == UNIX_CONNECTED)
		return -EISCONN;
	return u->state == UNIX_LISTENING ? -EINVAL : 0;
}

static bool can_try(const struct unix_sock *l)
{
	return !is_full(l) || READ_ONCE(l->state) != UNIX_LISTENING || READ_ONCE(l->shutdown);
}

enum { TRY_AGAIN = 1 };

/* One attempt: 0, -errno, or TRY_AGAIN when the listener's queue is full. */
static int try_join(struct unix_sock *u, struct unix_sock *c, struct unix_sock *listener)
{
	int r;

	spin_lock(&unix_lock);
	if (listener->state != UNIX_LISTENING || (listener->shutdown & RCV_SHUTDOWN))
		r = -ECONNREFUSED;
	else if (is_full(listener))
		r = TRY_AGAIN;
	else
		r = check_state(u);
	if (!r)
		join(u, c, listener);
	spin_unlock(&unix_lock);
	return r;
}

static int connect_to(struct unix_sock *u, struct unix_sock *c, const struct sockaddr_any *a,
		      unsigned len, bool nonblock)
{
	uint64_t deadline = socket_deadline(u->s.sndtimeo_ns, nonblock);
	struct unix_sock *listener;
	int r;

	do {
		r = unix_find(a, len, u->s.type, &listener);
		if (r)
			return r;
		r = try_join(u, c, listener);
		if (r == TRY_AGAIN) {
			r = nonblock ? -EAGAIN
				     : wait_until(&listener->room_wq, can_try(listener), deadline);
			r = r ? socket_wait_error(r, u->s.sndtimeo_ns) : TRY_AGAIN;
		}
		unix_put(listener);
	} while (r == TRY_AGAIN);
	return r;
}

/* 0, -EINVAL, -ECONNREFUSED, -EPROTOTYPE, -EISCONN, -EAGAIN, or what finding the name gives. */
int unix_connect_stream(struct unix_sock *u, const struct sockaddr_any *a, unsigned len,
			bool nonblock)
{
	struct unix_sock *c;
	int r = unix_check_addr(a, len);

	if (!r && (u->s.options & SOCKOPT_PASSCRED))
		r = unix_autobind(u);
	if (!r)
		r = unix_new(u->s.type, &c);
	if (r)
		return r;
	r = connect_to(u, c, a, len, nonblock);
	if (r)
		unix_put(c);
	return r;
}

/* socketpair(2) */
int unix_pair(struct socket *a, struct socket *b)
{
	struct unix_sock *ua = unix_sock(a), *ub = unix_sock(b);

	spin_lock(&unix_lock);
	ua->peer = unix_get(ub);
	ub->peer = unix_get(ua);
	ua->state = ub->state = UNIX_CONNECTED;
	a->peer = b->peer = socket_current_cred(true);
	if (a->type == SOCK_DGRAM) {
		list_add_tail(&ua->client_link, &ub->clients);
		list_add_tail(&ub->client_link, &ua->clients);
	}
	spin_unlock(&unix_lock);
	return 0;
}
