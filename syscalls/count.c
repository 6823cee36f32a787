/* SPDX-License-Identifier: MIT */
/*
 * One sum for each number, changed with atomic additions and read once, at the end.
 */
#include "syscalls/count.h"

#include "kernel/abi/bootinfo.h"
#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/heap.h"
#include "kernel/log.h"
#include "syscalls/rules.h"

struct count {
	uint64_t calls, errors, cpu_ns, elapsed_ns;
};

static struct count
    *counts; /* n_counts of them; the last is for numbers that Linux does not have */
static uint32_t n_counts;

void count_init(uint32_t n_numbers)
{
	counts = kzalloc((n_numbers + 1) * sizeof(*counts));
	n_counts = n_numbers + 1;
	if (!counts)
		log_error("no memory to count system calls");
}

static void add(uint64_t *sum, uint64_t n)
{
	__atomic_fetch_add(sum, n, __ATOMIC_RELAXED);
}

void count_enter(struct counted *c, uint32_t nr)
{
	c->count = counts && rules_concern() ? &counts[MIN(nr, n_counts - 1)] : NULL;
	if (!c->count)
		return;
	add(&c->count->calls, 1);
	c->start_ns = clock_mono_ns();
	c->cpu_ns = clock_thread_cpu_ns();
}

void count_leave(const struct counted *c, bool failed)
{
	if (!c->count)
		return;
	add(&c->count->errors, failed);
	add(&c->count->cpu_ns, clock_thread_cpu_ns() - c->cpu_ns);
	add(&c->count->elapsed_ns, clock_mono_ns() - c->start_ns);
}

void count_report(void)
{
	for (uint32_t i = 0; counts && i < n_counts; i++) {
		const struct count *c = &counts[i];
		struct bi_msg m = {.type = BI_MSG_SYSCALL,
				   .arg = i < n_counts - 1 ? i : UINT32_MAX,
				   .v = {c->calls, c->errors, c->cpu_ns, c->elapsed_ns}};

		if (c->calls)
			con_tell(&m);
	}
}
