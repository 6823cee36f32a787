/* SPDX-License-Identifier: MIT */
/*
 * POSIX message queues: mq_overview(7). The names are a file system of their own, "mqueue", which
 * is made with the first queue or when /dev/mqueue is looked at. All return 0 or what is said, or
 * -errno of the calls; files that are no queues give -EBADF.
 */
#ifndef FS_MQUEUE_H
#define FS_MQUEUE_H

#include "kernel/file.h"

#include <linux/mqueue.h>

struct futex_deadline;
struct super;

#define MQ_PRIO_MAX	 32768
#define HARD_MSG_MAX	 65536 /* whatever root asks for */
#define HARD_MSGSIZE_MAX (16 << 20)

/* /proc/sys/fs/mqueue */
extern int mq_queues_max, mq_msg_max, mq_msgsize_max, mq_msg_default, mq_msgsize_default;

int mqueue_new(struct super **out); /* the file system: always the same one */
/* attr: of a new queue, NULL: by default. mode is raw. */
int mq_open_name(const char *name, unsigned flags, uint32_t mode, const struct mq_attr *attr,
		 struct file **out);
int mq_unlink_name(const char *name);
/* Sleep for room, or for a message; until: on CLOCK_REALTIME. */
int mq_send(struct file *f, uaddr_t text, size_t len, unsigned prio,
	    const struct futex_deadline *until);
/* Bytes. *prio: its priority. */
long mq_receive(struct file *f, uaddr_t text, size_t len, unsigned *prio,
		const struct futex_deadline *until);
/* Have the current process told of the next message in the empty queue; NULL: no longer. */
int mq_tell(struct file *f, const struct sigevent *ev);
/* set, old: may be NULL. */
int mq_attributes(struct file *f, const struct mq_attr *set, struct mq_attr *old);

#endif
