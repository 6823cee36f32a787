/* SPDX-License-Identifier: MIT */
/* Packet sockets (net/packet.h): frames for programs, and from them. */
#include "net/packet.h"

#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/poll.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"
#include "net/sock_filter.h"

#include <linux/eventpoll.h>

/* What is charged for a frame beside its bytes, about as Linux does. */
#define OVERHEAD	    512u
#define ADDRESS_SIZE(halen) (offsetof(struct sockaddr_ll, sll_addr) + (halen))
#define KNOWN_FLAGS                                                                                \
	(MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC | MSG_ERRQUEUE | MSG_CMSG_COMPAT | MSG_CMSG_CLOEXEC)

/* A frame at one socket. */
struct packet {
	struct list link;
	struct netbuf *b;
	uint32_t len; /* bytes from packet_start() on that are kept */
	uint8_t kind; /* as it was then: what the loopback sends, it receives */
};

static struct list all = LIST_INIT(all);

/* ---- receiving frames ---- */

void packet_address(const struct netbuf *b, uint8_t kind, struct sockaddr_ll *out)
{
	const struct ethhdr *h = b->piece[0].data;

	*out = (struct sockaddr_ll){.sll_family = AF_PACKET,
				    .sll_protocol = b->protocol,
				    .sll_ifindex = b->netif->index,
				    .sll_hatype = (uint16_t)b->netif->type,
				    .sll_pkttype = kind,
				    .sll_halen = ETH_ALEN};
	memcpy(out->sll_addr, h->h_source, ETH_ALEN);
}

/* Does the socket want to see it at all? Of what is sent, only those who see everything are told.
 */
static bool concerns(const struct packet_sock *p, const struct netbuf *b)
{
	bool sent = b->kind == PACKET_OUTGOING;

	if (!p->protocol || (p->ifindex && p->ifindex != b->netif->index))
		return false;
	if (sent && (p->ignore_outgoing || b->owner == p))
		return false;
	return p->protocol == __builtin_bswap16(ETH_P_ALL) || (!sent && p->protocol == b->protocol);
}

static void keep(struct packet_sock *p, struct netbuf *b, uint32_t len)
{
	struct packet *k = NULL;

	p->seen++;
	if (p->ring) {
		p->drops += !packet_ring_put(p->ring, b, len);
		return;
	}
	if (p->queued < p->s.rcvbuf)
		k = kmalloc(sizeof(*k));
	if (!k) {
		p->drops++;
		return;
	}
	*k = (struct packet){.b = netbuf_get(b), .len = len, .kind = b->kind};
	list_add_tail(&k->link, &p->queue);
	p->queued += netbuf_charge(b) + OVERHEAD;
	wait_wake_all(&p->s.wq);
}

static void tap(struct netbuf *b)
{
	struct packet_sock *p;

	list_for_each (p, &all, all) {
		size_t start = packet_start(p, b), len = b->len - start;

		if (!concerns(p, b))
			continue;
		if (p->s.filter)
			len = MIN(len, (size_t)sock_filter_frame(p->s.filter, b, start));
		if (!len)
			continue;
		keep(p, b, (uint32_t)len);
	}
}

/* Sockets of an interface that goes down hear of it. */
static void went_down(struct netif *n)
{
	struct packet_sock *p;

	list_for_each (p, &all, all) {
		if (p->ifindex != n->index)
			continue;
		p->s.error = ENETDOWN;
		wait_wake_all(&p->s.wq);
	}
}

/* ---- life ---- */

static int create(int type, int protocol, struct socket **out)
{
	struct packet_sock *p;

	if (!capable(CAP_NET_RAW))
		return -EPERM;
	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	p = kzalloc(sizeof(*p));
	if (!p)
		return -ENOBUFS;
	socket_init(&p->s, &packet_ops, AF_PACKET, type);
	p->refs = 1;
	p->protocol = (uint16_t)protocol;
	list_init(&p->queue);
	list_init(&p->members);
	clock_real_ns(); /* asks the host the first time: where frames arrive it must not */
	list_add_tail(&p->all, &all);
	netdev_tap = tap;
	netdev_down = went_down;
	*out = &p->s;
	return 0;
}

