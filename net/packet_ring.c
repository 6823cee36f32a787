/* SPDX-License-Identifier: MIT */
/*
 * Rings of frames that the program maps: PACKET_RX_RING of packet(7), in the three formats of
 * linux/if_packet.h. In TPACKET_V1 and V2 a frame has a slot of fixed size; in V3 a block is filled
 * with frames and handed over when it is full, or some time after the first. Who owns a slot or
 * block, its status says; it is written last.
 *
 * The program may write anywhere in the ring: nothing but the status is read from it, and that only
 * to see whether the place is ours again.
 */
#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/page.h"
#include "kernel/string.h"
#include "kernel/timer.h"
#include "kernel/uaccess.h"
#include "net/packet.h"

#define V3_ALIGN(n)	  ALIGN_UP((uint32_t)(n), 8u)
#define BLOCK_HEADER	  V3_ALIGN(sizeof(struct tpacket_block_desc))
#define DEFAULT_RETIRE_MS 8
#define RING_MAX	  (256ul << 20) /* bytes of memory: more is a mistake here */

struct packet_ring {
	struct packet_sock *p;
	unsigned version;
	uint32_t block_size, n_blocks, frame_size, frames_per_block, n_frames;
	uint32_t header; /* of a frame, with the address */
	uint32_t head;	 /* the next slot, or (V3) the block being filled */
	unsigned block_order;
	/* V3 */
	uint32_t private; /* bytes of the program's behind each block's header */
	uint32_t fill;	  /* of the block: bytes used; 0: it is not ours */
	uint32_t last;	  /* where its last frame begins, and when that came: */
	uint64_t last_ns;
	uint32_t n_packets; /* in it */
	uint64_t sequence, retire_ns;
	unsigned frozen; /* how often there was no block */
	struct timer timer;
	char *block[];
};

static struct tpacket_block_desc *block_of(struct packet_ring *r, uint32_t i)
{
	return (struct tpacket_block_desc *)r->block[i];
}

static char *slot_of(struct packet_ring *r, uint32_t i)
{
	return r->block[i / r->frames_per_block] + i % r->frames_per_block * r->frame_size;
}

/* ---- who owns a place ---- */

static uint32_t slot_status(struct packet_ring *r, uint32_t i)
{
	if (r->version == TPACKET_V3)
		return __atomic_load_n(&block_of(r, i)->hdr.bh1.block_status, __ATOMIC_ACQUIRE);
	if (r->version == TPACKET_V2)
		return __atomic_load_n(&((struct tpacket2_hdr *)slot_of(r, i))->tp_status,
				       __ATOMIC_ACQUIRE);
	return (uint32_t)__atomic_load_n(&((struct tpacket_hdr *)slot_of(r, i))->tp_status,
					 __ATOMIC_ACQUIRE);
}

static uint32_t places(const struct packet_ring *r)
{
	return r->version == TPACKET_V3 ? r->n_blocks : r->n_frames;
}

/* Has the program something to read: is the place before the next one its? */
bool packet_ring_readable(struct packet_ring *r)
{
	uint32_t n = places(r);

	return slot_status(r, (r->head + n - 1) % n) != TP_STATUS_KERNEL;
}

/* ---- frames ---- */

/* Where in its place a frame goes. */
struct layout {
	uint32_t mac, net, len;
};

static struct layout lay_out(const struct packet_ring *r, const struct netbuf *b, uint32_t len,
			     uint32_t room)
{
	struct layout l = {.len = len};

	if (r->p->s.type == SOCK_DGRAM) {
		l.mac = l.net = TPACKET_ALIGN(r->header) + 16 + r->p->reserve;
	} else {
		l.net = TPACKET_ALIGN(r->header + 16) + r->p->reserve;
		l.mac = l.net - ETH_HEADER;
	}
	if (l.mac >= room) {
		l.mac = room;
		l.len = 0;
	} else if (l.mac + len > room) {
		l.len = room - l.mac;
	}
	return l;
}

static void put_address(char *at, uint32_t header, const struct netbuf *b)
{
	packet_address(b, b->kind,
		       (struct sockaddr_ll *)(at + header - sizeof(struct sockaddr_ll)));
}

