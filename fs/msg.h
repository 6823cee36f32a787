/* SPDX-License-Identifier: MIT */
/* System V message queues: msgget(2), msgsnd(2), msgrcv(2), msgctl(2). All return 0 or what is
 * said, or -errno of these calls. */
#ifndef FS_MSG_H
#define FS_MSG_H

#include "kernel/list.h"
#include "kernel/types.h"

#include <linux/msg.h>

struct seq;

/* /proc/sys/kernel/msgmax, msgmnb, msgmni: bytes in a message, bytes in a queue, queues. */
extern int msg_max, msg_queue_max, msg_most;

/* A message, on its own. */
struct msg {
	struct list link;
	long type;
	size_t size;
	char text[];
};

int msg_get(int key, unsigned flags); /* its number */
/* Takes over m on success. Sleeps for room, unless IPC_NOWAIT (-EAGAIN). */
int msg_send(int id, struct msg *m, unsigned flags);
/* *out: a message of this type, as msgrcv(2) has it, to be freed. Sleeps for one, unless
 * IPC_NOWAIT (-ENOMSG). */
int msg_receive(int id, size_t size, long type, unsigned flags, struct msg **out);
int msg_stat(int id, bool by_place, bool any, struct msqid64_ds *out);
int msg_set(int id, const struct msqid64_ds *to);
int msg_remove(int id);
int msg_info(bool use, struct msginfo *out); /* the highest place in use */
void msg_show(struct seq *s);		     /* /proc/sysvipc/msg */

#endif
