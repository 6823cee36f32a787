/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the way of received frames: the virtio-net driver against a device that lies in its used
 * ring (which buffer, how long, how many belong together, what is in the header), then packet
 * sockets' filters. The input is a byte of features and flags, then actions of the device: an
 * opcode, its operands, and bytes for the buffer.
 */
/* fuzz: net/virtio_net.c net/netdev.c net/sock_filter.c kernel/virtio.c kernel/bpf.c
 * tests/fuzz/fake_net.c */
#include "tests/fuzz/fake_net.h"

#include "kernel/bpf.h"
#include "net/netdev.h"
#include "net/sock_filter.h"

#include <linux/virtio_net.h>
#include <string.h>

static const uint8_t *in;
static size_t left;
static struct netif *eth;
static volatile uint64_t sink;

static unsigned byte(void)
{
	return left ? (left--, *in++) : 0;
}

static unsigned word(void)
{
	unsigned low = byte();

	return low | byte() << 8;
}

int netif_add(struct netif *n)
{
	eth = n;
	n->index = 2;
	return 0;
}

void netdev_carrier(struct netif *n, bool on)
{
	n->carrier = on;
}

/* What packet sockets and a protocol stack rely on. */
static void look(struct netbuf *b)
{
	uint8_t copy[70000];
	size_t sum = 0;

	for (unsigned i = 0; i < b->n_pieces; i++)
		sum += b->piece[i].len;
	if (sum != b->len || b->n_pieces > NETBUF_PIECES || b->piece[0].len < ETH_HEADER)
		__builtin_abort();
	if (netbuf_read(b, 0, copy, sizeof(copy)) != MIN(b->len, sizeof(copy)))
		__builtin_abort();
	for (size_t i = 0; i < MIN(b->len, sizeof(copy)); i++)
		sink += copy[i];
	if (b->csum == CSUM_PARTIAL &&
	    (b->csum_start < ETH_HEADER || b->csum_start + b->csum_offset + 2u > b->len))
		__builtin_abort();
	if (b->gso && (!b->gso_size || b->gso_headers > b->len))
		__builtin_abort();
}

static void with_filter(struct netbuf *b)
{
	struct {
		uint32_t len;
		struct sock_filter insn[8];
	} prog = {.len = 8};

	for (unsigned i = 0; i < 8; i++)
		prog.insn[i] = (struct sock_filter){(uint16_t)word(), (uint8_t)byte(),
						    (uint8_t)byte(), word() | word() << 16};
	prog.insn[7] = (struct sock_filter){BPF_RET | BPF_A, 0, 0, 0};
	if (bpf_check(prog.insn, 8) == 0)
		sink += sock_filter_frame((void *)&prog, b, byte() & 1 ? ETH_HEADER : 0);
}

static struct netbuf *kept[4];

static void tap(struct netbuf *b)
{
	unsigned i = byte() % 4;

	look(b);
	if (b->netif != eth)
		__builtin_abort();
	if (byte() & 1)
		with_filter(b);
	netbuf_put(kept[i]);
	kept[i] = byte() & 1 ? netbuf_get(b) : NULL;
}

/* One thing the device does. */
static void act(void)
{
	unsigned op = byte();

	switch (op % 8) {
	case 0: /* a frame, more or less as it should be */
	case 1:
	case 2: {
		unsigned n = fake_take(RX), len = word() % 4200;
		uint8_t *buf = fake_buffer(n);

		if (!buf)
			break;
		for (unsigned i = 0; i < 40; i++)
			buf[i] = (uint8_t)byte();
		if (op & 8) {
			buf[10] = 1 + (op >> 4) % 3; /* num_buffers */
			buf[11] = 0;
		}
		if (op & 128) {
			buf[0] = 0;
			buf[1] = 0;
		}
		fake_use(RX, n, len);
		break;
	}
	case 3: /* any buffer, any length */
		fake_use(RX, word(), word() << 8 | byte());
		break;
	case 4: /* jump ahead */
		fake_jump(RX, byte() % 8);
		break;
	case 5:
		fake_use(TX, byte() & 1 ? fake_take(TX) : word(), word());
		break;
	case 6:
		fake_interrupt();
		break;
	case 7: {
		struct netbuf *b = netbuf_new(ETH_HEADER + byte(), 0);

		if (b) {
			memset(b->piece[0].data, 0x5a, b->len);
			netdev_send(eth, b, byte() & 1);
		}
		break;
	}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	in = data;
	left = size;
	eth = NULL;
	netdev_tap = NULL;
	fake_reset(byte() | (uint64_t)word() << 8);
	virtio_net_find();
	if (!eth)
		return 0;
	eth->promisc = byte() & 1;
	if (eth->ops->open(eth) == 0) {
		eth->flags |= IFF_UP;
		netdev_tap = tap;
		while (left)
			act();
		fake_interrupt();
		fake_timers();
		eth->flags &= ~IFF_UP;
		eth->ops->close(eth);
	}
	netdev_tap = NULL;
	for (unsigned i = 0; i < 4; i++) {
		netbuf_put(kept[i]);
		kept[i] = NULL;
	}
	return 0;
}
