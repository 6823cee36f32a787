/* SPDX-License-Identifier: MIT */
/*
 * Byte streams of AF_UNIX. A write becomes one or more messages, whose borders show only where open
 * files or the sender's identity are attached: a read stops there.
 */
#include "kernel/string.h"
#include "net/unix.h"

#define CHUNK_MAX 32768u

/* ---- sending ---- */

/* Hand msg to the other end: 0 or -EPIPE. */
static int deliver(struct unix_sock *u, struct unix_msg *msg)
{
	struct unix_sock *other;
	int r = 0;

	spin_lock(&unix_lock);
	other = u->peer;
	if (!other || other->dead || (other->shutdown & RCV_SHUTDOWN)) {
		r = -EPIPE;
	} else {
		unix_add_cred(msg, other);
		list_add_tail(&msg->link, &other->queue);
		unix_wake(other);
	}
	spin_unlock(&unix_lock);
	if (r)
		unix_msg_free(msg);
	return r;
}

static ssize_t send_all(struct unix_sock *u, struct sock_msg *m, struct scm *scm)
{
	size_t chunk = MIN(u->s.sndbuf / 2 - 64, CHUNK_MAX);
	ssize_t done = 0;
	int r = 0;

	while (m->data->left && !r) {
		size_t n = MIN(m->data->left, chunk);
		struct unix_msg *msg;

		r = READ_ONCE(u->shutdown) & SEND_SHUTDOWN ? -EPIPE : 0;
		if (!r)
			r = unix_msg_new(u, m, n, scm, &msg);
		if (!r)
			r = deliver(u, msg);
		if (!r)
			done += n;
	}
	return done ? done : r;
}

ssize_t unix_stream_send(struct unix_sock *u, struct sock_msg *m)
{
	struct scm scm;
	ssize_t r = scm_parse(m, &scm);

	if (r)
		return r;
	if (m->flags & MSG_OOB)
		r = -EOPNOTSUPP;
	else if (m->name)
		r = u->state == UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	else if (!u->peer)
		r = -ENOTCONN;
	else if (u->shutdown & SEND_SHUTDOWN)
		r = -EPIPE;
	else
		r = send_all(u, m, &scm);
	scm_files_put(scm.files);
	return r;
}

/* ---- receiving ---- */

/* One receive. */
struct reading {
	size_t done, target;
	uint64_t deadline;
	struct scm scm;	       /* of what was read: files, and the sender once known */
	bool known;	       /* scm.cred is that of all bytes read */
	bool owns_files;       /* not those of a message that stays */
	struct unix_msg *last; /* of a peek: the last message looked at */
};

static bool readable_or_end(const struct unix_sock *u)
{
	return !list_empty(&u->queue) || READ_ONCE(u->s.error) ||
	       (READ_ONCE(u->shutdown) & RCV_SHUTDOWN);
}

/* The next message to read, or NULL. It stays, because read_lock is held. */
static struct unix_msg *next_msg(struct unix_sock *u, const struct reading *rd)
{
	struct list *at;

	spin_lock(&unix_lock);
	at = rd->last ? rd->last->link.next : u->queue.next;
	spin_unlock(&unix_lock);
	return at == &u->queue ? NULL : list_entry(at, struct unix_msg, link);
}

/* Until there is more: 0, 1 (this is the end) or -errno. Locks: read_lock, released meanwhile. */
static int wait_more(struct unix_sock *u, struct sock_msg *m, struct reading *rd)
{
	int r;

	if (rd->done >= rd->target)
		return 1;
	r = socket_take_error(&u->s);
	if (r)
		return r;
	if (u->shutdown & RCV_SHUTDOWN)
		return 1;
	if (m->flags & MSG_DONTWAIT)
		return -EAGAIN;
	mutex_unlock(&u->read_lock);
	r = wait_until(&u->s.wq, readable_or_end(u), rd->deadline);
	mutex_lock(&u->read_lock);
	return socket_wait_error(r, u->s.rcvtimeo_ns);
}

static bool same_sender(const struct scm *a, const struct scm *b)
{
	return a->has_cred == b->has_cred && memcmp(&a->cred, &b->cred, sizeof(a->cred)) == 0;
}

/* Note who sent msg; false: somebody else than what was read before, so the read ends. */
static bool note_sender(struct unix_sock *u, struct sock_msg *m, struct reading *rd,
			const struct unix_msg *msg)
{
	if (rd->known && !same_sender(&rd->scm, &msg->scm))
		return false;
	if (!rd->known && (u->s.options & SOCKOPT_PASSCRED)) {
		rd->scm.cred = msg->scm.cred;
		rd->scm.has_cred = msg->scm.has_cred;
		rd->known = true;
	}
	if (m->name && !m->name_len && msg->from->addr)
		m->name_len = unix_copy_addr(msg->from, m->name);
	return true;
}

/* n bytes of msg were read: true if the read may go on behind it. */
static bool consume(struct unix_sock *u, struct reading *rd, struct unix_msg *msg, size_t n)
{
	if (msg->scm.files) {
		rd->scm.files = unix_msg_take_files(msg);
		rd->owns_files = true;
	}
	msg->off += n;
	if (msg->off < msg->len)
		return false;
	spin_lock(&unix_lock);
	list_del(&msg->link);
	spin_unlock(&unix_lock);
	unix_msg_free(msg);
	return !rd->scm.files;
}

/* Read of one message: 0, 1 (this is the end) or -EFAULT. */
static int read_msg(struct unix_sock *u, struct sock_msg *m, struct reading *rd,
		    struct unix_msg *msg)
{
	size_t n = MIN(msg->len - msg->off, m->data->left);

	if (!note_sender(u, m, rd, msg))
		return 1;
	if (iter_write(m->data, msg->data + msg->off, n) != n)
		return rd->done ? 1 : -EFAULT;
	rd->done += n;
	if (!(m->flags & MSG_PEEK))
		return !consume(u, rd, msg, n);
	rd->scm.files = msg->scm.files;
	rd->last = msg;
	return rd->scm.files || !m->data->left;
}

static int read_stream(struct unix_sock *u, struct sock_msg *m, struct reading *rd)
{
	int r;

	do {
		struct unix_msg *msg = next_msg(u, rd);

		if (!msg && rd->last)
			return 0;
		r = msg ? read_msg(u, m, rd, msg) : wait_more(u, m, rd);
	} while (!r && (m->data->left || !rd->done));
	return r;
}

ssize_t unix_stream_recv(struct unix_sock *u, struct sock_msg *m)
{
	size_t len = m->data->left, want = m->flags & MSG_WAITALL ? len : u->s.rcvlowat;
	struct reading rd = {
	    .target = MAX(MIN(want, len), (size_t)1),
	    .deadline = socket_deadline(u->s.rcvtimeo_ns, m->flags & MSG_DONTWAIT),
	};
	int r;

	if (u->state != UNIX_CONNECTED || (m->flags & MSG_OOB))
		return -EINVAL;
	mutex_lock(&u->read_lock);
	r = read_stream(u, m, &rd);
	scm_deliver(&u->s, m, &rd.scm);
	mutex_unlock(&u->read_lock);
	if (rd.owns_files)
		scm_files_put(rd.scm.files);
	return r < 0 && !rd.done ? r : (ssize_t)rd.done;
}
