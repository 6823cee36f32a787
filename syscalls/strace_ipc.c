/* SPDX-License-Identifier: MIT */
/* System V IPC, message queues and AIO in --strace. */
#include "kernel/abi/linux.h"
#include "kernel/uaccess.h"
#include "syscalls/strace.h"

#include <linux/aio_abi.h>
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

/* Pointers to requests, as many as the argument before says. */
void show_iocbs(struct trace *t, unsigned i, const struct trace_name *names)
{
	int64_t count = (int64_t)t->args[i - 1];
	struct iocb c;
	uaddr_t at;

	if (count <= 0 || get_user(&at, t->args[i])) {
		trace_addr(t, t->args[i]);
		return;
	}
	trace_printf(t, "[");
	for (unsigned k = 0; k < count && k < TRACE_ITEMS; k++) {
		if (get_user(&at, t->args[i] + k * sizeof(at)))
			break;
		trace_printf(t, k ? ", " : "");
		if (get_user(&c, at)) {
			trace_addr(t, at);
			continue;
		}
		trace_printf(t, "{aio_data=%#llx, aio_lio_opcode=", c.aio_data);
		trace_choice(t, names, c.aio_lio_opcode);
		trace_printf(t, ", aio_fildes=%d, aio_buf=%#llx, aio_nbytes=%llu, aio_offset=%lld",
			     (int)c.aio_fildes, c.aio_buf, c.aio_nbytes, c.aio_offset);
		if (c.aio_flags & IOCB_FLAG_RESFD)
			trace_printf(t, ", aio_resfd=%d", (int)c.aio_resfd);
		trace_printf(t, "}");
	}
	trace_printf(t, count > TRACE_ITEMS ? ", ...]" : "]");
}

/* As many as the call returned. */
void show_io_events(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct io_event e;

	if (!t->done || t->result < 0) {
		trace_addr(t, t->args[i]);
		return;
	}
	trace_printf(t, "[");
	for (unsigned k = 0; k < t->result && k < TRACE_ITEMS; k++) {
		if (copy_from_user(&e, t->args[i] + k * sizeof(e), sizeof(e)))
			break;
		trace_printf(t, "%s{data=%#llx, obj=%#llx, res=%lld, res2=%lld}", k ? ", " : "",
			     e.data, e.obj, e.res, e.res2);
	}
	trace_printf(t, t->result > TRACE_ITEMS ? ", ...]" : "]");
}
