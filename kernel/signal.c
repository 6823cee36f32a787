/* SPDX-License-Identifier: MIT */
/*
 * Signals: generation, queues, masks and dispositions. Promises what signal(7) says and Linux does:
 * standard signals do not queue, real-time signals queue in order with their siginfo up to
 * RLIMIT_SIGPENDING, an ignored signal is discarded when it is sent unless it is blocked, stop
 * signals and SIGCONT cancel each other. Delivery is in kernel/sigdeliver.c.
 *
 * All sending functions may be called from any kernel context, also from timers and interrupt
 * processing.
 */
#include "kernel/signal.h"

#include "kernel/heap.h"
#include "kernel/itimer.h"
#include "kernel/posix_timer.h"
#include "kernel/process.h"
#include "kernel/string.h"
#include "kernel/wait.h"

/*
 * The flags rt_sigaction(2) knows; others are cleared so that programs can find out what is
 * supported.
 */
#define SA_KNOWN                                                                                   \
	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER |         \
	 SA_RESETHAND | SA_EXPOSE_TAGBITS | SA_RESTORER)

/* Threads of stopped processes. */
static struct wait_queue stop_wq = WAIT_QUEUE_INIT(stop_wq);

static bool signo_valid(int signo)
{
	return signo >= 1 && signo <= N_SIGNALS;
}

void sigpending_init(struct sigpending *p)
{
	p->set = 0;
	list_init(&p->queue);
}

/* ---- queues; process->lock held ---- */

static void entry_free(struct process *p, struct sigqueue *e)
{
	list_del(&e->link);
	if (e->timer)
		return;
	p->n_sigqueued--;
	kfree(e);
}

/* Discard what is pending of the signals in `set`. */
static void pending_flush(struct process *p, struct sigpending *q, uint64_t set)
{
	struct sigqueue *e, *tmp;

	if (!(q->set & set))
		return;
	q->set &= ~set;
	list_for_each_safe (e, tmp, &q->queue, link)
		if (set & SIGBIT(e->info.si_signo)) {
			if (e->timer)
				posix_timer_discarded(e->timer);
			entry_free(p, e);
		}
}

static void pending_flush_all(struct process *p, uint64_t set)
{
	struct thread *t;

	pending_flush(p, &p->pending, set);
	list_for_each (t, &p->threads, process_link)
		pending_flush(p, &t->pending, set);
}

/*
 * Room for a signal's siginfo, or NULL. Standard signals that the kernel or kill(2) sends are not
 * limited: without siginfo they would still be delivered.
 */
static struct sigqueue *entry_new(struct process *p, const siginfo_t *info)
{
	bool unlimited = info->si_signo < SIGRTMIN && info->si_code >= 0;
	struct sigqueue *e;

	if (!unlimited && p->n_sigqueued >= p->limits[RLIMIT_SIGPENDING].rlim_cur)
		return NULL;
	e = kmalloc(sizeof(*e));
	if (e) {
		e->info = *info;
		e->timer = NULL;
		p->n_sigqueued++;
	}
	return e;
}

/*
 * Make a signal pending. Returns 0 or -EAGAIN (no room for a real-time signal that did not come
 * from kill(2)).
 */
static int pending_add(struct process *p, struct sigpending *q, const siginfo_t *info)
{
	int signo = info->si_signo;
	struct sigqueue *e;

	if (signo < SIGRTMIN && (q->set & SIGBIT(signo)))
		return 0;
	if (signo != SIGKILL) {
		e = entry_new(p, info);
		if (e)
			list_add_tail(&e->link, &q->queue);
		else if (signo >= SIGRTMIN && info->si_code != SI_USER)
			return -EAGAIN;
	}
	q->set |= SIGBIT(signo);
	return 0;
}

/* The number to take from `set`: faults first, then the lowest. */
static int next_signo(uint64_t set)
{
	if (set & SIGSET_SYNCHRONOUS)
		set &= SIGSET_SYNCHRONOUS;
	return set ? __builtin_ctzll(set) + 1 : 0;
}

/*
 * Take one instance of a pending signal. One whose siginfo was not kept looks as if it came from
 * nobody.
 */
