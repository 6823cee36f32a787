/* SPDX-License-Identifier: MIT */
/*
 * Processes and threads. Everything per process is in struct process, everything per thread in
 * struct thread. What clone(2) may share between processes is counted by itself: struct mm, files,
 * fs_context, sighand. Which processes there are and how they are related: kernel/process.h.
 */
#ifndef KERNEL_TASK_H
#define KERNEL_TASK_H

#include "kernel/cred.h"
#include "kernel/itimer.h"
#include "kernel/lock.h"
#include "kernel/mm.h"
#include "kernel/signal.h"
#include "kernel/timer.h"
#include "kernel/x86_64/percpu.h"

struct dentry;
struct files;
struct tty;
struct uring_task;

/* The program's registers at its entry into the kernel, in Linux's pt_regs order. */
struct regs {
	uint64_t r15, r14, r13, r12, rbp, rbx;
	uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t orig_rax; /* syscall number, or -1 */
	uint64_t rip, cs, rflags, rsp, ss;
};

/* Where relative paths start. refs: (a), the rest changes in single steps. */
struct fs_context {
	uint32_t refs;
	struct dentry *root, *cwd;
	struct mount_ns *ns; /* NULL: the first one, never left */
	uint32_t umask;
};

/* What getrusage(2) and /proc/<pid>/io report of a process. */
struct task_counts {
	uint64_t faults;		  /* page faults that were resolved */
	uint64_t switches, preempted;	  /* waited for something; had to let another run */
	uint64_t rchar, wchar;		  /* bytes that read and write calls moved */
	uint64_t read_calls, write_calls; /* how many */
};

/* What to do with signals. */
struct sighand {
	uint32_t refs;			      /* (a) */
	struct ksigaction actions[N_SIGNALS]; /* index signo - 1; single steps */
};

/* What wait4(2) and getrusage(2) add up. */
struct task_usage {
	uint64_t cpu_ns, faults, switches, preempted;
	size_t peak_resident; /* pages, of the largest */
};

/*
 * (i) immutable after creation, (l) process->lock, (a) atomic, (o) own locking, (t) single steps on
 * one CPU: the relations between processes, kernel/process.c. An ended process (exited) has no mm,
 * files, fs and sighand.
 */
struct process {
	uint32_t refs;			      /* (a) the table's, and who looks at it for long */
	int pid, pgid, sid;		      /* (t) */
	struct tty *tty;		      /* (t) controlling terminal */
	int hung_up_pgrp;		      /* (t) a leader's: foreground of one that is gone */
	struct list link;		      /* (t) of all that were not waited for */
	struct process *parent;		      /* (t) NULL: outside of the machine */
	struct list children, sibling;	      /* (t) */
	int parent_tid;			      /* (t) the thread that made it */
	int exit_signal;		      /* (t) to the parent, 0: none */
	int exit_status;		      /* (t) wait(2) status, when exited */
	bool exited, reaped;		      /* (t) */
	bool borrows_mm;		      /* (t) vfork: the parent waits */
	bool did_exec;			      /* (t) */
	int stop_signal, stop_event;	      /* (t) that stopped it; the same until waited for */
	bool continue_event;		      /* (t) continued, and not waited for */
	struct wait_queue child_wq;	      /* a child changed its state */
	struct wait_queue exit_wq;	      /* it changed its own: vfork, pidfd */
	struct task_usage reaped_usage;	      /* (t) of children waited for */
	struct task_usage final_usage;	      /* (t) its own, when exited */
	int oom_score_adj;		      /* (t) */
	bool oom_killed;		      /* (t) chosen by kernel/oom.c */
	struct mm *mm;			      /* (o) */
	struct files *files;		      /* (o) */
	struct sem_undos *sem_undos;	      /* (o) of SEM_UNDO, fs/sem.c; NULL: none */
	struct sighand *sighand;	      /* (o) */
	struct rlimit64 limits[RLIM_NLIMITS]; /* (l) */
	struct sigpending pending;	      /* (l) */
	struct wait_queue signalfd_wq;	      /* woken when a signal becomes pending */
	struct list threads;		      /* (l) the first is the one with tid == pid */
	unsigned n_threads;		      /* (l) that have not ended */
	struct thread *survivor;  /* (l) the one that goes on at exit or execve: others end */
	char *exe_path;		  /* (l) absolute, of the running image */
	struct inode *exe;	  /* (c) that image's file, referenced and not to be written */
	uint64_t auxv[64];	  /* (i) as given to the program, for /proc/self/auxv */
	unsigned auxv_len;	  /* (i) in 8-byte words */
	uint64_t start_ns;	  /* (i) CLOCK_MONOTONIC */
	struct timer itimer_real; /* (l) ITIMER_REAL and alarm */
	uint64_t itimer_real_interval_ns; /* (l) */
	struct cpu_itimer cpu_itimers[2]; /* (l) ITIMER_VIRTUAL, ITIMER_PROF; kernel/itimer.c */
	struct timer cpu_timer;	      /* (l) next look at the CPU clock for them and RLIMIT_CPU */
	uint64_t cpu_timer_seen_ns;   /* (l) CPU time at the last look */
	unsigned n_sigqueued;	      /* (l) struct sigqueue in use, limited by RLIMIT_SIGPENDING */
	struct list posix_timers;     /* (l) timer_create(2) */
	int next_timer_id;	      /* (l) */
	bool stopped;		      /* (l) by a stop signal, until SIGCONT or SIGKILL */
	uint64_t dead_threads_cpu_ns; /* (l) run time of threads that have ended */
	struct task_counts counts;    /* (o) single steps on one CPU */
	bool dumpable;		      /* (l) prctl PR_SET_DUMPABLE */
	bool child_subreaper, thp_disabled; /* (l) prctl(2): kept for execve and fork */
	int pdeath_signal;		    /* (l) PR_SET_PDEATHSIG */
	uint32_t personality;		    /* (l) personality(2) */
	uint32_t membarrier;		    /* (l) MEMBARRIER_CMD_* registered */
	struct spinlock lock;
};

