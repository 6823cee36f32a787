/* SPDX-License-Identifier: MIT */
/* What the parts of futexes share: names of words, queues of waiters. */
#ifndef KERNEL_FUTEX_PRIVATE_H
#define KERNEL_FUTEX_PRIVATE_H

#include "kernel/futex.h"
#include "kernel/lock.h"

struct file;
struct futex_pi_waiter;

/* What a futex is named by: an address space and an address, or a file's inode and an offset in it.
 */
struct futex_key {
	const void *space;
	uint64_t offset;
};

/* A sleeping thread; on its stack. */
struct futex_waiter {
	struct list link;     /* (bucket lock of key) */
	struct futex_key key; /* written under the locks of the old and the new bucket */
	uint32_t bitset;
	bool queued;		    /* false: a waker has taken it off */
	struct wait_queue *wq;	    /* of this one thread */
	struct futex_pi_waiter *pi; /* only to be moved to a PI futex; else NULL */
};

/*
 * The key of a futex. For a shared one on a file, *file is its referenced file, which keeps the
 * inode while someone sleeps. Returns 0, -EINVAL (misaligned) or -EFAULT (not program memory; for a
 * shared one also: nothing mapped). futex_key_put in any case.
 */
int futex_key_get(struct futex_addr f, struct futex_key *key, struct file **file);
void futex_key_put(struct file *file);

static inline bool futex_key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->space == b->space && a->offset == b->offset;
}

void futex_enqueue(struct futex_waiter *w);
/* Returns true if it was still queued, false if a waker had chosen it. */
bool futex_dequeue(struct futex_waiter *w);
/*
 * For FUTEX_CMP_REQUEUE_PI: take the first waiter off, if it waits to be moved to `to`. Returns its
 * PI half in *out (NULL: there is no waiter) or -EINVAL (it waits for something else).
 */
int futex_take_for_pi(const struct futex_key *from, const struct futex_key *to,
		      struct futex_pi_waiter **out);
/* Does it wait to be moved to this PI futex? */
bool futex_pi_waits_for(const struct futex_pi_waiter *w, const struct futex_key *key);

#endif
