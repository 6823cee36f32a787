/* SPDX-License-Identifier: MIT */
/*
 * Rewritten `syscall` instructions (loader/rewrite.h) in running programs. Stubs stand in areas of
 * their own, "[uniload]" in /proc/self/maps, within 2 GiB of the code but out of the way of
 * mmap(2).
 *
 * Only pages that the program cannot write to are changed, in private copies: a file's when they
 * first run, by the plan; and where `mov $number, %eax; syscall` has trapped a few times. Whenever
 * a changed page gets other rights or another place, the original bytes come back first. So a
 * program that writes code never meets a jump in it, one that reads code meets jumps only where
 * the code has run.
 *
 * Signal handlers, and whoever else looks, see RIP in the program's own code, never in a stub.
 */
#ifndef KERNEL_STUBS_H
#define KERNEL_STUBS_H

#include "kernel/types.h"

struct bootinfo;
struct mm;
struct page;
struct regs;
struct vma;

/* Take options and plan from a module that passed bootinfo_check. */
void stubs_init(const struct bootinfo *bi);

/* ---- RIP; each takes mm->lock, if there are stubs ---- */

/* Where the program is, in its own code, also if regs stand inside of a stub. */
uaddr_t stubs_program_rip(const struct regs *regs);
void stubs_leave(struct regs *regs); /* set RIP to that */
/*
 * The program goes on at regs->rip, which somebody else than the CPU has chosen: if the
 * instruction there has been moved into a stub, go on there.
 */
void stubs_enter(struct regs *regs);
/*
 * A single step ended at regs->rip. True if that was the jump into a stub: the program has not done
 * an instruction yet, let it go on (regs->rip may have changed).
 */
bool stubs_step(struct regs *regs);
/* Call fn, which is to see the program's RIP and may change it. */
void stubs_hidden(struct regs *regs, void (*fn)(struct regs *regs));

/* ---- traps ---- */

/*
 * A `syscall` with this number in RAX has trapped, and returns to rip. For entry.S, which calls
 * only while stubs_watch is set, and not for places in stubs_ignored. May sleep. Context: the
 * beginning of a system call; the frame is not complete.
 */
void stubs_trapped(uaddr_t rip, uint64_t nr);
#define STUBS_IGNORED 256 /* a power of two; at the low bits of rip */
extern uint64_t stubs_ignored[STUBS_IGNORED];
extern uint32_t stubs_watch;

/* For syscall_slow: one more call, to tell the share of those that trapped. */
void stubs_count_call(void);
/* Is anything of it to be told at the end of the run (by stubs_report)? */
bool stubs_counting(void);
void stubs_report(void);

#endif
