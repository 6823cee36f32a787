/* SPDX-License-Identifier: MIT */
/* msgget(2), msgsnd(2), msgrcv(2), msgctl(2). */
#include "fs/msg.h"
#include "fs/ipc.h"
#include "kernel/heap.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#define TEXT_AT sizeof(long) /* in a struct msgbuf */

long sys_msgget(int key, unsigned msgflg)
{
	return msg_get(key, msgflg);
}

long sys_msgsnd(int msqid, uaddr_t msgp, size_t msgsz, unsigned msgflg)
{
	struct msg *m;
	long type, r;

	if (get_user(&type, msgp))
		return -EFAULT;
	if (msgsz > (size_t)msg_max || msqid < 0 || type < 1)
		return -EINVAL;
	m = kmalloc(sizeof(*m) + msgsz);
	if (!m)
		return -ENOMEM;
	list_init(&m->link);
	m->type = type;
	m->size = msgsz;
	r = copy_from_user(m->text, msgp + TEXT_AT, msgsz);
	if (r == 0)
		r = msg_send(msqid, m, msgflg);
	if (r)
		kfree(m);
	return r;
}

long sys_msgrcv(int msqid, uaddr_t msgp, size_t msgsz, long msgtyp, unsigned msgflg)
{
	struct msg *m;
	long r;

	if (msqid < 0 || (long)msgsz < 0)
		return -EINVAL;
	if ((msgflg & MSG_COPY) && ((msgflg & MSG_EXCEPT) || !(msgflg & IPC_NOWAIT)))
		return -EINVAL;
	r = msg_receive(msqid, msgsz, msgtyp, msgflg, &m);
	if (r)
		return r;
	msgsz = MIN(msgsz, m->size);
	/* A message that cannot be stored is lost, as on Linux. */
	if (put_user(msgp, m->type) || copy_to_user(msgp + TEXT_AT, m->text, msgsz))
		r = -EFAULT;
	kfree(m);
	return r ? r : (long)msgsz;
}

static long info(int cmd, uaddr_t buf)
{
	struct msginfo in;
	long top = msg_info(cmd == MSG_INFO, &in);

	return put_user(buf, in) ? -EFAULT : top;
}

static long stat_queue(int msqid, int cmd, uaddr_t buf)
{
	struct msqid64_ds ds;
	long r = msg_stat(msqid, cmd != IPC_STAT, cmd == MSG_STAT_ANY, &ds);

	return r >= 0 && put_user(buf, ds) ? -EFAULT : r;
}

static long change_queue(int msqid, uaddr_t buf)
{
	struct msqid64_ds ds;

	return get_user(&ds, buf) ? -EFAULT : msg_set(msqid, &ds);
}

long sys_msgctl(int msqid, int cmd, uaddr_t buf)
{
	if (msqid < 0 || cmd < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case MSG_INFO:
		return info(cmd, buf);
	case IPC_STAT:
	case MSG_STAT:
	case MSG_STAT_ANY:
		return stat_queue(msqid, cmd, buf);
	case IPC_SET:
		return change_queue(msqid, buf);
	case IPC_RMID:
		return msg_remove(msqid);
	default:
		return -EINVAL;
	}
}
