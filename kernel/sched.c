/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: one queue of runnable threads per CPU (one CPU today), round robin. A kernel path
 * runs until it sleeps or leaves; there is no idle thread: a CPU with nothing to run halts inside
 * schedule().
 */
#include "kernel/clock.h"
#include "kernel/lock.h"
#include "kernel/task.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/entry.h"
#include "kernel/x86_64/percpu.h"

static struct spinlock sched_lock;
static struct list run_queue =
    LIST_INIT(run_queue); /* (sched_lock) runnable, without the running thread */

struct thread *current_thread(void)
{
	return this_cpu()->thread;
}

/* First runnable thread, taken off the queue, or NULL. */
static struct thread *pick_next(void)
{
	struct thread *t = NULL;

	spin_lock(&sched_lock);
	if (!list_empty(&run_queue)) {
		t = list_first(&run_queue, struct thread, run_link);
		list_del(&t->run_link);
	}
	spin_unlock(&sched_lock);
	return t;
}

static void switch_to(struct thread *prev, struct thread *next)
{
	struct cpu *c = this_cpu();

	prev->fs_base = cpu_get_fs_base();
	cpu_xsave(prev->xstate);
	if (next->process != prev->process)
		mm_activate(next->process->mm);
	c->thread = next;
	c->regs = next->regs;
	c->stack_low = next->kstack_low;
	cpu_set_fs_base(next->fs_base);
	cpu_xrstor(next->xstate);
	context_switch(&prev->kernel_rsp, next->kernel_rsp);
}

void schedule(void)
{
	struct thread *prev = current, *next;
	uint64_t now = clock_mono_ns();

	prev->cpu_ns += now - prev->slice_start_ns;
	prev->slice_start_ns = 0;
	spin_lock(&sched_lock);
	if (prev->state == THREAD_RUNNING)
		list_add_tail(&prev->run_link, &run_queue);
	spin_unlock(&sched_lock);
	while (!(next = pick_next())) {
		cpu_halt();
		irq_process();
	}
	next->slice_start_ns = clock_mono_ns();
	if (next != prev)
		switch_to(prev, next);
}

void thread_wake(struct thread *t)
{
	spin_lock(&sched_lock);
	if (t->state == THREAD_SLEEPING) {
		t->state = THREAD_RUNNING;
		list_add_tail(&t->run_link, &run_queue);
	}
	spin_unlock(&sched_lock);
}

void thread_signal_wake(struct thread *t)
{
	if (t->interruptible)
		thread_wake(t);
}

/* Mark the caller as sleeping, unless a waiter has fired already. */
bool sched_prepare_sleep(struct thread *t, bool interruptible)
{
	bool sleep;

	spin_lock(&sched_lock);
	t->interruptible = interruptible;
	sleep = !t->woken;
	if (sleep)
		t->state = THREAD_SLEEPING;
	spin_unlock(&sched_lock);
	return sleep;
}

/* Run time of the current slice; none while the CPU halts in schedule() and a timer asks. */
static uint64_t slice_ns(const struct thread *t)
{
	return t->slice_start_ns ? clock_mono_ns() - t->slice_start_ns : 0;
}

uint64_t clock_thread_cpu_ns(void)
{
	return current->cpu_ns + slice_ns(current);
}

/* One thread per process today: all its CPU time is this thread's, plus that of threads that have
 * ended. */
uint64_t clock_process_cpu_ns(void)
{
	struct process *p = current_process();
	uint64_t sum = p->dead_threads_cpu_ns + slice_ns(current);
	struct thread *t;

	spin_lock(&p->lock);
	list_for_each (t, &p->threads, process_link)
		sum += t->cpu_ns;
	spin_unlock(&p->lock);
	return sum;
}
