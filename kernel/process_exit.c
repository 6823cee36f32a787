/* SPDX-License-Identifier: MIT */
/*
 * The end of a process: what its last thread does, what becomes of its children, and how a parent
 * learns of it (wait(2)). The end of the first process is the end of the machine, as that of a
 * container's init is of the container: all others are killed, its wait(2) status goes to the host.
 */
#include "kernel/process.h"

#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/file.h"
#include "kernel/heap.h"
#include "kernel/log.h"
#include "kernel/posix_timer.h"
#include "kernel/sched.h"
#include "kernel/string.h"
#include "kernel/timer.h"
#include "kernel/wait.h"

#include <linux/wait.h>

#define KILL_GRACE_NS (2 * NSEC_PER_SEC) /* for the others, at the end of the machine */
#define USER_HZ	      100

/* ---- usage ---- */

void usage_add(struct task_usage *to, const struct task_usage *u)
{
	to->cpu_ns += u->cpu_ns;
	to->faults += u->faults;
	to->switches += u->switches;
	to->preempted += u->preempted;
	to->peak_resident = MAX(to->peak_resident, u->peak_resident);
}

struct task_usage process_usage(struct process *p)
{
	if (p->exited)
		return p->final_usage;
	return (struct task_usage){
	    .cpu_ns = process_cpu_ns_now(p),
	    .faults = p->counts.faults,
	    .switches = p->counts.switches,
	    .preempted = p->counts.preempted,
	    .peak_resident = p->mm ? MAX(p->mm->peak_resident, p->mm->resident_pages) : 0,
	};
}

/* ---- telling the parent ---- */

int wait_status_value(int status)
{
	return status & 0x7f ? status & 0x7f : status >> 8 & 0xff;
}

siginfo_t child_siginfo(struct process *p, int code, int status)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = SIGCHLD;
	info.si_code = code;
	info.si_pid = p->pid;
	info.si_uid = process_cred(p)->uid;
	info.si_status = status;
	info.si_utime = (long)(process_usage(p).cpu_ns / (NSEC_PER_SEC / USER_HZ));
	return info;
}

static int exit_code(const struct process *p)
{
	return p->exit_status & 0x7f ? CLD_KILLED : CLD_EXITED;
}

/* The parent learns that p has ended. Returns whether nobody will wait for it. */
static bool notify_exit(struct process *p)
{
	struct process *parent = p->parent;
	const struct ksigaction *act;
	int signo = p->exit_signal;
	bool unwanted = false;
	siginfo_t info;

	if (!parent || parent->exited)
		return true;
	act = &parent->sighand->actions[SIGCHLD - 1];
	if (signo == SIGCHLD) {
		unwanted = act->handler == HANDLER_IGN || (act->flags & SA_NOCLDWAIT);
		if (act->handler == HANDLER_IGN)
			signo = 0;
	}
	if (signo) {
		info = child_siginfo(p, exit_code(p), wait_status_value(p->exit_status));
		info.si_signo = signo;
		(void)signal_send(parent, &info);
	}
	wait_wake_all(&parent->child_wq);
	return unwanted;
}

/* ---- out of the table ---- */

void process_reap(struct process *p)
{
	assert(p->exited && !p->reaped);
	p->reaped = true;
	list_del(&p->link);
	if (p->parent)
		list_del(&p->sibling);
	if (process_leader(p) == current) /* process_gone() does the rest */
		return;
	process_gone(p);
}

void process_gone(struct process *p)
{
	struct thread *leader = process_leader(p);

	list_del(&leader->process_link);
	thread_free(leader);
	process_put(p);
}

/* ---- the end ---- */

/* Who takes the children of p: the nearest ancestor that wants them, else the outside. */
static struct process *new_parent(const struct process *p)
{
	struct process *a = p->parent;

	while (a && !(a->child_subreaper && !a->exited))
		a = a->parent;
	return a;
}

static void give_away_children(struct process *p)
{
	struct process *to = new_parent(p), *child, *next;

	list_for_each_safe (child, next, &p->children, sibling) {
		list_del(&child->sibling);
		child->parent = to;
		child->parent_tid = to ? to->pid : 0;
		child->exit_signal = SIGCHLD;
		if (to)
			list_add_tail(&child->sibling, &to->children);
		else
			list_init(&child->sibling);
		if (child->pdeath_signal && !child->exited)
			signal_raise(child, child->pdeath_signal);
		if (child->exited && notify_exit(child))
			process_reap(child);
		else
			group_maybe_orphaned(child, p);
	}
}

/* Children made by a thread that ends go on as those of the process's first; they may have asked to
 * hear of it. */
static void thread_leaves_children(struct thread *t)
{
	struct process *child;

	list_for_each (child, &t->process->children, sibling) {
		if (child->parent_tid != t->tid)
			continue;
		child->parent_tid = t->process->pid;
		if (child->pdeath_signal && !child->exited)
			signal_raise(child, child->pdeath_signal);
	}
}

static void stop_timers(struct process *p)
{
	timer_disarm(&p->itimer_real);
	timer_disarm(&p->cpu_timer);
	posix_timers_delete_all(p);
}

/* Give up everything but the number and the status. */
static void let_go(struct process *p)
{
	struct mm *mm = p->mm;

	stop_timers(p);
	thread_async_end();
	p->final_usage = process_usage(p);
	files_put(p->files);
	p->files = NULL;
	process_hooks.exit(p);
	process_hooks.thread_exit(current);
	p->mm = NULL; /* from here on nothing touches program memory */
	process_leaves_mm(p);
	mm_put(mm);
}