enum thread_state { THREAD_RUNNING, THREAD_SLEEPING, THREAD_DEAD };

/* (c) only the thread itself, (s) scheduler lock, (l) process->lock */
struct thread {
	uint64_t kstack_top; /* (i) */
	uint64_t kernel_rsp; /* (c) while switched out, switch.S */
	uint32_t work; /* offset 16: (a) WORK_* to do before returning to the program, entry.S */
	int tid;
	struct process *process;
	enum thread_state state;  /* (s) */
	struct list run_link;	  /* (s) */
	unsigned cpu;		  /* (s) it runs or waits on, or ran on last */
	uint32_t affinity;	  /* (s) CPUs it may run on, one bit each; not empty */
	struct list process_link; /* (l) */
	bool woken;		  /* (s) a prepared waiter fired */
	bool interruptible;	  /* (s) of the current sleep */
	bool killable;		  /* (c) the current sleep ends when the thread must die */
	uint64_t kstack_low;	  /* (c) lowest address of the kernel stack */
	struct timer sleep_timer; /* (c) */
	uint64_t fs_base;	  /* (c) saved while switched out */
	struct fs_context *fs;	  /* (c) where its paths start; NULL: kernel thread, ended */
	void *xstate;		  /* (c) vector state while switched out; NULL: an idle thread */
	uint64_t sigmask;	  /* (l) blocked signals */
	uint64_t saved_sigmask;	  /* (c) to restore, if has_saved_sigmask */
	bool has_saved_sigmask;
	uint64_t wait_sigmask;	/* (l) sigmask before rt_sigtimedwait unblocked what it waits for,
				   else 0 */
	struct restart restart; /* (c) how restart_syscall(2) goes on */
	struct sigpending pending;	/* (l) thread-directed */
	stack_t altstack;		/* (c) sigaltstack(2) */
	struct cred *cred;		/* (c) who it is; itself immutable */
	bool no_new_privs;		/* (c) prctl(2): kept for execve and clone */
	uint8_t seccomp_mode;		/* (c) SECCOMP_MODE_*; also TSYNC of the process's others */
	struct seccomp_filter *seccomp; /* (c) its last filter: kernel/seccomp.h */
	uaddr_t clear_child_tid;	/* (c) */
	uaddr_t set_child_tid;		/* (c) stored when it first runs, 0: not */
	uaddr_t robust_list;		/* (c) */
	uaddr_t rseq;			/* (c) registered area or 0 */
	uint32_t rseq_len, rseq_sig;
	uaddr_t fault_addr; /* (c) last page fault's address: cr2 of signal frames, fatal-signal
			       report */
	uint64_t fault_trapno,
	    fault_err;	 /* (c) vector and error code of the last exception, for signal frames */
	uint64_t cpu_ns; /* (c) run time before the current slice */
	uint64_t slice_start_ns;  /* (c) */
	uint64_t slice_used_ns;	  /* (c) of the current slice, before it was last switched out */
	bool spent;		  /* (s) it has used up a slice since it slept */
	uint8_t handovers;	  /* (c) it sleeps soon after waking another: how likely */
	uint64_t woke_ns;	  /* (c) when it last woke one, 0: not since it slept */
	char comm[16];		  /* (c) */
	uint8_t sched_policy;	  /* (l) SCHED_NORMAL, BATCH or IDLE */
	bool sched_reset_on_fork; /* (l) */
	int8_t nice;		  /* (l) -20..19 */
	uint16_t ioprio;	  /* (l) IOPRIO_PRIO_VALUE */
	uint16_t mempolicy;	  /* (c) set_mempolicy(2): MPOL_* with its flags */
	uint64_t timer_slack_ns;  /* (c) prctl PR_SET_TIMERSLACK; 0 = the default */
#define DEFAULT_TIMER_SLACK_NS 50000
	struct uring_task *uring; /* (c) its io_uring requests, syscalls/uring; NULL: never any */
	struct trace *trace;	  /* (c) line of the current system call, syscalls/strace.c */
	struct regs *regs; /* (c) the program's registers while in the kernel; complete only where
			      documented */
	bool regs_loaded;  /* (c) execve: the call returns with *regs as it is */
};

