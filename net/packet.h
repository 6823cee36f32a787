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
	bool auxdata, loss, ignore_outgoing;
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

#endif
