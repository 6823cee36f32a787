/* SPDX-License-Identifier: MIT */
/* System V IPC and message queues in --strace. */
#include "kernel/abi/linux.h"
#include "kernel/uaccess.h"
#include "syscalls/strace.h"

#include <linux/ipc.h>
#include <linux/mqueue.h>
#include <linux/sem.h>

void show_ipc_key(struct trace *t, unsigned i, const struct trace_name *names)
{
	unsigned key = (unsigned)t->args[i];

	trace_printf(t, key == IPC_PRIVATE ? "IPC_PRIVATE" : "%#x", key);
}

/* Flags, and the mode. */
void show_ipc_flags(struct trace *t, unsigned i, const struct trace_name *names)
{
	unsigned flags = (unsigned)t->args[i];

	if (flags & ~0777u) {
		trace_flags(t, names, flags & ~0777u);
		trace_printf(t, "|");
	}
	trace_printf(t, flags & 0777 ? "%#o" : "000", flags & 0777);
}

void show_sembufs(struct trace *t, unsigned i, const struct trace_name *names)
{
	uint64_t count = t->args[i + 1];
	struct sembuf b;

	if (!count || copy_from_user(&b, t->args[i], sizeof(b))) {
		trace_addr(t, t->args[i]);
		return;
	}
	trace_printf(t, "[");
	for (unsigned k = 0; k < count && k < TRACE_ITEMS; k++) {
		if (copy_from_user(&b, t->args[i] + k * sizeof(b), sizeof(b)))
			break;
		trace_printf(t, "%s{sem_num=%u, sem_op=%d, sem_flg=", k ? ", " : "", b.sem_num,
			     b.sem_op);
		trace_flags(t, names, (uint16_t)b.sem_flg);
		trace_printf(t, "}");
	}
	trace_printf(t, count > TRACE_ITEMS ? ", ...]" : "]");
}

/* A message, of the size in the next argument, or as long as what was received. */
void show_msgbuf(struct trace *t, unsigned i, const struct trace_name *names)
{
	long type;

	if (!trace_fetch(t, i, &type, sizeof(type)))
		return;
	trace_printf(t, "{mtype=%ld, mtext=", type);
	trace_bytes(t, t->args[i] + sizeof(type), t->done ? (size_t)t->result : t->args[i + 1]);
	trace_printf(t, "}");
}

void show_mq_attr(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct mq_attr a;

	if (!trace_fetch(t, i, &a, sizeof(a)))
		return;
	trace_printf(t, "{mq_flags=");
	trace_flags(t, names, (unsigned long)a.mq_flags);
	trace_printf(t, ", mq_maxmsg=%ld, mq_msgsize=%ld, mq_curmsgs=%ld}", (long)a.mq_maxmsg,
		     (long)a.mq_msgsize, (long)a.mq_curmsgs);
}
