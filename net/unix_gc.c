/* SPDX-License-Identifier: MIT */
/*
 * Messages of AF_UNIX sockets, and the open files they carry (net/unix.h).
 *
 * A socket whose descriptor was sent may be held by nothing but messages, even by one in its own
 * queue: then nobody can ever read that, and reference counts alone would keep both. unix_gc()
 * finds such: sockets all of whose references come from messages in queues of such sockets.
 *
 * Freeing a message may close a socket, which frees messages, and so on for as long a chain as a
 * program cares to build: they go through one list, so that the stack does not grow.
 */
#include "kernel/heap.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "net/unix.h"

#define MSG_OVERHEAD 576u /* charged for each message: what Linux takes for one */

static struct list inflight = LIST_INIT(inflight); /* sockets carried by messages (unix_lock) */
static unsigned n_files;			   /* all files carried (unix_lock) */
static struct list doomed = LIST_INIT(doomed);	   /* messages to be freed (unix_lock) */
static bool freeing, collecting;		   /* (unix_lock) */

static struct unix_sock *carried_socket(const struct file *f)
{
	struct socket *s = socket_of(f);

	return s && s->family == AF_UNIX ? unix_sock(s) : NULL;
}

/* Count the files of a message that starts (by 1) or ends (by -1) to carry them. */
static void count_files(const struct scm_files *files, int by)
{
	spin_lock(&unix_lock);
	for (unsigned i = 0; i < files->n; i++) {
		struct unix_sock *u = carried_socket(files->file[i]);

		n_files += by;
		if (!u)
			continue;
		if (u->inflight == 0)
			list_add_tail(&u->inflight_link, &inflight);
		u->inflight += by;
		if (u->inflight == 0)
			list_del(&u->inflight_link);
	}
	spin_unlock(&unix_lock);
}

/* ---- messages ---- */

/* May more files be on their way? The limit is that of open files, as on Linux. */
static bool may_carry(void)
{
	return n_files <= current_process()->limits[RLIMIT_NOFILE].rlim_cur ||
	       capable(CAP_SYS_RESOURCE) || capable(CAP_SYS_ADMIN);
}

static bool room_or_end(const struct unix_sock *u)
{
	return READ_ONCE(u->wmem) < u->s.sndbuf || READ_ONCE(u->s.error) ||
	       (READ_ONCE(u->shutdown) & SEND_SHUTDOWN);
}

/* Until the send buffer has room. */
static int wait_wmem(struct unix_sock *u, bool nonblock)
{
	uint64_t deadline = socket_deadline(u->s.sndtimeo_ns, nonblock);
	int r;

	for (;;) {
		r = socket_take_error(&u->s);
		if (r)
			return r;
		if (READ_ONCE(u->shutdown) & SEND_SHUTDOWN)
			return -EPIPE;
		if (READ_ONCE(u->wmem) < u->s.sndbuf)
			return 0;
		if (nonblock)
			return -EAGAIN;
		r = wait_until(&u->s.wq, room_or_end(u), deadline);
		if (r)
			return socket_wait_error(r, u->s.sndtimeo_ns);
	}
}

int unix_msg_new(struct unix_sock *u, struct sock_msg *m, size_t n, struct scm *scm,
		 struct unix_msg **out)
{
	struct unix_msg *msg;
	int r;

	if (scm->files && !may_carry())
		unix_gc();
	if (scm->files && !may_carry())
		return -ETOOMANYREFS;
	r = wait_wmem(u, m->flags & MSG_DONTWAIT);
	if (r)
		return r;
	msg = kmalloc(sizeof(*msg) + n);
	if (!msg)
		return -ENOBUFS;
	if (iter_read(m->data, msg->data, n) != n) {
		kfree(msg);
		return -EFAULT;
	}
	list_init(&msg->link);
	msg->from = unix_get(u);
	msg->len = n;
	msg->off = 0;
	msg->charge = n + MSG_OVERHEAD;
	msg->scm = *scm;
	if (scm->files)
		count_files(scm->files, 1);
	scm->files = NULL;
	spin_lock(&unix_lock);
	u->wmem += msg->charge;
	spin_unlock(&unix_lock);
	*out = msg;
	return 0;
}

void unix_add_cred(struct unix_msg *msg, const struct unix_sock *other)
{
	unsigned wanted = msg->from->s.options | other->s.options;

	if (msg->scm.has_cred || (!(wanted & SOCKOPT_PASSCRED) && other->s.file))
		return;
	msg->scm.cred = socket_current_cred(false);
	msg->scm.has_cred = true;
}

