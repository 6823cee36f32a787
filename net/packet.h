/* SPDX-License-Identifier: MIT */
/*
 * AF_PACKET sockets: packet(7). Between net/packet*.c only: packet.c is what frames and calls do,
 * packet_opt.c options, packet_ring.c rings shared with the program.
 *
 * Locks: the kernel lock. What may sleep (copies from and to the program, waiting) holds references
 * to what it uses.
 */
#ifndef NET_PACKET_H
#define NET_PACKET_H

#include "kernel/list.h"
#include "net/netdev.h"
#include "net/socket.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#define SOL_PACKET 263

struct packet_ring;

struct packet_sock {
	struct socket s;
	uint32_t refs; /* the file, and frames that are being sent */
	struct list all;
	int ifindex;	   /* 0: all */
	uint16_t protocol; /* network order; 0: nothing is received */
	bool auxdata, ignore_outgoing;
	unsigned version, reserve; /* TPACKET_V*, PACKET_RESERVE */
	struct list queue;	   /* struct packet */
	size_t queued;		   /* what they are charged */
	size_t in_flight;	   /* what frames being sent are charged */
	unsigned seen, drops;	   /* since PACKET_STATISTICS asked */
	struct list members;	   /* struct packet_member */
	struct packet_ring *ring;
	uint64_t stamp_ns; /* of the frame read last */
};

static inline struct packet_sock *packet_sock(struct socket *s)
{
	return container_of(s, struct packet_sock, s);
}

/* The frame's address, as programs are told; kind: PACKET_*. */
void packet_address(const struct netbuf *b, uint8_t kind, struct sockaddr_ll *out);
uint32_t packet_status(const struct netbuf *b); /* TP_STATUS_USER, and what of the checksum */
/* Where what this socket sees of the frame begins: at a SOCK_DGRAM, behind the header. */
static inline size_t packet_start(const struct packet_sock *p, const struct netbuf *b)
{
	return p->s.type == SOCK_DGRAM ? ETH_HEADER : 0;
}

/* ---- packet_opt.c ---- */
int packet_setopt(struct socket *s, int level, int opt, uaddr_t val, unsigned len);
int packet_getopt(struct socket *s, int level, int opt, uaddr_t val, uaddr_t len);
void packet_leave_all(struct packet_sock *p);
void packet_purge(struct packet_sock *p); /* packet.c: frames that nobody has read */

/* ---- packet_ring.c ---- */
unsigned packet_header_size(unsigned version); /* 0: there is no such version */
/* A ring as PACKET_RX_RING asks for, or none (*out NULL) if it is to go. 0, -EINVAL, -ENOMEM. */
int packet_ring_make(struct packet_sock *p, const struct tpacket_req3 *q, struct packet_ring **out);
void packet_ring_free(struct packet_ring *r); /* NULL allowed */
/* Put `len` bytes of a frame into the ring; false: there is no room. */
bool packet_ring_put(struct packet_ring *r, const struct netbuf *b, uint32_t len);
bool packet_ring_readable(struct packet_ring *r);
unsigned packet_ring_frozen(struct packet_ring *r); /* since it was asked last */
int packet_map_page(struct socket *s, uint64_t index, struct page **out);

#endif
