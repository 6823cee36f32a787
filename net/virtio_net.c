/* SPDX-License-Identifier: MIT */
/*
 * Virtio network devices (virtio 1.2, 5.1). Nothing is done before somebody asks for interfaces
 * (then the device is asked for its address), and no queue is made before the interface goes up.
 *
 * Receiving: the ring is full of pages. A small frame is copied out of its page, which goes back; a
 * larger one takes its pages along, several if the device joins segments (GUEST_TSO). Sending: as
 * many descriptors as the frame has pieces, and one for the header. Sent frames are taken back when
 * the next are sent, and once a second; only who waits for them makes the device interrupt, once
 * for many. What finds no place in the ring waits in a queue of txqlen frames.
 *
 * The device is not trusted with lengths, counts or offsets. Locks: the kernel lock.
 */
#include "kernel/abi/errno.h"
#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/random.h"
#include "kernel/string.h"
#include "kernel/timer.h"
#include "kernel/virtio.h"
#include "kernel/x86_64/apic.h"
#include "net/netdev.h"

#include <linux/virtio_net.h>

enum { RX, TX };

#define RX_BUFFERS 128u /* half a megabyte: what arrives while the CPU is elsewhere */
#define TX_SIZE	   256u
#define COPY_BELOW 512u /* a page is not worth so few bytes */
#define BATCH	   256u /* frames received before others have their turn */
#define LOOK_AGAIN NSEC_PER_SEC
#define BIT(n)	   (1ull << (n))
/* Joined segments may only come in several pages each. */
#define GUEST_TSO (BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6))

/* Offsets in the device's configuration. */
enum { CFG_MAC = 0, CFG_STATUS = 6, CFG_MTU = 10 };

struct vnet {
	struct netif n;
	struct virtio_device *dev;
	uint64_t features;
	unsigned header; /* bytes before each frame */
	bool started;
	struct virtqueue rx, tx;
	struct list backlog; /* of frames the ring had no room for */
	unsigned n_backlog;
	struct timer timer;
};

static struct vnet *vnet_of(struct netif *n)
{
	return container_of(n, struct vnet, n);
}

static bool has(const struct vnet *v, unsigned feature)
{
	return v->features & BIT(feature);
}

static uint32_t config(struct vnet *v, unsigned offset, unsigned width)
{
	return v->dev->transport->config(v->dev, offset, width);
}

/* ---- receiving ---- */

static void give_back(struct vnet *v, void *buf)
{
	vq_add(&v->rx, buf, PAGE_SIZE, true, buf);
}

static void look_again(struct vnet *v)
{
	if (!v->timer.armed)
		timer_arm(&v->timer, clock_mono_ns() + LOOK_AGAIN);
}

/* Give the device pages again, as far as there is memory. */
static void refill(struct vnet *v)
{
	while (v->rx.n_free) {
		struct page *p = page_alloc(0, 0);

		if (!p) {
			look_again(v);
			break;
		}
		give_back(v, page_to_virt(p));
	}
	vq_kick(&v->rx);
}

/* What the device says of the frame's contents, if it can be true. */
static bool take_offloads(const struct vnet *v, struct netbuf *b, const struct virtio_net_hdr_v1 *h)
{
	unsigned gso = h->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;

	if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		b->csum = CSUM_PARTIAL;
		b->csum_start = h->csum_start;
		b->csum_offset = h->csum_offset;
		if (!has(v, VIRTIO_NET_F_GUEST_CSUM) || h->csum_start < ETH_HEADER ||
		    h->csum_start + h->csum_offset + 2u > b->len)
			return false;
	} else if (h->flags & VIRTIO_NET_HDR_F_DATA_VALID) {
		b->csum = CSUM_VALID;
	}
	if (gso == VIRTIO_NET_HDR_GSO_NONE)
		return true;
	b->gso = gso == VIRTIO_NET_HDR_GSO_TCPV4 ? GSO_TCPV4 : GSO_TCPV6;
	b->gso_ecn = h->gso_type & VIRTIO_NET_HDR_GSO_ECN;
	b->gso_size = h->gso_size;
	b->gso_headers = h->hdr_len <= b->len ? h->hdr_len : 0;
	return h->gso_size && b->csum == CSUM_PARTIAL &&
	       (gso == VIRTIO_NET_HDR_GSO_TCPV4	  ? has(v, VIRTIO_NET_F_GUEST_TSO4)
		: gso == VIRTIO_NET_HDR_GSO_TCPV6 ? has(v, VIRTIO_NET_F_GUEST_TSO6)
						  : false);
}

