/* SPDX-License-Identifier: MIT */
/*
 * A file with O_ASYNC is on its own wait queues, as epoll would be. A wake-up arms a timer that is
 * due at once, because whoever wakes holds locks that sending a signal wants. Several wake-ups
 * before it fires are one signal.
 */
#include "fs/async.h"
#include "fs/vfs.h"

#include "kernel/abi/linux.h"
#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/poll.h"
#include "kernel/process.h"
#include "kernel/signal.h"
#include "kernel/timer.h"

struct async {
	struct file *file;
	struct poll_table table;
	struct poll_entry room[2];
	struct timer timer;
};

bool async_possible(const struct file *f)
{
	return (S_ISSOCK(f->inode->mode) || S_ISFIFO(f->inode->mode)) && f->ops->poll;
}

static void fire(struct timer *t)
{
	const struct file *f = container_of(t, struct async, timer)->file;
	int signo = f->owner_signal ? f->owner_signal : SIGIO;
	struct thread *thread;

	if (!f->owner || !f->owner_permitted)
		return;
	if (f->owner_type == F_OWNER_PGRP) {
		group_raise(f->owner, signo);
		return;
	}
	thread = thread_find(f->owner);
	if (thread && f->owner_type == F_OWNER_TID)
		signal_send_thread(thread, &(siginfo_t){.si_signo = signo, .si_code = SI_KERNEL});
	else if (thread)
		signal_raise(thread->process, signo);
}

/* Context: any; the file's queue is locked. */
static void notify(struct poll_table *table)
{
	timer_arm(&container_of(table, struct async, table)->timer, clock_mono_ns());
}

static void end(struct file *f)
{
	struct async *a = f->async;

	f->async = NULL;
	poll_table_free(&a->table);
	timer_disarm(&a->timer);
	kfree(a);
}

static int begin(struct file *f)
{
	struct async *a = kmalloc(sizeof(*a));
	int r;

	if (!a)
		return -ENOMEM;
	file_async_release = end;
	a->file = f;
	timer_init(&a->timer, fire);
	poll_table_init(&a->table, a->room, ARRAY_SIZE(a->room));
	a->table.notify = notify;
	f->async = a;
	file_poll(f, &a->table);
	r = a->table.error;
	if (r)
		end(f);
	return r;
}

int async_set(struct file *f, bool on)
{
	int r = 0;

	if (on && !f->async)
		r = begin(f);
	else if (!on && f->async)
		end(f);
	if (!r)
		f->flags = on ? f->flags | FASYNC : f->flags & ~FASYNC;
	return r;
}
