/* SPDX-License-Identifier: MIT */
/* The firmware of a machine: from the CPU's first instruction to the kernel's PVH entry. */
#ifndef TOOLS_FIRMWARE_H
#define TOOLS_FIRMWARE_H

#include <stdint.h>

/* Above this QEMU's microvm divides memory in two, which its own firmware knows and ours does not.
 */
#define FIRMWARE_MAX_MEMORY (3ull << 30)

struct firmware_spec {
	uint32_t entry;	      /* of the kernel */
	uint64_t memory;      /* bytes, whole pages */
	uint64_t module_size; /* of what QEMU gets as -initrd; goes to the end of memory */
};

/* A memory file for the ROM: its descriptor, or -1 after saying why. */
int firmware_open(void);
/* What is in it. 0, or -1 after saying why. */
int firmware_write(int fd, const struct firmware_spec *spec);

#endif
