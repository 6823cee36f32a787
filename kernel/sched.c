/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: one queue of runnable threads per CPU (one CPU today), round robin. A kernel path
 * runs until it sleeps or leaves; program code runs for a slice while others wait, and makes room
 * at once for a thread that an interrupt has woken. There is no tick while nobody waits, and no
 * idle thread: a CPU with nothing to run halts inside schedule().
 */
#include "kernel/sched.h"

#include "kernel/clock.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/process.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/entry.h"
#include "kernel/x86_64/percpu.h"

#define SLICE_NS 4000000ull

static struct spinlock sched_lock;
static struct list run_queue =
    LIST_INIT(run_queue);	 /* (sched_lock) runnable, without the running thread */
static struct timer slice_timer; /* armed when the running thread has to share the CPU */
static bool in_interrupt, woken_by_interrupt;
static struct thread *ended; /* switched away for the last time: to be freed by the next */

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

static void slice_over(struct timer *timer);

/* Somebody waits for the CPU: the running thread's slice is limited from now on. */
static void slice_limit(void)
{
	if (slice_timer.armed)
		return;
	timer_init(&slice_timer, slice_over);
	timer_arm(&slice_timer, clock_mono_ns() + SLICE_NS);
}

bool sched_others(void)
{
	return !list_empty(&run_queue);
}

/*
 * The timer is not stopped when threads switch, because setting it costs an exit on most machines:
 * it may come in the middle of a slice, or when nobody waits any more.
 */
static void slice_over(struct timer *timer)
{
	uint64_t now = clock_mono_ns(), end = current->slice_start_ns + SLICE_NS;

	if (list_empty(&run_queue))
		return;
	if (now >= end)
		__atomic_or_fetch(&current->work, WORK_RESCHED, __ATOMIC_RELAXED);
	timer_arm(&slice_timer, now < end ? end : now + SLICE_NS);
}

void sched_switched(void)
{
	struct thread *t = ended;

	if (likely(!t))
		return;
	ended = NULL;
	if (t->tid != t->process->pid)
		thread_free(t);
	else if (t->process->reaped)
		process_gone(t->process);
	else
		thread_strip(t);
}

static void switch_to(struct thread *prev, struct thread *next)
{
	struct cpu *c = this_cpu();
	uint32_t masked;

	prev->fs_base = cpu_get_fs_base();
	cpu_xsave(prev->xstate);
	if (next->process != prev->process && next->process->mm)
		mm_activate(next->process->mm);
	c->thread = next;
	c->regs = next->regs;
	c->stack_low = next->kstack_low;
	cpu_set_fs_base(next->fs_base);
	cpu_xrstor(next->xstate);
	/* A thread that sleeps in a fault of the kernel has it nested: the depth is its own. */
	masked = c->masked;
	c->masked = 1;
	context_switch(&prev->kernel_rsp, next->kernel_rsp);
	this_cpu()->masked = masked;
	sched_switched();
}

void schedule(void)
{
	struct thread *prev = current, *next;
	uint64_t now = clock_mono_ns();
	bool preempted;

	prev->cpu_ns += now - prev->slice_start_ns;
	prev->slice_start_ns = 0;
	spin_lock(&sched_lock);
	if (prev->state == THREAD_RUNNING)
		list_add_tail(&prev->run_link, &run_queue);
	preempted = prev->state == THREAD_RUNNING;
	spin_unlock(&sched_lock);
	while (!(next = pick_next())) {
		cpu_halt();
		irq_process();
	}
	next->slice_start_ns = clock_mono_ns();
	if (!list_empty(&run_queue))
		slice_limit();
	if (!preempted)
		prev->process->counts.switches++;
	else if (next != prev)
		prev->process->counts.preempted++;
	if (next != prev)
		switch_to(prev, next);
}

void thread_wake(struct thread *t)
{
	bool woken;

	spin_lock(&sched_lock);
	woken = t->state == THREAD_SLEEPING;
	if (woken) {
		t->state = THREAD_RUNNING;
		if (in_interrupt)
			list_add_head(&t->run_link, &run_queue);
		else
			list_add_tail(&t->run_link, &run_queue);
	}
	spin_unlock(&sched_lock);
	if (woken && in_interrupt)
		woken_by_interrupt = true;
	else if (woken && current && current->state == THREAD_RUNNING)
		slice_limit();
}

void sched_interrupts(void)
{
	in_interrupt = true;
	irq_process();
	in_interrupt = false;
	if (woken_by_interrupt)
		__atomic_or_fetch(&current->work, WORK_RESCHED, __ATOMIC_RELAXED);
	woken_by_interrupt = false;
}

void sched_breathe(void)
{
	if (READ_ONCE(this_cpu()->pending))
		sched_interrupts();
	if (!(current->work & WORK_RESCHED))
		return;
	__atomic_fetch_and(&current->work, ~WORK_RESCHED, __ATOMIC_RELAXED);
	schedule();
}

void sched_exit(void)
{
	struct thread *t = current;

	ended = t;
	t->state = THREAD_DEAD;
	schedule();
	panic("a thread that ended was run again");
}

void thread_signal_wake(struct thread *t)
{
	if (t->interruptible || (t->killable && signal_kills(t)))
		thread_wake(t);
}

bool sched_prepare_sleep(struct thread *t, bool interruptible, const bool *woken)
{
	bool sleep;

	spin_lock(&sched_lock);
	t->interruptible = interruptible;
	sleep = !READ_ONCE(*woken);
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

uint64_t thread_cpu_ns(const struct thread *t)
{
	return t->cpu_ns + slice_ns(t);
}

uint64_t process_cpu_ns(const struct process *p)
{
	uint64_t sum = p->dead_threads_cpu_ns;
	struct thread *t;

	list_for_each (t, &p->threads, process_link)
		sum += thread_cpu_ns(t);
	return sum;
}

uint64_t clock_thread_cpu_ns(void)
{
	return thread_cpu_ns(current);
}

uint64_t clock_process_cpu_ns(void)
{
	return process_cpu_ns_now(current_process());
}

uint64_t process_cpu_ns_now(struct process *p)
{
	uint64_t sum;

	spin_lock(&p->lock);
	sum = process_cpu_ns(p);
	spin_unlock(&p->lock);
	return sum;
}