static void pending_take(struct process *p, struct sigpending *q, int signo, siginfo_t *info)
{
	struct sigqueue *e, *tmp, *found = NULL;
	bool more = false;

	list_for_each_safe (e, tmp, &q->queue, link) {
		if (e->info.si_signo != signo)
			continue;
		if (found) {
			more = true;
			break;
		}
		found = e;
	}
	if (!more)
		q->set &= ~SIGBIT(signo);
	if (found) {
		*info = found->info;
		list_del(&found->link);
		if (found->timer)
			posix_timer_taken(found->timer, info);
		entry_free(p, found);
	} else {
		memset(info, 0, sizeof(*info));
		info->si_signo = signo;
	}
}

/* ---- sending; process->lock held ---- */

static bool action_ignores(const struct process *p, int signo)
{
	uaddr_t handler = p->sighand->actions[signo - 1].handler;

	return handler == HANDLER_IGN ||
	       (handler == HANDLER_DFL && (SIGBIT(signo) & SIGSET_IGNORED));
}

static void thread_notify(struct thread *t)
{
	__atomic_or_fetch(&t->work, WORK_SIGNAL, __ATOMIC_RELAXED);
	thread_kick(t);
	thread_signal_wake(t);
}

/*
 * Tell a thread that can take a process-directed signal; if none can, whoever unblocks it first
 * will see it.
 */
static void process_notify(struct process *p, int signo)
{
	struct thread *t;

	list_for_each (t, &p->threads, process_link) {
		if (t->state != THREAD_DEAD && !(t->sigmask & SIGBIT(signo))) {
			thread_notify(t);
			return;
		}
	}
}

/*
 * What happens at once, whatever is blocked or ignored: stop and continue signals cancel each
 * other.
 */
static void send_prepare(struct process *p, int signo)
{
	if (SIGBIT(signo) & SIGSET_STOP)
		pending_flush_all(p, SIGBIT(SIGCONT));
	if (signo == SIGCONT)
		pending_flush_all(p, SIGSET_STOP);
	if (p->stopped && (signo == SIGCONT || signo == SIGKILL)) {
		p->stopped = false;
		wait_wake_all(&stop_wq);
	}
}

/* Is the signal for t (NULL: nobody in particular) ignored, and not kept because it is blocked? */
static bool discards(const struct process *p, const struct thread *t, int signo)
{
	uint64_t blocked = t ? t->sigmask | t->wait_sigmask : 0;

	return !(blocked & SIGBIT(signo)) && action_ignores(p, signo);
}

/* A signal has become pending for t, or (NULL) for the process. */
static void notify(struct process *p, struct thread *t, int signo)
{
	wait_wake_all(&p->signalfd_wq);
	if (!t)
		process_notify(p, signo);
	else if (!(t->sigmask & SIGBIT(signo)))
		thread_notify(t);
}

/* Send to t, or to the process when directed is false (t is then its first thread). */
static int send_locked(struct process *p, struct thread *t, bool directed, const siginfo_t *info)
{
	int signo = info->si_signo, r;

	send_prepare(p, signo);
	if (discards(p, t, signo))
		return 0;
	r = pending_add(p, directed ? &t->pending : &p->pending, info);
	if (r)
		return r;
	notify(p, directed ? t : NULL, signo);
	return 0;
}

static struct thread *first_thread(const struct process *p)
{
	return list_empty(&p->threads) ? NULL
				       : list_first(&p->threads, struct thread, process_link);
}

bool signal_send_entry(struct process *p, struct thread *t, struct sigqueue *e)
{
	struct sigpending *q = t ? &t->pending : &p->pending;
	int signo = e->info.si_signo;

	send_prepare(p, signo);
	if (discards(p, t ? t : first_thread(p), signo))
		return false;
	if (!list_empty(&e->link))
		return true;
	list_add_tail(&e->link, &q->queue);
	q->set |= SIGBIT(signo);
	notify(p, t, signo);
	return true;
}

/* Is a signal of this number queued? */
static bool queue_has(const struct sigpending *q, int signo)
{
	struct sigqueue *e;

	list_for_each (e, &q->queue, link)
		if (e->info.si_signo == signo)
			return true;
	return false;
}

