/* SPDX-License-Identifier: MIT */
/*
 * Which processes there are and how they are related: numbers, parents and children, groups and
 * sessions, the end of a process and waiting for it. The first process is the machine's purpose;
 * its parent, number 1, is outside. Everything here happens in single steps on one CPU: pointers
 * found are good until the caller sleeps, or for as long as it holds a reference.
 *
 * process.c: the table, making. process_exit.c: the end, reaping, wait(2). jobctl.c: groups,
 * sessions, stopping.
 */
#ifndef KERNEL_PROCESS_H
#define KERNEL_PROCESS_H

#include "kernel/task.h"

#define PARENT_OUTSIDE 1     /* its number */
#define PID_MAX	       32768 /* Linux: kernel.pid_max of a machine this size */

extern struct list processes; /* all that were not waited for, by link */
#define for_each_process(p) list_for_each (p, &processes, link)

/* The machine's side of the world is process 1; the program is 2, so that nothing takes it for an
 * init. It lives as long as the machine. */
#define FIRST_PID 2

int process_new(struct process **out); /* the first one. 0 or -ENOMEM */
struct process *process_get(struct process *p);
void process_put(struct process *p);
/* By number, also one that has ended; NULL if there is none. */
struct process *process_find(int pid);
struct thread *thread_find(int tid); /* not one that has ended, but for the first of a process */
/* A number for a new thread or process. */
int pid_new(void);
int pid_last(void); /* given */
static inline int process_ppid(const struct process *p)
{
	return p->parent ? p->parent->pid : PARENT_OUTSIDE;
}
/* The first thread, also of an ended process. */
struct thread *process_leader(const struct process *p);
/* Who a process is to others. */
static inline const struct cred *process_cred(const struct process *p)
{
	return list_first(&p->threads, struct thread, process_link)->cred;
}
/* More than one process or thread: traces must tell which. */
bool process_many(void);
/* Threads of a user, for RLIMIT_NPROC, and of all. */
unsigned process_count(uint32_t uid, unsigned *all);

/*
 * fork(2), clone(2): a child of the caller with one thread, not started. flags: CLONE_VM, FS,
 * FILES, SIGHAND, PARENT, VFORK, CLEAR_SIGHAND. 0, -EAGAIN or -ENOMEM.
 */
int process_fork(uint64_t flags, int exit_signal, struct thread **out);
/* Undo that, for a child that was not started. */
void process_unfork(struct thread *t);
/* Sleep until the vforked child, referenced, runs another program or has ended, or the caller must
 * die. */
void process_wait_vfork(struct process *child);
/* It runs in an address space of its own from now on. */
void process_leaves_mm(struct process *p);
/* Descriptors, actions of its own, for a process of one thread: unshare(2), execve(2). 0 or
 * -ENOMEM. */
int process_unshare_files(void);
int process_unshare_sighand(void);

/* What the VFS and System V IPC keep in a process and in a thread. Set at boot. */
struct process_hooks {
	/* The image and sem_undos, from the caller; CLONE_* flags. */
	int (*fork)(struct process *child, uint64_t flags);
	void (*exit)(struct process *p);			 /* drop them */
	int (*thread_fork)(struct thread *child, bool share_fs); /* fs, from the caller */
	void (*thread_exit)(struct thread *t);			 /* drop it */
	void (*session_end)(struct process *leader); /* it has ended: its terminal is free */
};
extern struct process_hooks process_hooks;

/* ---- the end ---- */

/* Take p out of the table: somebody has waited for it, or nobody will. */
void process_reap(struct process *p);
/* A dead process that was reaped by itself: its last thread has run. For the scheduler. */
void process_gone(struct process *p);
struct task_usage process_usage(struct process *p);
void usage_add(struct task_usage *to, const struct task_usage *u);

/* What wait4(2) and waitid(2) look for, and found. */
struct wait_request {
	int pid;		 /* > 0: this one */
	int pgid;		 /* > 0: of this group */
	struct process *process; /* this one (P_PIDFD) */
	int options;		 /* W*, __W* */
};
struct wait_result {
	int pid; /* 0: none yet (WNOHANG) */
	uint32_t uid;
	int status, code; /* wait(2) status; CLD_* */
	struct task_usage usage;
};
/* May sleep. 0, -ECHILD, -ERESTARTSYS. */
int process_wait(const struct wait_request *req, struct wait_result *out);
/* si_status of a wait(2) status. */
int wait_status_value(int status);

/* ---- groups and sessions, kernel/jobctl.c ---- */

/* Send to all of a group that the caller may signal (info from it), or to all of it (kernel's): 0,
 * -ESRCH, -EPERM. */
int group_signal(int pgid, const siginfo_t *info, bool check);
void group_raise(int pgid, int signo); /* from the kernel */
bool group_exists(int pgid, int sid);  /* in a session; 0: in any */
/* Has nobody of the group a parent in another group of the session, who could continue it?
 * `except` does not count. */
bool group_orphaned(int pgid, const struct process *except);
/* p, or its parent, ends: stopped groups that nobody will continue any more are told. */
void group_maybe_orphaned(struct process *p, const struct process *parent);
/* May the caller send this signal to p? kill(2). */
bool signal_permitted(const struct process *p, int signo);
/* Tell the parent that p stopped (CLD_STOPPED) or goes on (CLD_CONTINUED). */
void notify_stopped(struct process *p, int code);
siginfo_t child_siginfo(struct process *p, int code, int status);

#endif
