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

#endif
