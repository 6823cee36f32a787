/* SPDX-License-Identifier: MIT */
/*
 * Out of memory. Only page faults of programs come here: calls that need memory fail with ENOMEM.
 * A process that was chosen is given the time to end before another is.
 */
#include "kernel/oom.h"

#include "kernel/clock.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/process.h"
#include "kernel/wait.h"

#define PATIENCE_NS (2 * NSEC_PER_SEC) /* with who was killed, before the caller goes too */

long oom_points(struct process *p)
{
	if (!p->mm)
		return 0;
	return (long)(p->mm->resident_pages + mm_table_pages(p->mm)) +
	       p->oom_score_adj * ((long)page_total() / OOM_ADJ_MAX);
}

/* Whose end is under way, or who has most; the caller's if nobody may be killed. */
static struct process *victim(void)
{
	struct process *p, *most = current_process();
	long points = most->oom_score_adj == -OOM_ADJ_MAX ? INT64_MIN : oom_points(most);

	for_each_process(p)
	{
		if (p->exited || !p->mm)
			continue;
		if (p->oom_killed)
			return p;
		if (p->oom_score_adj == -OOM_ADJ_MAX || oom_points(p) <= points)
			continue;
		most = p;
		points = oom_points(p);
	}
	return most;
}

static void announce(const struct process *p)
{
	if (p->pid == FIRST_PID)
		log_error("out of memory: the program is killed (give the machine more with -m)");
	else
		log_error("out of memory: process %d (%s) is killed (give the machine more with "
			  "-m)",
			  p->pid, process_leader(p)->comm);
}

/* False: it takes too long. */
static bool wait_for_end(struct process *p)
{
	uint64_t deadline = clock_mono_ns() + PATIENCE_NS;
	struct waiter w = {0};
	bool ended;

	process_get(p);
	while (!p->exited && !signal_kills(current) && clock_mono_ns() < deadline) {
		current->killable = true;
		wait_prepare(&w, &p->exit_wq);
		if (!p->exited)
			(void)wait_sleep(deadline, false);
		wait_finish(&w);
		current->killable = false;
	}
	ended = p->exited || signal_kills(current);
	process_put(p);
	return ended;
}

void oom_kill(void)
{
	struct process *p = victim(), *other;

	if (!p->oom_killed) {
		announce(p);
		p->oom_killed = true;
		for_each_process(other) if (other != p && !other->exited && other->mm == p->mm)
		    signal_raise(other, SIGKILL); /* or the memory stays */
		if (p != current_process())
			signal_raise(p, SIGKILL);
	}
	if (p == current_process() || !wait_for_end(p))
		process_exit(SIGKILL); /* what cannot end holds nobody up: this one does then */
}