/* A frame of n buffers, the first of which has `len` bytes of it behind the header. NULL: there is
 * no memory, or the device had not as many. All buffers are taken off the queue. */
static struct netbuf *collect(struct vnet *v, char *buf, uint32_t len, unsigned n)
{
	struct netbuf *b = NULL;

	if (n == 1 && len <= COPY_BELOW) {
		b = netbuf_new(len, 0);
		if (b)
			memcpy(b->piece[0].data, buf + v->header, len);
		give_back(v, buf);
		return b;
	}
	if (n <= NETBUF_PIECES)
		b = netbuf_new(0, NETBUF_PIECES - 1);
	if (b)
		netbuf_add_page(b, virt_to_page(buf), buf + v->header, len);
	else
		give_back(v, buf);
	while (--n && (buf = vq_pop(&v->rx, &len))) {
		if (b)
			netbuf_add_page(b, virt_to_page(buf), buf, len);
		else
			give_back(v, buf);
	}
	if (b && n) {
		netbuf_put(b);
		b = NULL;
	}
	return b;
}

/* The next frame for the upper layers; false: there is none. */
static bool receive(struct vnet *v)
{
	struct virtio_net_hdr_v1 h = {.num_buffers = 1};
	struct netbuf *b;
	uint32_t len;
	void *buf = vq_pop(&v->rx, &len);

	if (!buf)
		return false;
	memcpy(&h, buf, MIN(len, v->header)); /* the device may go on writing to its page */
	if (len < v->header + ETH_HEADER || !h.num_buffers) {
		v->n.stats.rx_length_errors++;
		give_back(v, buf);
		return true;
	}
	b = collect(v, buf, len - v->header, has(v, VIRTIO_NET_F_MRG_RXBUF) ? h.num_buffers : 1);
	if (!b) {
		v->n.stats.rx_dropped++;
	} else if (!take_offloads(v, b, &h)) {
		v->n.stats.rx_frame_errors++;
		netbuf_put(b);
	} else {
		netdev_receive(&v->n, b);
	}
	return true;
}

/* ---- sending ---- */

static void describe(struct netbuf *b, struct virtio_net_hdr_v1 *h)
{
	static const uint8_t gso[] = {
	    [GSO_NONE] = VIRTIO_NET_HDR_GSO_NONE,
	    [GSO_TCPV4] = VIRTIO_NET_HDR_GSO_TCPV4,
	    [GSO_TCPV6] = VIRTIO_NET_HDR_GSO_TCPV6,
	};

	*h = (struct virtio_net_hdr_v1){.gso_type = gso[b->gso]};
	if (b->csum == CSUM_PARTIAL) {
		h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		h->csum_start = b->csum_start;
		h->csum_offset = b->csum_offset;
	}
	if (b->gso) {
		h->gso_type |= b->gso_ecn ? VIRTIO_NET_HDR_GSO_ECN : 0;
		h->gso_size = b->gso_size;
		h->hdr_len = b->gso_headers;
	}
}

/* Into the ring, if there is room. */
static bool queue(struct vnet *v, struct netbuf *b)
{
	struct vq_buf bufs[1 + NETBUF_PIECES] = {{b->device, v->header}};

	_Static_assert(sizeof(struct virtio_net_hdr_v1) <= sizeof(b->device), "room");
	if (v->tx.n_free < 1 + b->n_pieces)
		return false;
	describe(b, (void *)b->device);
	for (unsigned i = 0; i < b->n_pieces; i++)
		bufs[1 + i] = (struct vq_buf){b->piece[i].data, b->piece[i].len};
	v->n.stats.tx_packets++;
	v->n.stats.tx_bytes += b->len;
	return vq_add_chain(&v->tx, bufs, 1 + b->n_pieces, 0, b) == 0;
}

