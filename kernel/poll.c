/* SPDX-License-Identifier: MIT */
/*
 * Poll tables: the set of wait queues a thread is on while it waits for any of several files. The
 * first few entries live in the table itself, so that a small poll allocates nothing. A table
 * belongs to one thread.
 */
#include "kernel/poll.h"
#include "kernel/abi/errno.h"
#include "kernel/heap.h"

/* Empty table. */
void poll_table_init(struct poll_table *pt)
{
	list_init(&pt->entries);
	pt->error = 0;
	pt->n_inline = 0;
}

static struct poll_entry *entry_new(struct poll_table *pt)
{
	if (pt->n_inline < POLL_INLINE)
		return &pt->inline_entries[pt->n_inline++];
	return kmalloc(sizeof(struct poll_entry));
}

void poll_wait(struct poll_table *pt, struct wait_queue *wq)
{
	struct poll_entry *e;

	if (!pt || pt->error)
		return;
	e = entry_new(pt);
	if (!e) {
		pt->error = -ENOMEM;
		return;
	}
	e->waiter = (struct waiter){0};
	list_add_tail(&e->link, &pt->entries);
	wait_prepare(&e->waiter, wq);
}

/* Leave all queues and free what was allocated; the table may be initialised again. */
void poll_table_free(struct poll_table *pt)
{
	struct poll_entry *e, *next;

	list_for_each_safe (e, next, &pt->entries, link) {
		wait_finish(&e->waiter);
		list_del(&e->link);
		if (e < pt->inline_entries || e >= pt->inline_entries + POLL_INLINE)
			kfree(e);
	}
	pt->n_inline = 0;
}
