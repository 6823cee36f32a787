/* SPDX-License-Identifier: MIT */
/* What the processor says about itself (SDM 2A CPUID), for /proc/cpuinfo and /sys. Asked afresh
 * each time; CPUID may trap. */
#ifndef KERNEL_X86_64_CPUINFO_H
#define KERNEL_X86_64_CPUINFO_H

#include "kernel/types.h"

unsigned cpu_count(void); /* how many run */
uint32_t cpu_mask(void);  /* they, one bit each */

struct cpu_info {
	char vendor[13];		  /* CPUID 0, "GenuineIntel" */
	char brand[49];			  /* CPUID 0x80000002..4, leading spaces removed */
	unsigned family, model, stepping; /* CPUID 1 with the extended fields added as Linux does */
	unsigned cpuid_level;		  /* highest basic leaf */
	unsigned cache_kb;		  /* largest cache, 0 = unknown */
	unsigned clflush_size;		  /* bytes */
	unsigned phys_bits, virt_bits;	  /* CPUID 0x80000008 */
};

struct cpu_cache {
	const char *type; /* "Data", "Instruction", "Unified" */
	unsigned level, kb, line, partitions, ways, sets;
};

/* The cache's parameters, or false: there is none with this index. */
bool cpu_cache(unsigned index, struct cpu_cache *out);

/* Fill in *out. */
void cpu_info(struct cpu_info *out);
/* Linux's names of the features the program may use, space-separated, in /proc/cpuinfo's order:
 * length, as scnprintf. */
int cpu_flags_text(char *buf, size_t size);
/* TSC frequency in Hz. */
uint64_t cpu_tsc_hz(void);

#endif
