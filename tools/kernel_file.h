/* SPDX-License-Identifier: MIT */
/* The kernel that a machine boots, as a file for QEMU. */
#ifndef TOOLS_KERNEL_FILE_H
#define TOOLS_KERNEL_FILE_H

#include <stdint.h>

/*
 * The kernel inside this command, or the one in a file: *fd is open on it (-1 if not), *end is how
 * many bytes of memory it takes from the bottom. 0, or an exit status after saying why.
 */
int kernel_inside(int *fd, uint64_t *end);
int kernel_from_file(const char *path, int *fd, uint64_t *end);

#endif
