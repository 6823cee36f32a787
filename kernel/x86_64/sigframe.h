/* SPDX-License-Identifier: MIT */
/*
 * The frame a signal handler runs on, exactly as Linux x86-64 lays it out, because programs read
 * and change it: struct rt_sigframe below the vector state in XSAVE standard format.
 */
#ifndef KERNEL_X86_64_SIGFRAME_H
#define KERNEL_X86_64_SIGFRAME_H

#include "kernel/signal.h"

/* What rt_sigreturn(2) restores besides registers. */
struct sigframe_state {
	uint64_t mask;
	stack_t altstack;
};

/*
 * Write the frame for `act` on the current thread's stack and point regs at the handler, with the
 * vector state reset. mask is the one to restore afterwards. Returns 0, or -EFAULT if the frame
 * cannot be written (regs are unchanged then).
 */
int sigframe_push(struct regs *regs, const struct ksigaction *act, const siginfo_t *info,
		  uint64_t mask);

/*
 * Undo it: registers and vector state from the frame whose pretcode was just popped. *out is set as
 * far as the frame could be read; the caller initialises it. Returns 0 or -EFAULT for a frame that
 * is not valid.
 */
int sigframe_pop(struct regs *regs, struct sigframe_state *out);

/* Stack space the largest frame takes: AT_MINSIGSTKSZ. */
size_t sigframe_max_size(void);

#endif
