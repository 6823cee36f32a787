/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers on CLOCK_MONOTONIC. The callback runs in kernel context with interrupts masked,
 * never in the middle of another kernel path; it must not sleep. It may re-arm its own timer.
 */
#ifndef KERNEL_TIMER_H
#define KERNEL_TIMER_H

#include "kernel/list.h"

struct timer {
	struct list link;     /* sorted by deadline, (timer lock) */
	uint64_t deadline_ns; /* CLOCK_MONOTONIC */
	void (*fire)(struct timer *t);
	bool armed;
};

void timer_init(struct timer *t, void (*fire)(struct timer *));
void timer_arm(struct timer *t, uint64_t deadline_ns); /* re-arming moves it */
void timer_disarm(struct timer *t);		       /* harmless if not armed */

/* Fire what is due and arm the clock event for the rest. Called when that fires or whenever time
 * may have passed. */
void timer_interrupt(void);
/* Deadline of the earliest timer, UINT64_MAX if there is none: how long an idle CPU may halt. */
uint64_t timer_next_ns(void);

#endif
