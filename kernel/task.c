/* SPDX-License-Identifier: MIT */
/*
 * Making and ending processes and threads. There is one process: its end is the end of the machine,
 * with the wait(2) status handed to the host.
 */
#include "kernel/task.h"

#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/file.h"
#include "kernel/heap.h"
#include "kernel/itimer.h"
#include "kernel/log.h"
#include "kernel/random.h"
#include "kernel/string.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/kmap.h"
#include "kernel/x86_64/regs.h"

/* The machine's side of the world is process 1; the program is 2, so that nothing takes it for an
 * init. */
#define FIRST_PID 2

_Static_assert(sizeof(struct regs) == REGS_SIZE, "struct regs");
_Static_assert(offsetof(struct regs, orig_rax) == REGS_ORIG_RAX, "orig_rax");
_Static_assert(offsetof(struct regs, rsp) == REGS_RSP, "rsp");
_Static_assert(offsetof(struct thread, work) == THREAD_WORK, "work");

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
	rlimits_init(p->limits);
	*out = p;
	return 0;
fail_mm:
	mm_destroy(p->mm);
fail:
	kfree(p);
	return r;
}

int thread_new(struct process *p, struct thread **out)
{
	struct thread *t = kzalloc(sizeof(*t));
	size_t xsize = ALIGN_UP(cpu_xstate_size(), 64ul);

	if (!t)
		return -ENOMEM;
	t->xstate = kmalloc(MAX(xsize, PAGE_SIZE)); /* page-aligned: XSAVE wants 64 */
	t->kstack_low = (uint64_t)kstack_alloc();
	if (!t->xstate || !t->kstack_low) {
		kfree(t->xstate);
		kfree(t);
		return -ENOMEM;
	}
	t->kstack_top = t->kstack_low + KSTACK_SIZE;
	t->regs = (struct regs *)(t->kstack_top - ALIGN_UP(sizeof(struct regs), 16ul));
	t->tid = p->n_threads ? p->pid + (int)p->n_threads : p->pid;
	t->process = p;
	t->state = THREAD_RUNNING;
	list_init(&t->run_link);
	sigpending_init(&t->pending);
	spin_lock(&p->lock);
	list_add_tail(&t->process_link, &p->threads);
	p->n_threads++;
	spin_unlock(&p->lock);
	*out = t;
	return 0;
}

void process_exit(int wait_status)
{
	struct process *p = current_process();

	p->exiting = true;
	p->exit_status = wait_status;
	if (trace_hooks.end)
		trace_hooks.end(wait_status);
	files_put(p->files); /* pipes and files learn of it; output is flushed below */
	if (file_sync_all && file_sync_all())
		log_error("data was lost: some of what was written could not be stored");
	con_shutdown(wait_status);
}

void thread_exit(int wait_status)
{
	if (current_process()->n_threads > 1)
		panic("exit of one of several threads");
	process_exit(wait_status);
}

bool capable(int cap)
{
	return current_process()->cred.euid == 0;
}