static void put(struct packet_sock *p)
{
	if (!__atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL))
		kfree(p);
}

static void drop(struct packet_sock *p, struct packet *k)
{
	list_del(&k->link);
	p->queued -= netbuf_charge(k->b) + OVERHEAD;
	netbuf_put(k->b);
	kfree(k);
}

void packet_purge(struct packet_sock *p)
{
	while (!list_empty(&p->queue))
		drop(p, list_first(&p->queue, struct packet, link));
}

static void release(struct socket *s)
{
	struct packet_sock *p = packet_sock(s);

	list_del(&p->all);
	if (list_empty(&all))
		netdev_tap = NULL;
	packet_leave_all(p);
	packet_purge(p);
	packet_ring_free(p->ring);
	sock_filter_put(s->filter);
	put(p);
}

static int bind(struct socket *s, const struct sockaddr_any *a, unsigned len)
{
	const struct sockaddr_ll *ll = (const void *)a;
	struct packet_sock *p = packet_sock(s);
	struct netif *n = NULL;

	if (len < sizeof(*ll) || a->family != AF_PACKET)
		return -EINVAL;
	if (ll->sll_ifindex) {
		n = netif_by_index(ll->sll_ifindex);
		if (!n)
			return -ENODEV;
	}
	p->ifindex = ll->sll_ifindex;
	if (ll->sll_protocol)
		p->protocol = ll->sll_protocol;
	if (n && !(n->flags & IFF_UP)) {
		s->error = ENETDOWN;
		wait_wake_all(&s->wq);
	}
	return 0;
}

static int getname(struct socket *s, bool of_peer, struct sockaddr_any *a)
{
	struct packet_sock *p = packet_sock(s);
	struct sockaddr_ll *ll = (void *)a;
	const struct netif *n = p->ifindex ? netif_by_index(p->ifindex) : NULL;

	if (of_peer)
		return -EOPNOTSUPP;
	*ll = (struct sockaddr_ll){
	    .sll_family = AF_PACKET, .sll_ifindex = p->ifindex, .sll_protocol = p->protocol};
	if (n) {
		ll->sll_hatype = (uint16_t)n->type;
		ll->sll_halen = ETH_ALEN;
		memcpy(ll->sll_addr, n->mac, ETH_ALEN);
	}
	return (int)ADDRESS_SIZE(ll->sll_halen);
}

static int no_connect(struct socket *s, const struct sockaddr_any *a, unsigned len, bool nonblock)
{
	return -EOPNOTSUPP;
}

static int no_shutdown(struct socket *s, int how)
{
	return -EOPNOTSUPP;
}

/* ---- sending ---- */

static void sent(struct netbuf *b)
{
	struct packet_sock *p = b->owner;

	p->in_flight -= netbuf_charge(b) + OVERHEAD;
	wait_wake_all(&p->s.wq);
	put(p);
}

static bool has_room(struct packet_sock *p, struct netif *n)
{
	if (p->in_flight < p->s.sndbuf)
		return true;
	if (n->ops->poll)
		n->ops->poll(n, true);
	return p->in_flight < p->s.sndbuf;
}

/* Where a message goes: the interface, and at a SOCK_DGRAM the header. 0 or -errno. */
static int destination(struct packet_sock *p, const struct sock_msg *m, struct netif **n,
		       struct ethhdr *h, uint16_t *protocol)
{
	const struct sockaddr_ll *to = (const void *)m->name;
	bool header = p->s.type == SOCK_DGRAM;

