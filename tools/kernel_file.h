/* SPDX-License-Identifier: MIT */
/* The kernel that a machine boots, as a file for QEMU. */
#ifndef TOOLS_KERNEL_FILE_H
#define TOOLS_KERNEL_FILE_H

#include <stdint.h>

struct kernel_file {
	int fd;		/* -1: none */
	uint64_t end;	/* bytes of memory it takes from the bottom */
	uint32_t entry; /* for PVH; 0: not known, our firmware cannot boot it */
};

/*
 * The kernel inside this command, which is in the file only after kernel_fill(), or the one in a
 * file. 0, or an exit status after saying why.
 */
int kernel_inside(struct kernel_file *k);
int kernel_fill(const struct kernel_file *k);
int kernel_from_file(struct kernel_file *k, const char *path);

#endif
