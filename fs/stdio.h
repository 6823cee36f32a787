/* SPDX-License-Identifier: MIT */
/* Setting up what stdio_open() (fs/vfs.h) hands out. */
#ifndef FS_STDIO_H
#define FS_STDIO_H

#include "kernel/abi/bootinfo.h"

/*
 * Remember what the standard descriptors are, and set the terminal up if one of them is: with
 * bi->std the host's, with another array the serial port. Before fs_init().
 */
void stdio_config(const struct bootinfo *bi, const struct bi_std std[3]);

#endif
