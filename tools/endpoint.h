/* SPDX-License-Identifier: MIT */
/*
 * A descriptor the relay reads or writes without ever blocking on it, and without setting
 * O_NONBLOCK on an open file that other processes share.
 */
#ifndef TOOLS_ENDPOINT_H
#define TOOLS_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum endpoint_kind {
	ENDPOINT_NONBLOCK, /* a description of our own with O_NONBLOCK */
	ENDPOINT_SOCKET,   /* MSG_DONTWAIT */
	ENDPOINT_FILE,	   /* regular file: never blocks for long */
	ENDPOINT_CAREFUL,  /* shared pipe or terminal: ask poll(2) first, then move little */
};

struct endpoint {
	int fd; /* -1: nothing there */
	enum endpoint_kind kind;
	bool owned;   /* fd is ours to close */
	size_t chunk; /* most bytes per transfer */
};

/* Our own descriptor that already is O_NONBLOCK. */
void endpoint_own(struct endpoint *e, int fd);
/* A descriptor shared with others, for reading or for writing. */
void endpoint_shared(struct endpoint *e, int fd, bool writing);
void endpoint_close(struct endpoint *e);

/* Bytes moved, 0 at end of file, -EAGAIN, or another -errno. */
ssize_t endpoint_read(struct endpoint *e, void *buf, size_t len);
/* Bytes moved (> 0), -EAGAIN, or another -errno. */
ssize_t endpoint_write(struct endpoint *e, const void *buf, size_t len);
/* Do these poll(2) events say that nobody will take what is written? Returns the errno of a write,
 * else 0. */
int endpoint_lost(const struct endpoint *e, short revents);

#endif
