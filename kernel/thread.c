/* SPDX-License-Identifier: MIT */
/*
 * Making and ending threads. A thread that ends switches away for the last time and is freed by
 * whoever runs next; the first one, whose number is the process's, stays in the list as a dead
 * thread until the process ends, as Linux's zombie leader does.
 */
#include "kernel/clock.h"
#include "kernel/futex.h"
#include "kernel/heap.h"
#include "kernel/posix_timer.h"
#include "kernel/process.h"
#include "kernel/sched.h"
#include "kernel/seccomp.h"
#include "kernel/string.h"
#include "kernel/uaccess.h"
#include "kernel/wait.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/entry.h"
#include "kernel/x86_64/kmap.h"
#include "kernel/x86_64/regs.h"

#define SAVED_WORDS 8 /* six registers, a return address, one to align (switch.S) */

_Static_assert(sizeof(struct regs) == REGS_SIZE, "struct regs");
_Static_assert(offsetof(struct regs, orig_rax) == REGS_ORIG_RAX, "orig_rax");
_Static_assert(offsetof(struct regs, rsp) == REGS_RSP, "rsp");
_Static_assert(offsetof(struct thread, work) == THREAD_WORK, "work");

struct mutex mm_exchange = {.wq = WAIT_QUEUE_INIT(mm_exchange.wq)};

/* Threads waiting for the others to end. */
static struct wait_queue single_wq = WAIT_QUEUE_INIT(single_wq);

struct thread *process_thread(struct process *p, int tid)
{
	struct thread *t;

	list_for_each (t, &p->threads, process_link)
		if (t->tid == tid)
			return t;
	return NULL;
}

void thread_strip(struct thread *t)
{
	if (t->kstack_low)
		kstack_free((void *)t->kstack_low);
	kfree(t->xstate);
	t->kstack_low = 0;
	t->xstate = NULL;
}

void thread_free(struct thread *t)
{
	thread_strip(t);
	cred_put(t->cred);
	seccomp_put(t->seccomp);
	kfree(t);
}

/* A thread with its memory that nobody knows of yet. NULL: no memory. */
static struct thread *thread_alloc(struct process *p)
{
	struct thread *t = kzalloc(sizeof(*t));
	size_t xsize = ALIGN_UP(cpu_xstate_size(), 64ul);

	if (!t)
		return NULL;
	t->cred = cred_get(&root_cred);
	/* Page-aligned: XSAVE wants 64. Zeroed: XRSTOR refuses what XSAVE leaves of the header. */
	t->xstate = kzalloc(MAX(xsize, PAGE_SIZE));
	t->kstack_low = (uint64_t)kstack_alloc();
	if (!t->xstate || !t->kstack_low) {
		thread_free(t);
		return NULL;
	}
	t->kstack_top = t->kstack_low + KSTACK_SIZE;
	t->regs = (struct regs *)(t->kstack_top - ALIGN_UP(sizeof(struct regs), 16ul));
	t->process = p;
	t->affinity = UINT32_MAX;
	t->state = THREAD_SLEEPING;
	list_init(&t->run_link);
	sigpending_init(&t->pending);
	return t;
}

int thread_new(struct process *p, struct thread **out)
{
	struct thread *t = thread_alloc(p);

	if (!t)
		return -ENOMEM;
	t->tid = list_empty(&p->threads) && p->pid ? p->pid : pid_new();
	spin_lock(&p->lock);
	list_add_tail(&t->process_link, &p->threads);
	p->n_threads++;
	spin_unlock(&p->lock);
	*out = t;
	return 0;
}

/* Where a new thread's first context switch returns to, on its own stack. */
static __noreturn void thread_first_run(void)
{
	struct thread *t;

	sched_switched();
	t = current;
	if (t->set_child_tid)
		(void)put_user(t->set_child_tid, t->tid);
	exit_regs_loaded();
}

/* Have the first context switch to t, on its own stack, return to `run`. */
static void begin_at(struct thread *t, void (*run)(void))
{
	uint64_t *sp = (uint64_t *)t->regs - SAVED_WORDS;

	memset(sp, 0, SAVED_WORDS * sizeof(*sp));
	sp[SAVED_WORDS - 2] = (uint64_t)run;
	t->kernel_rsp = (uint64_t)sp;
}

/* What a thread has from the one that made it: clone(2). */
static void inherit(struct thread *t, const struct thread *from)
{
	begin_at(t, thread_first_run);
	*t->regs = *from->regs;
	t->regs->rax = 0;
	t->regs->orig_rax = UINT64_MAX;
	cpu_xsave(t->xstate);
	t->fs_base = cpu_get_fs_base();
	t->sigmask = from->sigmask;
	memcpy(t->comm, from->comm, sizeof(t->comm));
	cred_put(t->cred);
	t->cred = cred_get(from->cred);
	t->no_new_privs = from->no_new_privs;
	t->seccomp_mode = from->seccomp_mode;
	t->seccomp = seccomp_get(from->seccomp);
	t->cpu = from->cpu;
	t->affinity = from->affinity;
	t->nice = from->sched_reset_on_fork && from->nice < 0 ? 0 : from->nice;
	t->sched_policy = from->sched_reset_on_fork ? 0 : from->sched_policy;
	t->ioprio = from->ioprio;
	t->mempolicy = from->mempolicy;
	t->timer_slack_ns = from->timer_slack_ns;
	t->altstack.ss_flags = SS_DISABLE;
}

