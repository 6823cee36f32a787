/* SPDX-License-Identifier: MIT */
/* The processor's own description (SDM 2A CPUID). Asked only when somebody reads it: CPUID may
 * trap. */
#include "kernel/x86_64/cpuinfo.h"

#include "kernel/string.h"
#include "kernel/x86_64/cpu.h"

/* Linux's name of each feature bit, in /proc/cpuinfo's order; "" = not shown. Index = bit. */
static const char *const leaf1_edx[32] = {
    "fpu",  "vme",  "de",   "pse", "tsc",  "msr", "pae",   "mce", "cx8",     "apic", "",
    "sep",  "mtrr", "pge",  "mca", "cmov", "pat", "pse36", "pn",  "clflush", "",     "dts",
    "acpi", "mmx",  "fxsr", "sse", "sse2", "ss",  "ht",	   "tm",  "ia64",    "pbe",
};
static const char *const ext1_edx[32] = {
    [11] = "syscall", [19] = "mp",     [20] = "nx", [22] = "mmxext",   [25] = "fxsr_opt",
    [26] = "pdpe1gb", [27] = "rdtscp", [29] = "lm", [30] = "3dnowext", [31] = "3dnow",
};
static const char *const leaf1_ecx[32] = {
    "pni",    "pclmulqdq",  "dtes64", "monitor", "ds_cpl",
    "vmx",    "smx",	    "est",    "tm2",	 "ssse3",
    "cid",    "sdbg",	    "fma",    "cx16",	 "xtpr",
    "pdcm",   "",	    "pcid",   "dca",	 "sse4_1",
    "sse4_2", "x2apic",	    "movbe",  "popcnt",	 "tsc_deadline_timer",
    "aes",    "xsave",	    "",	      "avx",	 "f16c",
    "rdrand", "hypervisor",
};
static const char *const ext1_ecx[32] = {
    "lahf_lm", "cmp_legacy", "svm",	    "extapic",	     "cr8_legacy",
    "abm",     "sse4a",	     "misalignsse", "3dnowprefetch",
};
static const char *const leaf7_ebx[32] = {
    [0] = "fsgsbase",	 [1] = "tsc_adjust",  [3] = "bmi1",    [4] = "hle",	  [5] = "avx2",
    [7] = "smep",	 [8] = "bmi2",	      [9] = "erms",    [10] = "invpcid",  [11] = "rtm",
    [16] = "avx512f",	 [17] = "avx512dq",   [18] = "rdseed", [19] = "adx",	  [20] = "smap",
    [21] = "avx512ifma", [23] = "clflushopt", [24] = "clwb",   [28] = "avx512cd", [29] = "sha_ni",
    [30] = "avx512bw",	 [31] = "avx512vl",
};
static const char *const leaf7_ecx[32] = {
    [1] = "avx512vbmi",	       [2] = "umip",	     [3] = "pku",
    [6] = "avx512_vbmi2",      [8] = "gfni",	     [9] = "vaes",
    [10] = "vpclmulqdq",       [11] = "avx512_vnni", [12] = "avx512_bitalg",
    [14] = "avx512_vpopcntdq", [22] = "rdpid",	     [25] = "cldemote",
    [27] = "movdiri",	       [28] = "movdir64b",
};

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

/* CPUID 4: the size of the largest cache, in KiB. */
static unsigned cache_kb(void)
{
	uint64_t largest = 0;
	uint32_t r[4];

	for (uint32_t i = 0; i < 8; i++) {
		cpu_id(4, i, r);
		if (!(r[0] & 31))
			break;
		largest = MAX(largest, ((r[1] >> 22) + 1ull) * ((r[1] >> 12 & 0x3ff) + 1) *
					   ((r[1] & 0xfff) + 1) * (r[2] + 1ull));
	}
	return (unsigned)(largest >> 10);
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
	if (out->cpuid_level >= 4)
		out->cache_kb = cache_kb();
	cpu_id(0x80000000, 0, r);
	if (r[0] >= 0x80000004)
		read_brand(out);
	if (r[0] >= 0x80000008) {
		cpu_id(0x80000008, 0, r);
		out->phys_bits = r[0] & 0xff;
		out->virt_bits = r[0] >> 8 & 0xff;
	}
}

static int add_names(char *buf, size_t size, int n, const char *const names[32], uint32_t bits)
{
	for (unsigned i = 0; i < 32; i++)
		if (bits >> i & 1 && names[i] && names[i][0])
			n += scnprintf(buf + n, size - (size_t)n, "%s%s", n ? " " : "", names[i]);
	return n;
}

int cpu_flags_text(char *buf, size_t size)
{
	uint32_t one[4], seven[4], ext[4];
	int n = 0;

	buf[0] = '\0';
	cpu_id(1, 0, one);
	cpu_id(7, 0, seven);
	cpu_id(0x80000001, 0, ext);
	/* The kernel does not hand out vector state it does not save. */
	if (!cpu_has_xsave())
		one[2] &= ~(1u << 26 | 1u << 28 | 1u << 12 | 1u << 29);
	n = add_names(buf, size, n, leaf1_edx, one[3]);
	n = add_names(buf, size, n, ext1_edx, ext[3]);
	n += scnprintf(buf + n, size - (size_t)n, " constant_tsc nonstop_tsc cpuid");
	n = add_names(buf, size, n, leaf1_ecx, one[2]);
	n = add_names(buf, size, n, ext1_ecx, ext[2]);
	n = add_names(buf, size, n, leaf7_ebx, seven[1]);
	return add_names(buf, size, n, leaf7_ecx, seven[2]);
}
