/* SPDX-License-Identifier: MIT */
/*
 * POSIX timers (timer_create(2)): signals at a moment of a clock. Times in ns. Each timer has its
 * own place in the signal queue, so an expiration is never lost: while its signal waits, a periodic
 * timer stands still, and what it missed is its overrun count when the signal is taken.
 */
#ifndef KERNEL_POSIX_TIMER_H
#define KERNEL_POSIX_TIMER_H

#include "kernel/itimer.h"
#include "kernel/signal.h"
#include "kernel/timer.h"
#include "kernel/wait.h"

enum timer_base { BASE_MONO, BASE_REAL, BASE_PROCESS_CPU, BASE_THREAD_CPU };

/* (i) immutable, (l) process->lock */
struct posix_timer {
	struct list link; /* (l) of process->posix_timers */
	struct process *process;
	int id, clockid;	   /* (i) */
	int notify;		   /* (i) SIGEV_* */
	struct thread *target;	   /* (l) SIGEV_THREAD_ID: who; NULL once it has ended */
	struct thread *cpu_thread; /* (l) BASE_THREAD_CPU: whose time; NULL once it has ended */
	enum timer_base clock;	   /* (i) what clockid counts */
	enum timer_base base;	   /* (l) what `next` counts: of a relative real timer MONO */
	bool armed;		   /* (l) */
	bool taken_rearms;	   /* (l) periodic, has fired: goes on when the signal is taken */
	bool ignored; /* (l) it would have gone on, but the signal was ignored or discarded */
	uint64_t next, interval; /* (l) */
	uint64_t cpu_seen_ns;	 /* (l) CPU time at the last look */
	uint64_t overrun;	 /* (l) of the signal taken last */
	struct timer timer;
	struct waiter clock_set; /* queued while a moment of CLOCK_REALTIME is waited for */
	struct sigqueue entry;	 /* (l) its signal */
};

/* What timer_create(2) asks for; the caller has checked it all. */
struct posix_timer_spec {
	int clockid;
	enum timer_base clock;
	struct thread *cpu_thread; /* BASE_THREAD_CPU */
	int notify, signo;	   /* signo 0 with SIGEV_NONE */
	struct thread *target;	   /* SIGEV_THREAD_ID */
	bool has_value;
	uint64_t value; /* sigev_value; without one it is the timer's number */
};

/* For the current process. Returns the new timer's number, -EAGAIN (RLIMIT_SIGPENDING) or -ENOMEM.
 */
int posix_timer_new(const struct posix_timer_spec *spec);
/* All return 0 or -EINVAL: no such timer of the current process. */
int posix_timer_delete(int id);
int posix_timer_get(int id, struct itimer_value *out);
/* new->value_ns 0 disarms; absolute: it is a moment of the clock. May sleep. */
int posix_timer_set(int id, const struct itimer_value *new, bool absolute,
		    struct itimer_value *old);
/* The overrun count of the signal taken last. */
int posix_timer_overrun(int id);

/* The process ends or executes another program. */
void posix_timers_delete_all(struct process *p);

/* ---- for signals and threads; process->lock held ---- */
/* The timer's signal was taken: complete its siginfo and go on. */
void posix_timer_taken(struct posix_timer *t, siginfo_t *info);
/* It was discarded. */
void posix_timer_discarded(struct posix_timer *t);
/* The signal is no longer ignored: timers that waited for that send it. */
void posix_timers_unignore(struct process *p, int signo);
void posix_timers_thread_ending(struct thread *t);

#endif