int thread_clone(struct process *p, bool share_fs, struct thread **out)
{
	uint32_t uid = current->cred->uid;
	unsigned all, n = process_count(uid, &all);
	int r;

	if (n >= p->limits[RLIMIT_NPROC].rlim_cur && uid != 0 && !capable(CAP_SYS_RESOURCE) &&
	    !capable(CAP_SYS_ADMIN))
		return -EAGAIN;
	if (all >= PID_MAX / 2)
		return -EAGAIN;
	r = thread_new(p, out);
	if (r)
		return r;
	inherit(*out, current);
	r = process_hooks.thread_fork(*out, share_fs);
	if (r)
		thread_undo(*out);
	return r;
}

void thread_undo(struct thread *t)
{
	struct process *p = t->process;

	process_hooks.thread_exit(t);
	spin_lock(&p->lock);
	list_del(&t->process_link);
	p->n_threads--;
	spin_unlock(&p->lock);
	if (p->n_threads == 1)
		wait_wake_all(&single_wq);
	thread_free(t);
}

static __noreturn void kernel_first_run(void)
{
	sched_switched();
	((void (*)(void))current->regs->rdi)();
	sched_exit();
}

static struct thread *kernel_thread(void (*run)(void))
{
	/* The first process: it lives as long as the machine. */
	struct process *first = process_find(FIRST_PID);
	struct thread *t = first ? thread_alloc(first) : NULL;

	if (!t)
		return NULL;
	t->regs->rdi = (uint64_t)run;
	begin_at(t, kernel_first_run);
	return t;
}

int thread_kernel(void (*run)(void))
{
	struct thread *t = kernel_thread(run);

	if (!t)
		return -ENOMEM;
	thread_wake(t);
	return 0;
}

struct thread *thread_idle(void (*run)(void))
{
	struct thread *t = kernel_thread(run);

	if (t) {
		kfree(t->xstate);
		t->xstate = NULL;
	}
	return t;
}

struct thread_async thread_async;

void thread_async_wake(struct thread *t, bool kick)
{
	__atomic_or_fetch(&t->work, WORK_ASYNC, __ATOMIC_RELAXED);
	if (t->interruptible)
		thread_wake(t);
	if (kick)
		thread_kick(t);
}

void thread_async_end(void)
{
	if (current->uring)
		thread_async.end();
}

void thread_start(struct thread *t)
{
	signal_thread_started(t);
	thread_wake(t);
}

/* Tell those who wait for it, in program memory: set_tid_address(2), robust futexes. */
void thread_tell_program(struct thread *t)
{
	struct futex_addr word = {t->clear_child_tid, true};
	uint32_t zero = 0;

	futex_robust_exit(t);
	futex_pi_exit(t);
	if (!t->clear_child_tid || (t->process->n_threads == 1 && t->process->mm->users == 1))
		return; /* as Linux: there is nobody who could see it */
	if (put_user(t->clear_child_tid, zero) == 0)
		(void)futex_wake(word, 1, UINT32_MAX);
}

void thread_exit(int wait_status)
{
	struct thread *t = current;
	struct process *p = t->process;
	bool leader = t->tid == p->pid;

	if (p->n_threads == 1 && !p->survivor)
		process_exit(wait_status); /* the last one's, as since Linux 5.17 */
	thread_async_end();
	thread_tell_program(t);
	process_hooks.thread_exit(t);
	thread_ends(t);
	signal_thread_ending();
	p->dead_threads_cpu_ns += clock_thread_cpu_ns();
	t->cpu_ns = 0;
	t->slice_start_ns = clock_mono_ns();
	spin_lock(&p->lock);
	posix_timers_thread_ending(t);
	if (!leader)
		list_del(&t->process_link);
	p->n_threads--;
	spin_unlock(&p->lock);
	if (p->n_threads == 1)
		wait_wake_all(&single_wq);
	sched_exit();
}

bool process_single(struct process *p)
{
	struct thread *t;

	if (thread_must_end(current)) /* another thread was first */
		return false;
	p->survivor = current;
	spin_lock(&p->lock);
	list_for_each (t, &p->threads, process_link)
		if (t != current && t->state != THREAD_DEAD)
			signal_thread_wanted(t);
	spin_unlock(&p->lock);
	return true;
}

void process_wait_single(struct process *p)
{
	struct waiter w = {0};

	while (p->n_threads > 1) {
		wait_prepare(&w, &single_wq);
		if (p->n_threads > 1)
			(void)wait_sleep(NO_DEADLINE, false);
		wait_finish(&w);
	}
}

/* The first thread has ended by now: the caller takes its number and its place. */
void process_replace_leader(struct process *p)
{
	struct thread *leader;

	spin_lock(&p->lock);
	leader = process_thread(p, p->pid);
	list_del(&leader->process_link);
	list_del(&current->process_link);
	list_add_head(&current->process_link, &p->threads);
	current->tid = p->pid;
	spin_unlock(&p->lock);
	thread_free(leader);
}

int process_take_over(struct process *p)
{
	if (!process_single(p))
		return -EAGAIN;
	process_wait_single(p);
	if (current->tid != p->pid)
		process_replace_leader(p);
	posix_timers_delete_all(p);
	p->survivor = NULL;
	return 0;
}