void signal_cancel_entry(struct process *p, struct sigqueue *e)
{
	int signo = e->info.si_signo;
	struct thread *t;

	if (list_empty(&e->link))
		return;
	list_del(&e->link);
	if (!queue_has(&p->pending, signo))
		p->pending.set &= ~SIGBIT(signo);
	list_for_each (t, &p->threads, process_link)
		if (!queue_has(&t->pending, signo))
			t->pending.set &= ~SIGBIT(signo);
}

/* The same, with the lock; the parent learns that p goes on. */
static int send(struct process *p, struct thread *t, bool directed, const siginfo_t *info)
{
	bool stopped = p->stopped;
	int r;

	spin_lock(&p->lock);
	r = send_locked(p, t, directed, info);
	spin_unlock(&p->lock);
	if (stopped && info->si_signo == SIGCONT)
		notify_stopped(p, CLD_CONTINUED);
	return r;
}

/* Returns 0 or -EAGAIN as sigqueue(3). The signal number has been checked. */
int signal_send(struct process *p, const siginfo_t *info)
{
	return p->exited ? 0 : send(p, process_leader(p), false, info);
}

int signal_send_thread(struct thread *t, const siginfo_t *info)
{
	return t->process->exited ? 0 : send(t->process, t, true, info);
}

void signal_raise(struct process *p, int signo)
{
	siginfo_t info = {.si_signo = signo, .si_code = SI_KERNEL};

	(void)signal_send(p, &info);
}

/* As Linux: thread-directed, and it looks as if the program had sent it to itself. */
void signal_sigpipe(void)
{
	siginfo_t info = {.si_signo = SIGPIPE, .si_code = SI_USER};

	info.si_pid = current_process()->pid;
	info.si_uid = current->cred->uid;
	(void)signal_send_thread(current, &info);
}

/* Send to the current thread what it cannot refuse. `fatal` takes away the handler in any case. */
static void force(const siginfo_t *info, bool fatal)
{
	struct thread *t = current;
	struct process *p = t->process;
	uint64_t bit = SIGBIT(info->si_signo);
	struct ksigaction *act = &p->sighand->actions[info->si_signo - 1];

	spin_lock(&p->lock);
	if (fatal || act->handler == HANDLER_IGN || (t->sigmask & bit)) {
		act->handler = HANDLER_DFL;
		t->sigmask &= ~bit;
	}
	(void)send_locked(p, t, true, info);
	spin_unlock(&p->lock);
}

void signal_force(const siginfo_t *info)
{
	force(info, false);
}

void signal_force_segv(int signo)
{
	siginfo_t info = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};

	force(&info, signo == SIGSEGV);
}

/* ---- receiving ---- */

static uint64_t deliverable(const struct thread *t)
{
	return (READ_ONCE(t->pending.set) | READ_ONCE(t->process->pending.set)) & ~t->sigmask;
}

/* Also true while the process is to stop or the thread to end: the caller's sleep ends, and it does
 * that on its way out. */
bool signal_pending(struct thread *t)
{
	bool pending = deliverable(t) != 0 || t->process->stopped || thread_must_end(t);

	/* The call that gives up now is settled on the way out, even if another thread has taken
	 * the signal by then. */
	if (pending)
		__atomic_or_fetch(&t->work, WORK_SIGNAL, __ATOMIC_RELAXED);
	return pending;
}

bool signal_kills(const struct thread *t)
{
	uint64_t pending = READ_ONCE(t->pending.set) | READ_ONCE(t->process->pending.set);

	return thread_must_end(t) || (pending & SIGBIT(SIGKILL));
}

void signal_flush_process(struct process *p)
{
	spin_lock(&p->lock);
	pending_flush_all(p, ~0ull);
	spin_unlock(&p->lock);
}

void signal_thread_wanted(struct thread *t)
{
	thread_notify(t);
}

void signal_thread_started(struct thread *t)
{
	if (signal_pending(t))
		__atomic_or_fetch(&t->work, WORK_SIGNAL, __ATOMIC_RELAXED);
}

/* Blocking everything hands what was meant for this thread over to others. */
void signal_thread_ending(void)
{
	struct process *p = current_process();

	signal_set_mask(~0ull);
	spin_lock(&p->lock);
	pending_flush(p, &current->pending, ~0ull);
	spin_unlock(&p->lock);
}

