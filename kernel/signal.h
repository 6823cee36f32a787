/* SPDX-License-Identifier: MIT */
/*
 * Signals: generation, masks, queues (kernel/signal.c), delivery to handlers with Linux's exact
 * frame and default actions (kernel/sigdeliver.c). A handler runs when the thread next leaves the
 * kernel; blocking calls see signal_pending() and give up.
 */
#ifndef KERNEL_SIGNAL_H
#define KERNEL_SIGNAL_H

#include "kernel/abi/linux.h"
#include "kernel/list.h"

struct posix_timer;
struct thread;
struct process;
struct regs;

/* The kernel's own view of struct sigaction: rt_sigaction(2) passes exactly this. */
struct ksigaction {
	uaddr_t handler; /* or SIG_DFL 0, SIG_IGN 1 */
	uint64_t flags;
	uaddr_t restorer;
	uint64_t mask;
};

struct sigqueue {
	struct list link;
	siginfo_t info;
	struct posix_timer *timer; /* whose it is: not to be freed; else NULL */
};

/* Pending signals of a thread or of a process. (process->lock) */
struct sigpending {
	uint64_t set; /* bit n-1 = signal n */
	struct list queue;
};

#define SIGBIT(n) (1ull << ((n)-1))

#define HANDLER_DFL 0ul
#define HANDLER_IGN 1ul

/* Sets of signals: signal(7). */
#define SIGSET_KERNEL_ONLY                                                                         \
	(SIGBIT(SIGKILL) | SIGBIT(SIGSTOP)) /* cannot be caught, blocked or ignored */
#define SIGSET_STOP (SIGBIT(SIGSTOP) | SIGBIT(SIGTSTP) | SIGBIT(SIGTTIN) | SIGBIT(SIGTTOU))
#define SIGSET_IGNORED                                                                             \
	(SIGBIT(SIGCONT) | SIGBIT(SIGCHLD) | SIGBIT(SIGWINCH) | SIGBIT(SIGURG)) /* by default */
#define SIGSET_SYNCHRONOUS                                                                         \
	(SIGBIT(SIGSEGV) | SIGBIT(SIGBUS) | SIGBIT(SIGILL) | SIGBIT(SIGTRAP) | SIGBIT(SIGFPE) |    \
	 SIGBIT(SIGSYS))
#define SIGSET_CORE                                                                                \
	(SIGSET_SYNCHRONOUS | SIGBIT(SIGQUIT) | SIGBIT(SIGABRT) | SIGBIT(SIGXCPU) | SIGBIT(SIGXFSZ))

/*
 * How a call that returned -ERESTART_RESTARTBLOCK goes on when no handler ran. The arguments belong
 * to fn, which gets a copy and may set current->restart again. fn NULL: restart_syscall(2) fails
 * with EINTR.
 */
struct restart {
	long (*fn)(const struct restart *r);
	uint64_t arg[6];
};
/* Remember how to go on. Returns -ERESTART_RESTARTBLOCK. */
long signal_set_restart(const struct restart *r);

void sigpending_init(struct sigpending *p);
/* Send to the process or to one thread; info->si_signo is the number. 0, or -EAGAIN (queue full,
 * real-time signals). */
int signal_send(struct process *p, const siginfo_t *info);
int signal_send_thread(struct thread *t, const siginfo_t *info);
/*
 * Send a timer's own entry, to t or (NULL) to the process; an entry that still waits stays where it
 * is. False: the signal is ignored. And take it back, if it waits. Locks: process->lock held.
 */
bool signal_send_entry(struct process *p, struct thread *t, struct sigqueue *e);
void signal_cancel_entry(struct process *p, struct sigqueue *e);
/* Kernel-originated: si_code SI_KERNEL. */
void signal_raise(struct process *p, int signo);
/* A fault of the current thread: cannot be blocked or ignored; if it is, the default action is
 * taken. */
void signal_force(const siginfo_t *info);
/* SIGSEGV with si_code SI_KERNEL because handling `signo` failed; if that was SIGSEGV itself, it
 * ends the process. */
