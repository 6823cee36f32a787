/* SPDX-License-Identifier: MIT */
/*
 * What every handler file includes. Prototypes of all handlers (long sys_NAME(...)), the dispatch table and names are
 * derived from table.def. A handler gets the program's raw arguments with the C types of their argument kinds
 * (addresses are uaddr_t) and returns >= 0 or -errno. Handlers run in kernel context of the calling thread and may sleep.
 *
 * The entry code's contract:
 *	call *syscall_table(,%rax,8) for %rax < syscall_table_size, arguments in the C argument registers;
 *	otherwise the answer is -ENOSYS. syscall_slow_mode != 0: call syscall_slow(regs) instead.
 *	syscall_entry_regs (assembly) is the table's entry for rows marked REGS: it completes the register frame at
 *	current->regs and jumps on to syscall_handlers[regs->orig_rax]; the way out then reloads every register.
 */
#ifndef SYSCALLS_SYSCALL_H
#define SYSCALLS_SYSCALL_H

#include "kernel/abi/linux.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"
#include "syscalls/prototypes.h"

typedef long (*syscall_fn)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

extern const syscall_fn syscall_table[];    /* what the entry code calls */
extern const syscall_fn syscall_handlers[]; /* the same without syscall_entry_regs */
extern const unsigned syscall_table_size;   /* of both */
extern uint32_t syscall_slow_mode;	    /* tracing, --strict or policy: not 0 */

/* Set the mode from the boot information's enum bi_flags. Once, before the program starts. */
void syscalls_init(unsigned bi_flags);
/*
 * One system call with tracing and policy; regs is complete, orig_rax is the number. Returns the value for rax (for a
 * number outside the table too). Context: as a handler.
 */
long syscall_slow(struct regs *regs);
/* Linux's name of a call, or NULL for a number it does not have. */
const char *syscall_name(unsigned nr);

/* uname(2)'s node name, before the program starts; cut at 64 bytes. */
void ident_set_hostname(const char *name);

#endif
