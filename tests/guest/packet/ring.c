/* SPDX-License-Identifier: MIT */
/* setsockopt(2) of PACKET_RX_RING, mmap(2), poll(2): frames through memory shared with the kernel.
 */
#include "tests/guest/packet/packet.h"

#include <sys/mman.h>

enum { BLOCK = 16384, BLOCKS = 4, SLOT = 2048, SLOTS = BLOCK / SLOT * BLOCKS };

static int in, out;

static int set(int opt, int value)
{
	return setsockopt(in, SOL_PACKET, opt, &value, sizeof(value));
}

static int header_size(int version)
{
	socklen_t len = sizeof(version);

	return getsockopt(in, SOL_PACKET, PACKET_HDRLEN, &version, &len) ? -errno : version;
}

static void send_one(unsigned seed, size_t n)
{
	uint8_t frame[3000];

	if (send(out, make_frame(frame, n, PROTOCOL, seed), n, 0) != (ssize_t)n)
		diag("cannot send");
}

static bool is_frame(const uint8_t *got, unsigned seed, size_t n)
{
	uint8_t frame[3000];

	return !memcmp(got, make_frame(frame, n, PROTOCOL, seed), n);
}

static void test_refused(void)
{
	struct tpacket_req q = {BLOCK, BLOCKS, SLOT, SLOTS};

	is(header_size(TPACKET_V1), sizeof(struct tpacket_hdr));
	is(header_size(TPACKET_V2), sizeof(struct tpacket2_hdr));
	is(header_size(TPACKET_V3), sizeof(struct tpacket3_hdr));
	is(header_size(9), -EINVAL);
	fails(set(PACKET_VERSION, 9), EINVAL);
	is(set(PACKET_VERSION, TPACKET_V2), 0);
	fails(setsockopt(in, SOL_PACKET, PACKET_RX_RING, &q, sizeof(q) - 1), EINVAL);
	q.tp_frame_nr++;
	fails(setsockopt(in, SOL_PACKET, PACKET_RX_RING, &q, sizeof(q)), EINVAL);
	q = (struct tpacket_req){BLOCK + 1, BLOCKS, SLOT, SLOTS};
	fails(setsockopt(in, SOL_PACKET, PACKET_RX_RING, &q, sizeof(q)), EINVAL);
	q = (struct tpacket_req){BLOCK, BLOCKS, SLOT + 8, SLOTS};
	fails(setsockopt(in, SOL_PACKET, PACKET_RX_RING, &q, sizeof(q)), EINVAL);
	q = (struct tpacket_req){BLOCK, BLOCKS, 32, BLOCK / 32 * BLOCKS};
	fails(setsockopt(in, SOL_PACKET, PACKET_RX_RING, &q, sizeof(q)), EINVAL);
	q = (struct tpacket_req){0, 0, 0, 1};
	fails(setsockopt(in, SOL_PACKET, PACKET_RX_RING, &q, sizeof(q)), EINVAL);
}

static void test_v2(void)
{
	struct tpacket_req q = {BLOCK, BLOCKS, SLOT, SLOTS};
	struct sockaddr_ll *from;
	struct tpacket2_hdr *h;
	struct tpacket_stats st;
	socklen_t len = sizeof(st);
	uint8_t *ring;
	int bad = 0;

	is(setsockopt(in, SOL_PACKET, PACKET_RX_RING, &q, sizeof(q)), 0);
	fails(set(PACKET_VERSION, TPACKET_V3), EBUSY);
	ring = mmap(NULL, BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, in, 0);
	ok(ring != MAP_FAILED);
	is(readable(in, 0), 0);
	send_one(1, 600);
	is(readable(in, 5000), POLLIN);
	h = (void *)ring;
	ok(h->tp_status & TP_STATUS_USER);
	ok(h->tp_len == 600 && h->tp_snaplen == 600);
	is(h->tp_net - h->tp_mac, 14);
	is(h->tp_mac, 66);
	ok(h->tp_sec > 1000000000 && h->tp_nsec < 1000000000);
	ok(is_frame(ring + h->tp_mac, 1, 600));
	from = (void *)(ring + TPACKET_ALIGN(sizeof(*h)));
	ok(from->sll_family == AF_PACKET && from->sll_ifindex == LO &&
	   ntohs(from->sll_protocol) == PROTOCOL);
	h->tp_status = TP_STATUS_KERNEL;
	/* Longer than the slot: cut. */
	send_one(2, 2900);
	h = (void *)(ring + SLOT);
	is(readable(in, 5000), POLLIN);
	is(h->tp_len, 2900);
	is(h->tp_snaplen, SLOT - h->tp_mac);
	ok(is_frame(ring + SLOT + h->tp_mac, 2, h->tp_snaplen));
	h->tp_status = TP_STATUS_KERNEL;
	/* Several times around, then more than there is room for. */
	for (unsigned i = 2; i < 3 * SLOTS; i++) {
		h = (void *)(ring + i % SLOTS * SLOT);
		send_one(i, 100 + i);
		bad += readable(in, 5000) != POLLIN || h->tp_snaplen != 100 + i ||
		       !is_frame((uint8_t *)h + h->tp_mac, i, 100 + i);
		h->tp_status = TP_STATUS_KERNEL;
	}
	is(bad, 0);
	getsockopt(in, SOL_PACKET, PACKET_STATISTICS, &st, &len);
	is(st.tp_packets, 3 * SLOTS);
	is(st.tp_drops, 0);
	for (unsigned i = 0; i < SLOTS + 5; i++)
		send_one(i, 100);
	is(getsockopt(in, SOL_PACKET, PACKET_STATISTICS, &st, &len), 0);
	is(st.tp_packets, SLOTS + 5);
	is(st.tp_drops, 5);
	munmap(ring, BLOCK * BLOCKS);
	q = (struct tpacket_req){0};
	is(setsockopt(in, SOL_PACKET, PACKET_RX_RING, &q, sizeof(q)), 0);
	send_one(7, 60);
	is(readable(in, 5000), POLLIN);
	getsockopt(in, SOL_PACKET, PACKET_STATISTICS, &st, &len);
	is(recv(in, (uint8_t[100]){0}, 100, 0), 60); /* as without a ring */
}

