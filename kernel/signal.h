/* SPDX-License-Identifier: MIT */
/*
 * Signals: generation, masks, queues, delivery to handlers with Linux's exact frame, default actions.
 * A handler runs when the thread next leaves the kernel; blocking calls see signal_pending() and give up.
 */
#ifndef KERNEL_SIGNAL_H
#define KERNEL_SIGNAL_H

#include "kernel/abi/linux.h"
#include "kernel/list.h"

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
};

/* Pending signals of a thread or of a process. (process->lock) */
struct sigpending {
	uint64_t set; /* bit n-1 = signal n */
	struct list queue;
};

#define SIGBIT(n) (1ull << ((n)-1))

void sigpending_init(struct sigpending *p);
/* Send to the process or to one thread; info->si_signo is the number. 0, or -EAGAIN (queue full, real-time signals). */
int signal_send(struct process *p, const siginfo_t *info);
int signal_send_thread(struct thread *t, const siginfo_t *info);
/* Kernel-originated: si_code SI_KERNEL. */
void signal_raise(struct process *p, int signo);
/* A fault of the current thread: cannot be blocked or ignored; if it is, the default action is taken. */
void signal_force(const siginfo_t *info);
/* SIGPIPE to the current thread, as a write to a broken pipe does. */
void signal_sigpipe(void);
/* Is an unblocked, not ignored signal waiting for this thread? */
bool signal_pending(const struct thread *t);
/* Replace the current thread's mask (SIGKILL and SIGSTOP are removed). */
void signal_set_mask(uint64_t mask);
/* Temporary mask for ppoll/pselect/sigsuspend: restored after the handler ran, or when the call ends without one. */
void signal_set_temp_mask(uint64_t mask);
void signal_restore_temp_mask(void);

/*
 * Called on the way out to the program with the complete register frame: restarts or fails an interrupted call,
 * sets up at most one handler per unblocked pending signal, or terminates the process. syscall_nr is -1 unless the
 * frame comes from a system call.
 */
void signal_deliver(struct regs *regs);
/* rt_sigreturn(2): restore regs from the frame at regs->rsp. Returns the value for rax. */
long signal_return(struct regs *regs);

/* The wait(2) status of a death by signal, with the core flag where Linux sets it. */
int signal_exit_status(int signo);
const char *signal_name(int signo); /* "SIGSEGV" */

#endif
