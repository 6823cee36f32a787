/* SPDX-License-Identifier: MIT */
/* The processor's own description (SDM 2A CPUID). Asked only when somebody reads it: CPUID may
 * trap. */
#include "kernel/x86_64/cpuinfo.h"

#include "kernel/string.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/percpu.h"

#define MAX_CACHES 8

unsigned cpu_count(void)
{
	return n_cpus;
}

uint32_t cpu_mask(void)
{
	return (1u << n_cpus) - 1;
}

static void registers_text(char *out, uint32_t leaf)
{
	uint32_t r[4];

	cpu_id(leaf, 0, r);
	memcpy(out, r, sizeof(r));
}

static void read_brand(struct cpu_info *out)
{
	char text[49] = "";
	const char *s = text;

	for (uint32_t i = 0; i < 3; i++)
		registers_text(text + 16 * i, 0x80000002 + i);
	while (*s == ' ')
		s++;
	scnprintf(out->brand, sizeof(out->brand), "%s", s);
}

bool cpu_cache(unsigned index, struct cpu_cache *out)
{
	static const char *const types[] = {NULL, "Data", "Instruction", "Unified"};
	uint32_t r[4], type;

	cpu_id(0, 0, r);
	if (r[0] < 4 || index >= MAX_CACHES)
		return false;
	cpu_id(4, index, r);
	type = r[0] & 31;
	if (!type || type >= ARRAY_SIZE(types))
		return false;
	*out = (struct cpu_cache){
	    .type = types[type],
	    .level = r[0] >> 5 & 7,
	    .line = (r[1] & 0xfff) + 1,
	    .partitions = (r[1] >> 12 & 0x3ff) + 1,
	    .ways = (r[1] >> 22) + 1,
	    .sets = r[2] + 1,
	};
	out->kb = (unsigned)((uint64_t)out->line * out->partitions * out->ways * out->sets >> 10);
	return true;
}

static unsigned largest_cache_kb(void)
{
	struct cpu_cache c;
	unsigned kb = 0;

	for (unsigned i = 0; cpu_cache(i, &c); i++)
		kb = MAX(kb, c.kb);
	return kb;
}

void cpu_info(struct cpu_info *out)
{
	uint32_t r[4];

	memset(out, 0, sizeof(*out));
	cpu_id(0, 0, r);
	out->cpuid_level = r[0];
	memcpy(out->vendor, &r[1], 4);
	memcpy(out->vendor + 4, &r[3], 4);
	memcpy(out->vendor + 8, &r[2], 4);
	cpu_id(1, 0, r);
	out->stepping = r[0] & 15;
	out->model = r[0] >> 4 & 15;
	out->family = r[0] >> 8 & 15;
	if (out->family >= 6)
		out->model |= r[0] >> 12 & 0xf0;
	if (out->family == 15)
		out->family += r[0] >> 20 & 0xff;
	out->clflush_size = (r[1] >> 8 & 0xff) * 8;
	out->cache_kb = largest_cache_kb();
	cpu_id(0x80000000, 0, r);
	if (r[0] >= 0x80000004)
		read_brand(out);
	if (r[0] >= 0x80000008) {
		cpu_id(0x80000008, 0, r);
		out->phys_bits = r[0] & 0xff;
		out->virt_bits = r[0] >> 8 & 0xff;
	}
}