/* Take back what was sent, and fill the ring again. */
static bool reclaim(struct vnet *v)
{
	struct netbuf *b;
	bool any = false;

	while ((b = vq_pop(&v->tx, NULL))) {
		netbuf_put(b);
		any = true;
	}
	while (!list_empty(&v->backlog)) {
		b = list_first(&v->backlog, struct netbuf, link);
		if (!queue(v, b))
			break;
		list_del(&b->link);
		v->n_backlog--;
	}
	vq_kick(&v->tx);
	return any;
}

/* While frames wait for a place, or somebody for their end, the device is to tell. */
static void reclaim_and_watch(struct vnet *v)
{
	do
		reclaim(v);
	while (vq_in_flight(&v->tx) && vq_want_late_interrupt(&v->tx));
}

static int vnet_send(struct netif *n, struct netbuf *b, bool more)
{
	struct vnet *v = vnet_of(n);

	if (v->tx.n_free < v->tx.size / 2)
		reclaim(v);
	if (list_empty(&v->backlog) && queue(v, b)) {
		if (!more)
			vq_kick(&v->tx);
	} else if (v->n_backlog < n->txqlen) {
		list_add_tail(&b->link, &v->backlog);
		v->n_backlog++;
		reclaim_and_watch(v);
	} else {
		n->stats.tx_dropped++;
		netbuf_put(b);
		return -ENOBUFS;
	}
	look_again(v);
	return 0;
}

/* ---- what the device has done ---- */

static void look_at_link(struct vnet *v)
{
	if (has(v, VIRTIO_NET_F_STATUS))
		netdev_carrier(&v->n, config(v, CFG_STATUS, 2) & VIRTIO_NET_S_LINK_UP);
}

/* Was there anything? */
static bool look(struct vnet *v)
{
	bool any = reclaim(v);
	unsigned left = BATCH;

	do {
		while (left && receive(v)) {
			left--;
			any = true;
		}
		if (any)
			refill(v);
	} while (left && (v->n.flags & IFF_UP) && vq_want_interrupt(&v->rx, true));
	if (!list_empty(&v->backlog))
		reclaim_and_watch(v);
	if (!left)
		timer_arm(&v->timer, clock_mono_ns());
	return any;
}

/* An interrupt without a cause in the queues is about the link. One with a cause may be about both:
 * asking costs as much as the interrupt, so that is done later, once for many. */
static void vnet_interrupt(void *arg)
{
	struct vnet *v = arg;

	v->dev->transport->ack(v->dev);
	if (!look(v))
		look_at_link(v);
	else
		look_again(v);
}

static void vnet_timer(struct timer *t)
{
	struct vnet *v = container_of(t, struct vnet, timer);

	look_at_link(v);
	look(v);
	if (v->n.flags & IFF_UP)
		refill(v);
	if (vq_in_flight(&v->tx))
		look_again(v);
}

static void vnet_poll(struct netif *n, bool sent)
{
	struct vnet *v = vnet_of(n);

	if (!v->started)
		return;
	look(v);
	if (sent)
		reclaim_and_watch(v);
}

/* ---- up and down ---- */

static int make_queue(struct vnet *v, unsigned index, unsigned wanted)
{
	unsigned max = v->dev->transport->queue_max(v->dev, index), size = wanted;

	while (size > max)
		size /= 2;
	if (size <= NETBUF_PIECES)
		return -ENODEV;
	return vq_init(index == TX ? &v->tx : &v->rx, v->dev, index, size, NULL);
}

static int start(struct vnet *v)
{
	int r = make_queue(v, RX, RX_BUFFERS);

	if (!r)
		r = make_queue(v, TX, TX_SIZE);
	if (!r)
		r = irq_request(v->dev->gsi, vnet_interrupt, v);
	if (r) {
		log_warn("%s does not start: error %d", v->n.name, -r);
		return r; /* the queues' memory may be known to the device: not freed */
	}
	vq_want_interrupt(&v->tx, false);
	v->dev->transport->driver_ok(v->dev);
	v->started = true;
	return 0;
}

static int vnet_open(struct netif *n)
{
	struct vnet *v = vnet_of(n);
	int r = v->started ? 0 : start(v);

	if (r)
		return r;
	look(v); /* away with what came while it was down */
	refill(v);
	look_at_link(v);
	vq_want_interrupt(&v->rx, true);
	return vq_in_flight(&v->rx) ? 0 : -ENOMEM;
}

