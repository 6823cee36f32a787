/* SPDX-License-Identifier: MIT */
/*
 * Interval timers of a process: ITIMER_REAL on CLOCK_MONOTONIC, ITIMER_VIRTUAL and ITIMER_PROF on
 * its CPU time, and the CPU-time limit RLIMIT_CPU. Values in ns. All take process->lock themselves.
 */
#ifndef KERNEL_ITIMER_H
#define KERNEL_ITIMER_H

#include "kernel/types.h"

struct process;

struct cpu_itimer {
	uint64_t expires_ns; /* CPU time of the process at which it fires; 0 = off */
	uint64_t interval_ns;
};

struct itimer_value {
	uint64_t value_ns; /* until it fires; 0 = off */
	uint64_t interval_ns;
};

/* which: ITIMER_REAL, ITIMER_VIRTUAL or ITIMER_PROF, checked by the caller. */
void itimer_get(struct process *p, int which, struct itimer_value *out);
void itimer_set(struct process *p, int which, const struct itimer_value *new,
		struct itimer_value *old);
/*
 * The SIGALRM of ITIMER_REAL was taken off the queue: start its next interval. Caller holds
 * process->lock.
 */
void itimer_real_rearm(struct process *p);
/* RLIMIT_CPU was changed. */
void itimer_cpu_limit_changed(struct process *p);

#endif
