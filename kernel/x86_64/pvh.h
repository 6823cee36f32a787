/* SPDX-License-Identifier: MIT */
/* What the boot loader says (PVH, Xen's hvm_start_info): memory, the boot module, the command line.
 */
#ifndef KERNEL_X86_64_PVH_H
#define KERNEL_X86_64_PVH_H

#include "kernel/page.h"

#define PVH_MAX_RANGES	32
#define PVH_CMDLINE_MAX 2048

struct boot_params {
	struct mem_range ram[PVH_MAX_RANGES]; /* page-aligned, usable */
	size_t n_ram;
	paddr_t module;	      /* first boot module */
	uint64_t module_size; /* 0 = none */
	paddr_t rsdp;	      /* ACPI's root, 0 = none */
	char cmdline[PVH_CMDLINE_MAX];
};

/* Read it all into *out, on the boot page tables. 0 or -EINVAL if this is not PVH or there is no
 * memory. */
int pvh_read(struct boot_params *out);

#endif
