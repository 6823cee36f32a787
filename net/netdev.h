/* SPDX-License-Identifier: MIT */
/*
 * The seam between network devices, packet sockets and a protocol stack: frames as they travel, how
 * they are sent, and who is given those that arrive. Devices are interfaces (net/netif.h) with
 * operations.
 *
 * Locks: the kernel lock (kernel/x86_64/smp.h) is all there is. Nothing here sleeps, nor may the
 * hooks, which are called from interrupt processing and from within netdev_send().
 */
#ifndef NET_NETDEV_H
#define NET_NETDEV_H

#include "kernel/iter.h"
#include "kernel/list.h"
#include "net/netif.h"

#define ETH_HEADER 14u

struct page;

/* 64 KiB in pages, and what the first one loses to the device's header. */
#define NETBUF_PIECES 18u

struct netbuf_piece {
	void *data;	   /* physically contiguous */
	struct page *page; /* released with the frame; NULL: the memory is the frame's own */
	uint32_t len;
};

enum netbuf_csum {
	CSUM_NONE,    /* nobody has looked at it, or it is to go as it is */
	CSUM_VALID,   /* received, and found right by the device or its sender */
	CSUM_PARTIAL, /* the sum from csum_start on is still to be put csum_offset behind that */
};

enum netbuf_gso { GSO_NONE, GSO_TCPV4, GSO_TCPV6 };

/* A frame, with its Ethernet header in the first piece. Not changed any more once it was sent or
 * received: sockets share it. */
struct netbuf {
	struct list link; /* of who has it to itself: a device's backlog */
	uint32_t refs;	  /* (a) */
	uint32_t len;	  /* bytes in all pieces */
	struct netif *netif;
	uint16_t protocol; /* ETH_P_*, network order */
	uint8_t kind;	   /* PACKET_HOST, ... (linux/if_packet.h) */
	uint8_t csum;	   /* enum netbuf_csum, with: */
	uint16_t csum_start, csum_offset;
	uint8_t gso; /* enum netbuf_gso: to be cut, or joined from pieces of gso_size bytes */
	bool gso_ecn;
	uint16_t gso_size, gso_headers; /* headers: bytes that each piece repeats; 0: not known */
	uint64_t stamp_ns;		/* CLOCK_REALTIME */
	/* Told when the last reference goes: a sent frame's room at its socket. */
	void (*done)(struct netbuf *b);
	void *owner;
	uint8_t device[16]; /* the device's own */
	unsigned n_pieces;
	struct netbuf_piece *piece;
};

/* A frame with one piece of `len` bytes to fill in, and places for `more` pieces. NULL: no memory.
 */
struct netbuf *netbuf_new(size_t len, unsigned more);
struct netbuf *netbuf_get(struct netbuf *b);
void netbuf_put(struct netbuf *b); /* NULL allowed */
/* Append memory of a page, whose reference is taken over. There is a place for it. */
void netbuf_add_page(struct netbuf *b, struct page *page, void *data, uint32_t len);
/* Up to n bytes from `from` on: how many there were, or with an iter how many it took. */
size_t netbuf_read(const struct netbuf *b, size_t from, void *to, size_t n);
size_t netbuf_to_iter(const struct netbuf *b, size_t from, size_t n, struct iter *to);
/* What the frame takes of a socket's buffer. */
size_t netbuf_charge(const struct netbuf *b);

/* ---- what a device does; NULL means the errno in brackets ---- */
struct netdev_ops {
	int (*open)(struct netif *n);	/* IFF_UP is about to be set. 0 or -errno */
	void (*close)(struct netif *n); /* it has been cleared */
	/* Send: the reference is taken over in any case. more: another follows at once. 0 or
	 * -ENOBUFS. */
	int (*send)(struct netif *n, struct netbuf *b, bool more);
	/* Take notice of what the device has done; `sent`: and have it tell when it has sent what
	 * it has still to send. [nothing to do] */
	void (*poll)(struct netif *n, bool sent);
};

/*
 * Send a frame whose header is complete, taking over the reference: 0, -ENETDOWN, -ENOBUFS
 * (dropped) or -EMSGSIZE. Offloads (csum, gso) are for who has found them in netif->offloads.
 */
int netdev_send(struct netif *n, struct netbuf *b, bool more);
/* A device has received a frame, whose reference is taken over: classifies, counts and hands it
 * on. The first ETH_HEADER bytes are in one piece. */
void netdev_receive(struct netif *n, struct netbuf *b);
/* There is a carrier, or none any more. */
void netdev_carrier(struct netif *n, bool on);

/* Sees every frame that is received, and sent (PACKET_OUTGOING). Set by the first packet socket. */
extern void (*netdev_tap)(struct netbuf *b);
/* Has frames for this machine: the protocol stack, which keeps a reference if it wants one. There
 * is none yet. */
extern void (*netdev_input)(struct netbuf *b);

/* An interface went down. Set by the first packet socket. */
extern void (*netdev_down)(struct netif *n);

/* Devices of this machine, made known by netif_add(); called once, when somebody first asks. */
void virtio_net_find(void);

#endif
