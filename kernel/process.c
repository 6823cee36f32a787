/* SPDX-License-Identifier: MIT */
/*
 * The table of processes, and making them. All are on one list, which is searched from its start:
 * there are tens of processes, rarely thousands, and every other step of making one costs more.
 */
#include "kernel/process.h"

#include "kernel/clock.h"
#include "kernel/file.h"
#include "kernel/heap.h"
#include "kernel/string.h"
#include "kernel/wait.h"

#include <linux/sched.h>

#define PIDS_RESERVED 300 /* Linux: numbers that are not given again after the last one was */

struct list processes = LIST_INIT(processes);
struct process_hooks process_hooks;
static int last_pid = FIRST_PID - 1;

/* ---- the table ---- */

struct process *process_get(struct process *p)
{
	__atomic_add_fetch(&p->refs, 1, __ATOMIC_RELAXED);
	return p;
}

void process_put(struct process *p)
{
	if (__atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL))
		return;
	kfree(p->exe_path);
	kfree(p);
}

struct process *process_find(int pid)
{
	struct process *p;

	for_each_process(p) if (p->pid == pid) return p;
	return NULL;
}

struct thread *process_leader(const struct process *p)
{
	return list_first(&p->threads, struct thread, process_link);
}

struct thread *thread_find(int tid)
{
	struct process *p;
	struct thread *t;

	for_each_process(p)
	    list_for_each (t, &p->threads, process_link) if (t->tid == tid) return t;
	return NULL;
}

bool process_many(void)
{
	return processes.next->next != &processes || current_process()->n_threads > 1;
}

unsigned process_count(uint32_t uid, unsigned *all)
{
	struct process *p;
	unsigned n = 0;

	*all = 0;
	for_each_process(p)
	{
		unsigned threads = MAX(p->n_threads, 1u); /* an ended process counts */

		*all += threads;
		if (process_cred(p)->uid == uid)
			n += threads;
	}
	return n;
}

static bool pid_taken(int id)
{
	struct process *p;

	for_each_process(p) if (p->pgid == id || p->sid == id) return true;
	return thread_find(id) != NULL;
}

int pid_new(void)
{
	do
		last_pid = last_pid + 1 < PID_MAX ? last_pid + 1 : PIDS_RESERVED;
	while (pid_taken(last_pid));
	return last_pid;
}

int pid_last(void)
{
	return last_pid;
}

/* ---- making ---- */

static struct process *process_alloc(void)
{
	struct process *p = kzalloc(sizeof(*p));

	if (!p)
		return NULL;
	p->refs = 1;
	list_init(&p->threads);
	list_init(&p->children);
	list_init(&p->link);
	list_init(&p->sibling);
	list_init(&p->posix_timers);
	sigpending_init(&p->pending);
	p->exit_signal = SIGCHLD;
	p->start_ns = clock_mono_ns();
	return p;
}

/* Drop what is shared, as far as it is there. */
static void drop_parts(struct process *p)
{
	if (process_hooks.exit)
		process_hooks.exit(p);
	if (p->files)
		files_put(p->files);
	if (p->sighand && !--p->sighand->refs)
		kfree(p->sighand);
	if (p->mm)
		mm_put(p->mm);
	p->files = NULL;
	p->sighand = NULL;
	p->mm = NULL;
}

int process_new(struct process **out)
{
	struct process *p = process_alloc();
	int r = -ENOMEM;

	if (!p)
		return r;
	p->sighand = kzalloc(sizeof(*p->sighand));
	if (!p->sighand)
		goto fail;
	p->sighand->refs = 1;
	r = mm_new(&p->mm);
	if (!r)
		r = files_new(&p->files);
	if (r)
		goto fail;
	p->pid = p->pgid = p->sid = pid_new();
	p->dumpable = true;
	rlimits_init(p->limits);
	list_add_tail(&p->link, &processes);
	*out = p;
	return 0;
fail:
	drop_parts(p);
	process_put(p);
	return r;
}

/* What a child has from its parent by value; fork(2) lists what it has not. */
static void inherit(struct process *p, const struct process *from)
{
	memcpy(p->limits, from->limits, sizeof(p->limits));
	memcpy(p->auxv, from->auxv, sizeof(p->auxv));
	p->auxv_len = from->auxv_len;
	p->dumpable = from->dumpable;
	p->thp_disabled = from->thp_disabled;
	p->personality = from->personality;
	p->membarrier = from->membarrier;
	p->oom_score_adj = from->oom_score_adj;
	p->pgid = from->pgid;
	p->sid = from->sid;
	p->tty = from->tty;
}

