/* SPDX-License-Identifier: MIT */
/*
 * Poll tables: the set of wait queues somebody is on who waits for any of several files: a thread,
 * or (with notify) an epoll instance. The first few entries live in the owner's room, so that a
 * small poll allocates nothing.
 */
#include "kernel/poll.h"
#include "kernel/abi/errno.h"
#include "kernel/heap.h"

void poll_table_init(struct poll_table *pt, struct poll_entry *room, unsigned n)
{
	*pt = (struct poll_table){.room = room, .n_room = n};
	list_init(&pt->entries);
}

static struct poll_entry *entry_new(struct poll_table *pt)
{
	if (pt->n_used < pt->n_room)
		return &pt->room[pt->n_used++];
	return kmalloc(sizeof(struct poll_entry));
}

static void wake_table(struct waiter *w)
{
	struct poll_table *pt = container_of(w, struct poll_entry, waiter)->table;

	pt->notify(pt);
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
	e->waiter = (struct waiter){.notify = pt->notify ? wake_table : NULL};
	e->table = pt;
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
		if (e < pt->room || e >= pt->room + pt->n_room)
			kfree(e);
	}
	pt->n_used = 0;
}
