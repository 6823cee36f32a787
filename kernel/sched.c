/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: runnable threads queue per CPU, round robin. A kernel path runs until it sleeps or
 * leaves; program code runs for a slice while others wait, and makes room at once for a thread that
 * an interrupt has woken. There is no tick while nobody waits. A thread is queued where it ran last
 * unless a CPU is idle; an idle CPU takes threads from the others' queues. But who is woken by a
 * thread that usually goes to sleep right after that (a pipe's other end) follows it on its CPU:
 * starting an idle CPU takes longer than such a turn.
 *
 * Threads that have used up a slice without sleeping queue apart, behind those that have not, so
 * that who computes delays nobody who only passes something on; but of the time of a CPU that
 * both want, each kind gets its half. Within its kind nobody waits for more than the others.
 *
 * A CPU with nothing to run halts inside schedule(): if it is the only one in the thread that
 * waits, else in an idle thread, because others may want to go on with that one.
 *
 * All of it runs under the kernel lock (kernel/x86_64/smp.h) and only switches away with it held: a
 * thread in a queue is not on any CPU's stack.
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
#include "kernel/x86_64/smp.h"

#define SLICE_NS 4000000ull
/* Who sleeps so soon after it has woken another hands over to it. Who has done so more often than
 * not, as counted up to HANDOVERS, is expected to do it again; if it does not, the other one waits
 * for an idle CPU no longer than: */
#define SOON_NS	    200000ull
#define HANDOVERS   3
#define HANDOVER_NS 1000000ull

/* What a CPU has to run beside cpu->thread. */
struct run_queue {
	struct list fresh, spent; /* (sched_lock) runnable */
	uint64_t fresh_ns;	  /* (sched_lock) what the fresh have run while the spent waited */
	struct timer slice_timer; /* armed when the running thread has to share the CPU */
	struct thread *idle;	  /* runs when there is nothing to run; NULL: the only CPU */
	uint64_t idle_ns;	  /* time spent with nothing to run, without the present one */
	uint64_t idle_since_ns;	  /* when that began; 0: the CPU is not idle */
	struct thread *ended;	  /* switched away for the last time: to be freed by the next */
};

static struct spinlock sched_lock;
static struct run_queue queues[MAX_CPUS] = {
    [0] = {.fresh = LIST_INIT(queues[0].fresh), .spent = LIST_INIT(queues[0].spent)}};
static bool in_interrupt, woken_by_interrupt;

static struct run_queue *this_queue(void)
{
	return &queues[this_cpu()->index];
}

/* Does anybody wait there? */
static bool has_waiting(const struct run_queue *q)
{
	return !list_empty(&q->fresh) || !list_empty(&q->spent);
}

/* ---- where threads wait for a CPU ---- */

static bool may_run_on(const struct thread *t, unsigned cpu)
{
	return t->affinity >> cpu & 1;
}

/* Nothing runs there, nor will soon. */
static bool is_idle(unsigned cpu)
{
	return cpus[cpu]->thread == queues[cpu].idle && !has_waiting(&queues[cpu]);
}

/* Where to queue t: it is not to wait while a CPU is idle. */
static unsigned place(const struct thread *t)
{
	unsigned first = n_cpus;

	if (n_cpus == 1 || (may_run_on(t, t->cpu) && is_idle(t->cpu)))
		return t->cpu;
	for (unsigned i = n_cpus; i-- > 0;) {
		if (!may_run_on(t, i))
			continue;
		if (is_idle(i))
			return i;
		first = i;
	}
	return may_run_on(t, t->cpu) ? t->cpu : first;
}

/* Is t to wait for the running thread, which wakes it and is about to sleep? */
static bool hands_over(const struct thread *t)
{
	const struct cpu *c = this_cpu();

	return n_cpus > 1 && current->handovers > HANDOVERS / 2 && may_run_on(t, c->index) &&
	       !has_waiting(&queues[c->index]);
}

/* t goes to sleep. */
static void note_handover(struct thread *t, uint64_t now)
{
	if (!t->woke_ns)
		return;
	if (now - t->woke_ns > SOON_NS)
		t->handovers -= t->handovers > 0;
	else
		t->handovers += t->handovers < HANDOVERS;
	t->woke_ns = 0;
}

/* t runs or waits on this CPU from now on; its restartable sequences show the program which. */
static void set_cpu(struct thread *t, unsigned cpu)
{
	if (t->cpu != cpu && t->rseq)
		__atomic_or_fetch(&t->work, WORK_RSEQ, __ATOMIC_RELAXED);
	t->cpu = cpu;
}

/* Locks: sched_lock held. */
static void enqueue(struct thread *t, unsigned cpu, bool first)
{
	struct list *line = t->spent ? &queues[cpu].spent : &queues[cpu].fresh;

	set_cpu(t, cpu);
	if (first)
		list_add_head(&t->run_link, line);
	else
		list_add_tail(&t->run_link, line);
}

/* A thread that waits for another CPU and may run on this one. Locks: sched_lock held. */
static struct thread *steal(unsigned self)
{
	struct thread *t;

	for (unsigned i = 0; i < n_cpus; i++) {
		list_for_each (t, &queues[i].fresh, run_link)
			if (i != self && may_run_on(t, self))
				return t;
		list_for_each (t, &queues[i].spent, run_link)
			if (i != self && may_run_on(t, self))
				return t;
	}
	return NULL;
}

/* The first of the line whose turn it is, or NULL. Locks: sched_lock held. */
static struct thread *first_waiting(struct run_queue *q)
{
	bool spent = list_empty(&q->fresh) || q->fresh_ns >= SLICE_NS;

	if (spent && !list_empty(&q->spent)) {
		q->fresh_ns = 0;
		return list_first(&q->spent, struct thread, run_link);
	}
	return list_empty(&q->fresh) ? NULL : list_first(&q->fresh, struct thread, run_link);
}

/* The runnable thread whose turn it is on this CPU, taken off its queue, or NULL. */
static struct thread *pick_next(void)
{
	struct cpu *c = this_cpu();
	struct thread *t;

	spin_lock(&sched_lock);
	t = first_waiting(&queues[c->index]);
	if (!t && n_cpus > 1)
		t = steal(c->index);
	if (t)
		list_del(&t->run_link);
	spin_unlock(&sched_lock);
	return t;
}

/* t, running on another CPU's program code perhaps, has got something to do in the kernel. */
void thread_kick(struct thread *t)
{
	struct cpu *c = cpus[t->cpu];

	if (c != this_cpu() && c->thread == t && READ_ONCE(c->in_program))
		cpu_kick(c);
}

/* Have the thread that runs on a CPU make room. */
static void preempt(unsigned cpu)
{
	struct thread *t = cpus[cpu]->thread;

	__atomic_or_fetch(&t->work, WORK_RESCHED, __ATOMIC_RELAXED);
	thread_kick(t);
}

/* ---- slices ---- */

static void slice_over(struct timer *timer);

/* Look at it after so long. */
static void look_after(unsigned cpu, uint64_t ns)
{
	struct timer *timer = &queues[cpu].slice_timer;
	uint64_t at = clock_mono_ns() + ns;

	if (timer->armed && timer->deadline_ns <= at)
		return;
	if (!timer->armed)
		timer_init(timer, slice_over);
	timer_arm(timer, at);
}

/* Somebody waits for the CPU: the running thread's slice is limited from now on. */
static void slice_limit(unsigned cpu)
{
	if (!queues[cpu].slice_timer.armed)
		look_after(cpu, SLICE_NS);
}

/* Somebody waits for a CPU that goes on with something else, whatever was expected of it: one that
 * is idle comes and takes it. */
static void call_idle(void)
{
	for (unsigned i = 0; i < n_cpus; i++)
		if (is_idle(i)) {
			cpu_kick(cpus[i]);
			return;
		}
}

bool sched_others(void)
{
	return has_waiting(this_queue());
}

/*
 * The timer is not stopped when threads switch, because setting it costs an exit on most machines:
 * it may come in the middle of a slice, or when nobody waits any more.
 */
static void slice_over(struct timer *timer)
{
	struct run_queue *q = container_of(timer, struct run_queue, slice_timer);
	unsigned cpu = (unsigned)(q - queues);
	const struct thread *t = cpus[cpu]->thread;
	uint64_t now = clock_mono_ns(), end = t->slice_start_ns + SLICE_NS - t->slice_used_ns;

	/* No slice has begun where the CPU halts, waiting for work that the same interrupt may have
	 * just brought: schedule() sees to it. */
	if (!has_waiting(q) || !t->slice_start_ns)
		return;
	if (n_cpus > 1)
		call_idle();
	if (now >= end)
		preempt(cpu);
	timer_arm(timer, now < end ? end : now + SLICE_NS);
}

/* ---- switching ---- */

void sched_switched(void)
{
	struct run_queue *q = this_queue();
	struct thread *t = q->ended;

	if (likely(!t))
		return;
	q->ended = NULL;
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

	if (prev->xstate) { /* idle threads have nothing of a program, and leave all in place */
		prev->fs_base = cpu_get_fs_base();
		cpu_xsave(prev->xstate);
	}
	if (next->xstate && next->process->mm)
		mm_activate(next->process->mm);
	set_cpu(next, c->index);
	c->thread = next;
	c->regs = next->regs;
	c->stack_low = next->kstack_low;
	if (next->xstate) {
		cpu_set_fs_base(next->fs_base);
		cpu_xrstor(next->xstate);
	}
	/* A thread that sleeps in a fault of the kernel has it nested: the depth is its own. */
	masked = c->masked;
	c->masked = 1;
	context_switch(&prev->kernel_rsp, next->kernel_rsp);
	this_cpu()->masked = masked;
	sched_switched();
}

/* t, runnable and in no queue, waits for another CPU than this one. */
static void send_to(struct thread *t, unsigned cpu)
{
	bool idle = is_idle(cpu);

	spin_lock(&sched_lock);
	enqueue(t, cpu, false);
	spin_unlock(&sched_lock);
	if (idle)
		cpu_kick(cpus[cpu]);
	else
		slice_limit(cpu);
}

/*
 * The running thread makes room: at the end of its line, or where it need not wait. Those who
 * compute keep their place for what is left of their slice, however often they are interrupted.
 */
static void requeue(struct thread *t)
{
	bool over = t->slice_used_ns >= SLICE_NS;
	unsigned cpu = t->cpu;

	if (n_cpus > 1 && (has_waiting(&queues[cpu]) || !may_run_on(t, cpu)))
		cpu = place(t);
	if (over) {
		t->spent = true;
		t->slice_used_ns = 0;
	}
	if (cpus[cpu] != this_cpu()) {
		send_to(t, cpu);
		return;
	}
	spin_lock(&sched_lock);
	enqueue(t, cpu, t->spent && !over);
	spin_unlock(&sched_lock);
}

void thread_set_affinity(struct thread *t, uint32_t mask)
{
	t->affinity = mask;
	if (t->state != THREAD_RUNNING || may_run_on(t, t->cpu))
		return;
	if (cpus[t->cpu]->thread == t) { /* its way out of the kernel leads elsewhere */
		preempt(t->cpu);
		return;
	}
	spin_lock(&sched_lock);
	list_del(&t->run_link);
	spin_unlock(&sched_lock);
	send_to(t, place(t));
}

static void wait_for_work(struct run_queue *q)
{
	q->idle_since_ns = clock_mono_ns();
	cpu_idle();
	q->idle_ns += clock_mono_ns() - q->idle_since_ns;
	q->idle_since_ns = 0;
	irq_process();
}

uint64_t sched_idle_ns(unsigned cpu)
{
	const struct run_queue *q = &queues[cpu];

	return q->idle_ns + (q->idle_since_ns ? clock_mono_ns() - q->idle_since_ns : 0);
}

/* prev has run for so long. */
static void account(struct run_queue *q, struct thread *prev, uint64_t ns)
{
	prev->cpu_ns += ns;
	prev->slice_used_ns += ns;
	if (!prev->spent && !list_empty(&q->spent))
		q->fresh_ns += ns;
}

void sched_yield(void)
{
	current->slice_used_ns = SLICE_NS;
	schedule();
}

void schedule(void)
{
	struct thread *prev = current, *next;
	struct run_queue *q = this_queue();
	uint64_t now = clock_mono_ns();
	bool preempted = prev->state == THREAD_RUNNING;

	account(q, prev, now - prev->slice_start_ns);
	prev->slice_start_ns = 0;
	if (preempted)
		requeue(prev);
	else
		note_handover(prev, now);
	while (!(next = pick_next())) {
		if (q->idle && prev != q->idle) {
			next = q->idle;
			break;
		}
		wait_for_work(q);
	}
	next->slice_start_ns = clock_mono_ns();
	if (has_waiting(q))
		slice_limit(this_cpu()->index);
	if (!preempted && prev != q->idle)
		prev->process->counts.switches++;
	else if (next != prev)
		prev->process->counts.preempted++;
	if (next != prev)
		switch_to(prev, next);
}

struct thread *sched_add_cpu(unsigned cpu)
{
	struct run_queue *q = &queues[cpu];

	q->idle = thread_idle(sched_idle);
	if (q->idle)
		q->idle->cpu = cpu;
	if (cpu) {
		list_init(&q->fresh);
		list_init(&q->spent);
	}
	return q->idle;
}

void sched_idle(void)
{
	for (;;)
		schedule();
}

void thread_wake(struct thread *t)
{
	bool by_thread = !in_interrupt && current && current->state == THREAD_RUNNING;
	bool here = by_thread && hands_over(t);
	unsigned cpu = here ? this_cpu()->index : place(t);
	bool woken, elsewhere = cpus[cpu] != this_cpu(), idle = elsewhere && is_idle(cpu);

	spin_lock(&sched_lock);
	woken = t->state == THREAD_SLEEPING;
	if (woken) {
		t->state = THREAD_RUNNING;
		t->spent = false;
		t->slice_used_ns = 0;
		enqueue(t, cpu, in_interrupt);
	}
	spin_unlock(&sched_lock);
	if (!woken)
		return;
	if (by_thread && n_cpus > 1)
		current->woke_ns = clock_mono_ns();
	if (idle)
		cpu_kick(cpus[cpu]);
	else if (in_interrupt && elsewhere)
		preempt(cpu);
	else if (in_interrupt)
		woken_by_interrupt = true;
	else if (here)
		look_after(cpu, HANDOVER_NS);
	else if (elsewhere || by_thread)
		slice_limit(cpu);
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
	kernel_lock_yield(); /* the clock may be another CPU's */
	if (!(current->work & WORK_RESCHED))
		return;
	__atomic_fetch_and(&current->work, ~WORK_RESCHED, __ATOMIC_RELAXED);
	schedule();
}

void sched_exit(void)
{
	struct thread *t = current;

	this_queue()->ended = t;
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
