/* SPDX-License-Identifier: MIT */
/* Options of packet sockets: SOL_PACKET of packet(7). */
#include "kernel/heap.h"
#include "kernel/string.h"
#include "kernel/uaccess.h"
#include "net/packet.h"

/* What a socket has joined, until it leaves or is closed. */
struct packet_member {
	struct list link;
	struct packet_mreq to;
	unsigned count;
};

/* ---- membership ---- */

/* Devices here show all multicast frames, so that only what makes them show more has an effect. */
static void take_effect(const struct packet_mreq *to, int by)
{
	struct netif *n = netif_by_index(to->mr_ifindex);

	if (to->mr_type == PACKET_MR_PROMISC)
		n->promisc += (unsigned)by;
	else if (to->mr_type == PACKET_MR_ALLMULTI)
		n->allmulti += (unsigned)by;
}

static struct packet_member *find(struct packet_sock *p, const struct packet_mreq *to)
{
	struct packet_member *m;

	list_for_each (m, &p->members, link)
		if (m->to.mr_ifindex == to->mr_ifindex && m->to.mr_type == to->mr_type &&
		    m->to.mr_alen == to->mr_alen &&
		    !memcmp(m->to.mr_address, to->mr_address, to->mr_alen))
			return m;
	return NULL;
}

static int join(struct packet_sock *p, const struct packet_mreq *to)
{
	struct packet_member *m;

	if (!netif_by_index(to->mr_ifindex))
		return -ENODEV;
	if (to->mr_alen > ETH_ALEN)
		return -EINVAL;
	m = find(p, to);
	if (!m) {
		m = kmalloc(sizeof(*m));
		if (!m)
			return -ENOBUFS;
		*m = (struct packet_member){.to = *to};
		list_add_tail(&m->link, &p->members);
		take_effect(to, 1);
	}
	m->count++;
	return 0;
}

static void leave(struct packet_member *m)
{
	take_effect(&m->to, -1);
	list_del(&m->link);
	kfree(m);
}

void packet_leave_all(struct packet_sock *p)
{
	while (!list_empty(&p->members))
		leave(list_first(&p->members, struct packet_member, link));
}

static int set_membership(struct packet_sock *p, int opt, uaddr_t val, unsigned len)
{
	struct packet_mreq to = {0};
	struct packet_member *m;

	if (len < sizeof(to))
		return -EINVAL;
	if (get_user(&to, val))
		return -EFAULT;
	if (opt == PACKET_ADD_MEMBERSHIP)
		return join(p, &to);
	if (to.mr_alen > ETH_ALEN)
		return 0; /* nobody can have joined it */
	m = find(p, &to);
	if (m && --m->count == 0)
		leave(m);
	return 0;
}

/* ---- numbers ---- */

/* The two shapes of the request differ in what follows the first four numbers. */
static int set_ring(struct packet_sock *p, uaddr_t val, unsigned len)
{
	unsigned size =
	    p->version == TPACKET_V3 ? sizeof(struct tpacket_req3) : sizeof(struct tpacket_req);
	struct tpacket_req3 q = {0};
	struct packet_ring *ring;
	int r;

	if (len < size)
		return -EINVAL;
	if (copy_from_user(&q, val, size))
		return -EFAULT;
	if (p->ring && q.tp_block_nr)
		return -EBUSY;
	r = packet_ring_make(p, &q, &ring);
	if (r)
		return r;
	packet_ring_free(p->ring);
	p->ring = ring;
	packet_purge(p);
	return 0;
}

static int set_number(struct packet_sock *p, int opt, unsigned value)
{
	switch (opt) {
	case PACKET_AUXDATA:
		p->auxdata = value;
		return 0;
	case PACKET_VERSION:
		if (value > TPACKET_V3)
			return -EINVAL;
		if (p->ring)
			return -EBUSY;
		p->version = value;
		return 0;
	case PACKET_RESERVE:
		if (value > INT32_MAX)
			return -EINVAL;
		if (p->ring)
			return -EBUSY;
		p->reserve = value;
		return 0;
	case PACKET_IGNORE_OUTGOING:
		if (value > 1)
			return -EINVAL;
		p->ignore_outgoing = value;
		return 0;
	}
	return -ENOPROTOOPT;
}

int packet_setopt(struct socket *s, int level, int opt, uaddr_t val, unsigned len)
{
	struct packet_sock *p = packet_sock(s);
	unsigned value;

	if (level != SOL_PACKET)
		return -ENOPROTOOPT;
	if (opt == PACKET_ADD_MEMBERSHIP || opt == PACKET_DROP_MEMBERSHIP)
		return set_membership(p, opt, val, len);
	if (opt == PACKET_RX_RING)
		return set_ring(p, val, len);
	if (len < sizeof(value))
		return -EINVAL;
	if (get_user(&value, val))
		return -EFAULT;
	return set_number(p, opt, value);
}

/* ---- asking ---- */

/* Asking starts the count anew. */
static int get_statistics(struct packet_sock *p, uaddr_t val, uaddr_t ulen)
{
	bool v3 = p->version == TPACKET_V3;
	struct tpacket_stats_v3 st = {.tp_packets = p->seen, .tp_drops = p->drops};

	if (v3 && p->ring)
		st.tp_freeze_q_cnt = packet_ring_frozen(p->ring);
	p->seen = p->drops = 0;
	return socket_store_opt(&st, v3 ? sizeof(st) : sizeof(struct tpacket_stats), val, ulen);
}

int packet_getopt(struct socket *s, int level, int opt, uaddr_t val, uaddr_t ulen)
{
	struct packet_sock *p = packet_sock(s);
	int len, value;

	if (level != SOL_PACKET)
		return -ENOPROTOOPT;
	if (get_user(&len, ulen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	switch (opt) {
	case PACKET_STATISTICS:
		return get_statistics(p, val, ulen);
	case PACKET_AUXDATA:
		value = p->auxdata;
		break;
	case PACKET_VERSION:
		value = (int)p->version;
		break;
	case PACKET_RESERVE:
		value = (int)p->reserve;
		break;
	case PACKET_HDRLEN: /* of the version that is asked about */
		if (len < (int)sizeof(value))
			return -EINVAL;
		if (get_user(&value, val))
			return -EFAULT;
		value = (int)packet_header_size((unsigned)value);
		if (!value)
			return -EINVAL;
		break;
	case PACKET_IGNORE_OUTGOING:
		value = p->ignore_outgoing;
		break;
	default:
		return -ENOPROTOOPT;
	}
	return socket_store_opt(&value, sizeof(value), val, ulen);
}
