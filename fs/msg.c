/* SPDX-License-Identifier: MIT */
/*
 * System V message queues. A message goes straight to the receiver that waits longest for its kind,
 * if there is one, else onto the queue. Senders wait in turn: whoever makes room wakes those whose
 * message fits now, and they try again.
 *
 * Locks: table.lock for everything.
 */
#include "fs/msg.h"

#include "fs/ipc.h"
#include "fs/seq.h"
#include "kernel/heap.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/wait.h"

struct queue {
	struct ipc_perm_info perm;
	struct list messages;
	struct list receivers, senders; /* of struct receiver, struct sender: oldest first */
	unsigned long bytes, n, max_bytes;
	int64_t stime, rtime, ctime; /* seconds */
	int send_pid, receive_pid;
};

enum match { ANY, EQUAL, NOT_EQUAL, LOWEST, NUMBER };

struct receiver {
	struct list link;
	enum match match;
	long type;   /* or, for NUMBER, how many are before it */
	size_t size; /* largest message it takes */
	int tid;     /* Linux tells the thread of one that waited */
	bool done;
	int status;	 /* when done */
	struct msg *msg; /* when done and status is 0 */
	struct wait_queue wq;
};

struct sender {
	struct list link;
	size_t size;
	bool done; /* there is room; or status */
	int status;
	struct wait_queue wq;
};

int msg_max = MSGMAX, msg_queue_max = MSGMNB, msg_most = MSGMNI;
static struct ipc_table table = IPC_TABLE_INIT(msg_most);
static int all_bytes, all_messages; /* in all queues */

static struct queue *queue_of(struct ipc_perm_info *p)
{
	return container_of(p, struct queue, perm);
}

/* ---- who waits ---- */

static void finish_receiver(struct receiver *r, int status)
{
	list_del(&r->link);
	r->status = status;
	r->done = true;
	wait_wake_all(&r->wq);
}

static void finish_sender(struct sender *s, int status)
{
	list_del(&s->link);
	s->status = status;
	s->done = true;
	wait_wake_all(&s->wq);
}

static bool fits(const struct queue *q, size_t size)
{
	return q->bytes + size <= q->max_bytes && q->n + 1 <= q->max_bytes;
}

/* There may be room now. */
static void wake_senders(struct queue *q)
{
	struct sender *s, *next;

	list_for_each_safe (s, next, &q->senders, link)
		if (fits(q, s->size))
			finish_sender(s, 0);
}

/* Something has changed for everybody (0), or the queue goes (-EIDRM). */
static void wake_everybody(struct queue *q, int status)
{
	struct receiver *r, *next_r;
	struct sender *s, *next_s;

	list_for_each_safe (r, next_r, &q->receivers, link)
		finish_receiver(r, status ? status : -EAGAIN);
	list_for_each_safe (s, next_s, &q->senders, link)
		finish_sender(s, status);
}

/* ---- sending ---- */

static bool wanted(const struct receiver *r, const struct msg *m)
{
	switch (r->match) {
	case EQUAL:
		return m->type == r->type;
	case NOT_EQUAL:
		return m->type != r->type;
	case LOWEST:
		return m->type <= r->type;
	default:
		return true;
	}
}

/* Give it to who waits for it. One whose buffer is too small is told, and another asked. */
static bool deliver(struct queue *q, struct msg *m)
{
	struct receiver *r, *next;

	list_for_each_safe (r, next, &q->receivers, link) {
		if (!wanted(r, m))
			continue;
		if (r->size < m->size) {
			finish_receiver(r, -E2BIG);
			continue;
		}
		q->receive_pid = r->tid;
		q->rtime = ipc_now();
		r->msg = m;
		finish_receiver(r, 0);
		return true;
	}
	return false;
}

static void put(struct queue *q, struct msg *m)
{
	q->send_pid = current_process()->pid;
	q->stime = ipc_now();
	if (deliver(q, m))
		return;
	list_add_tail(&m->link, &q->messages);
	q->bytes += m->size;
	q->n++;
	all_bytes += (int)m->size;
	all_messages++;
}

