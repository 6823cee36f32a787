/* SPDX-License-Identifier: MIT */
/*
 * CPU features, segment bases, vector state and the nub's services. CPUID may cost tens of
 * microseconds (it traps on some machines), so what is needed is read once in cpu_init().
 */
#include "kernel/x86_64/cpu.h"

#include "kernel/abi/errno.h"
#include "kernel/log.h"
#include "kernel/ring0/nub.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/types.h"
#include "kernel/x86_64/acpi.h"
#include "kernel/x86_64/entry.h"
#include "kernel/x86_64/percpu.h"
#include "kernel/x86_64/pt.h"
#include "kernel/x86_64/smp.h"
#include "kernel/x86_64/uart.h"

#define DEBUGCON_PORT	  0x402
#define DEBUG_EXIT_PORT	  0x501
#define RESET_PORT	  0x64
#define RFLAGS_INITIAL	  0x202 /* interrupts on; bit 1 is always set */
#define FXSAVE_SIZE	  512
#define XSAVE_HEADER_SIZE 64
#define MXCSR_OFFSET	  24
/* Pages up to which single flushes are cheaper than forgetting everything; one if each is a trip to
 * slow ring 0. */
#define FLUSH_PAGES_MAX 8

paddr_t kernel_root;

static struct {
	uint32_t leaf1_ecx, leaf1_edx;
	size_t xstate_size;
	bool ring0_slow;
} features;

/* Set by boot.S: the vector state enabled in XCR0; 0 = no XSAVE. */
extern uint64_t cpu_xcr0;
extern bool cpu_fsgsbase;	   /* ring 3 may set FS and GS base */
extern uint32_t cpu_leaf_80000001; /* ECX of that leaf of CPUID */
#define HAS_LAHF 1

/*
 * In entry.S. The fast way out gives back CF, PF, AF, ZF and SF with SAHF; bit 1 and IF are always
 * set. All other flags, if the program has any set, come back with IRETQ, and so do these where
 * there is no SAHF.
 */
extern uint32_t exit_slow_flags;
#define RFLAGS_FAST 0x2d7u

void cpu_id(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
			 : "a"(leaf), "c"(subleaf));
}

void cpu_out8(uint16_t port, uint8_t value)
{
	nub_call(NUB_OUT8, port | (uint64_t)value << 16);
}

uint8_t cpu_in8(uint16_t port)
{
	return (uint8_t)nub_call(NUB_IN8, port);
}

void cpu_out_fifo(uint16_t port, const void *bytes, size_t n)
{
	nub_call2(NUB_OUT_FIFO, port | n << 16, (uint64_t)bytes);
}

void cpu_wrmsr(uint32_t msr, uint64_t value)
{
	nub_call2(NUB_WRMSR, msr, value);
}

/* ---- CPUs without FSGSBASE ---- */

/* In entry.S: WRGSBASE instructions of 5 bytes; in nub.S: what to replace by jumps, and where to.
 */
extern const uint64_t gs_sites[], gs_sites_end[];
extern uint8_t exception[], exception_no_fsgsbase[], interrupt_upcall[], interrupt_no_fsgsbase[],
    syscall_gs[], syscall_no_fsgsbase[];

static void write_jump(uint8_t *at, const uint8_t *to)
{
	int32_t distance = (int32_t)(to - (at + 5));

	at[0] = 0xe9;
	memcpy(at + 1, &distance, sizeof(distance));
}

/* Ring 0 looks after GS instead. Runs on the boot page tables, where code is writable. */
static void patch_gs(void)
{
	static const uint8_t nop5[] = {0x0f, 0x1f, 0x44, 0x00, 0x00};

	for (const uint64_t *site = gs_sites; site < gs_sites_end; site++)
		memcpy((void *)*site, nop5, sizeof(nop5));
	write_jump(exception, exception_no_fsgsbase);
	write_jump(interrupt_upcall, interrupt_no_fsgsbase);
	write_jump(syscall_gs, syscall_no_fsgsbase);
}

void cpu_init(void)
{
	uint32_t r[4];

	if (!cpu_fsgsbase)
		patch_gs();
	cpu_id(1, 0, r);
	exit_slow_flags = cpu_leaf_80000001 & HAS_LAHF ? ~RFLAGS_FAST : ~0u;
	features.leaf1_ecx = r[2];
	features.leaf1_edx = r[3];
	features.xstate_size = FXSAVE_SIZE;
	if (cpu_xcr0) {
		cpu_id(0xd, 0, r);
		features.xstate_size = r[1];
	}
	if (syscall_probe_call() == 3) {
		features.ring0_slow = true;
		nub_call(NUB_SYSCALL_DIRECT, 0);
	}
}

void cpu_init_other(void)
{
	if (syscall_probe_call() == 3)
		nub_call(NUB_SYSCALL_DIRECT, 0);
}

bool cpu_ring0_is_slow(void)
{
	return features.ring0_slow;
}

