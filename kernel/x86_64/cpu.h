/* SPDX-License-Identifier: MIT */
/* The CPU as ring 3 sees it: features, segment bases, vector state, and the privileged services of
 * the nub. */
#ifndef KERNEL_X86_64_CPU_H
#define KERNEL_X86_64_CPU_H

#include "kernel/types.h"

/* Read CPUID once and find out how `syscall` arrives (kernel/ring0/nub.S). Called first of all. */
void cpu_init(void);
/* The same on every other CPU, by itself. */
void cpu_init_other(void);
/* True if ring 0 is interpreted: entering it costs tens of microseconds, so batch what needs it. */
bool cpu_ring0_is_slow(void);

/* FS belongs to the program (its thread pointer). */
uint64_t cpu_get_fs_base(void);
void cpu_set_fs_base(uint64_t base);

/* Vector state in XSAVE standard format (FXSAVE where there is no XSAVE): size in bytes, enabled
 * components. */
size_t cpu_xstate_size(void);
uint64_t cpu_xstate_mask(void);
void cpu_xsave(void *area);	   /* 64-byte aligned */
void cpu_xrstor(const void *area); /* must hold a valid image */
/* The same on program memory: 0 or -EFAULT; xrstor also gives -EFAULT for an invalid image. */
int cpu_xsave_user(uint64_t area);
int cpu_xrstor_user(uint64_t area);

/* Give the CPU the vector state a program starts with; `area`, as for cpu_xsave, is overwritten. */
void cpu_xreset(void *area);

/* Unmasked x87 or SSE exceptions now raised, as bits of the status word or MXCSR. */
uint32_t cpu_fpu_exceptions(bool sse);

/* The registers a program starts with: all zero but these and the selectors. */
struct regs;
void cpu_program_regs(struct regs *regs, uint64_t rip, uint64_t rsp);

bool cpu_has_rdrand(void);
bool cpu_has_xsave(void);
uint32_t cpu_cpuid1_edx(void); /* AT_HWCAP */
void cpu_id(uint32_t leaf, uint32_t subleaf,
	    uint32_t out[4]); /* eax ebx ecx edx; may trap (slow) */

static inline uint64_t cpu_tsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return lo | (uint64_t)hi << 32;
}

/* Use another page-table root (physical address). */
void cpu_load_root(paddr_t root);
/* Wait for an interrupt unless one is pending. The caller has interrupts masked, as all kernel
 * code. */
void cpu_halt(void);
/* The kernel's own root: its upper half is copied into every new one (kmap.c). */
extern paddr_t kernel_root;

/* Leave the kernel for the program with the complete, final registers in current->regs. */
__noreturn void exit_regs_loaded(void);

/* ---- ports and model-specific registers ---- */
void cpu_out8(uint16_t port, uint8_t value);
uint8_t cpu_in8(uint16_t port);				       /* 0xff where no device is */
void cpu_out_fifo(uint16_t port, const void *bytes, size_t n); /* a few bytes to the same port */
void cpu_wrmsr(uint32_t msr, uint64_t value); /* one that exists: else ring 0 faults */

/* ---- the last resort ---- */
/* A reset ends the machine and does not start it again (QEMU's -no-reboot). */
void machine_may_reset(void);
/* To QEMU's isa-debugcon, lost elsewhere, and to the serial port unless that was switched off. */
void debug_putc(char c);
void debug_use_serial(bool on);
/*
 * End the machine: by the debug-exit device if there is one, else by ACPI (acpi_init), else by a
 * reset through the keyboard controller, which some monitors take as the end, or, if that is
 * wanted, by a triple fault; else it stays halted.
 */
__noreturn void machine_exit(uint8_t debug_exit_code);

#endif
