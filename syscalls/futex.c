/* SPDX-License-Identifier: MIT */
/*
 * futex(2) and what the kernel keeps per thread for the C library: robust lists, restartable
 * sequences. Priority-inheriting futexes do not exist (ENOSYS).
 */
#include "kernel/futex.h"
#include "kernel/rseq.h"
#include "kernel/wait.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#define ROBUST_LIST_HEAD_SIZE 24 /* sizeof(struct robust_list_head), linux/futex.h */

/* What FUTEX_WAIT and FUTEX_WAIT_BITSET need, also to go on after a stop. */
enum { ARG_ADDR, ARG_SHARED, ARG_VALUE, ARG_BITSET, ARG_DEADLINE, ARG_REALTIME };

static long wait_restart(const struct restart *r)
{
	struct futex_addr f = {r->arg[ARG_ADDR], r->arg[ARG_SHARED]};
	int ret = futex_wait(f, r->arg[ARG_VALUE], r->arg[ARG_BITSET], r->arg[ARG_DEADLINE],
			     r->arg[ARG_REALTIME]);

	/* Only with a deadline does the call have to remember something: when it ends. */
	return ret == -ERESTARTSYS && r->arg[ARG_DEADLINE] != NO_DEADLINE ? signal_set_restart(r)
									  : ret;
}

/* FUTEX_WAIT's timeout is a length of time, FUTEX_WAIT_BITSET's a moment. */
static long do_wait(struct futex_addr f, int op, uint32_t value, uint32_t bitset, uaddr_t timeout)
{
	bool relative = (op & FUTEX_CMD_MASK) == FUTEX_WAIT;
	uint64_t ns, deadline = NO_DEADLINE;
	int r;

	if (timeout) {
		r = timespec_from_user(timeout, &ns);
		if (r)
			return r;
		deadline = relative ? deadline_in(ns) : ns == INT64_MAX ? NO_DEADLINE : ns;
	}
	if (relative && (op & FUTEX_CLOCK_REALTIME))
		return -ENOSYS;
	return wait_restart(&(struct restart){
	    .fn = wait_restart,
	    .arg = {[ARG_ADDR] = f.addr,
		    [ARG_SHARED] = f.shared,
		    [ARG_VALUE] = value,
		    [ARG_BITSET] = bitset,
		    [ARG_DEADLINE] = deadline,
		    [ARG_REALTIME] = (op & FUTEX_CLOCK_REALTIME) != 0},
	});
}

/* futex(2). `timeout` is a second count for the operations that do not wait. */
long sys_futex(uaddr_t uaddr, int op, unsigned val, uaddr_t timeout, uaddr_t uaddr2, unsigned val3)
{
	int cmd = op & FUTEX_CMD_MASK, val2 = (int)timeout;
	bool shared = !(op & FUTEX_PRIVATE_FLAG);
	struct futex_addr f = {uaddr, shared}, f2 = {uaddr2, shared};

	if (cmd == FUTEX_WAIT)
		return do_wait(f, op, val, FUTEX_BITSET_MATCH_ANY, timeout);
	if (cmd == FUTEX_WAIT_BITSET)
		return do_wait(f, op, val, val3, timeout);
	if (op & FUTEX_CLOCK_REALTIME)
		return -ENOSYS;
	switch (cmd) {
	case FUTEX_WAKE:
		return futex_wake(f, (int)val, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(f, (int)val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(f, f2, (int)val, val2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(f, f2, (int)val, val2, &val3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(f, f2, (int)val, val2, val3);
	default:
		return -ENOSYS;
	}
}

/* set_robust_list(2). The list matters when a thread dies while others live. */
long sys_set_robust_list(uaddr_t head, size_t len)
{
	if (len != ROBUST_LIST_HEAD_SIZE)
		return -EINVAL;
	current->robust_list = head;
	return 0;
}

/* get_robust_list(2). */
long sys_get_robust_list(int pid, uaddr_t head, uaddr_t len)
{
	struct process *p = current_process();
	struct thread *found;
	uaddr_t list = 0;

	spin_lock(&p->lock);
	found = pid ? process_thread(p, pid) : current;
	if (found)
		list = found->robust_list;
	spin_unlock(&p->lock);
	if (!found)
		return -ESRCH;
	if (put_user(len, (uint64_t)ROBUST_LIST_HEAD_SIZE))
		return -EFAULT;
	return put_user(head, list);
}

/* rseq(2). */
long sys_rseq(uaddr_t area, unsigned rseq_len, unsigned flags, unsigned sig)
{
	return rseq_register(area, rseq_len, (int)flags, sig);
}