uint64_t cpu_get_fs_base(void)
{
	uint64_t base;

	if (!cpu_fsgsbase)
		return this_cpu()->fs_base;
	__asm__ volatile("rdfsbase %0" : "=r"(base));
	return base;
}

void cpu_set_fs_base(uint64_t base)
{
	if (!cpu_fsgsbase) {
		this_cpu()->fs_base = base;
		cpu_wrmsr(MSR_FS_BASE, base);
		return;
	}
	__asm__ volatile("wrfsbase %0" ::"r"(base));
}

size_t cpu_xstate_size(void)
{
	return features.xstate_size;
}

uint64_t cpu_xstate_mask(void)
{
	return cpu_xcr0 ? cpu_xcr0 : 3;
}

bool cpu_has_xsave(void)
{
	return cpu_xcr0 != 0;
}

void cpu_xsave(void *area)
{
	if (user_xsave(area, cpu_xcr0, cpu_xcr0 != 0))
		panic("cannot save vector state at %p", area);
}

void cpu_xrstor(const void *area)
{
	if (user_xrstor(area, cpu_xcr0, cpu_xcr0 != 0))
		panic("invalid vector state at %p", area);
}

/* An image whose header names no component puts all in their initial state; without XSAVE the
 * control words count. */
void cpu_xreset(void *area)
{
	static const uint16_t fcw = 0x37f;
	static const uint32_t mxcsr = 0x1f80;

	memset(area, 0, FXSAVE_SIZE + XSAVE_HEADER_SIZE);
	memcpy(area, &fcw, sizeof(fcw));
	memcpy((char *)area + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
	cpu_xrstor(area);
}

int cpu_xsave_user(uint64_t area)
{
	return user_xsave((void *)area, cpu_xcr0, cpu_xcr0 != 0) ? -EFAULT : 0;
}

int cpu_xrstor_user(uint64_t area)
{
	return user_xrstor((const void *)area, cpu_xcr0, cpu_xcr0 != 0) ? -EFAULT : 0;
}

uint32_t cpu_fpu_exceptions(bool sse)
{
	uint16_t cw, sw;
	uint32_t mxcsr;

	if (sse) {
		__asm__("stmxcsr %0" : "=m"(mxcsr));
		return ~(mxcsr >> 7) & mxcsr & 0x3f;
	}
	__asm__("fnstcw %0; fnstsw %1" : "=m"(cw), "=m"(sw));
	return sw & ~cw & 0x3f;
}

void cpu_program_regs(struct regs *regs, uint64_t rip, uint64_t rsp)
{
	memset(regs, 0, sizeof(*regs));
	regs->orig_rax = UINT64_MAX;
	regs->rip = rip;
	regs->rsp = rsp;
	regs->cs = SEL_USER_CS;
	regs->ss = SEL_USER_SS;
	regs->rflags = RFLAGS_INITIAL;
}

bool cpu_has_rdrand(void)
{
	return features.leaf1_ecx >> 30 & 1;
}

uint32_t cpu_cpuid1_edx(void)
{
	return features.leaf1_edx;
}

void cpu_load_root(paddr_t root)
{
	this_cpu()->root = root;
	nub_call(NUB_LOAD_ROOT, root);
}

void cpu_halt(void)
{
	nub_call(NUB_HALT, 0);
}

/* Loading another root forgets all translations: CPUs that use this one now are the only ones with
 * any. */
void pt_flush(paddr_t root, uint64_t start, uint64_t end)
{
	if (n_cpus > 1)
		smp_flush_others(root);
	if (root != this_cpu()->root)
		return;
	if (end - start > (features.ring0_slow ? 1 : FLUSH_PAGES_MAX) * PAGE_SIZE) {
		nub_call(NUB_FLUSH_ALL, 0);
		return;
	}
	for (uint64_t va = start; va < end; va += PAGE_SIZE)
		nub_call(NUB_FLUSH_PAGE, va);
}

static bool debug_serial = true, may_reset;

void machine_may_reset(void)
{
	may_reset = true;
}

void debug_use_serial(bool on)
{
	debug_serial = on;
}

void debug_putc(char c)
{
	cpu_out8(DEBUGCON_PORT, (uint8_t)c);
	if (debug_serial) {
		if (c == '\n')
			uart_putc('\r');
		uart_putc(c);
	}
}

void machine_exit(uint8_t debug_exit_code)
{
	static const char stays[] =
	    "uniload: this machine cannot be switched off: it stays halted\n";
	static bool called;

	smp_stop_others();
	cpu_out8(DEBUG_EXIT_PORT, debug_exit_code);
	if (!called) {
		called = true; /* should the tables make us fault */
		acpi_power_off();
	}
	cpu_out8(RESET_PORT, 0xfe);
	if (may_reset)
		nub_call(NUB_RESET, 0);
	for (const char *c = stays; debug_serial && *c; c++)
		debug_putc(*c);
	for (;;)
		cpu_halt();
}
