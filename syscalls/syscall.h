/* SPDX-License-Identifier: MIT */
/*
 * What every handler file includes. Prototypes of all handlers (long sys_NAME(...)), the dispatch table and names are
 * derived from table.def. A handler gets the program's raw arguments with the C types of their argument kinds
 * (addresses are uaddr_t) and returns >= 0 or -errno. Handlers run in kernel context of the calling thread and may sleep.
 */
#ifndef SYSCALLS_SYSCALL_H
#define SYSCALLS_SYSCALL_H

#include "kernel/abi/linux.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"
#include "syscalls/prototypes.h"

#endif
