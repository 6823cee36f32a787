/* SPDX-License-Identifier: MIT */
/* Looking into other processes: who may. */
#ifndef SYSCALLS_INSPECT_H
#define SYSCALLS_INSPECT_H

#include "kernel/types.h"

struct mm;
struct process;

/* May the caller read and change what is p's (ptrace(2), with real ids)? */
bool may_inspect(const struct process *p);
/* The address space of process or thread pid (0: the caller's), referenced. 0, -ESRCH, -EPERM. */
int inspect_mm_of(int pid, struct mm **out);

#endif
