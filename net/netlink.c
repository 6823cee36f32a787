/* SPDX-License-Identifier: MIT */
/*
 * Netlink sockets (net/netlink.h). A program talks to the kernel only: what it sends is answered at
 * once into its own queue. NETLINK_ROUTE answers, and tells its groups what changes;
 * NETLINK_KOBJECT_UEVENT may be listened to, and nothing ever happens there.
 *
 * Locks: netlink_lock, a spin lock, guards queues and port numbers.
 */
#include "net/netlink.h"
#include "kernel/heap.h"
#include "kernel/poll.h"
#include "kernel/random.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"

#include <linux/eventpoll.h>

#define SOL_NETLINK 270
#define REPLY_ROOM  8192u
#define REQUEST_MAX 65536u

struct nl_sock {
	struct socket s;
	uint32_t portid, groups;
	uint32_t dst;	  /* of connect(2): only the kernel, 0, answers */
	unsigned options; /* one bit for each NETLINK_* option that is on */
	size_t queued;
	struct list queue; /* struct nl_reply */
	struct list all;
};

static struct spinlock netlink_lock = SPINLOCK_INIT;
static struct list all = LIST_INIT(all);

static struct nl_sock *nl_sock(struct socket *s)
{
	return container_of(s, struct nl_sock, s);
}

static int create(int type, int protocol, struct socket **out)
{
	struct nl_sock *n;

	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	if (protocol != NETLINK_ROUTE && protocol != NETLINK_KOBJECT_UEVENT)
		return -EPROTONOSUPPORT;
	n = kzalloc(sizeof(*n));
	if (!n)
		return -ENOMEM;
	socket_init(&n->s, &netlink_ops, AF_NETLINK, type);
	n->s.protocol = protocol;
	list_init(&n->queue);
	spin_lock(&netlink_lock);
	list_add_tail(&n->all, &all);
	spin_unlock(&netlink_lock);
	*out = &n->s;
	return 0;
}

static void release(struct socket *s)
{
	struct nl_sock *n = nl_sock(s);

	spin_lock(&netlink_lock);
	list_del(&n->all);
	spin_unlock(&netlink_lock);
	while (!list_empty(&n->queue)) {
		struct nl_reply *r = list_first(&n->queue, struct nl_reply, link);

		list_del(&r->link);
		kfree(r);
	}
	kfree(n);
}

/* ---- names ---- */

/* Locks: netlink_lock. */
static bool in_use(int protocol, uint32_t portid)
{
	struct nl_sock *n;

	list_for_each (n, &all, all)
		if (n->s.protocol == protocol && n->portid == portid)
			return true;
	return false;
}

/* The wanted number, or with 0 the process's, or any: 0 or -EADDRINUSE. */
static int take_portid(struct nl_sock *n, uint32_t wanted)
{
	uint32_t id = wanted ? wanted : (uint32_t)current_process()->pid;
	int r = 0;

	spin_lock(&netlink_lock);
	while (in_use(n->s.protocol, id) && !r) {
		if (wanted)
			r = -EADDRINUSE;
		id = 0x80000000u | (uint32_t)random_u64();
	}
	if (!r)
		n->portid = id;
	spin_unlock(&netlink_lock);
	return r;
}

static int check_addr(const struct sockaddr_any *a, unsigned len)
{
	if (len < sizeof(struct sockaddr_nl))
		return -EINVAL;
	return a->family == AF_NETLINK ? 0 : -EINVAL;
}

static int bind(struct socket *s, const struct sockaddr_any *a, unsigned len)
{
	struct nl_sock *n = nl_sock(s);
	const struct sockaddr_nl *nl = (const void *)a;
	int r = check_addr(a, len);

	if (r)
		return r;
	if (n->portid && nl->nl_pid != n->portid)
		return -EINVAL;
	if (!n->portid)
		r = take_portid(n, nl->nl_pid);
	if (!r)
		n->groups = nl->nl_groups;
	return r;
}

static int connect(struct socket *s, const struct sockaddr_any *a, unsigned len, bool nonblock)
{
	struct nl_sock *n = nl_sock(s);
	const struct sockaddr_nl *nl = (const void *)a;

	if (len < sizeof(a->family))
		return -EINVAL;
	if (a->family == AF_UNSPEC) {
		n->dst = 0;
		return 0;
	}
	if (check_addr(a, len))
		return -EINVAL;
	if (nl->nl_pid || nl->nl_groups)
		return -EPERM;
	return n->portid ? 0 : take_portid(n, 0);
}

