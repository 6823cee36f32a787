/* SPDX-License-Identifier: MIT */
/* Time: nanosecond clocks derived from the TSC. Any context, no locks. */
#ifndef KERNEL_CLOCK_H
#define KERNEL_CLOCK_H

#include "kernel/types.h"

struct bootinfo;
struct process;
struct thread;
struct wait_queue;

/* Start the clocks. Before it, they all read 0. */
void clock_init(const struct bootinfo *bi);
uint64_t clock_mono_ns(void); /* CLOCK_MONOTONIC: since boot, never goes back */
uint64_t
clock_real_ns(void); /* CLOCK_REALTIME: since 1970. May sleep (asks the host the first time) */
uint64_t clock_real_coarse_ns(void); /* for file times: never sleeps, may be tens of ms behind */
/* Set CLOCK_REALTIME (clock_settime, settimeofday). */
void clock_set_real_ns(uint64_t now_ns);
/* How often that was done; and who wants to know at once. */
uint64_t clock_real_set_count(void);
extern struct wait_queue clock_set_wq;
/* CPU time of the calling thread / the process; user + system together, ns. */
uint64_t clock_thread_cpu_ns(void);
uint64_t clock_process_cpu_ns(void);
/* The same of others. process_cpu_ns: caller holds process->lock. */
uint64_t thread_cpu_ns(const struct thread *t);
uint64_t process_cpu_ns(const struct process *p);
uint64_t process_cpu_ns_now(struct process *p); /* takes it */

/* Have timer_interrupt() called at this moment of CLOCK_MONOTONIC or soon after; UINT64_MAX =
 * never. */
void clockevent_arm(uint64_t deadline_ns);

#endif
