/* SPDX-License-Identifier: MIT */
/*
 * Several CPUs. Program code of different threads runs in parallel, kernel code does not: a CPU
 * takes the kernel lock when it comes from program code and gives it back when it returns there or
 * has nothing to do. A thread that sleeps leaves the lock to the one that goes on in its place. So
 * all the rest of the kernel runs as on one CPU.
 *
 * cpu->in_program is cleared before the lock is waited for and set, with the lock held, before it
 * is given back. Whoever holds the lock can therefore wait until a CPU has left program code
 * without the risk that it comes back or waits for us: that is how translations are forgotten
 * everywhere (the CPU itself does it when it gets the lock, before it touches program memory), how
 * threads of other CPUs are told of signals, and how membarrier(2) works.
 */
#ifndef KERNEL_X86_64_SMP_H
#define KERNEL_X86_64_SMP_H

#include "kernel/types.h"
#include "kernel/x86_64/percpu.h"

struct mm;

/*
 * Start CPUs 1 to n - 1, whose local APICs have these numbers (apic_ids[0]: the caller's), n at
 * most MAX_CPUS; called once, by CPU 0, before there is program code. Ends the machine, after
 * saying why, if one does not come.
 */
void smp_start(unsigned n, const uint8_t *apic_ids);
/* At the end: nothing runs any more but the caller. */
void smp_stop_others(void);

/* The same as what entry.S does on the way in; nothing while there is one CPU. */
void kernel_lock_enter(void);

/* ---- the rest with the kernel lock held ---- */

/* Let others have the lock, if any wait for it. May run anything that a sleep may. */
void kernel_lock_yield(void);
/* Halt this CPU until an interrupt comes; others may have the lock meanwhile. */
void cpu_idle(void);
/* Have a CPU look at what there is to do: wake up, or come out of program code. */
void cpu_kick(struct cpu *c);
/* The other CPUs that use this page-table root forget their translations. */
void smp_flush_others(paddr_t root);
/* Wait until every other CPU has come out of mm's program code (NULL: any), however short. */
void smp_leave_program(const struct mm *mm);

#endif