static int getname(struct socket *s, bool of_peer, struct sockaddr_any *a)
{
	struct nl_sock *n = nl_sock(s);
	struct sockaddr_nl *nl = (void *)a;

	*nl = (struct sockaddr_nl){.nl_family = AF_NETLINK};
	if (!of_peer) {
		nl->nl_pid = n->portid;
		nl->nl_groups = n->groups;
	}
	return sizeof(*nl);
}

/* ---- making messages ---- */

struct nlmsghdr *nl_begin(struct nl_out *o, unsigned type, unsigned flags, const void *header,
			  size_t n)
{
	struct nl_reply *r = o->reply;
	struct nlmsghdr *h = (void *)(r->data + r->len);

	if (r->room - r->len < NLMSG_SPACE(n)) {
		r->full = true;
		return NULL;
	}
	memset(h, 0, NLMSG_SPACE(n));
	*h = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(n),
			       .nlmsg_type = type,
			       .nlmsg_flags = flags,
			       .nlmsg_seq = o->req->nlmsg_seq,
			       .nlmsg_pid = o->portid};
	memcpy(NLMSG_DATA(h), header, n);
	r->len += NLMSG_SPACE(n);
	return h;
}

void nl_attr(struct nl_out *o, struct nlmsghdr *h, unsigned type, const void *data, size_t n)
{
	struct nl_reply *r = o->reply;
	struct rtattr *a = (void *)(r->data + r->len);

	if (!h || r->room - r->len < RTA_SPACE(n)) {
		r->full = true;
		return;
	}
	memset(a, 0, RTA_SPACE(n));
	a->rta_type = type;
	a->rta_len = RTA_LENGTH(n);
	memcpy(RTA_DATA(a), data, n);
	r->len += RTA_SPACE(n);
	h->nlmsg_len = (uint8_t *)a + RTA_ALIGN(a->rta_len) - (uint8_t *)h;
}

/* NLMSG_ERROR: what a request came to, 0 for an acknowledgement. */
static void add_status(struct nl_out *o, int error)
{
	size_t echoed = error ? o->req->nlmsg_len : sizeof(*o->req);
	struct nlmsghdr *h =
	    nl_begin(o, NLMSG_ERROR, error ? 0 : NLM_F_CAPPED, &error, sizeof(error));

	if (!h || o->reply->room - o->reply->len < NLMSG_ALIGN(echoed))
		return;
	memcpy(o->reply->data + o->reply->len, o->req, echoed);
	o->reply->len += NLMSG_ALIGN(echoed);
	h->nlmsg_len += echoed;
}

/* ---- requests ---- */

/* Queue a reply, if it says anything. */
static void deliver(struct nl_sock *n, struct nl_reply *r)
{
	if (!r->len) {
		kfree(r);
		return;
	}
	spin_lock(&netlink_lock);
	list_add_tail(&r->link, &n->queue);
	n->queued += r->len;
	wait_wake_all(&n->s.wq);
	spin_unlock(&netlink_lock);
}

static struct nl_reply *reply_new(size_t room)
{
	struct nl_reply *r = kmalloc(sizeof(*r) + room);

	if (!r)
		return NULL;
	list_init(&r->link);
	r->group = 0;
	r->len = 0;
	r->room = room;
	r->full = false;
	return r;
}

/* Queue what o has, and let it have room for more: 0 or -ENOBUFS. */
static int next_datagram(struct nl_sock *n, struct nl_out *o)
{
	if (o->reply)
		deliver(n, o->reply);
	o->reply = reply_new(REPLY_ROOM + o->req->nlmsg_len);
	return o->reply ? 0 : -ENOBUFS;
}

