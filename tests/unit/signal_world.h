/* SPDX-License-Identifier: MIT */
/*
 * What the signal code needs of a machine, pretended: program memory is an array, the vector state
 * another, a sleep calls a function of the test, and the end of the process is a longjmp. For one
 * test program; define nothing before it.
 */
#ifndef TESTS_UNIT_SIGNAL_WORLD_H
#define TESTS_UNIT_SIGNAL_WORLD_H

#include "kernel/itimer.h"
#include "kernel/panic.h"
#include "kernel/posix_timer.h"
#include "kernel/process.h"
#include "kernel/rseq.h"
#include "kernel/signal.h"
#include "kernel/stubs.h"
#include "kernel/wait.h"
#include "kernel/x86_64/sigframe.h"
#include "tests/unit/unit.h"

#include <setjmp.h>
#include <string.h>

#define UNIT_HELPER __attribute__((unused)) static

enum { XSTATE_SIZE = 832, XSTATE_MASK = 7, MEM_SIZE = 65536, RED_ZONE = 128 };

static struct process proc;
static struct sighand hands;
static bool orphaned; /* the process group */
static int told;      /* code of the last stop or continuation that the parent heard of */
static struct thread thr;
static uint8_t mem[MEM_SIZE] __attribute__((aligned(4096)));
static uint8_t xstate[XSTATE_SIZE] __attribute__((aligned(64)));
static jmp_buf died;
static int exit_status, reports, rearms, wakes;
static void (*while_asleep)(void);

#define MEM ((uaddr_t)mem)
#define TOP (MEM + MEM_SIZE)

/* ---- what the code under test needs ---- */

struct thread *current_thread(void)
{
	return &thr;
}

void *kmalloc(size_t size)
{
	return aligned_alloc(4096, ALIGN_UP(size, 4096ul));
}

void kfree(void *p)
{
	free(p);
}

void thread_signal_wake(struct thread *t)
{
	wakes++;
}

void thread_kick(struct thread *t)
{
}

/* Nothing is rewritten here. */
void stubs_enter(struct regs *regs)
{
}

/* No POSIX timers here: no signal of theirs is ever queued. */
void posix_timer_taken(struct posix_timer *t, siginfo_t *info)
{
}

void posix_timer_discarded(struct posix_timer *t)
{
}

void posix_timers_unignore(struct process *p, int signo)
{
}

bool group_orphaned(int pgid, const struct process *except)
{
	return orphaned;
}

struct thread *process_leader(const struct process *p)
{
	return &thr;
}

void notify_stopped(struct process *p, int code)
{
	told = code;
}

void itimer_real_rearm(struct process *p)
{
	rearms++;
}

void fatal_signal_report(int signo, const siginfo_t *info, const struct regs *regs)
{
	reports++;
}

void process_exit(int wait_status)
{
	exit_status = wait_status;
	longjmp(died, 1);
}

void wait_prepare(struct waiter *w, struct wait_queue *wq)
{
}

void wait_finish(struct waiter *w)
{
}

size_t wait_wake(struct wait_queue *wq, size_t n)
{
	return 0;
}

int wait_sleep(uint64_t deadline_ns, bool interruptible)
{
	if (!while_asleep)
		return -ETIMEDOUT;
	while_asleep();
	return interruptible && signal_pending(&thr) ? -ERESTARTSYS : 0;
}

UNIT_HELPER bool mem_ok(uaddr_t a, size_t n)
{
	return a >= MEM && n <= MEM_SIZE && a - MEM <= MEM_SIZE - n;
}

size_t uaccess_read(void *dst, uaddr_t src, size_t n)
{
	if (!mem_ok(src, n))
		return n;
	memcpy(dst, (void *)src, n);
	return 0;
}

size_t uaccess_write(uaddr_t dst, const void *src, size_t n)
{
	if (!mem_ok(dst, n))
		return n;
	memcpy((void *)dst, src, n);
	return 0;
}

size_t uaccess_zero(uaddr_t dst, size_t n)
{
	if (!mem_ok(dst, n))
		return n;
	memset((void *)dst, 0, n);
	return 0;
}

size_t cpu_xstate_size(void)
{
	return XSTATE_SIZE;
}

uint64_t cpu_xstate_mask(void)
{
	return XSTATE_MASK;
}

bool cpu_has_xsave(void)
{
	return true;
}

