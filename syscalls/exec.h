/* SPDX-License-Identifier: MIT */
/* Starting the program. */
#ifndef SYSCALLS_EXEC_H
#define SYSCALLS_EXEC_H

#include "kernel/bootinfo.h"

struct regs;

/*
 * Make the current, new process the program of the (checked) boot module: identity, working
 * directory, address space, image, stack; *regs gets the registers it starts with. Call on its
 * thread with all files in place (bootfiles_add). May sleep. 0, or -errno after a message for the
 * user; then the process has no usable image.
 */
int exec_boot(const struct bootinfo *bi, struct regs *regs);

#endif
