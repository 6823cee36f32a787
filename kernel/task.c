/* SPDX-License-Identifier: MIT */
/*
 * Making and ending processes. There is one: its end is the end of the machine, with the wait(2)
 * status handed to the host. Threads are in kernel/thread.c.
 */
#include "kernel/task.h"

#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/file.h"
#include "kernel/heap.h"
#include "kernel/log.h"
#include "kernel/posix_timer.h"

/* The machine's side of the world is process 1; the program is 2, so that nothing takes it for an
 * init. */
#define FIRST_PID 2

int process_new(struct process **out)
{
	struct process *p = kzalloc(sizeof(*p));
	int r = -ENOMEM;

	if (!p)
		return -ENOMEM;
	r = mm_new(&p->mm);
	if (r)
		goto fail;
	r = files_new(&p->files);
	if (r)
		goto fail_mm;
	p->pid = p->pgid = p->sid = FIRST_PID;
	p->ppid = 1;
	p->dumpable = true;
	p->start_ns = clock_mono_ns();
	list_init(&p->threads);
	sigpending_init(&p->pending);
	list_init(&p->posix_timers);
	rlimits_init(p->limits);
	*out = p;
	return 0;
fail_mm:
	mm_destroy(p->mm);
fail:
	kfree(p);
	return r;
}

/*
 * The other threads end on their way to the program; this one goes on alone, so that what the
 * machine still does for the process (writing back, flushing) is not interrupted by the program.
 */
void process_exit(int wait_status)
{
	struct process *p = current_process();

	process_single(p);
	if (trace_hooks.end)
		trace_hooks.end(wait_status);
	posix_timers_delete_all(p);
	files_put(p->files); /* pipes and files learn of it; output is flushed below */
	if (file_sync_all && file_sync_all(false))
		log_error("data was lost: some of what was written could not be stored");
	con_shutdown(wait_status);
}

bool capable(int cap)
{
	return current_process()->cred.euid == 0;
}