static void vnet_close(struct netif *n)
{
	struct vnet *v = vnet_of(n);

	vq_want_interrupt(&v->rx, false);
	while (!list_empty(&v->backlog)) {
		struct netbuf *b = list_first(&v->backlog, struct netbuf, link);

		list_del(&b->link);
		netbuf_put(b);
		n->stats.tx_dropped++;
	}
	v->n_backlog = 0;
}

static const struct netdev_ops vnet_ops = {
    .open = vnet_open, .close = vnet_close, .send = vnet_send, .poll = vnet_poll};

/* ---- finding ---- */

/* A device that does not say which address it has gets one of those that anybody may use. */
static void read_config(struct vnet *v)
{
	if (has(v, VIRTIO_NET_F_MAC)) {
		uint32_t low = config(v, CFG_MAC, 4);
		uint16_t high = (uint16_t)config(v, CFG_MAC + 4, 2);

		memcpy(v->n.mac, &low, 4);
		memcpy(v->n.mac + 4, &high, 2);
	} else {
		random_bytes(v->n.mac, sizeof(v->n.mac));
		v->n.mac[0] = (v->n.mac[0] & ~1) | 2;
	}
	v->n.mtu_max = PAGE_SIZE - sizeof(struct virtio_net_hdr_v1) - ETH_HEADER;
	if (has(v, VIRTIO_NET_F_MRG_RXBUF))
		v->n.mtu_max = ETH_MAX_MTU;
	if (has(v, VIRTIO_NET_F_MTU))
		v->n.mtu_max = MIN(v->n.mtu_max, config(v, CFG_MTU, 2));
	v->n.mtu_max = MAX(v->n.mtu_max, (unsigned)ETH_MIN_MTU);
	v->n.mtu = MIN(v->n.mtu_max, (unsigned)ETH_DATA_LEN);
	v->n.carrier = true;
	look_at_link(v);
}

static int probe(struct vnet *v)
{
	const uint64_t wanted = BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_GUEST_CSUM) |
				BIT(VIRTIO_NET_F_MTU) | BIT(VIRTIO_NET_F_MAC) | GUEST_TSO |
				BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6) |
				BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_NET_F_STATUS);
	const struct virtio_transport *t = v->dev->transport;
	uint64_t f = t->features(v->dev) & (wanted | BIT(VIRTIO_F_VERSION_1));
	int r;

	if (!(f & BIT(VIRTIO_NET_F_MRG_RXBUF)) || !(f & BIT(VIRTIO_NET_F_GUEST_CSUM)))
		f &= ~GUEST_TSO;
	if (!(f & BIT(VIRTIO_NET_F_CSUM)))
		f &= ~(BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6));
	v->features = f | BIT(VIRTIO_F_EVENT_IDX);
	r = t->negotiate(v->dev, v->features);
	if (r)
		return r;
	v->header = f & (BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_NET_F_MRG_RXBUF))
			? sizeof(struct virtio_net_hdr_v1)
			: sizeof(struct virtio_net_hdr);
	v->n.offloads = (has(v, VIRTIO_NET_F_CSUM) ? NETIF_CSUM : 0) |
			(has(v, VIRTIO_NET_F_HOST_TSO4) ? NETIF_TSO4 : 0) |
			(has(v, VIRTIO_NET_F_HOST_TSO6) ? NETIF_TSO6 : 0);
	read_config(v);
	return 0;
}

void virtio_net_find(void)
{
	struct virtio_device *dev;

	for (unsigned i = 0; (dev = virtio_find(VIRTIO_ID_NET, i)); i++) {
		struct vnet *v = kzalloc(sizeof(*v));
		int r;

		if (!v)
			return;
		v->dev = dev;
		list_init(&v->backlog);
		timer_init(&v->timer, vnet_timer);
		v->n.type = ARPHRD_ETHER;
		v->n.flags = IFF_BROADCAST | IFF_MULTICAST;
		v->n.txqlen = 1000;
		v->n.ops = &vnet_ops;
		memset(v->n.broadcast, 0xff, sizeof(v->n.broadcast));
		r = probe(v);
		if (!r)
			r = netif_add(&v->n);
		if (r) {
			log_warn("a virtio-net device cannot be used: error %d", -r);
			kfree(v);
		}
	}
}
