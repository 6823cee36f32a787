/* SPDX-License-Identifier: MIT */
/*
 * What file systems and sockets need of each other: neither includes the other. fs/vfs_socket.c
 * supplies the places, net/unix.c the table.
 */
#ifndef KERNEL_SOCKET_FS_H
#define KERNEL_SOCKET_FS_H

#include "kernel/types.h"

struct inode;

/* Sockets' names in the file system. *out is referenced; both may sleep. */
struct socket_places {
	/* A new name. 0, -EADDRINUSE (it exists) or what mknod(2) gives. */
	int (*make)(const char *path, struct inode **out);
	/* Take it away again. */
	void (*undo)(const char *path);
	/* The socket of that name, if it may be written to. 0, -ECONNREFUSED (no socket), or what
	 * looking it up gives. */
	int (*find)(const char *path, struct inode **out);
	void (*put)(struct inode *in);
};
extern const struct socket_places socket_places;

/* A line of /proc/net/unix. */
struct unix_row {
	uint64_t id;
	unsigned refs, flags, type, state;
	uint64_t ino;
	uint8_t name[112];
	unsigned name_len; /* 0: none. An abstract name starts with a NUL */
};

/* Line `index` of the table; false: there are no more. NULL: there has never been a socket. */
extern bool (*unix_table_row)(unsigned index, struct unix_row *row);

/* A line of /proc/net/tcp, udp and their IPv6 kin: addresses in network order, IPv4 in the first
 * word. */
struct inet_row {
	uint32_t local[4], remote[4];
	unsigned local_port, remote_port;
	unsigned state, tx_queue, rx_queue, uid, refs;
	uint64_t ino;
};

/* Line `index` of the table of that family and type (SOCK_STREAM or SOCK_DGRAM); false: there are
 * no more. NULL: there has never been such a socket. */
extern bool (*inet_table_row)(bool v6, bool stream, unsigned index, struct inet_row *row);

/* Packets and bytes that sockets sent each other through the loopback interface, where both
 * directions are the same. */
struct loopback_stats {
	uint64_t packets, bytes;
};
extern struct loopback_stats loopback_stats;

struct netif_stats {
	uint64_t rx_packets, rx_bytes, rx_dropped, rx_length_errors, rx_frame_errors;
	uint64_t multicast, tx_packets, tx_bytes, tx_dropped;
};

/* A network interface, for /proc/net/dev and /sys/class/net. */
struct netif_row {
	const char *name;
	int index;
	unsigned flags, type, mtu, txqlen; /* flags: what is set, not how it is */
	const uint8_t *mac, *broadcast;	   /* six bytes each */
	unsigned operstate;		   /* IF_OPER_* */
	bool carrier;
	unsigned carrier_ups, carrier_downs;
	struct netif_stats stats;
};

/* The nth interface, from 0, which is the loopback; false: there are no more. net/netif.c. */
bool netif_row(unsigned nth, struct netif_row *row);

#endif