	if (to && (m->name_len < sizeof(*to) || m->name_len < ADDRESS_SIZE(to->sll_halen)))
		return -EINVAL;
	*protocol = to ? to->sll_protocol : p->protocol;
	*n = netif_by_index(to ? to->sll_ifindex : p->ifindex);
	if (!*n)
		return -ENXIO;
	if (!((*n)->flags & IFF_UP))
		return -ENETDOWN;
	if (header && !to && !((*n)->flags & IFF_LOOPBACK))
		return -EINVAL; /* whose address? */
	if (header) {
		memset(h, 0, sizeof(*h));
		if (to)
			memcpy(h->h_dest, to->sll_addr, ETH_ALEN);
		memcpy(h->h_source, (*n)->mac, ETH_ALEN);
		h->h_proto = *protocol;
	}
	return 0;
}

/* Longer by a tag if it has one. */
static bool too_long(const struct netif *n, const struct netbuf *b)
{
	const struct ethhdr *h = b->piece[0].data;
	unsigned most = n->mtu + ETH_HEADER;

	if (h->h_proto == __builtin_bswap16(ETH_P_8021Q))
		most += 4;
	return b->len > most;
}

static int make_frame(struct packet_sock *p, const struct netif *n, struct sock_msg *m,
		      const struct ethhdr *h, struct netbuf **out)
{
	size_t start = p->s.type == SOCK_DGRAM ? ETH_HEADER : 0, len = m->data->left;
	struct netbuf *b;
	int r = 0;

	if (start + len < ETH_HEADER)
		return -EINVAL;
	if (len > n->mtu + ETH_HEADER + 4)
		return -EMSGSIZE;
	b = netbuf_new(start + len, 0);
	if (!b)
		return -ENOBUFS;
	memcpy(b->piece[0].data, h, start);
	if (iter_read(m->data, (char *)b->piece[0].data + start, len) != len)
		r = -EFAULT;
	else if (too_long(n, b))
		r = -EMSGSIZE;
	if (r) {
		netbuf_put(b);
		return r;
	}
	*out = b;
	return 0;
}

static ssize_t send(struct socket *s, struct sock_msg *m)
{
	uint64_t deadline = socket_deadline(s->sndtimeo_ns, m->flags & MSG_DONTWAIT);
	struct packet_sock *p = packet_sock(s);
	size_t len = m->data->left;
	struct netbuf *b = NULL;
	uint16_t protocol = 0;
	struct ethhdr h;
	struct netif *n;
	int r = destination(p, m, &n, &h, &protocol);

	if (!r)
		r = socket_take_error(s);
	if (!r && !has_room(p, n))
		r = m->flags & MSG_DONTWAIT ? -EAGAIN
					    : wait_until(&s->wq, has_room(p, n), deadline);
	if (r)
		return socket_wait_error(r, s->sndtimeo_ns);
	r = make_frame(p, n, m, &h, &b);
	if (r)
		return r;
	if (protocol != __builtin_bswap16(ETH_P_ALL))
		b->protocol = protocol;
	b->done = sent;
	b->owner = p;
	p->refs++;
	p->in_flight += netbuf_charge(b) + OVERHEAD;
	r = netdev_send(n, b, false);
	return r ? r : (ssize_t)len;
}

/* ---- receiving, the program's side ---- */

static struct packet *first(struct packet_sock *p)
{
	return list_empty(&p->queue) ? NULL : list_first(&p->queue, struct packet, link);
}

uint32_t packet_status(const struct netbuf *b)
{
	if (b->csum == CSUM_PARTIAL)
		return TP_STATUS_USER | TP_STATUS_CSUMNOTREADY;
	return TP_STATUS_USER | (b->csum == CSUM_VALID ? TP_STATUS_CSUM_VALID : 0);
}

static void put_auxdata(struct packet_sock *p, struct sock_msg *m, const struct packet *k)
{
	struct tpacket_auxdata aux = {.tp_status = packet_status(k->b),
				      .tp_len = k->b->len - (uint32_t)packet_start(p, k->b),
				      .tp_snaplen = k->len,
				      .tp_net = p->s.type == SOCK_DGRAM ? 0 : ETH_HEADER};

	socket_put_control(m, SOL_PACKET, PACKET_AUXDATA, &aux, sizeof(aux));
}

