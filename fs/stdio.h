/* SPDX-License-Identifier: MIT */
/* Setting up what stdio_open() (fs/vfs.h) hands out. */
#ifndef FS_STDIO_H
#define FS_STDIO_H

#include "kernel/abi/bootinfo.h"

/* Remember how the host's descriptors are, and set the terminal up if one of them is. Before
 * fs_init(). */
void stdio_config(const struct bootinfo *bi);

#endif
