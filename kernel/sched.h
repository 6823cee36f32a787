/* SPDX-License-Identifier: MIT */
/* What only the thread, trap and start-up code asks of the scheduler; others use kernel/task.h. */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include "kernel/types.h"

/* End the running thread, which nobody else knows of any more unless it is its process's first. */
__noreturn void sched_exit(void);
/* First call of a new thread on its own stack: completes the switch to it. */
void sched_switched(void);
/* Make the queue and the idle thread of a CPU (0: when others are about to start). NULL: no memory.
 */
struct thread *sched_add_cpu(unsigned cpu);
/* What an idle thread does. */
__noreturn void sched_idle(void);
/* For how long a CPU has had nothing to run. */
uint64_t sched_idle_ns(unsigned cpu);
/* Run pending interrupt handlers; threads they wake run before the current one goes on. */
void sched_interrupts(void);

#endif
