/* SPDX-License-Identifier: MIT */
/*
 * Writing back by time: what was modified is handed to its storage within half a minute, as on
 * Linux, also if the program never asks and nothing else makes it necessary. A timer starts a
 * kernel thread that does it and ends; a machine in which nothing is modified has neither.
 */
#include "fs/pagecache_private.h"
#include "kernel/clock.h"
#include "kernel/task.h"
#include "kernel/timer.h"

#define WRITEBACK_NS (30 * NSEC_PER_SEC)

static struct timer timer;
static bool working;

static void write_all(void)
{
	mutex_lock(&mm_exchange);
	(void)pagecache_sync_all(false); /* errors wait for who asks about the file */
	mutex_unlock(&mm_exchange);
	working = false;
}

static void fire(struct timer *t)
{
	uint64_t pages, dirty;

	pagecache_totals(&pages, &dirty);
	if (!dirty)
		return;
	if (!working && !thread_kernel(write_all))
		working = true;
	else
		timer_arm(t, clock_mono_ns() + WRITEBACK_NS);
}

void writeback_expect(void)
{
	if (timer.armed)
		return;
	timer_init(&timer, fire);
	timer_arm(&timer, clock_mono_ns() + WRITEBACK_NS);
}
