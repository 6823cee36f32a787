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

struct wait_queue;

/* A moment of CLOCK_MONOTONIC or CLOCK_REALTIME; ns NO_DEADLINE: never. */
struct futex_deadline {
	uint64_t ns;
	bool realtime;
};

/*
 * Sleep on any queue until `done` says so. A deadline of CLOCK_REALTIME follows the clock when that
 * is set. Returns 0, -ETIMEDOUT or -ERESTARTSYS.
 */
int futex_sleep(struct wait_queue *wq, bool (*done)(const void *arg), const void *arg,
		const struct futex_deadline *until);
/*
 * Sleep while *f is `value`, until a waker whose bitset meets ours, or the deadline. Returns 0,
 * -EAGAIN (another value), -ETIMEDOUT, -ERESTARTSYS, -EINVAL (bitset 0, misaligned), -EFAULT.
 */
int futex_wait(struct futex_addr f, uint32_t value, uint32_t bitset,
	       const struct futex_deadline *until);
/* The same on n futexes at once. Returns the index of one that was woken, or an error as above or
 * -ENOMEM. */
struct futex_expect {
	struct futex_addr futex;
	uint32_t value;
};
int futex_wait_many(const struct futex_expect *what, size_t n, const struct futex_deadline *until);
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
/*
 * Take the lock whose word names its owner; try: do not wait. 0, -EAGAIN, -ETIMEDOUT,
 * -ERESTARTNOINTR, -EDEADLK, -ESRCH (the owner does not exist), -EINVAL, -EFAULT or -ENOMEM.
 */
int futex_lock_pi(struct futex_addr f, const struct futex_deadline *until, bool try);
/* Give it back. 0, -EPERM (another has it), -EINVAL or -EFAULT. */
int futex_unlock_pi(struct futex_addr f);
/* Sleep as futex_wait, then, moved by futex_cmp_requeue_pi, until the lock *pi is ours. */
int futex_wait_requeue_pi(struct futex_addr f, uint32_t value, uint32_t bitset,
			  const struct futex_deadline *until, struct futex_addr pi);
/*
 * While *from is `cmp`: move up to 1 + n_move such waiters; the first may get the lock at once.
 * Returns how many, or -errno as futex_requeue and futex_lock_pi.
 */
int futex_cmp_requeue_pi(struct futex_addr from, struct futex_addr pi, int n_wake, int n_move,
			 uint32_t cmp);
/* The calling thread t ends: its PI futexes go to those who wait, after futex_robust_exit. */
struct thread;
void futex_pi_exit(struct thread *t);
/* The calling thread t ends: give up its robust futexes. */
void futex_robust_exit(struct thread *t);

#endif