enum thread_work {
	WORK_SIGNAL = 1,  /* a signal may be deliverable */
	WORK_RESCHED = 2, /* another thread should run */
	WORK_RSEQ = 4,	  /* it was preempted inside the program: rseq_resume() (kernel/rseq.h) */
	WORK_ASYNC = 8,	  /* requests of its own can go on: thread_async.run() */
};

/* What io_uring does for a thread, the caller; NULL: there has never been a ring. Both may sleep.
 */
struct thread_async {
	void (*run)(void); /* after thread_async_wake: on its way out, or instead of sleeping */
	void (*end)(void); /* it ends, or leaves its address space */
};
extern struct thread_async thread_async;
/* t->uring has something to do: it does it when it next leaves the kernel or sleeps interruptibly,
 * for which it is woken; kick: it is also interrupted in the program. Any context. */
void thread_async_wake(struct thread *t, bool kick);
void thread_async_end(void);

struct thread *current_thread(void);
#define current		  (current_thread())
#define current_process() (current->process)
#define current_mm()	  (current->process->mm)

/* A thread that is not runnable yet. 0 or -ENOMEM. */
int thread_new(struct process *p, struct thread **out);
/* The process's thread of this number, or NULL. Locks: p->lock. */
struct thread *process_thread(struct process *p, int tid);
/* For the scheduler, when t has run for the last time: all of it, or what only running takes. */
void thread_free(struct thread *t);
void thread_strip(struct thread *t);
/*
 * A new thread of p that will return 0 from the current system call, with the caller's registers
 * (which must be complete), vector state and signal mask, its directories or a copy of
 * them; the caller changes what is to differ and then starts it. 0, -EAGAIN (too many), -ENOMEM.
 */
int thread_clone(struct process *p, bool share_fs, struct thread **out);
void thread_undo(struct thread *t); /* such a thread is not wanted after all */
void thread_start(struct thread *t);
/* Run a function of the kernel in a thread of its own, in the process's address space but not one
 * of its threads: no signal, no end of the process and no execve(2) knows of it (see mm_exchange).
 * 0 or -ENOMEM. Callable from any kernel context. */
int thread_kernel(void (*run)(void));
/* One that runs when its CPU has nothing else to; it is never queued. NULL: no memory. */
struct thread *thread_idle(void (*run)(void));
/* Held by execve(2) while it exchanges the address space, and by kernel threads while they may use
 * it. Outermost of all locks. */
extern struct mutex mm_exchange;
/* t ends, or leaves its address space: tell those who wait for it, in program memory. */
void thread_tell_program(struct thread *t);
/* Ends the whole process with a wait(2) status; for the first process this ends the machine. */
__noreturn void process_exit(int wait_status);
/* exit(2): ends the calling thread; the last one ends the process with this status. */
__noreturn void thread_exit(int wait_status);
/*
 * Let every other thread end on its next way out to the program. False if another thread has asked
 * for that first: then it is the caller that ends on its way out, and gives back what it holds.
 * process_wait_single waits until they are gone.
 */
bool process_single(struct process *p);
void process_wait_single(struct process *p);
/* For execve: become the only thread, and the first one. 0, or -EAGAIN if another thread was faster
 * (process_single). */
int process_take_over(struct process *p);
/* The caller, alone and not the first thread, becomes it. */
void process_replace_leader(struct process *p);
/* The calling thread ends, not its process. For kernel/thread.c. */
void thread_ends(struct thread *t);
/* Must t end because another thread goes on alone? */
static inline bool thread_must_end(const struct thread *t)
{
	return t->process->survivor && t->process->survivor != t;
}

/* Run something else if this thread is not RUNNING or another should run. */
void schedule(void);
/* Let all others run first. */
void sched_yield(void);
/* Is there something else to run? For loops that look at a device instead of sleeping. */
bool sched_others(void);
/*
 * For calls that can take seconds, each millisecond or so: interrupts are handled (signals may be
 * pending then, look) and other threads get their turn, as if this one were in the program. Locks:
 * no spin lock held.
 */
void sched_breathe(void);
/* Make t runnable. */
void thread_wake(struct thread *t);
/* Run t on these CPUs only, one of which is there at least. */
void thread_set_affinity(struct thread *t, uint32_t mask);
/* t->work has changed: if another CPU runs its program code, have it look. */
void thread_kick(struct thread *t);
/* For wait_sleep: mark t (the caller) as sleeping, unless *woken: a waiter of it has fired. */
bool sched_prepare_sleep(struct thread *t, bool interruptible, const bool *woken);

bool capable(int cap); /* CAP_*: in the caller's effective set */

/* Wake t if it sleeps interruptibly: a signal for it is pending. */
void thread_signal_wake(struct thread *t);

/* Linux's initial resource limits, as a Debian container gives them (kernel/rlimit.c). */
void rlimits_init(struct rlimit64 *limits);

#endif
