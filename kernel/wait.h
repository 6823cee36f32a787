/* SPDX-License-Identifier: MIT */
/*
 * Sleeping and waking. A condition is tested between wait_prepare() and wait_sleep(), so a wake-up
 * in between is not lost. Use the WAIT_* macros; poll/select, which wait on many queues, use the
 * functions.
 */
#ifndef KERNEL_WAIT_H
#define KERNEL_WAIT_H

#include "kernel/lock.h"

struct thread;

struct waiter {
	struct list link;      /* (wq->lock) */
	struct wait_queue *wq; /* NULL while not queued */
	struct thread *thread;
	bool woken; /* set by wait_wake */
	bool mutex; /* of mutex_lock(): its wake-up is not one for wait_sleep() */
	/* Called by each wake-up instead of waking the thread; the waiter stays queued and is not
	 * counted. Must not sleep, nor use this queue. */
	void (*notify)(struct waiter *w);
};

#define NO_DEADLINE UINT64_MAX

void wait_queue_init(struct wait_queue *wq);
#define WAIT_QUEUE_INIT(name)                                                                      \
	{                                                                                          \
		.waiters = LIST_INIT((name).waiters)                                               \
	}

/* Put the calling thread on wq. A waiter is used for one queue at a time; a thread may have
 * several. */
void wait_prepare(struct waiter *w, struct wait_queue *wq);
/* Take it off again. Harmless if it is not queued. */
void wait_finish(struct waiter *w);
/*
 * Sleep until a prepared waiter of this thread is woken, the deadline (CLOCK_MONOTONIC, ns) passes,
 * or, if interruptible, an unblocked signal is pending. Returns 0 (woken; re-test the condition),
 * -ETIMEDOUT or -ERESTARTSYS.
 */
int wait_sleep(uint64_t deadline_ns, bool interruptible);
/* Wake up to n waiters (all: SIZE_MAX), oldest first; returns how many. Callable from any kernel
 * context. */
size_t wait_wake(struct wait_queue *wq, size_t n);
#define wait_wake_all(wq) ((void)wait_wake(wq, SIZE_MAX))

/* Sleep until cond; evaluates to 0, -ETIMEDOUT or -ERESTARTSYS. cond is evaluated without locks
 * held here. */
#define wait_until(wq_, cond_, deadline_ns_)                                                       \
	({                                                                                         \
		struct waiter wu_w_ = {0};                                                         \
		int wu_r_ = 0;                                                                     \
		while (!(cond_) && wu_r_ == 0) {                                                   \
			wait_prepare(&wu_w_, (wq_));                                               \
			if (!(cond_))                                                              \
				wu_r_ = wait_sleep((deadline_ns_), true);                          \
			wait_finish(&wu_w_);                                                       \
			if (wu_r_ && (cond_))                                                      \
				wu_r_ = 0;                                                         \
		}                                                                                  \
		wu_r_;                                                                             \
	})

#endif
