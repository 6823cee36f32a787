/* SPDX-License-Identifier: MIT */
/* The initial root file system out of the boot module. */
#ifndef SYSCALLS_BOOTFILES_H
#define SYSCALLS_BOOTFILES_H

#include "kernel/bootinfo.h"

/*
 * Create every file, directory and link of the (checked) boot module, and its working directory.
 * File contents are used in place. Call with the file systems mounted, as root. 0, or -errno after
 * a message.
 */
int bootfiles_add(const struct bootinfo *bi);

#endif