/* 0, 1: wait (queued), or -errno. Lock held. */
static int try_send(int id, struct msg *m, unsigned flags, struct sender *s)
{
	struct ipc_perm_info *p;
	int r = ipc_use(&table, id, 0222, &p);
	struct queue *q;

	if (r)
		return r;
	q = queue_of(p);
	if (fits(q, m->size)) {
		put(q, m);
		return 0;
	}
	if (flags & IPC_NOWAIT)
		return -EAGAIN;
	*s = (struct sender){.size = m->size};
	list_add_tail(&s->link, &q->senders);
	return 1;
}

int msg_send(int id, struct msg *m, unsigned flags)
{
	bool waited = false;
	struct sender s;
	int r, slept;

	for (;;) {
		spin_lock(&table.lock);
		r = try_send(id, m, flags, &s);
		spin_unlock(&table.lock);
		if (r != 1) /* gone while it slept */
			return r == -EINVAL && waited ? -EIDRM : r;
		slept = wait_until(&s.wq, READ_ONCE(s.done), NO_DEADLINE);
		spin_lock(&table.lock);
		list_del(&s.link);
		r = s.done ? s.status : slept;
		spin_unlock(&table.lock);
		if (r)
			return r == -ERESTARTSYS ? -ERESTARTNOHAND : r;
		waited = true;
	}
}

/* ---- receiving ---- */

/* The message to take, or NULL. */
static struct msg *choose(const struct queue *q, const struct receiver *r)
{
	struct msg *m, *best = NULL;
	long before = 0;

	list_for_each (m, &q->messages, link) {
		if (!wanted(r, m) || (r->match == NUMBER && before++ != r->type))
			continue;
		if (r->match != LOWEST)
			return m;
		if (!best || m->type < best->type)
			best = m;
	}
	return best;
}

static void take(struct queue *q, struct msg *m)
{
	list_del(&m->link);
	q->n--;
	q->rtime = ipc_now();
	q->receive_pid = current_process()->pid;
	q->bytes -= m->size;
	all_bytes -= (int)m->size;
	all_messages--;
	wake_senders(q);
}

/* MSG_COPY: it stays on the queue. Nothing of it if it is too long, even with MSG_NOERROR. */
static int copy(const struct msg *m, size_t size, struct msg **out)
{
	if (m->size > size)
		return -EINVAL;
	*out = (void *)kmemdup(m, sizeof(*m) + m->size);
	return *out ? 0 : -ENOMEM;
}

/* 0, 1: wait (queued), or -errno. Lock held. */
static int try_receive(int id, struct receiver *r, size_t size, unsigned flags)
{
	struct ipc_perm_info *p;
	int error = ipc_use(&table, id, 0444, &p);
	struct msg *m;

	if (error)
		return error;
	m = choose(queue_of(p), r);
	if (m && m->size > r->size)
		return -E2BIG;
	if (m && r->match == NUMBER)
		return copy(m, size, &r->msg);
	if (m) {
		take(queue_of(p), m);
		r->msg = m;
		return 0;
	}
	if (flags & IPC_NOWAIT)
		return -ENOMSG;
	list_add_tail(&r->link, &queue_of(p)->receivers);
	return 1;
}

static void receiver_init(struct receiver *r, size_t size, long type, unsigned flags)
{
	*r = (struct receiver){.match = EQUAL, .type = type, .tid = current->tid};
	r->size = flags & MSG_NOERROR ? SIZE_MAX : size;
	if (flags & MSG_COPY) {
		r->match = NUMBER;
	} else if (type == 0) {
		r->match = ANY;
	} else if (type < 0) {
		r->match = LOWEST;
		r->type = type == INT64_MIN ? INT64_MAX : -type;
	} else if (flags & MSG_EXCEPT) {
		r->match = NOT_EQUAL;
	}
}

int msg_receive(int id, size_t size, long type, unsigned flags, struct msg **out)
{
	bool waited = false;
	struct receiver r;
	int error, slept;

	do {
		receiver_init(&r, size, type, flags);
		spin_lock(&table.lock);
		error = try_receive(id, &r, size, flags);
		spin_unlock(&table.lock);
		if (error == -EINVAL && waited)
			error = -EIDRM;
		if (error != 1)
			break;
		slept = wait_until(&r.wq, READ_ONCE(r.done), NO_DEADLINE);
		spin_lock(&table.lock);
		list_del(&r.link);
		error = r.done ? r.status : slept;
		spin_unlock(&table.lock);
		waited = true;
	} while (error == -EAGAIN); /* rights have changed: look again */
	*out = r.msg;
	return error == -ERESTARTSYS ? -ERESTARTNOHAND : error;
}

