/* SPDX-License-Identifier: MIT */
/*
 * Spin locks (short sections, never sleep inside) and mutexes (may sleep). Kernel code is not
 * preempted and runs with the virtual interrupt flag off (cpu->masked), so neither needs an
 * interrupt-saving variant.
 *
 * Lock order, outer first (take downwards only). What may touch program memory, and so fault, is
 * outside of mm->lock.
 *
 *	mm_exchange (mutex, kernel/task.h)
 *	  file->lock (mutex; the position)
 *	    inode->lock (mutex; parent directory before child, then by address)
 *	      graph_lock, instance->lock (mutexes; fs/eventpoll.c says which first)
 *	        pipe, terminal and socket mutexes (of two pipes, by address)
 *	          files->lock   process->lock   pagecache->writeback (mutex)
 *	            mm->lock (mutex)
 *	              pagecache->io (mutex), console locks
 *	                wait_queue->lock
 *	                  sched lock
 *	                    page, heap, log locks (leaves)
 */
#ifndef KERNEL_LOCK_H
#define KERNEL_LOCK_H

#include "kernel/list.h"
#include "kernel/types.h"

struct spinlock {
	unsigned char held;
};

#define SPINLOCK_INIT                                                                              \
	{                                                                                          \
		0                                                                                  \
	}

static inline void spin_lock(struct spinlock *l)
{
	while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&l->held, __ATOMIC_RELAXED))
			__builtin_ia32_pause();
}

static inline bool spin_trylock(struct spinlock *l)
{
	return !__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE);
}

static inline void spin_unlock(struct spinlock *l)
{
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

struct waiter;

struct wait_queue {
	struct spinlock lock;
	struct list waiters; /* of struct waiter, kernel/wait.h */
};

struct mutex {
	struct spinlock lock;
	bool held;
	struct waiter *heir; /* woken and yet too late: the next to have it, before all others */
	struct wait_queue wq;
};

void mutex_init(struct mutex *m);
/* May sleep; not interruptible. */
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);

#endif
