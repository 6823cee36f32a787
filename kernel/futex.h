/* SPDX-License-Identifier: MIT */
/*
 * Futexes: sleeping until a 32-bit word of program memory is said to have changed (futex(2)). A
 * private futex is named by its address; a shared one by the file and offset behind it, so that two
 * mappings of one file meet.
 */
#ifndef KERNEL_FUTEX_H
#define KERNEL_FUTEX_H

#include "kernel/types.h"

/* A word and how to name it. */
struct futex_addr {
	uaddr_t addr;
	bool shared;
};

/*
 * Sleep while *f is `value`, until a waker whose bitset meets ours, or the deadline
 * (CLOCK_MONOTONIC or, if realtime, CLOCK_REALTIME; NO_DEADLINE = none). Returns 0, -EAGAIN
 * (another value), -ETIMEDOUT, -ERESTARTSYS, -EINVAL (bitset 0, misaligned), -EFAULT.
 */
int futex_wait(struct futex_addr f, uint32_t value, uint32_t bitset, uint64_t deadline_ns,
	       bool realtime);
/*
 * Wake up to n waiters (at least one is tried, as Linux does). Returns how many, -EINVAL or
 * -EFAULT.
 */
int futex_wake(struct futex_addr f, int n, uint32_t bitset);
/*
 * Wake up to n_wake waiters of `from` and move up to n_move of the rest to `to`; with cmp only
 * while *from is *cmp (else -EAGAIN). Returns how many were woken or moved, -EINVAL or -EFAULT.
 */
int futex_requeue(struct futex_addr from, struct futex_addr to, int n_wake, int n_move,
		  const uint32_t *cmp);
/*
 * Change *b by the encoded operation, wake n_a waiters of a, and n_b of b if the old value compares
 * as encoded. Returns how many in all, -ENOSYS (no such operation), -EINVAL or -EFAULT.
 */
int futex_wake_op(struct futex_addr a, struct futex_addr b, int n_a, int n_b, uint32_t op);
/* The calling thread t ends: give up its robust futexes. */
struct thread;
void futex_robust_exit(struct thread *t);

#endif