void signal_force_segv(int signo);
/* SIGPIPE to the current thread, as a write to a broken pipe does. */
void signal_sigpipe(void);
/* A new thread of the process may take what is pending; an ending one leaves it to the others. */
void signal_thread_started(struct thread *t);
void signal_thread_ending(void);
/* Must t end: because of SIGKILL, or for another thread? */
bool signal_kills(const struct thread *t);
/* Forget all that is pending: it has ended. */
void signal_flush_process(struct process *p);
/* Make t leave the kernel soon: it must end. Locks: process->lock. */
void signal_thread_wanted(struct thread *t);
/* Is an unblocked, not ignored signal waiting for this thread? */
bool signal_pending(struct thread *t);
/* Replace the current thread's mask (SIGKILL and SIGSTOP are removed). */
void signal_set_mask(uint64_t mask);
/* Temporary mask for ppoll/pselect/sigsuspend: restored after the handler ran, or when the call
 * ends without one. */
void signal_set_temp_mask(uint64_t mask);
void signal_restore_temp_mask(void);

/* rt_sigaction(2) without its user copies; act and old may be NULL. 0 or -EINVAL. */
int signal_action(int signo, const struct ksigaction *act, struct ksigaction *old);
/* execve(2): what is caught is so no longer, and there is no alternate stack. */
void signal_exec(void);
/* sigaltstack(2) for a thread whose stack pointer is sp; ss and old may be NULL. 0, -EPERM, -EINVAL
 * or -ENOMEM. */
int signal_altstack(const stack_t *ss, stack_t *old, uint64_t sp);
/* Take the next signal not in `blocked` off the current thread's and process's queues. Its number,
 * or 0. */
int signal_dequeue(uint64_t blocked, siginfo_t *info);
/* Like signal_dequeue with the thread's own mask, but faults of the current instruction first. */
int signal_dequeue_next(siginfo_t *info);
/*
 * Wait until a signal of `set` (which the caller has blocked) is pending or the deadline passes,
 * and take it. Returns its number, -EAGAIN or -EINTR.
 */
int signal_wait(uint64_t set, uint64_t deadline_ns, siginfo_t *info);
/* Stop all threads of the current process, which tells its parent, and wait while it is stopped:
 * each does on its way to the program. */
void signal_stop_process(int signo);
void signal_wait_stopped(void);
/* Set or clear WORK_SIGNAL of the current thread by what is pending. */
void signal_recalc(void);

/* True if sp lies on this alternate stack, whatever its flags. */
static inline bool altstack_holds(const stack_t *ss, uint64_t sp)
{
	uint64_t base = (uint64_t)ss->ss_sp;

	return sp > base && sp - base <= ss->ss_size;
}

/* True if a thread at sp runs on its alternate stack (one with SS_AUTODISARM is gone while in use).
 */
static inline bool altstack_in_use(const stack_t *ss, uint64_t sp)
{
	return !(ss->ss_flags & SS_AUTODISARM) && altstack_holds(ss, sp);
}

/*
 * Called on the way out to the program with the complete register frame: restarts or fails an
 * interrupted call, sets up at most one handler per unblocked pending signal, or terminates the
 * process. syscall_nr is -1 unless the frame comes from a system call.
 */
void signal_deliver(struct regs *regs);
/* rt_sigreturn(2): restore regs from the frame at regs->rsp. Returns the value for rax. */
long signal_return(struct regs *regs);

/* The wait(2) status of a death by signal. Linux's core flag (0x80) says that a core file was
 * written: never here. */
int signal_exit_status(int signo);
const char *signal_name(int signo); /* "SIGSEGV" */

/* Told for --strace, which lives above the kernel: a signal taken from the queue, the end of the
 * process, that the current thread is about to sleep (true: it did so itself, ask again). */
struct trace_hooks {
	bool (*sleep)(void);
	void (*signal)(const siginfo_t *info); /* NULL: nobody listens */
	void (*end)(int wait_status);
};
extern struct trace_hooks trace_hooks;

#endif