static void put_slot(struct packet_ring *r, char *at, const struct netbuf *b, uint32_t len)
{
	struct layout l = lay_out(r, b, len, r->frame_size);
	uint32_t whole = b->len - (uint32_t)packet_start(r->p, b), status = packet_status(b);

	netbuf_read(b, packet_start(r->p, b), at + l.mac, l.len);
	put_address(at, r->header, b);
	if (r->p->drops)
		status |= TP_STATUS_LOSING;
	if (r->version == TPACKET_V2) {
		struct tpacket2_hdr *h = (void *)at;

		*h = (struct tpacket2_hdr){.tp_len = whole,
					   .tp_snaplen = l.len,
					   .tp_mac = (uint16_t)l.mac,
					   .tp_net = (uint16_t)l.net,
					   .tp_sec = (uint32_t)(b->stamp_ns / NSEC_PER_SEC),
					   .tp_nsec = (uint32_t)(b->stamp_ns % NSEC_PER_SEC)};
		__atomic_store_n(&h->tp_status, status, __ATOMIC_RELEASE);
	} else {
		struct tpacket_hdr *h = (void *)at;

		*h = (struct tpacket_hdr){
		    .tp_len = whole,
		    .tp_snaplen = l.len,
		    .tp_mac = (uint16_t)l.mac,
		    .tp_net = (uint16_t)l.net,
		    .tp_sec = (uint32_t)(b->stamp_ns / NSEC_PER_SEC),
		    .tp_usec = (uint32_t)(b->stamp_ns % NSEC_PER_SEC / NSEC_PER_USEC)};
		__atomic_store_n(&h->tp_status, status, __ATOMIC_RELEASE);
	}
}

/* ---- blocks ---- */

/* Begin to fill the block at the head. False: the program has not given it back. */
static bool open_block(struct packet_ring *r)
{
	struct tpacket_block_desc *d = block_of(r, r->head);
	uint64_t now = clock_real_ns();

	if (slot_status(r, r->head) != TP_STATUS_KERNEL)
		return false;
	r->fill = BLOCK_HEADER + V3_ALIGN(r->private);
	r->n_packets = 0;
	d->version = TPACKET_V3;
	d->offset_to_priv = BLOCK_HEADER;
	d->hdr.bh1 = (struct tpacket_hdr_v1){
	    .offset_to_first_pkt = r->fill,
	    .seq_num = ++r->sequence,
	    .ts_first_pkt = {.ts_sec = (uint32_t)(now / NSEC_PER_SEC),
			     .ts_nsec = (uint32_t)(now % NSEC_PER_SEC)},
	};
	return true;
}

/* Hand the block over; why: TP_STATUS_BLK_TMO or 0. */
static void close_block(struct packet_ring *r, uint32_t why)
{
	struct tpacket_block_desc *d = block_of(r, r->head);
	struct tpacket3_hdr *last = (void *)(r->block[r->head] + r->last);

	last->tp_next_offset = 0;
	d->hdr.bh1.num_pkts = r->n_packets;
	d->hdr.bh1.blk_len = r->fill;
	d->hdr.bh1.ts_last_pkt.ts_sec = (uint32_t)(r->last_ns / NSEC_PER_SEC);
	d->hdr.bh1.ts_last_pkt.ts_nsec = (uint32_t)(r->last_ns % NSEC_PER_SEC);
	if (r->p->drops)
		why |= TP_STATUS_LOSING;
	__atomic_store_n(&d->hdr.bh1.block_status, TP_STATUS_USER | why, __ATOMIC_RELEASE);
	r->head = (r->head + 1) % r->n_blocks;
	r->fill = 0;
	timer_disarm(&r->timer);
	wait_wake_all(&r->p->s.wq);
}

/* The program is not to wait for a block to be full. */
static void retire(struct timer *t)
{
	struct packet_ring *r = container_of(t, struct packet_ring, timer);

	if (r->fill && r->n_packets)
		close_block(r, TP_STATUS_BLK_TMO);
}

static void put_packet(struct packet_ring *r, const struct netbuf *b, const struct layout *l,
		       uint32_t size)
{
	char *at = r->block[r->head] + r->fill;

	netbuf_read(b, packet_start(r->p, b), at + l->mac, l->len);
	put_address(at, r->header, b);
	*(struct tpacket3_hdr *)at =
	    (struct tpacket3_hdr){.tp_next_offset = size,
				  .tp_len = b->len - (uint32_t)packet_start(r->p, b),
				  .tp_snaplen = l->len,
				  .tp_mac = (uint16_t)l->mac,
				  .tp_net = (uint16_t)l->net,
				  .tp_sec = (uint32_t)(b->stamp_ns / NSEC_PER_SEC),
				  .tp_nsec = (uint32_t)(b->stamp_ns % NSEC_PER_SEC),
				  .tp_status = packet_status(b)};
	r->last = r->fill;
	r->last_ns = b->stamp_ns;
	r->fill += size;
	if (!r->n_packets++)
		timer_arm(&r->timer, clock_mono_ns() + r->retire_ns);
}

static bool put_in_block(struct packet_ring *r, const struct netbuf *b, uint32_t len)
{
	uint32_t most = r->block_size - BLOCK_HEADER - V3_ALIGN(r->private);
	struct layout l = lay_out(r, b, len, most);
	uint32_t size = V3_ALIGN(l.mac + l.len);

	if (r->fill && r->fill + size > r->block_size)
		close_block(r, 0);
	if (!r->fill && !open_block(r)) {
		r->frozen++;
		return false;
	}
	put_packet(r, b, &l, size);
	return true;
}

