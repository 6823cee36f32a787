/* SPDX-License-Identifier: MIT */
/*
 * Reading the PVH start information. It lies in low memory that is handed to the page allocator
 * afterwards, so everything needed later is copied out. Runs on the boot page tables, which map the
 * first GiB.
 */
#include "kernel/x86_64/pvh.h"

#include "kernel/abi/errno.h"
#include "kernel/abi/pvh.h"
#include "kernel/string.h"

#define BOOT_MAPPED   (1ul << 30)
#define LOW_RAM_END   0x9f000ul /* below the BIOS data areas */
#define HIGH_RAM_FROM 0x100000ul

extern uint64_t boot_start_info; /* set by boot.S */

static void add_range(struct boot_params *out, paddr_t start, paddr_t end)
{
	start = ALIGN_UP(start, PAGE_SIZE);
	end = ALIGN_DOWN(end, PAGE_SIZE);
	if (start < end && out->n_ram < PVH_MAX_RANGES)
		out->ram[out->n_ram++] = (struct mem_range){start, end};
}

/* RAM below 1 MiB counts from its second page up to the BIOS areas. */
static void read_memmap(struct boot_params *out, const struct hvm_memmap_entry *map, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		paddr_t start = map[i].addr, end = start + map[i].size;

		if (map[i].type != PVH_TYPE_RAM || end <= start)
			continue;
		if (start < HIGH_RAM_FROM) {
			add_range(out, MAX(start, PAGE_SIZE), MIN(end, LOW_RAM_END));
			start = HIGH_RAM_FROM;
		}
		if (start < end)
			add_range(out, start, end);
	}
}

int pvh_read(struct boot_params *out)
{
	const struct hvm_start_info *si;
	const char *cmdline;

	if (boot_start_info == 0 || boot_start_info >= BOOT_MAPPED)
		return -EINVAL;
	si = phys_to_virt(boot_start_info);
	if (si->magic != PVH_MAGIC || si->version < PVH_VERSION || si->memmap_paddr >= BOOT_MAPPED)
		return -EINVAL;
	read_memmap(out, phys_to_virt(si->memmap_paddr), si->memmap_entries);
	out->rsdp = si->rsdp_paddr;
	if (si->nr_modules > 0 && si->modlist_paddr < BOOT_MAPPED) {
		const struct hvm_modlist_entry *m = phys_to_virt(si->modlist_paddr);

		out->module = m->paddr;
		out->module_size = m->size;
	}
	if (si->cmdline_paddr != 0 && si->cmdline_paddr < BOOT_MAPPED) {
		cmdline = phys_to_virt(si->cmdline_paddr);
		memcpy(out->cmdline, cmdline, strnlen(cmdline, PVH_CMDLINE_MAX - 1));
	}
	return out->n_ram ? 0 : -EINVAL;
}
