/* SPDX-License-Identifier: MIT */
/*
 * Contexts of Linux AIO: io_setup(2). A context is a ring of events in program memory, which the
 * program may read by itself; it belongs to an address space and ends with it. Transfers of data
 * are done when they are submitted, as Linux does those that go through the page cache; what waits
 * is IOCB_CMD_POLL.
 */
#ifndef FS_AIO_H
#define FS_AIO_H

#include "kernel/file.h"

#include <linux/aio_abi.h>

struct aio;

extern int aio_max; /* /proc/sys/fs/aio-max-nr: of all contexts */
extern int aio_nr;  /* /proc/sys/fs/aio-nr */

/* A context of the current process for n requests. 0 and its number (an address), -EINVAL, -EAGAIN
 * (limit), -ENOMEM. */
int aio_setup(unsigned n, uaddr_t *id);
/* The current process's context of this number, referenced, or NULL. */
struct aio *aio_find(uaddr_t id);
void aio_put(struct aio *a);
/* What waits is cancelled, whoever waits for events gets -EINVAL. 0 or -EINVAL. May sleep. */
int aio_destroy(uaddr_t id);
unsigned aio_slots(const struct aio *a);

/* Keep room for an event: false if there is none. It is used up by aio_complete or given back. */
bool aio_reserve(struct aio *a);
void aio_unreserve(struct aio *a);
/* An event comes into being; eventfd (NULL: none) is told. */
void aio_complete(struct aio *a, const struct io_event *e, struct file *eventfd);
/*
 * Complete it when f is ready for `events`, with what it is ready for as its result. References to
 * f and eventfd are taken. 0 or -ENOMEM (nothing is completed).
 */
int aio_poll(struct aio *a, struct file *f, unsigned events, const struct io_event *e,
	     struct file *eventfd);
/* Complete one that waits, by e->obj, with 0. -EINPROGRESS if there was one, else -EINVAL. */
int aio_cancel(struct aio *a, uint64_t obj);
/* Copy at least `least` events, up to n, to program memory, waiting until the deadline (0: not at
 * all). How many, -EINTR, -EFAULT or -EINVAL (the context goes). */
long aio_events(struct aio *a, long least, long n, uaddr_t events, uint64_t deadline_ns);

#endif
