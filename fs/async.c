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

#include <linux/eventpoll.h>

struct async {
	struct file *file;
	int fd; /* by which it was asked for */
	struct poll_table table;
	struct poll_entry room[2];
	struct timer timer;
};

bool async_possible(const struct file *f)
{
	return (S_ISSOCK(f->inode->mode) || S_ISFIFO(f->inode->mode)) && f->ops->poll;
}

static int send(const struct file *f, const siginfo_t *info)
{
	struct thread *t;

	if (f->owner_type == F_OWNER_PGRP)
		return group_signal(f->owner, info, false);
	t = thread_find(f->owner);
	if (!t)
		return 0;
	return f->owner_type == F_OWNER_TID ? signal_send_thread(t, info)
					    : signal_send(t->process, info);
}

/* What has happened, as far as one can tell by what the file is ready for now. */
static int reason(struct file *f)
{
	unsigned events = file_poll(f, NULL);

	if (S_ISSOCK(f->inode->mode) && (events & EPOLLHUP))
		return POLL_HUP;
	if (events & (EPOLLIN | EPOLLHUP))
		return POLL_IN;
	return events & (EPOLLOUT | EPOLLERR) ? POLL_OUT : POLL_IN;
}

/* With F_SETSIG the signal says what happened to which descriptor. */
static siginfo_t describe(const struct async *a)
{
	static const short bands[] = {
	    [POLL_IN] = EPOLLIN | EPOLLRDNORM,
	    [POLL_OUT] = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND,
	    [POLL_HUP] = EPOLLHUP | EPOLLERR,
	};
	const uint64_t own_codes = SIGSET_SYNCHRONOUS | SIGBIT(SIGCHLD);
	int why = reason(a->file);
	siginfo_t info = {.si_signo = a->file->owner_signal, .si_code = why};

	if (SIGBIT(info.si_signo) & own_codes) /* where small codes mean something else */
		info.si_code = SI_SIGIO;
	info.si_fd = a->fd;
	info.si_band = bands[why];
	return info;
}

static void fire(struct timer *t)
{
	const struct async *a = container_of(t, struct async, timer);
	const struct file *f = a->file;
	siginfo_t info;

	if (!f->owner || !f->owner_permitted)
		return;
	if (f->owner_signal) {
		info = describe(a);
		if (send(f, &info) != -EAGAIN)
			return;
	}
	/* Also when there is no room in the queue of a real-time signal. */
	info = (siginfo_t){.si_signo = SIGIO, .si_code = SI_KERNEL};
	(void)send(f, &info);
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

static int begin(struct file *f, int fd)
{
	struct async *a = kmalloc(sizeof(*a));
	int r;

	if (!a)
		return -ENOMEM;
	file_async_release = end;
	a->file = f;
	a->fd = fd;
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

int async_set(struct file *f, int fd, bool on)
{
	int r = 0;

	if (on && !f->async)
		r = begin(f, fd);
	else if (!on && f->async)
		end(f);
	if (!r)
		f->flags = on ? f->flags | FASYNC : f->flags & ~FASYNC;
	return r;
}