void signal_stop_process(int signo)
{
	struct process *p = current_process();
	struct thread *t;

	spin_lock(&p->lock);
	p->stopped = true;
	p->stop_signal = signo;
	list_for_each (t, &p->threads, process_link)
		if (t != current)
			thread_notify(t);
	spin_unlock(&p->lock);
	notify_stopped(p, CLD_STOPPED);
}

void signal_wait_stopped(void)
{
	struct process *p = current_process();
	struct waiter w = {0};

	while (READ_ONCE(p->stopped) && !thread_must_end(current)) {
		wait_prepare(&w, &stop_wq);
		if (READ_ONCE(p->stopped))
			(void)wait_sleep(NO_DEADLINE, false);
		wait_finish(&w);
	}
}

/* A temporary mask counts as work too, so that it is put back even if the call that set it forgets.
 */
void signal_recalc(void)
{
	struct thread *t = current;

	if (signal_pending(t) || t->has_saved_sigmask)
		__atomic_or_fetch(&t->work, WORK_SIGNAL, __ATOMIC_RELAXED);
	else
		__atomic_and_fetch(&t->work, ~WORK_SIGNAL, __ATOMIC_RELAXED);
}

static int dequeue_locked(struct thread *t, uint64_t blocked, siginfo_t *info)
{
	struct process *p = t->process;
	int signo = next_signo(t->pending.set & ~blocked);

	if (signo) {
		pending_take(p, &t->pending, signo, info);
		return signo;
	}
	signo = next_signo(p->pending.set & ~blocked);
	if (signo)
		pending_take(p, &p->pending, signo, info);
	if (signo == SIGALRM)
		itimer_real_rearm(p);
	return signo;
}

int signal_dequeue(uint64_t blocked, siginfo_t *info)
{
	struct thread *t = current;
	int signo;

	spin_lock(&t->process->lock);
	signo = dequeue_locked(t, blocked, info);
	spin_unlock(&t->process->lock);
	signal_recalc();
	return signo;
}

/*
 * A fault comes before all else, even what was sent earlier: its handler must see the instruction
 * that caused it.
 */
int signal_dequeue_next(siginfo_t *info)
{
	struct thread *t = current;
	struct sigqueue *e;
	int signo = 0;

	spin_lock(&t->process->lock);
	list_for_each (e, &t->pending.queue, link) {
		uint64_t bit = SIGBIT(e->info.si_signo);

		if (e->info.si_code > SI_USER && (bit & SIGSET_SYNCHRONOUS & ~t->sigmask)) {
			signo = e->info.si_signo;
			pending_take(t->process, &t->pending, signo, info);
			break;
		}
	}
	if (!signo)
		signo = dequeue_locked(t, t->sigmask, info);
	spin_unlock(&t->process->lock);
	signal_recalc();
	return signo;
}

int signal_wait(uint64_t set, uint64_t deadline_ns, siginfo_t *info)
{
	struct thread *t = current;
	uint64_t old = t->sigmask;
	int signo, r = -ETIMEDOUT;

	set &= ~SIGSET_KERNEL_ONLY;
	signo = signal_dequeue(~set, info);
	if (signo || !deadline_ns)
		return signo ? signo : -EAGAIN;
	t->wait_sigmask = old;
	signal_set_mask(old & ~set);
	while (!signal_pending(t)) {
		r = wait_sleep(deadline_ns, true);
		if (r == -ETIMEDOUT)
			break;
	}
	if (signal_pending(t))
		r = -EINTR;
	/* Take it before blocking again, or it would be offered to another thread. */
	signo = signal_dequeue(~set, info);
	signal_set_mask(old);
	t->wait_sigmask = 0;
	if (signo)
		return signo;
	return r == -EINTR ? -EINTR : -EAGAIN;
}

/* ---- masks and dispositions ---- */

void signal_set_mask(uint64_t mask)
{
	struct thread *t = current;
	struct process *p = t->process;
	uint64_t orphaned;

	spin_lock(&p->lock);
	orphaned = p->pending.set & mask & ~t->sigmask;
	t->sigmask = mask & ~SIGSET_KERNEL_ONLY;
	/* Signals that were meant for this thread: let another take them. */
	for (; orphaned; orphaned &= orphaned - 1)
		process_notify(p, __builtin_ctzll(orphaned) + 1);
	spin_unlock(&p->lock);
	signal_recalc();
}

