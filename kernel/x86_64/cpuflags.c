/* SPDX-License-Identifier: MIT */
/*
 * The "flags" line of /proc/cpuinfo: Linux's name for each CPUID feature bit, in Linux's order (by
 * words of its capability array; arch/x86 cpufeatures.h, SDM 2A CPUID, AMD APM 3 E).
 */
#include "kernel/string.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/cpuinfo.h"

enum { EAX, EBX, ECX, EDX };

/* One CPUID register: names by bit, NULL where Linux shows nothing. leaf 0: see own_flags(). */
struct word {
	uint32_t leaf, subleaf;
	unsigned reg;
	const char *names[32];
};

static const struct word words[] = {
    {0x1,
     0,
     EDX,
     {
	 [0] = "fpu",	   [1] = "vme",	 [2] = "de",	[3] = "pse",  [4] = "tsc",    [5] = "msr",
	 [6] = "pae",	   [7] = "mce",	 [8] = "cx8",	[9] = "apic", [11] = "sep",   [12] = "mtrr",
	 [13] = "pge",	   [14] = "mca", [15] = "cmov", [16] = "pat", [17] = "pse36", [18] = "pn",
	 [19] = "clflush", [21] = "dts", [22] = "acpi", [23] = "mmx", [24] = "fxsr",  [25] = "sse",
	 [26] = "sse2",	   [27] = "ss",	 [28] = "ht",	[29] = "tm",  [30] = "ia64",  [31] = "pbe",
     }},
    {0x80000001,
     0,
     EDX,
     {
	 [11] = "syscall",
	 [19] = "mp",
	 [20] = "nx",
	 [22] = "mmxext",
	 [25] = "fxsr_opt",
	 [26] = "pdpe1gb",
	 [27] = "rdtscp",
	 [29] = "lm",
	 [30] = "3dnowext",
	 [31] = "3dnow",
     }},
    {.leaf = 0},
    {0x1,
     0,
     ECX,
     {
	 [0] = "pni",	  [1] = "pclmulqdq",   [2] = "dtes64",	[3] = "monitor",
	 [4] = "ds_cpl",  [5] = "vmx",	       [6] = "smx",	[7] = "est",
	 [8] = "tm2",	  [9] = "ssse3",       [10] = "cid",	[11] = "sdbg",
	 [12] = "fma",	  [13] = "cx16",       [14] = "xtpr",	[15] = "pdcm",
	 [17] = "pcid",	  [18] = "dca",	       [19] = "sse4_1", [20] = "sse4_2",
	 [21] = "x2apic", [22] = "movbe",      [23] = "popcnt", [24] = "tsc_deadline_timer",
	 [25] = "aes",	  [26] = "xsave",      [28] = "avx",	[29] = "f16c",
	 [30] = "rdrand", [31] = "hypervisor",
     }},
    {0x80000001,
     0,
     ECX,
     {
	 [0] = "lahf_lm",	[1] = "cmp_legacy",  [2] = "svm",    [3] = "extapic",
	 [4] = "cr8_legacy",	[5] = "abm",	     [6] = "sse4a",  [7] = "misalignsse",
	 [8] = "3dnowprefetch", [9] = "osvw",	     [10] = "ibs",   [11] = "xop",
	 [12] = "skinit",	[13] = "wdt",	     [15] = "lwp",   [16] = "fma4",
	 [17] = "tce",		[19] = "nodeid_msr", [21] = "tbm",   [22] = "topoext",
	 [23] = "perfctr_core", [24] = "perfctr_nb", [26] = "bpext", [27] = "ptsc",
	 [28] = "perfctr_llc",	[29] = "mwaitx",
     }},
    {0x7,
     0,
     EBX,
     {
	 [0] = "fsgsbase",    [1] = "tsc_adjust", [2] = "sgx",	     [3] = "bmi1",
	 [4] = "hle",	      [5] = "avx2",	  [7] = "smep",	     [8] = "bmi2",
	 [9] = "erms",	      [10] = "invpcid",	  [11] = "rtm",	     [12] = "cqm",
	 [14] = "mpx",	      [15] = "rdt_a",	  [16] = "avx512f",  [17] = "avx512dq",
	 [18] = "rdseed",     [19] = "adx",	  [20] = "smap",     [21] = "avx512ifma",
	 [23] = "clflushopt", [24] = "clwb",	  [25] = "intel_pt", [26] = "avx512pf",
	 [27] = "avx512er",   [28] = "avx512cd",  [29] = "sha_ni",   [30] = "avx512bw",
	 [31] = "avx512vl",
     }},
    {0xd,
     1,
     EAX,
     {
	 [0] = "xsaveopt",
	 [1] = "xsavec",
	 [2] = "xgetbv1",
	 [3] = "xsaves",
     }},
    {0x7,
     1,
     EAX,
     {
	 [4] = "avx_vnni",
	 [5] = "avx512_bf16",
	 [21] = "amx_fp16",
	 [23] = "avx_ifma",
     }},
    {0x80000008,
     0,
     EBX,
     {
	 [0] = "clzero",
	 [1] = "irperf",
	 [2] = "xsaveerptr",
	 [4] = "rdpru",
	 [9] = "wbnoinvd",
     }},
    {0x6,
     0,
     EAX,
     {
	 [0] = "dtherm",
	 [1] = "ida",
	 [2] = "arat",
	 [4] = "pln",
	 [6] = "pts",
	 [7] = "hwp",
	 [8] = "hwp_notify",
	 [9] = "hwp_act_window",
	 [10] = "hwp_epp",
	 [11] = "hwp_pkg_req",
     }},
    {0x8000000a,
     0,
     EDX,
     {
	 [0] = "npt",
	 [1] = "lbrv",
	 [2] = "svm_lock",
	 [3] = "nrip_save",
	 [4] = "tsc_scale",
	 [5] = "vmcb_clean",
	 [6] = "flushbyasid",
	 [7] = "decodeassists",
	 [10] = "pausefilter",
	 [12] = "pfthreshold",
	 [13] = "avic",
	 [15] = "v_vmsave_vmload",
	 [16] = "vgif",
     }},
    {0x7,
     0,
     ECX,
     {
	 [1] = "avx512vbmi",
	 [2] = "umip",
	 [3] = "pku",
	 [4] = "ospke",
	 [5] = "waitpkg",
	 [6] = "avx512_vbmi2",
	 [8] = "gfni",
	 [9] = "vaes",
	 [10] = "vpclmulqdq",
	 [11] = "avx512_vnni",
	 [12] = "avx512_bitalg",
	 [13] = "tme",
	 [14] = "avx512_vpopcntdq",
	 [16] = "la57",
	 [22] = "rdpid",
	 [24] = "bus_lock_detect",
	 [25] = "cldemote",
	 [27] = "movdiri",
	 [28] = "movdir64b",
	 [29] = "enqcmd",
     }},
    {0x80000007,
     0,
     EBX,
     {
	 [0] = "overflow_recov",
	 [1] = "succor",
	 [3] = "smca",
     }},
    {0x7,
     0,
     EDX,
     {
	 [2] = "avx512_4vnniw",
	 [3] = "avx512_4fmaps",
	 [4] = "fsrm",
	 [8] = "avx512_vp2intersect",
	 [10] = "md_clear",
	 [14] = "serialize",
	 [16] = "tsxldtrk",
	 [18] = "pconfig",
	 [19] = "arch_lbr",
	 [20] = "ibt",
	 [22] = "amx_bf16",
	 [23] = "avx512_fp16",
	 [24] = "amx_tile",
	 [25] = "amx_int8",
	 [28] = "flush_l1d",
	 [29] = "arch_capabilities",
     }},
};

