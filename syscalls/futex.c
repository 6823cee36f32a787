/* SPDX-License-Identifier: MIT */
/*
 * futex(2) and what the kernel keeps per thread for the C library: robust lists, restartable
 * sequences.
 */
#include "kernel/futex.h"
#include "kernel/process.h"
#include "kernel/rseq.h"
#include "kernel/wait.h"
#include "syscalls/ident.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#define ROBUST_LIST_HEAD_SIZE 24 /* sizeof(struct robust_list_head), linux/futex.h */

/* What FUTEX_WAIT and FUTEX_WAIT_BITSET need, also to go on after a stop. */
enum { ARG_ADDR, ARG_SHARED, ARG_VALUE, ARG_BITSET, ARG_DEADLINE, ARG_REALTIME };

static long wait_restart(const struct restart *r)
{
	struct futex_addr f = {r->arg[ARG_ADDR], r->arg[ARG_SHARED]};
	struct futex_deadline until = {r->arg[ARG_DEADLINE], r->arg[ARG_REALTIME]};
	int ret = futex_wait(f, r->arg[ARG_VALUE], r->arg[ARG_BITSET], &until);

	/* Only with a deadline does the call have to remember something: when it ends. */
	return ret == -ERESTARTSYS && until.ns != NO_DEADLINE ? signal_set_restart(r) : ret;
}

/* A moment of a clock that the program gives, if it does. 0, -EFAULT or -EINVAL. */
static int deadline_get(uaddr_t timeout, bool realtime, struct futex_deadline *until)
{
	int r;

	*until = (struct futex_deadline){NO_DEADLINE, realtime};
	if (!timeout)
		return 0;
	r = timespec_from_user(timeout, &until->ns);
	if (until->ns == INT64_MAX)
		until->ns = NO_DEADLINE;
	return r;
}

/* FUTEX_WAIT's timeout is a length of time, FUTEX_WAIT_BITSET's a moment. */
static long do_wait(struct futex_addr f, int op, uint32_t value, uint32_t bitset, uaddr_t timeout)
{
	bool relative = (op & FUTEX_CMD_MASK) == FUTEX_WAIT;
	struct futex_deadline until;
	int r = deadline_get(timeout, op & FUTEX_CLOCK_REALTIME, &until);

	if (r)
		return r;
	if (relative && (op & FUTEX_CLOCK_REALTIME))
		return -ENOSYS;
	return wait_restart(&(struct restart){
	    .fn = wait_restart,
	    .arg = {[ARG_ADDR] = f.addr,
		    [ARG_SHARED] = f.shared,
		    [ARG_VALUE] = value,
		    [ARG_BITSET] = bitset,
		    [ARG_DEADLINE] = relative ? deadline_in(until.ns) : until.ns,
		    [ARG_REALTIME] = until.realtime},
	});
}

/* The operations on locks whose word names the owner. */
static long do_pi(struct futex_addr f, int op, uint32_t value, uaddr_t timeout,
		  struct futex_addr f2)
{
	int cmd = op & FUTEX_CMD_MASK;
	struct futex_deadline until;
	int r = deadline_get(timeout, cmd == FUTEX_LOCK_PI || (op & FUTEX_CLOCK_REALTIME), &until);

	if (r)
		return r;
	if (cmd == FUTEX_WAIT_REQUEUE_PI)
		return futex_wait_requeue_pi(f, value, FUTEX_BITSET_MATCH_ANY, &until, f2);
	return cmd == FUTEX_LOCK_PI && (op & FUTEX_CLOCK_REALTIME)
		   ? -ENOSYS
		   : futex_lock_pi(f, &until, false);
}

/* Operations without a time; val2 is a second count. */
static long do_now(struct futex_addr f, int cmd, int val, int val2, struct futex_addr f2,
		   uint32_t val3)
{
	switch (cmd) {
	case FUTEX_WAKE:
		return futex_wake(f, val, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(f, val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(f, f2, val, val2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(f, f2, val, val2, &val3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(f, f2, val, val2, val3);
	case FUTEX_UNLOCK_PI:
		return futex_unlock_pi(f);
	case FUTEX_TRYLOCK_PI:
		return futex_lock_pi(f, NULL, true);
	case FUTEX_CMP_REQUEUE_PI:
		return futex_cmp_requeue_pi(f, f2, val, val2, val3);
	default:
		return -ENOSYS;
	}
}

/* futex(2). `timeout` is a second count for the operations that do not wait. */
long sys_futex(uaddr_t uaddr, int op, unsigned val, uaddr_t timeout, uaddr_t uaddr2, unsigned val3)
{
	bool shared = !(op & FUTEX_PRIVATE_FLAG);
	struct futex_addr f = {uaddr, shared}, f2 = {uaddr2, shared};

	switch (op & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
		return do_wait(f, op, val, FUTEX_BITSET_MATCH_ANY, timeout);
	case FUTEX_WAIT_BITSET:
		return do_wait(f, op, val, val3, timeout);
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
	case FUTEX_WAIT_REQUEUE_PI:
		return do_pi(f, op, val, timeout, f2);
	}
	if (op & FUTEX_CLOCK_REALTIME)
		return -ENOSYS;
	return do_now(f, op & FUTEX_CMD_MASK, (int)val, (int)timeout, f2, val3);
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
	struct thread *t = thread_by_id(pid);
	uaddr_t list = 0;

	if (!t)
		return -ESRCH;
	if (!signal_permitted(t->process, 0))
		return -EPERM;
	list = t->robust_list;
	if (put_user(len, (uint64_t)ROBUST_LIST_HEAD_SIZE))
		return -EFAULT;
	return put_user(head, list);
}

/* rseq(2). */
long sys_rseq(uaddr_t area, unsigned rseq_len, unsigned flags, unsigned sig)
{
	return rseq_register(area, rseq_len, (int)flags, sig);
}