void signal_set_temp_mask(uint64_t mask)
{
	current->saved_sigmask = current->sigmask;
	current->has_saved_sigmask = true;
	signal_set_mask(mask);
}

void signal_restore_temp_mask(void)
{
	if (!current->has_saved_sigmask)
		return;
	current->has_saved_sigmask = false;
	signal_set_mask(current->saved_sigmask);
}

/*
 * A disposition that ignores the signal also discards what is pending, even if it is blocked
 * (POSIX 2.4.3).
 */
int signal_action(int signo, const struct ksigaction *act, struct ksigaction *old)
{
	struct process *p = current_process();
	struct ksigaction *slot;

	if (!signo_valid(signo) || (act && (SIGBIT(signo) & SIGSET_KERNEL_ONLY)))
		return -EINVAL;
	slot = &p->sighand->actions[signo - 1];
	spin_lock(&p->lock);
	if (old)
		*old = *slot;
	if (act) {
		*slot = *act;
		slot->flags &= SA_KNOWN;
		slot->mask &= ~SIGSET_KERNEL_ONLY;
		if (action_ignores(p, signo))
			pending_flush_all(p, SIGBIT(signo));
		else
			posix_timers_unignore(p, signo);
	}
	spin_unlock(&p->lock);
	return 0;
}

/* Context: the current thread only; its alternate stack is its own. */
void signal_exec(void)
{
	struct process *p = current_process();

	spin_lock(&p->lock);
	for (size_t i = 0; i < N_SIGNALS; i++) {
		uaddr_t handler = p->sighand->actions[i].handler;

		p->sighand->actions[i] = (struct ksigaction){
		    .handler = handler == HANDLER_IGN ? HANDLER_IGN : HANDLER_DFL};
	}
	spin_unlock(&p->lock);
	current->altstack = (stack_t){.ss_flags = SS_DISABLE};
	current->has_saved_sigmask = false;
}

int signal_altstack(const stack_t *ss, stack_t *old, uint64_t sp)
{
	stack_t *cur = &current->altstack;
	unsigned mode = ss ? ss->ss_flags & ~SS_FLAG_BITS : 0;

	if (old) {
		*old = *cur;
		old->ss_flags = cur->ss_flags & SS_FLAG_BITS;
		if (!cur->ss_size)
			old->ss_flags |= SS_DISABLE;
		else if (altstack_in_use(cur, sp))
			old->ss_flags |= SS_ONSTACK;
	}
	if (!ss)
		return 0;
	if (altstack_in_use(cur, sp))
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		*cur = (stack_t){.ss_flags = ss->ss_flags};
		return 0;
	}
	/* Setting what is set already succeeds whatever its size. */
	if (ss->ss_size < MINSIGSTKSZ && (ss->ss_sp != cur->ss_sp || ss->ss_size != cur->ss_size ||
					  ss->ss_flags != cur->ss_flags))
		return -ENOMEM;
	*cur = *ss;
	return 0;
}

long signal_set_restart(const struct restart *r)
{
	current->restart = *r;
	return -ERESTART_RESTARTBLOCK;
}

/* ---- numbers ---- */

int signal_exit_status(int signo)
{
	return signo;
}

struct trace_hooks trace_hooks;

const char *signal_name(int signo)
{
	static const char *const names[] = {
	    "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",  "SIGTRAP",   "SIGABRT", "SIGBUS",
	    "SIGFPE",  "SIGKILL",   "SIGUSR1", "SIGSEGV", "SIGUSR2",   "SIGPIPE", "SIGALRM",
	    "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP",   "SIGTSTP", "SIGTTIN",
	    "SIGTTOU", "SIGURG",    "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH",
	    "SIGIO",   "SIGPWR",    "SIGSYS",
	};

	if (signo >= 1 && signo <= (int)ARRAY_SIZE(names))
		return names[signo - 1];
	return signo_valid(signo) ? "SIGRT" : "SIG?";
}
