/* SPDX-License-Identifier: MIT */
/* Waiting for readiness of many files at once: what file_ops.poll registers on. Used by poll,
 * select and epoll. */
#ifndef KERNEL_POLL_H
#define KERNEL_POLL_H

#include "kernel/wait.h"

struct poll_entry {
	struct list link;
	struct waiter waiter;
};

#define POLL_INLINE 8 /* entries that need no allocation */

/* Must not be moved while entries are on wait queues. */
struct poll_table {
	struct list entries; /* of struct poll_entry */
	int error;	     /* -ENOMEM if an entry could not be made */
	unsigned n_inline;
	struct poll_entry inline_entries[POLL_INLINE];
};

void poll_table_init(struct poll_table *pt);
/* Called by file_ops.poll for each queue whose wake-up may change readiness. pt may be NULL. */
void poll_wait(struct poll_table *pt, struct wait_queue *wq);
void poll_table_free(struct poll_table *pt);

#endif