bool packet_ring_put(struct packet_ring *r, const struct netbuf *b, uint32_t len)
{
	if (r->header + r->p->reserve > UINT16_MAX - 64) /* more than tp_net can say */
		return false;
	if (r->version == TPACKET_V3)
		return put_in_block(r, b, len);
	if (slot_status(r, r->head) != TP_STATUS_KERNEL)
		return false;
	put_slot(r, slot_of(r, r->head), b, len);
	r->head = (r->head + 1) % r->n_frames;
	wait_wake_all(&r->p->s.wq);
	return true;
}

unsigned packet_ring_frozen(struct packet_ring *r)
{
	unsigned n = r->frozen;

	r->frozen = 0;
	return n;
}

/* ---- making and taking away ---- */

unsigned packet_header_size(unsigned version)
{
	return version == TPACKET_V1   ? sizeof(struct tpacket_hdr)
	       : version == TPACKET_V2 ? sizeof(struct tpacket2_hdr)
	       : version == TPACKET_V3 ? sizeof(struct tpacket3_hdr)
				       : 0;
}

void packet_ring_free(struct packet_ring *r)
{
	if (!r)
		return;
	timer_disarm(&r->timer);
	for (uint32_t i = 0; i < r->n_blocks && r->block[i]; i++)
		for (uint32_t k = 0; k < 1u << r->block_order; k++)
			page_put(virt_to_page(r->block[i] + k * PAGE_SIZE));
	kfree(r);
}

static int check(const struct packet_sock *p, const struct tpacket_req3 *q)
{
	uint32_t least =
	    TPACKET_ALIGN(packet_header_size(p->version)) + sizeof(struct sockaddr_ll) + p->reserve;
	uint64_t per_block;

	if (!q->tp_block_nr)
		return q->tp_frame_nr ? -EINVAL : 0;
	if ((int)q->tp_block_size <= 0 || q->tp_block_size % PAGE_SIZE)
		return -EINVAL;
	if (p->version == TPACKET_V3 &&
	    (q->tp_sizeof_priv >= q->tp_block_size ||
	     (uint64_t)BLOCK_HEADER + V3_ALIGN(q->tp_sizeof_priv) + least > q->tp_block_size))
		return -EINVAL;
	if (q->tp_frame_size < least || q->tp_frame_size % TPACKET_ALIGNMENT)
		return -EINVAL;
	per_block = q->tp_block_size / q->tp_frame_size;
	if (!per_block || per_block * q->tp_block_nr != q->tp_frame_nr)
		return -EINVAL;
	return (uint64_t)q->tp_block_size * q->tp_block_nr > RING_MAX ? -ENOMEM : 0;
}

static int allocate(struct packet_ring *r)
{
	while (PAGE_SIZE << r->block_order < r->block_size)
		r->block_order++;
	for (uint32_t i = 0; i < r->n_blocks; i++) {
		struct page *page = page_alloc(r->block_order, PAGE_ZEROED);

		if (!page)
			return -ENOMEM;
		page_split(page);
		r->block[i] = page_to_virt(page);
	}
	return 0;
}

int packet_ring_make(struct packet_sock *p, const struct tpacket_req3 *q, struct packet_ring **out)
{
	struct packet_ring *r;
	int err = check(p, q);

	*out = NULL;
	if (err || !q->tp_block_nr)
		return err;
	r = kzalloc(sizeof(*r) + q->tp_block_nr * sizeof(r->block[0]));
	if (!r)
		return -ENOMEM;
	r->p = p;
	r->version = p->version;
	r->block_size = q->tp_block_size;
	r->n_blocks = q->tp_block_nr;
	r->frame_size = q->tp_frame_size;
	r->frames_per_block = q->tp_block_size / q->tp_frame_size;
	r->n_frames = q->tp_frame_nr;
	r->header = TPACKET_ALIGN(packet_header_size(p->version)) + sizeof(struct sockaddr_ll);
	if (r->version == TPACKET_V3) {
		r->private = q->tp_sizeof_priv;
		r->retire_ns = (q->tp_retire_blk_tov ? q->tp_retire_blk_tov : DEFAULT_RETIRE_MS) *
			       1000 * NSEC_PER_USEC;
	}
	timer_init(&r->timer, retire);
	err = allocate(r);
	if (err) {
		packet_ring_free(r);
		return err;
	}
	*out = r;
	return 0;
}

int packet_map_page(struct socket *s, uint64_t index, struct page **out)
{
	struct packet_ring *r = packet_sock(s)->ring;
	uint64_t per_block = r ? r->block_size / PAGE_SIZE : 1;

	if (!r || index / per_block >= r->n_blocks)
		return -ENODATA;
	*out = page_get(virt_to_page(r->block[index / per_block] + index % per_block * PAGE_SIZE));
	return 0;
}