/* One request: a datagram with what it asks for, and one with how that ended. */
static int answer(struct nl_sock *n, const struct nlmsghdr *req)
{
	struct nl_out o = {.req = req, .portid = n->portid};
	bool known = (req->nlmsg_flags & NLM_F_REQUEST) && req->nlmsg_type >= NLMSG_MIN_TYPE;
	bool dump = known && (req->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	int error = 0, r = next_datagram(n, &o);

	if (!r && known)
		error = n->s.protocol == NETLINK_ROUTE ? rtnetlink_request(&o, req) : -EOPNOTSUPP;
	if (!r && o.reply->full)
		error = -EMSGSIZE;
	if (!r && o.reply->len)
		r = next_datagram(n, &o);
	if (r)
		return r;
	if (!error && dump)
		nl_begin(&o, NLMSG_DONE, NLM_F_MULTI, &error, sizeof(error));
	else if (error || (req->nlmsg_flags & NLM_F_ACK))
		add_status(&o, error);
	deliver(n, o.reply);
	return 0;
}

static int answer_all(struct nl_sock *n, const uint8_t *data, size_t len)
{
	while (len >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *req = (const void *)data;
		size_t step;
		int r;

		if (req->nlmsg_len < sizeof(*req) || req->nlmsg_len > len)
			return 0;
		r = answer(n, req);
		if (r)
			return r;
		step = MIN(NLMSG_ALIGN(req->nlmsg_len), len);
		data += step;
		len -= step;
	}
	return 0;
}

/* ---- events ---- */

static bool listens(const struct nl_sock *n, unsigned group)
{
	return n->s.protocol == NETLINK_ROUTE && (n->groups & 1u << (group - 1));
}

bool nl_event_begin(struct nl_out *o, unsigned group)
{
	static const struct nlmsghdr nobody;
	struct nl_sock *n;
	bool any = false;

	spin_lock(&netlink_lock);
	list_for_each (n, &all, all)
		any |= listens(n, group);
	spin_unlock(&netlink_lock);
	*o = (struct nl_out){.req = &nobody, .reply = any ? reply_new(REPLY_ROOM) : NULL};
	if (o->reply)
		o->reply->group = group;
	return o->reply;
}

/* Locks: netlink_lock. */
static void queue_copy(struct nl_sock *n, const struct nl_reply *r)
{
	struct nl_reply *copy = NULL;

	if (n->queued < n->s.rcvbuf)
		copy = kmemdup(r, sizeof(*r) + r->len);
	if (copy) {
		list_add_tail(&copy->link, &n->queue);
		n->queued += copy->len;
	} else if (!(n->options & 1u << NETLINK_NO_ENOBUFS)) {
		n->s.error = ENOBUFS;
	}
	wait_wake_all(&n->s.wq);
}

void nl_event_send(struct nl_out *o)
{
	struct nl_sock *n;

	spin_lock(&netlink_lock);
	list_for_each (n, &all, all)
		if (listens(n, o->reply->group))
			queue_copy(n, o->reply);
	spin_unlock(&netlink_lock);
	kfree(o->reply);
}

static ssize_t send(struct socket *s, struct sock_msg *m)
{
	struct nl_sock *n = nl_sock(s);
	const struct sockaddr_nl *to = (const void *)m->name;
	size_t len = m->data->left;
	uint8_t *data;
	int r = 0;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (m->name)
		r = check_addr(m->name, m->name_len);
	if (!r && m->name && (to->nl_pid || to->nl_groups))
		r = capable(CAP_NET_ADMIN) ? -ECONNREFUSED : -EPERM;
	if (!r && !n->portid)
		r = take_portid(n, 0);
	if (!r && len > MIN(s->sndbuf - 32, REQUEST_MAX))
		r = -EMSGSIZE;
	if (r)
		return r;
	data = kmalloc(len);
	if (!data)
		return -ENOBUFS;
	r = iter_read(m->data, data, len) == len ? 0 : -EFAULT;
	if (!r && s->protocol == NETLINK_KOBJECT_UEVENT)
		r = -ECONNREFUSED; /* nobody listens in the kernel */
	if (!r)
		r = answer_all(n, data, len);
	kfree(data);
	return r ? r : (ssize_t)len;
}

/* ---- receiving ---- */

static struct nl_reply *take(struct nl_sock *n, bool peek)
{
	struct nl_reply *r = NULL;

	spin_lock(&netlink_lock);
	if (!list_empty(&n->queue)) {
		r = list_first(&n->queue, struct nl_reply, link);
		if (!peek) {
			list_del(&r->link);
			n->queued -= r->len;
		}
	}
	spin_unlock(&netlink_lock);
	return r;
}

static ssize_t recv(struct socket *s, struct sock_msg *m)
{
	struct nl_sock *n = nl_sock(s);
	uint64_t deadline = socket_deadline(s->rcvtimeo_ns, m->flags & MSG_DONTWAIT);
	bool peek = m->flags & MSG_PEEK;
	struct nl_reply *r;
	size_t len, whole;
	unsigned group;
	int err;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	while (!(r = take(n, peek))) {
		err = socket_take_error(s);
		if (err)
			return err;
		if (m->flags & MSG_DONTWAIT)
			return -EAGAIN;
		err = wait_until(&s->wq, !list_empty(&n->queue) || READ_ONCE(s->error), deadline);
		if (err)
			return socket_wait_error(err, s->rcvtimeo_ns);
	}
	whole = r->len;
	group = r->group;
	len = MIN(whole, m->data->left);
	if (len < whole)
		m->out_flags |= MSG_TRUNC;
	err = iter_write(m->data, r->data, len) == len ? 0 : -EFAULT;
	if (!peek)
		kfree(r);
	if (err)
		return err;
	if (m->name) {
		*(struct sockaddr_nl *)m->name = (struct sockaddr_nl){
		    .nl_family = AF_NETLINK, .nl_groups = group ? 1u << (group - 1) : 0};
		m->name_len = sizeof(struct sockaddr_nl);
	}
	return m->flags & MSG_TRUNC ? whole : len;
}

static unsigned poll(struct socket *s, struct poll_table *pt)
{
	struct nl_sock *n = nl_sock(s);
	unsigned events = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;

	poll_wait(pt, &s->wq);
	spin_lock(&netlink_lock);
	if (!list_empty(&n->queue))
		events |= EPOLLIN | EPOLLRDNORM;
	if (s->error)
		events |= EPOLLERR;
	spin_unlock(&netlink_lock);
	return events;
}

static int shut_down(struct socket *s, int how)
{
	return -EOPNOTSUPP;
}

/* ---- options: bits, most of which change nothing for what is answered here ---- */

static bool is_bit(int opt)
{
	switch (opt) {
	case NETLINK_PKTINFO:
	case NETLINK_BROADCAST_ERROR:
	case NETLINK_NO_ENOBUFS:
	case NETLINK_CAP_ACK:
	case NETLINK_EXT_ACK:
	case NETLINK_GET_STRICT_CHK:
		return true;
	}
	return false;
}

static int setopt(struct socket *s, int level, int opt, uaddr_t val, unsigned len)
{
	struct nl_sock *n = nl_sock(s);
	unsigned value = 0;

	if (level != SOL_NETLINK)
		return -ENOPROTOOPT;
	if (len >= sizeof(int) && get_user(&value, val))
		return -EFAULT;
	if (opt == NETLINK_ADD_MEMBERSHIP || opt == NETLINK_DROP_MEMBERSHIP) {
		if (!value || value > RTNLGRP_MAX)
			return -EINVAL;
		if (value <= 32 && opt == NETLINK_ADD_MEMBERSHIP)
			n->groups |= 1u << (value - 1);
		else if (value <= 32)
			n->groups &= ~(1u << (value - 1));
		return 0;
	}
	if (!is_bit(opt))
		return -ENOPROTOOPT;
	n->options = value ? n->options | 1u << opt : n->options & ~(1u << opt);
	return 0;
}

static int getopt(struct socket *s, int level, int opt, uaddr_t val, uaddr_t ulen)
{
	int value = !!(nl_sock(s)->options & 1u << (opt & 31)), len;

	if (level != SOL_NETLINK || !is_bit(opt))
		return -ENOPROTOOPT;
	if (get_user(&len, ulen))
		return -EFAULT;
	if (len < (int)sizeof(value))
		return -EINVAL;
	return socket_store_opt(&value, sizeof(value), val, ulen);
}

const struct socket_ops netlink_ops = {
    .create = create,
    .bind = bind,
    .connect = connect,
    .getname = getname,
    .send = send,
    .recv = recv,
    .shutdown = shut_down,
    .poll = poll,
    .setopt = setopt,
    .getopt = getopt,
    .release = release,
};
