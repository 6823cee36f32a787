/* SPDX-License-Identifier: MIT */
/*
 * What every handler file includes. Prototypes of all handlers (long sys_NAME(...)), the dispatch
 * table and names are derived from table.def. A handler gets the program's raw arguments with the C
 * types of their argument kinds (addresses are uaddr_t) and returns >= 0 or -errno. Handlers run in
 * kernel context of the calling thread and may sleep.
 */
#ifndef SYSCALLS_SYSCALL_H
#define SYSCALLS_SYSCALL_H

#include "kernel/abi/linux.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"
#include "syscalls/prototypes.h"

/*
 * Open the table to the entry code (kernel/x86_64/entry.h): directly, or through syscall_slow when
 * the boot module's flags ask for tracing, counting, --strict or --verbose, and for single calls
 * when it has rules for them. Once, before the program starts.
 */
struct bootinfo;
void syscalls_init(const struct bootinfo *bi);
/* Linux's name of a call, or NULL for a number it does not have. */
const char *syscall_name(unsigned nr);

#endif