void cpu_xsave(void *area)
{
	memcpy(area, xstate, 512 - 48);
	memcpy((uint8_t *)area + 512, xstate + 512, 8);
	memcpy((uint8_t *)area + 576, xstate + 576, XSTATE_SIZE - 576);
}

/*
 * The header decides what is loaded; a component that is off gets zeroes (its initial state, near
 * enough).
 */
void cpu_xrstor(const void *area)
{
	uint64_t features;

	memcpy(&features, (const uint8_t *)area + 512, 8);
	memset(xstate, 0, XSTATE_SIZE);
	memcpy(xstate + 24, (const uint8_t *)area + 24, 4);
	if (features & 3)
		memcpy(xstate, area, 512 - 48);
	if (features & 4)
		memcpy(xstate + 576, (const uint8_t *)area + 576, XSTATE_SIZE - 576);
	memcpy(xstate + 512, &features, 8);
}

int cpu_xsave_user(uaddr_t area)
{
	if (!mem_ok(area, XSTATE_SIZE) || area % 64)
		return -EFAULT;
	cpu_xsave((void *)area);
	return 0;
}

int cpu_xrstor_user(uaddr_t area)
{
	uint64_t features;

	if (!mem_ok(area, XSTATE_SIZE) || area % 64)
		return -EFAULT;
	memcpy(&features, (void *)(area + 512), 8);
	if (features & ~(uint64_t)XSTATE_MASK)
		return -EFAULT;
	cpu_xrstor((void *)area);
	return 0;
}

/* ---- helpers ---- */

static struct regs regs;

UNIT_HELPER void reset(void)
{
	siginfo_t si;

	if (thr.process)
		while (signal_dequeue(0, &si))
			;
	memset(&proc, 0, sizeof(proc));
	memset(&hands, 0, sizeof(hands));
	proc.sighand = &hands;
	orphaned = true;
	told = 0;
	memset(&thr, 0, sizeof(thr));
	memset(&regs, 0, sizeof(regs));
	list_init(&proc.threads);
	sigpending_init(&proc.pending);
	sigpending_init(&thr.pending);
	thr.process = &proc;
	thr.tid = proc.pid = 100;
	list_add_tail(&thr.process_link, &proc.threads);
	proc.limits[RLIMIT_SIGPENDING].rlim_cur = 1000;
	exit_status = -1;
	reports = rearms = wakes = 0;
	while_asleep = NULL;
	memset(xstate, 0x5a, sizeof(xstate));
	memset(xstate + 24, 0, 8);
	memset(xstate + 512, 0, 8);
	xstate[512] = 7;
	regs.rsp = TOP - 8192;
	regs.rip = 0x401000;
	regs.orig_rax = (uint64_t)-1;
	regs.rflags = 0x202;
	regs.cs = 0x33;
	regs.ss = 0x2b;
}

UNIT_HELPER siginfo_t info_of(int signo, int code, int value)
{
	siginfo_t si;

	memset(&si, 0, sizeof(si));
	si.si_signo = signo;
	si.si_code = code;
	si.si_int = value;
	return si;
}

UNIT_HELPER int send(int signo, int code, int value)
{
	siginfo_t si = info_of(signo, code, value);

	return signal_send(&proc, &si);
}

UNIT_HELPER int send_thread(int signo, int code, int value)
{
	siginfo_t si = info_of(signo, code, value);

	return signal_send_thread(&thr, &si);
}

UNIT_HELPER void catch (int signo, uint64_t flags, uint64_t mask)
{
	struct ksigaction act = {0x500000 + signo, flags | SA_RESTORER, 0x600000, mask};

	CHECK(signal_action(signo, &act, NULL) == 0);
}

UNIT_HELPER void ignore(int signo, uaddr_t how)
{
	struct ksigaction act = {.handler = how};

	CHECK(signal_action(signo, &act, NULL) == 0);
}

UNIT_HELPER int take(void)
{
	siginfo_t si;

	return signal_dequeue_next(&si);
}

/* Deliver; returns the wait status if the process died, else -1. */
UNIT_HELPER int deliver(void)
{
	if (setjmp(died) == 0)
		signal_deliver(&regs);
	return exit_status;
}

UNIT_HELPER struct ucontext *frame_uc(void)
{
	return (struct ucontext *)regs.rdx;
}

/* The handler returns: its RET pops pretcode, the restorer calls rt_sigreturn. */
UNIT_HELPER void sigreturn(void)
{
	regs.rsp += 8;
	regs.orig_rax = 15;
	regs.rax = signal_return(&regs);
}

#endif
