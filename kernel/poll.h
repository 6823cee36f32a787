/* SPDX-License-Identifier: MIT */
/* Waiting for readiness of many files at once: what file_ops.poll registers on. Used by poll,
 * select and epoll. */
#ifndef KERNEL_POLL_H
#define KERNEL_POLL_H

#include "kernel/wait.h"

struct poll_entry {
	struct list link;
	struct waiter waiter;
	struct poll_table *table;
};

/* Must not be moved while entries are on wait queues. */
struct poll_table {
	struct list entries; /* of struct poll_entry */
	int error;	     /* -ENOMEM if an entry could not be made */
	/* Called at each wake-up, from whatever context that comes; must not sleep. NULL: the
	 * thread that made the table is woken, once. */
	void (*notify)(struct poll_table *pt);
	struct poll_entry *room; /* the owner's: entries that need no allocation */
	unsigned n_room, n_used;
};

/* Empty table with room for n entries. */
void poll_table_init(struct poll_table *pt, struct poll_entry *room, unsigned n);
/* Called by file_ops.poll for each queue whose wake-up may change readiness. pt may be NULL. */
void poll_wait(struct poll_table *pt, struct wait_queue *wq);
void poll_table_free(struct poll_table *pt);

#endif
