/* SPDX-License-Identifier: MIT */
/*
 * Restartable sequences (rseq(2)): a thread that is interrupted inside a critical section it
 * announced goes on at the section's abort handler instead.
 */
#ifndef KERNEL_RSEQ_H
#define KERNEL_RSEQ_H

#include "kernel/types.h"

struct regs;

/* The system call. Returns 0, -EINVAL, -EPERM, -EBUSY or -EFAULT as rseq(2). */
int rseq_register(uaddr_t area, uint32_t len, int flags, uint32_t sig);
/* A handler of `signo` is about to run on top of regs. */
void rseq_signal(struct regs *regs, int signo);
/* The thread goes on after others ran (WORK_RSEQ): abort its section, tell it its CPU. */
void rseq_resume(struct regs *regs);

#endif
