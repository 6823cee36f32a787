/* SPDX-License-Identifier: MIT */
/*
 * Interrupts: the local APIC (through its memory window, which works on every machine and needs no
 * ring 0), the IOAPICs, and the table of handlers. Handlers run in kernel context from
 * irq_process(), never in the middle of another kernel path.
 */
#ifndef KERNEL_X86_64_APIC_H
#define KERNEL_X86_64_APIC_H

#include "kernel/types.h"

/* Map and enable the APICs. 0 or -ENOMEM. */
int apic_init(void);

/* Route a global interrupt (edge-triggered) to `handler`. 0, -ENOSPC (no vector left),
 * -EINVAL. */
int irq_request(unsigned gsi, void (*handler)(void *arg), void *arg);

/* Enable the local APIC of another than the first CPU, which calls this. */
void apic_init_other(void);
/* Make another CPU begin at physical address 0, in real mode; repeat until it does. */
void apic_start(uint8_t apic_id, bool again);
/* Stop all other CPUs for good. */
void apic_stop_others(void);
uint8_t apic_id(void); /* of this CPU */
/* Interrupt another CPU. */
void apic_send(uint8_t apic_id, unsigned vec);

/* Run the handlers of all recorded interrupts. Called with interrupts masked. */
void irq_process(void);

/* One interrupt on VEC_TIMER after delay_ns (clipped to about 4 s: the handler re-arms); UINT64_MAX
 * = none. */
void apic_timer_arm(uint64_t delay_ns);
/* To measure another clock by: start at 0; nanoseconds since then, for the next 4 s. The interrupt
 * is not armed meanwhile. */
void apic_timer_measure(void);
uint32_t apic_timer_elapsed(void);
void irq_set_timer_handler(void (*handler)(void));

#endif