/* Give the program what fits. k is a copy: the queue may change meanwhile. */
static ssize_t give(struct packet_sock *p, struct sock_msg *m, const struct packet *k)
{
	size_t n = MIN((size_t)k->len, m->data->left);

	if (n < k->len)
		m->out_flags |= MSG_TRUNC;
	if (netbuf_to_iter(k->b, packet_start(p, k->b), n, m->data) != n)
		return -EFAULT;
	p->stamp_ns = k->b->stamp_ns;
	if (m->name) {
		packet_address(k->b, k->kind, (void *)m->name);
		m->name_len = sizeof(struct sockaddr_ll);
	}
	if (p->auxdata)
		put_auxdata(p, m, k);
	return m->flags & MSG_TRUNC ? k->len : n;
}

/* Until there is a frame: 0 or -errno. */
static int wait_frame(struct packet_sock *p, unsigned flags)
{
	uint64_t deadline = socket_deadline(p->s.rcvtimeo_ns, flags & MSG_DONTWAIT);
	int r;

	for (;;) {
		r = socket_take_error(&p->s);
		if (r || first(p))
			return r;
		if (flags & MSG_DONTWAIT)
			return -EAGAIN;
		r = wait_until(&p->s.wq, first(p) || READ_ONCE(p->s.error), deadline);
		if (r)
			return socket_wait_error(r, p->s.rcvtimeo_ns);
	}
}

static ssize_t recv(struct socket *s, struct sock_msg *m)
{
	struct packet_sock *p = packet_sock(s);
	struct packet k;
	ssize_t r;

	if (m->flags & ~KNOWN_FLAGS)
		return -EINVAL;
	if (m->flags & MSG_ERRQUEUE)
		return -EAGAIN;
	r = wait_frame(p, m->flags);
	if (r)
		return r;
	k = *first(p);
	netbuf_get(k.b);
	if (!(m->flags & MSG_PEEK))
		drop(p, first(p));
	r = give(p, m, &k);
	netbuf_put(k.b);
	return r;
}

static unsigned poll(struct socket *s, struct poll_table *pt)
{
	struct packet_sock *p = packet_sock(s);
	struct netif *n = p->ifindex ? netif_by_index(p->ifindex) : NULL;
	unsigned events = 0;

	poll_wait(pt, &s->wq);
	if (n ? has_room(p, n) : p->in_flight < s->sndbuf)
		events |= EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
	if (first(p) || (p->ring && packet_ring_readable(p->ring)))
		events |= EPOLLIN | EPOLLRDNORM;
	if (s->error)
		events |= EPOLLERR;
	return events;
}

static long put_stamp(struct packet_sock *p, uaddr_t arg, unsigned part_ns)
{
	struct __kernel_timespec t = {.tv_sec = p->stamp_ns / NSEC_PER_SEC,
				      .tv_nsec = p->stamp_ns % NSEC_PER_SEC / part_ns};

	return p->stamp_ns ? put_user(arg, t) : -ENOENT;
}

static long ioctl(struct socket *s, unsigned cmd, uaddr_t arg)
{
	struct packet_sock *p = packet_sock(s);

	switch (cmd) {
	case SIOCOUTQ:
		return put_user(arg, (int)p->in_flight);
	case SIOCINQ:
		return put_user(arg, (int)(first(p) ? first(p)->len : 0));
	case SIOCGSTAMP_OLD:
		return put_stamp(p, arg, NSEC_PER_USEC);
	case SIOCGSTAMPNS_OLD:
		return put_stamp(p, arg, 1);
	}
	return -ENOTTY;
}

const struct socket_ops packet_ops = {
    .create = create,
    .bind = bind,
    .connect = no_connect,
    .getname = getname,
    .send = send,
    .recv = recv,
    .shutdown = no_shutdown,
    .poll = poll,
    .ioctl = ioctl,
    .setopt = packet_setopt,
    .getopt = packet_getopt,
    .release = release,
    .map_page = packet_map_page,
    .filters = true,
};