static int copy_sighand(struct process *p, struct sighand *from, uint64_t flags)
{
	if (flags & CLONE_SIGHAND) {
		from->refs++;
		p->sighand = from;
		return 0;
	}
	p->sighand = (void *)kmemdup(from, sizeof(*from));
	if (!p->sighand)
		return -ENOMEM;
	p->sighand->refs = 1;
	for (size_t i = 0; i < N_SIGNALS && (flags & CLONE_CLEAR_SIGHAND); i++) {
		struct ksigaction *act = &p->sighand->actions[i];

		*act = (struct ksigaction){.handler = act->handler == HANDLER_IGN ? HANDLER_IGN
										  : HANDLER_DFL};
	}
	return 0;
}

static int copy_parts(struct process *p, struct process *from, uint64_t flags)
{
	int r = copy_sighand(p, from->sighand, flags);

	if (!r && from->exe_path) {
		p->exe_path = kstrdup(from->exe_path);
		r = p->exe_path ? 0 : -ENOMEM;
	}
	if (!r)
		r = process_hooks.fork(p, flags);
	if (!r && (flags & CLONE_FILES))
		p->files = files_get(from->files);
	else if (!r)
		r = files_copy(from->files, &p->files);
	if (!r && (flags & CLONE_VM))
		p->mm = mm_get(from->mm);
	else if (!r)
		r = mm_fork(from->mm, &p->mm);
	return r;
}

/* Put p where it belongs in the family. */
static void adopt(struct process *p, struct process *from, bool sibling)
{
	p->parent = sibling ? from->parent : from;
	p->parent_tid = sibling ? from->parent_tid : current->tid;
	if (sibling)
		p->exit_signal = from->exit_signal;
	if (p->parent)
		list_add_tail(&p->sibling, &p->parent->children);
	list_add_tail(&p->link, &processes);
}

int process_fork(uint64_t flags, int exit_signal, struct thread **out)
{
	struct process *from = current_process(), *p = process_alloc();
	int r;

	if (!p)
		return -ENOMEM;
	inherit(p, from);
	p->exit_signal = exit_signal;
	r = copy_parts(p, from, flags);
	if (!r)
		r = thread_clone(p, flags & CLONE_FS, out);
	if (r) {
		drop_parts(p);
		process_put(p);
		return r;
	}
	p->pid = (*out)->tid;
	if (!(flags & CLONE_VM)) {
		(*out)->rseq = current->rseq;
		(*out)->rseq_len = current->rseq_len;
		(*out)->rseq_sig = current->rseq_sig;
	}
	if (!(flags & CLONE_VM) || (flags & CLONE_VFORK))
		(*out)->altstack = current->altstack;
	p->borrows_mm = flags & CLONE_VFORK;
	adopt(p, from, flags & CLONE_PARENT);
	return 0;
}

void process_unfork(struct thread *t)
{
	struct process *p = t->process;

	list_del(&p->link);
	if (p->parent)
		list_del(&p->sibling);
	thread_undo(t);
	drop_parts(p);
	process_put(p);
}

/* ---- what is shared for a while ---- */

void process_leaves_mm(struct process *p)
{
	p->borrows_mm = false;
	wait_wake_all(&p->exit_wq);
}

void process_wait_vfork(struct process *child)
{
	struct waiter w = {0};

	while (READ_ONCE(child->borrows_mm) && !signal_kills(current)) {
		current->killable = true;
		wait_prepare(&w, &child->exit_wq);
		if (READ_ONCE(child->borrows_mm))
			(void)wait_sleep(NO_DEADLINE, false);
		wait_finish(&w);
		current->killable = false;
	}
}

int process_unshare_files(void)
{
	struct process *p = current_process();
	struct files *own, *old = p->files;
	int r = 0;

	if (old->refs == 1)
		return 0;
	r = files_copy(old, &own);
	if (r)
		return r;
	p->files = own;
	files_put(old);
	return 0;
}

int process_unshare_sighand(void)
{
	struct process *p = current_process();
	struct sighand *old = p->sighand;
	int r;

	if (old->refs == 1)
		return 0;
	r = copy_sighand(p, old, 0);
	if (r)
		p->sighand = old;
	else
		old->refs--;
	return r;
}
