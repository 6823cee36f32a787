/* SPDX-License-Identifier: MIT */
/* Frames and their ways (net/netdev.h). */
#include "net/netdev.h"

#include "kernel/abi/errno.h"
#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/page.h"
#include "kernel/string.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>

void (*netdev_tap)(struct netbuf *b);
void (*netdev_input)(struct netbuf *b);
void (*netdev_down)(struct netif *n);

/* ---- frames ---- */

struct netbuf *netbuf_new(size_t len, unsigned more)
{
	size_t pieces_at = ALIGN_UP(sizeof(struct netbuf), 16ul);
	size_t data_at = pieces_at + (1 + more) * sizeof(struct netbuf_piece);
	struct netbuf *b = kmalloc(data_at + len);

	if (!b)
		return NULL;
	*b = (struct netbuf){.refs = 1, .len = (uint32_t)len, .n_pieces = len ? 1 : 0};
	list_init(&b->link);
	b->piece = (void *)((char *)b + pieces_at);
	b->piece[0] = (struct netbuf_piece){.data = (char *)b + data_at, .len = (uint32_t)len};
	return b;
}

struct netbuf *netbuf_get(struct netbuf *b)
{
	__atomic_add_fetch(&b->refs, 1, __ATOMIC_RELAXED);
	return b;
}

void netbuf_put(struct netbuf *b)
{
	if (!b || __atomic_sub_fetch(&b->refs, 1, __ATOMIC_ACQ_REL))
		return;
	if (b->done)
		b->done(b);
	for (unsigned i = 0; i < b->n_pieces; i++)
		if (b->piece[i].page)
			page_put(b->piece[i].page);
	kfree(b);
}

void netbuf_add_page(struct netbuf *b, struct page *page, void *data, uint32_t len)
{
	b->piece[b->n_pieces++] = (struct netbuf_piece){.data = data, .page = page, .len = len};
	b->len += len;
}

/* Where byte `from` is, and how many follow it there; NULL: behind the end. */
static void *at(const struct netbuf *b, size_t from, size_t *n)
{
	for (unsigned i = 0; i < b->n_pieces; i++) {
		const struct netbuf_piece *p = &b->piece[i];

		if (from < p->len) {
			*n = p->len - from;
			return (char *)p->data + from;
		}
		from -= p->len;
	}
	return NULL;
}

size_t netbuf_read(const struct netbuf *b, size_t from, void *to, size_t n)
{
	size_t done = 0, part;
	const void *data;

	while (done < n && (data = at(b, from + done, &part))) {
		part = MIN(part, n - done);
		memcpy((char *)to + done, data, part);
		done += part;
	}
	return done;
}

size_t netbuf_to_iter(const struct netbuf *b, size_t from, size_t n, struct iter *to)
{
	size_t done = 0, part, got;
	const void *data;

	while (done < n && (data = at(b, from + done, &part))) {
		part = MIN(part, n - done);
		got = iter_write(to, data, part);
		done += got;
		if (got < part)
			break;
	}
	return done;
}

size_t netbuf_charge(const struct netbuf *b)
{
	size_t n = sizeof(*b);

	for (unsigned i = 0; i < b->n_pieces; i++)
		n += b->piece[i].page ? PAGE_SIZE : b->piece[i].len;
	return n;
}

/* ---- sending ---- */

/* What the header says of the protocol: eth(4) of old, with lengths, is 802.3 or 802.2. */
static uint16_t protocol_of(const struct netbuf *b)
{
	const struct ethhdr *h = b->piece[0].data;
	uint16_t inside = 0;

	if (__builtin_bswap16(h->h_proto) >= ETH_P_802_3_MIN)
		return h->h_proto;
	netbuf_read(b, ETH_HEADER, &inside, sizeof(inside));
	return __builtin_bswap16(inside == 0xffff ? ETH_P_802_3 : ETH_P_802_2);
}

int netdev_send(struct netif *n, struct netbuf *b, bool more)
{
	if (!(n->flags & IFF_UP)) {
		netbuf_put(b);
		return -ENETDOWN;
	}
	b->netif = n;
	if (!b->protocol)
		b->protocol = protocol_of(b);
	if (netdev_tap) {
		b->kind = PACKET_OUTGOING;
		b->stamp_ns = clock_real_ns();
		netdev_tap(b);
	}
	return n->ops->send(n, b, more);
}

/* ---- receiving ---- */

static uint8_t kind_of(const struct netif *n, const uint8_t *to)
{
	if (!(to[0] & 1))
		return memcmp(to, n->mac, sizeof(n->mac)) ? PACKET_OTHERHOST : PACKET_HOST;
	return memcmp(to, n->broadcast, sizeof(n->broadcast)) ? PACKET_MULTICAST : PACKET_BROADCAST;
}

/* Frames to other machines are none of ours, unless somebody wants to see everything. */
void netdev_receive(struct netif *n, struct netbuf *b)
{
	const struct ethhdr *h = b->piece[0].data;

	b->netif = n;
	b->kind = kind_of(n, h->h_dest);
	if (!(n->flags & IFF_UP) ||
	    (b->kind == PACKET_OTHERHOST && !n->promisc && !(n->flags & IFF_LOOPBACK))) {
		netbuf_put(b);
		return;
	}
	b->protocol = protocol_of(b);
	n->stats.rx_packets++;
	n->stats.rx_bytes += b->len;
	if (b->kind == PACKET_MULTICAST)
		n->stats.multicast++;
	if (netdev_tap) {
		b->stamp_ns = clock_real_ns();
		netdev_tap(b);
	}
	if (netdev_input && b->kind != PACKET_OTHERHOST)
		netdev_input(b);
	netbuf_put(b);
}