/* What Linux concludes itself, between the first CPUID words. */
static const struct {
	uint32_t leaf;
	unsigned reg, bit;
	const char *name;
} own[] = {
    {1, EDX, 4, "constant_tsc"},	 {0x80000001, EDX, 29, "rep_good"},
    {0x80000001, EDX, 29, "nopl"},	 {0xb, EBX, 0, "xtopology"},
    {0x80000007, EDX, 8, "nonstop_tsc"}, {1, EDX, 0, "cpuid"},
    {1, ECX, 31, "tsc_known_freq"},
};

static int add(char *buf, size_t size, int n, const char *name)
{
	return n + scnprintf(buf + n, size - (size_t)n, "%s%s", n ? " " : "", name);
}

/* A register of a leaf, 0 if the processor does not have the leaf. */
static uint32_t feature_bits(uint32_t leaf, uint32_t subleaf, unsigned reg)
{
	uint32_t r[4];

	cpu_id(leaf & 0x80000000, 0, r);
	if (r[EAX] < leaf)
		return 0;
	cpu_id(leaf, subleaf, r);
	return r[reg];
}

static int own_flags(char *buf, size_t size, int n)
{
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (feature_bits(own[i].leaf, 0, own[i].reg) >> own[i].bit & 1)
			n = add(buf, size, n, own[i].name);
	return n;
}

int cpu_flags_text(char *buf, size_t size)
{
	int n = 0;

	buf[0] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const struct word *w = &words[i];
		uint32_t bits;

		if (!w->leaf) {
			n = own_flags(buf, size, n);
			continue;
		}
		bits = feature_bits(w->leaf, w->subleaf, w->reg);
		/* The kernel does not hand out vector state it does not save. */
		if (w->leaf == 1 && w->reg == ECX && !cpu_has_xsave())
			bits &= ~(1u << 26 | 1u << 28 | 1u << 12 | 1u << 29);
		for (unsigned bit = 0; bit < 32; bit++)
			if ((bits >> bit & 1) && w->names[bit])
				n = add(buf, size, n, w->names[bit]);
	}
	return n;
}