/* ---- msgget ---- */

static int make(int key, unsigned flags)
{
	struct queue *q = kzalloc(sizeof(*q));
	int r = q ? ipc_add(&table, &q->perm, key, flags) : -ENOMEM;

	if (r) {
		kfree(q);
		return r;
	}
	list_init(&q->messages);
	list_init(&q->receivers);
	list_init(&q->senders);
	q->max_bytes = (unsigned long)msg_queue_max;
	q->ctime = ipc_now();
	return q->perm.id;
}

int msg_get(int key, unsigned flags)
{
	struct ipc_perm_info *p;
	int r;

	spin_lock(&table.lock);
	r = ipc_lookup(&table, key, flags, &p);
	if (r == 0)
		r = p ? ipc_permission(p, flags) ?: p->id : make(key, flags);
	spin_unlock(&table.lock);
	return r;
}

/* ---- msgctl ---- */

int msg_stat(int id, bool by_place, bool any, struct msqid64_ds *out)
{
	struct ipc_perm_info *p;
	struct queue *q;
	int r;

	spin_lock(&table.lock);
	r = ipc_stat(&table, id, by_place, any, &p);
	if (r >= 0) {
		q = queue_of(p);
		*out = (struct msqid64_ds){.msg_stime = q->stime,
					   .msg_rtime = q->rtime,
					   .msg_ctime = q->ctime,
					   .msg_cbytes = q->bytes,
					   .msg_qnum = q->n,
					   .msg_qbytes = q->max_bytes,
					   .msg_lspid = q->send_pid,
					   .msg_lrpid = q->receive_pid};
		ipc_fill(p, &out->msg_perm);
	}
	spin_unlock(&table.lock);
	return r;
}

int msg_set(int id, const struct msqid64_ds *to)
{
	struct ipc_perm_info *p;
	int r;

	spin_lock(&table.lock);
	r = ipc_own(&table, id, &p);
	if (r == 0 && to->msg_qbytes > (unsigned long)msg_queue_max && !capable(CAP_SYS_RESOURCE))
		r = -EPERM;
	if (r == 0)
		r = ipc_change(p, &to->msg_perm);
	if (r == 0) {
		queue_of(p)->max_bytes = to->msg_qbytes;
		queue_of(p)->ctime = ipc_now();
		wake_everybody(queue_of(p), 0);
	}
	spin_unlock(&table.lock);
	return r;
}

static void destroy(struct queue *q)
{
	struct msg *m, *next;

	wake_everybody(q, -EIDRM);
	list_for_each_safe (m, next, &q->messages, link)
		kfree(m);
	all_bytes -= (int)q->bytes;
	all_messages -= (int)q->n;
	ipc_remove(&table, &q->perm);
	kfree(q);
}

int msg_remove(int id)
{
	struct ipc_perm_info *p;
	int r;

	spin_lock(&table.lock);
	r = ipc_own(&table, id, &p);
	if (r == 0)
		destroy(queue_of(p));
	spin_unlock(&table.lock);
	return r;
}

int msg_info(bool use, struct msginfo *out)
{
	int top;

	spin_lock(&table.lock);
	*out = (struct msginfo){.msgpool = use ? (int)table.count : MSGPOOL,
				.msgmap = use ? all_messages : MSGMAP,
				.msgmax = msg_max,
				.msgmnb = msg_queue_max,
				.msgmni = msg_most,
				.msgssz = MSGSSZ,
				.msgtql = use ? all_bytes : MSGTQL,
				.msgseg = MSGSEG};
	top = ipc_top(&table);
	spin_unlock(&table.lock);
	return top;
}

void msg_show(struct seq *s)
{
	struct ipc_perm_info *p;

	spin_lock(&table.lock);
	for (uint64_t at = 0; (p = ipc_next(&table, &at)) != NULL; at++) {
		const struct queue *q = queue_of(p);

		seq_printf(s,
			   "%10d %10d  %4o  %10lu %10lu %5d %5d %5u %5u %5u %5u %10ld %10ld "
			   "%10ld\n",
			   p->key, p->id, p->mode, q->bytes, q->n, q->send_pid, q->receive_pid,
			   p->uid, p->gid, p->cuid, p->cgid, (long)q->stime, (long)q->rtime,
			   (long)q->ctime);
	}
	spin_unlock(&table.lock);
}