/* The last thread of a process that is not the first one. May sleep until it is marked as ended. */
static __noreturn void process_end(struct process *p, int wait_status)
{
	thread_tell_program(current);
	let_go(p);
	if (p->sid == p->pid && process_hooks.session_end)
		process_hooks.session_end(p);
	signal_flush_process(p);
	p->exit_status = wait_status;
	p->exited = true;
	p->stopped = false;
	p->n_threads = 0;
	give_away_children(p);
	group_maybe_orphaned(p, NULL);
	if (!--p->sighand->refs)
		kfree(p->sighand);
	p->sighand = NULL;
	if (notify_exit(p))
		process_reap(p);
	wait_wake_all(&p->exit_wq);
	sched_exit();
}

/* All others are killed, and given some time to let go of what they have open. */
static void kill_others(void)
{
	uint64_t deadline = clock_mono_ns() + KILL_GRACE_NS;
	struct process *p, *me = current_process();
	struct waiter w = {0};

	for_each_process(p) if (p != me && !p->exited) signal_raise(p, SIGKILL);
	while (processes.next->next != &processes && clock_mono_ns() < deadline) {
		struct process *alive = NULL, *next;

		list_for_each_safe (p, next, &processes, link) {
			if (p == me)
				continue;
			if (p->exited && p->parent == me)
				process_reap(p);
			else if (!p->exited)
				alive = p;
		}
		if (!alive)
			break;
		process_get(alive);
		wait_prepare(&w, &alive->exit_wq);
		if (!alive->exited)
			(void)wait_sleep(deadline, false);
		wait_finish(&w);
		process_put(alive);
	}
}

static __noreturn void machine_end(struct process *p, int wait_status)
{
	posix_timers_delete_all(p);
	kill_others();
	files_put(p->files); /* pipes and files learn of it; output is flushed below */
	if (file_sync_all && file_sync_all(false))
		log_error("data was lost: some of what was written could not be stored");
	con_shutdown(wait_status);
}

/*
 * The other threads end on their way to the program; this one goes on alone, so that what is still
 * done for the process (writing back, flushing) is not interrupted by the program.
 */
void process_exit(int wait_status)
{
	struct process *p = current_process();
	bool first = p == list_first(&processes, struct process, link);

	if (!process_single(p))
		thread_exit(0);
	if (trace_hooks.end)
		trace_hooks.end(wait_status);
	if (first)
		machine_end(p, wait_status);
	process_wait_single(p);
	if (current->tid != p->pid)
		process_replace_leader(p);
	signal_set_mask(~0ull); /* nobody waits for what this thread does from here on */
	process_end(p, wait_status);
}

void thread_ends(struct thread *t)
{
	if (!list_empty(&t->process->children))
		thread_leaves_children(t);
}

/* ---- waiting ---- */

/* Is it one that the request is about? */
static bool eligible(const struct process *p, const struct wait_request *req)
{
	bool clone = p->exit_signal != SIGCHLD;

	if (req->pid > 0 && p->pid != req->pid)
		return false;
	if (req->pgid > 0 && p->pgid != req->pgid)
		return false;
	if (req->process && p != req->process)
		return false;
	if ((req->options & __WNOTHREAD) && p->parent_tid != current->tid)
		return false;
	return (req->options & __WALL) || clone == !!(req->options & __WCLONE);
}

static void found(struct process *p, int code, int status, struct wait_result *out)
{
	*out = (struct wait_result){.pid = p->pid,
				    .uid = process_cred(p)->uid,
				    .status = status,
				    .code = code,
				    .usage = process_usage(p)};
	usage_add(&out->usage, &p->reaped_usage);
}

/* Is there something to tell of it? Unless WNOWAIT, it is told only once. */
static bool take_event(struct process *p, int options, struct wait_result *out)
{
	bool keep = options & WNOWAIT;

	if (p->exited) {
		if (!(options & WEXITED))
			return false;
		found(p, exit_code(p), p->exit_status, out);
		if (!keep) {
			usage_add(&current_process()->reaped_usage, &out->usage);
			process_reap(p);
		}
		return true;
	}
	if (p->stop_event && p->stopped && (options & WSTOPPED)) {
		found(p, CLD_STOPPED, p->stop_event << 8 | 0x7f, out);
		if (!keep)
			p->stop_event = 0;
		return true;
	}
	if (p->continue_event && (options & WCONTINUED)) {
		found(p, CLD_CONTINUED, 0xffff, out);
		if (!keep)
			p->continue_event = false;
		return true;
	}
	return false;
}

/* 1: found, 0: not yet, -ECHILD: there is nobody to wait for. */
static int look(const struct wait_request *req, struct wait_result *out)
{
	struct process *p, *next;
	int r = -ECHILD;

	list_for_each_safe (p, next, &current_process()->children, sibling) {
		if (!eligible(p, req))
			continue;
		r = 0;
		if (take_event(p, req->options, out))
			return 1;
	}
	return r;
}

int process_wait(const struct wait_request *req, struct wait_result *out)
{
	struct wait_queue *wq = &current_process()->child_wq;
	int r;

	memset(out, 0, sizeof(*out));
	r = look(req, out);
	if (!r && !(req->options & WNOHANG)) {
		int slept = wait_until(wq, r || (r = look(req, out)) != 0, NO_DEADLINE);

		if (!r)
			r = slept;
	}
	return MIN(r, 0);
}
