/* SPDX-License-Identifier: MIT */
/* The caller's own restrictions on its system calls: seccomp(2). */
#ifndef SYSCALLS_SECCOMP_H
#define SYSCALLS_SECCOMP_H

#include "kernel/types.h"

struct regs;

/* For dispatch, of threads with a mode: is the call answered, with *ret, and not to be made? Does
 * not return if it ends the thread or the process. */
bool seccomp_answer(const struct regs *regs, const char *name, long *ret);
/* PR_SET_SECCOMP, PR_GET_SECCOMP. */
long seccomp_prctl(int mode, uint64_t arg);
long seccomp_mode(void);

#endif
