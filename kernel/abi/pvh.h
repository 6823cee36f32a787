/* SPDX-License-Identifier: MIT */
/* The PVH start information (Xen's hvm_start_info, version 1): how a boot loader tells a kernel of
 * memory, modules and the command line. Addresses are physical. */
#ifndef KERNEL_ABI_PVH_H
#define KERNEL_ABI_PVH_H

#include <stdint.h>

#define PVH_MAGIC    0x336ec578
#define PVH_VERSION  1
#define PVH_TYPE_RAM 1

struct hvm_start_info {
	uint32_t magic, version, flags, nr_modules;
	uint64_t modlist_paddr, cmdline_paddr, rsdp_paddr;
	uint64_t memmap_paddr;
	uint32_t memmap_entries, reserved;
};

struct hvm_modlist_entry {
	uint64_t paddr, size, cmdline_paddr, reserved;
};

struct hvm_memmap_entry {
	uint64_t addr, size;
	uint32_t type, reserved;
};

#endif