/* The frames of the block at b, which begin with number `first`: how many there are as they should
 * be. */
static unsigned read_block(uint8_t *b, unsigned first)
{
	struct tpacket_block_desc *d = (void *)b;
	uint8_t *at = b + d->hdr.bh1.offset_to_first_pkt;
	unsigned n = 0;

	for (unsigned i = 0; i < d->hdr.bh1.num_pkts; i++) {
		struct tpacket3_hdr *h = (void *)at;
		size_t len = 200 + (first + i) % 500;

		n += h->tp_len == len && h->tp_snaplen == len &&
		     is_frame(at + h->tp_mac, first + i, len);
		at += h->tp_next_offset;
	}
	d->hdr.bh1.block_status = TP_STATUS_KERNEL;
	return n;
}

static void test_v3(void)
{
	struct tpacket_req3 q = {.tp_block_size = BLOCK,
				 .tp_block_nr = BLOCKS,
				 .tp_frame_size = SLOT,
				 .tp_frame_nr = SLOTS,
				 .tp_retire_blk_tov = 20};
	unsigned sent = 0, got = 0, block = 0;
	struct tpacket_stats_v3 st;
	socklen_t len = sizeof(st);
	uint64_t sequence = 0;
	uint8_t *ring;
	int bad = 0;

	is(set(PACKET_VERSION, TPACKET_V3), 0);
	is(setsockopt(in, SOL_PACKET, PACKET_RX_RING, &q, sizeof(q)), 0);
	ring = mmap(NULL, BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, in, 0);
	ok(ring != MAP_FAILED);
	while (sent < 400) {
		struct tpacket_block_desc *d;

		for (int i = 0; i < 30; i++, sent++)
			send_one(sent, 200 + sent % 500);
		while (got < sent) {
			if (readable(in, 10000) != POLLIN)
				break;
			d = (void *)(ring + block * BLOCK);
			bad += !(d->hdr.bh1.block_status & TP_STATUS_USER) ||
			       d->version != TPACKET_V3 || d->hdr.bh1.seq_num <= sequence ||
			       !d->hdr.bh1.num_pkts || d->hdr.bh1.blk_len > BLOCK;
			sequence = d->hdr.bh1.seq_num;
			got += read_block((void *)d, got);
			block = (block + 1) % BLOCKS;
		}
		if (got < sent)
			break;
	}
	is(got, sent);
	is(bad, 0);
	is(getsockopt(in, SOL_PACKET, PACKET_STATISTICS, &st, &len), 0);
	is(len, sizeof(st));
	is(st.tp_packets, sent);
	is(st.tp_drops, 0);
	/* Nobody gives blocks back. */
	for (unsigned i = 0; i < 200; i++)
		send_one(i, 1000);
	is(getsockopt(in, SOL_PACKET, PACKET_STATISTICS, &st, &len), 0);
	is(st.tp_packets, 200);
	ok(st.tp_drops > 100 && st.tp_drops < 200);
	munmap(ring, BLOCK * BLOCKS);
}

int main(void)
{
	if (have_packets()) {
		in = open_on_lo(SOCK_RAW, PROTOCOL);
		out = open_on_lo(SOCK_RAW, 0);
		test_refused();
		test_v2();
		test_v3();
	}
	return tap_done();
}