struct scm_files *unix_msg_take_files(struct unix_msg *msg)
{
	struct scm_files *files = msg->scm.files;

	msg->scm.files = NULL;
	if (files)
		count_files(files, -1);
	return files;
}

static void free_one(struct unix_msg *msg)
{
	struct unix_sock *u = msg->from;

	spin_lock(&unix_lock);
	u->wmem -= msg->charge;
	if (unix_writable(u))
		unix_wake(u);
	spin_unlock(&unix_lock);
	scm_files_put(unix_msg_take_files(msg));
	kfree(msg);
	unix_put(u);
}

void unix_msgs_free(struct list *msgs)
{
	struct unix_msg *msg, *next;
	bool others;

	spin_lock(&unix_lock);
	list_for_each_safe (msg, next, msgs, link) {
		list_del(&msg->link);
		list_add_tail(&msg->link, &doomed);
	}
	others = freeing; /* they, our callers perhaps, will find these too */
	freeing = true;
	while (!others && !list_empty(&doomed)) {
		msg = list_first(&doomed, struct unix_msg, link);
		list_del(&msg->link);
		spin_unlock(&unix_lock);
		free_one(msg);
		spin_lock(&unix_lock);
	}
	if (!others)
		freeing = false;
	spin_unlock(&unix_lock);
}

void unix_msg_free(struct unix_msg *msg)
{
	struct list one = LIST_INIT(one);

	if (!msg->scm.files) { /* the usual one: it holds nothing that could go on */
		free_one(msg);
		return;
	}
	list_add_tail(&msg->link, &one);
	unix_msgs_free(&one);
}

/* ---- collecting ---- */

/* Call fn for every carried socket that a message in u's queue, or in one of a connection that
 * waits to be accepted there, holds. Locks: unix_lock. */
static void for_each_held(struct unix_sock *u, void (*fn)(struct unix_sock *held))
{
	struct unix_sock *pending;
	struct unix_msg *msg;

	list_for_each (msg, &u->queue, link)
		for (unsigned i = 0; msg->scm.files && i < msg->scm.files->n; i++) {
			struct unix_sock *held = carried_socket(msg->scm.files->file[i]);

			if (held)
				fn(held);
		}
	list_for_each (pending, &u->pending, pending_link)
		for_each_held(pending, fn); /* one level: it cannot listen itself */
}

static void drop_ref(struct unix_sock *u)
{
	u->gc_refs--;
}

static struct list reached = LIST_INIT(reached); /* live ones to be looked into (unix_lock) */

static void revive(struct unix_sock *u)
{
	if (u->gc_live)
		return;
	u->gc_live = true;
	list_add_tail(&u->gc_link, &reached);
}

/* Whoever has a reference from elsewhere is live, and whoever is held by a live socket's queue.
 * Locks: unix_lock. */
static void mark_live(void)
{
	struct unix_sock *u;

	list_for_each (u, &inflight, inflight_link) {
		u->gc_refs = u->s.file->refs;
		u->gc_live = false;
	}
	list_for_each (u, &inflight, inflight_link)
		for_each_held(u, drop_ref);
	list_for_each (u, &inflight, inflight_link)
		if (u->gc_refs)
			revive(u);
	while (!list_empty(&reached)) {
		u = list_first(&reached, struct unix_sock, gc_link);
		list_del(&u->gc_link);
		for_each_held(u, revive);
	}
}

/* Move u's messages to msgs. Locks: unix_lock. */
static void empty_queue(struct unix_sock *u, struct list *msgs)
{
	struct unix_sock *pending;

	while (!list_empty(&u->queue)) {
		struct unix_msg *msg = list_first(&u->queue, struct unix_msg, link);

		list_del(&msg->link);
		list_add_tail(&msg->link, msgs);
	}
	list_for_each (pending, &u->pending, pending_link)
		empty_queue(pending, msgs);
}

void unix_gc(void)
{
	struct list msgs = LIST_INIT(msgs);
	struct unix_sock *u;

	spin_lock(&unix_lock);
	if (list_empty(&inflight) || collecting) {
		spin_unlock(&unix_lock);
		return;
	}
	collecting = true;
	mark_live();
	list_for_each (u, &inflight, inflight_link)
		if (!u->gc_live)
			empty_queue(u, &msgs);
	spin_unlock(&unix_lock);
	unix_msgs_free(&msgs);
	spin_lock(&unix_lock);
	collecting = false;
	spin_unlock(&unix_lock);
}
