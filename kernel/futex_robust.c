/* SPDX-License-Identifier: MIT */
/*
 * Robust futexes: a thread that ends marks the locks it holds as left by a dead owner and wakes a
 * waiter of each (set_robust_list(2); Documentation/locking/robust-futex-ABI.rst). The list is the
 * program's and may be anything: what cannot be followed is left.
 */
#include "kernel/futex.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"

#include <linux/futex.h>

#define ENTRY_PI 1ul /* low bit of a pointer: a PI futex */

/* The lock at `addr` if this thread holds it; pending: it was about to be taken or given back. 0,
 * or -1 to give up the list. */
static int owner_died(const struct thread *t, uaddr_t addr, bool pi, bool pending)
{
	struct futex_addr word = {addr, true}; /* PI: futex_pi_exit() wakes */
	uint32_t value, seen;

	if (!IS_ALIGNED(addr, sizeof(value)) || user_load32(addr, &value))
		return -1;
	if (pending && !pi && !value) { /* given back, but nobody was woken yet */
		(void)futex_wake(word, 1, FUTEX_BITSET_MATCH_ANY);
		return 0;
	}
	while ((value & FUTEX_TID_MASK) == (uint32_t)t->tid) {
		uint32_t dead = (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED;

		if (user_cmpxchg32(addr, value, dead, &seen))
			return -1;
		if (seen == value) {
			if (!pi && (value & FUTEX_WAITERS))
				(void)futex_wake(word, 1, FUTEX_BITSET_MATCH_ANY);
			break;
		}
		value = seen;
	}
	return 0;
}

static int entry_get(uaddr_t at, uaddr_t *entry, bool *pi)
{
	uint64_t value;

	if (get_user(&value, at))
		return -1;
	*entry = value & ~ENTRY_PI;
	*pi = value & ENTRY_PI;
	return 0;
}

void futex_robust_exit(struct thread *t)
{
	uaddr_t head = t->robust_list, entry, pending, next;
	bool pi, pending_pi, next_pi = false;
	uint64_t offset;

	if (!head)
		return;
	if (entry_get(head + offsetof(struct robust_list_head, list), &entry, &pi) ||
	    get_user(&offset, head + offsetof(struct robust_list_head, futex_offset)) ||
	    entry_get(head + offsetof(struct robust_list_head, list_op_pending), &pending,
		      &pending_pi))
		return;
	for (int i = 0; entry != head && i < ROBUST_LIST_LIMIT; i++) {
		int r = entry_get(entry, &next, &next_pi);

		if (entry != pending && owner_died(t, entry + offset, pi, false))
			return;
		if (r)
			return;
		entry = next;
		pi = next_pi;
	}
	if (pending)
		(void)owner_died(t, pending + offset, pending_pi, true);
}
