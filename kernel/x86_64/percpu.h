/* SPDX-License-Identifier: MIT */
/*
 * struct cpu: everything one virtual CPU owns, reached through GS in ring 3 and relative to the
 * interrupt stacks in ring 0. The offsets the assembly uses are in kernel/ring0/nub.h and checked
 * below.
 */
#ifndef KERNEL_X86_64_PERCPU_H
#define KERNEL_X86_64_PERCPU_H

#include "kernel/ring0/nub.h"
#include "kernel/types.h"

struct mm;
struct thread;
struct regs;

struct cpu {
	struct cpu *self;
	struct regs *regs; /* of the running thread: top of its kernel stack */
	uint64_t scratch;
	uint64_t trap_rip, trap_rflags;
	uint64_t canary;
	uint32_t masked;  /* > 0: the nub only records interrupts */
	uint32_t pending; /* a vector was recorded */
	struct thread *thread;
	uint8_t exc_vector, exc_pad[7];
	uint64_t cr2;
	uint64_t stack_low;
	uint64_t fs_base; /* the program's, where ring 3 cannot read it (no FSGSBASE) */
	/* Written with the kernel lock held, in_program also by its own CPU (kernel/x86_64/smp.h).
	 */
	uint32_t in_program, stale;
	paddr_t root;	   /* page-table root in use */
	struct mm *active; /* whose it is, referenced; NULL: the kernel's */
	uint16_t index;	   /* in cpus[]: the number programs see */
	uint8_t apic_id;
	bool kicked; /* VEC_KICK is on its way */
	uint8_t pad[4];
	uint8_t pending_vec[VEC_COUNT];
	uint8_t stacks[CPU_SIZE - CPU_PENDING_VEC - VEC_COUNT];
};

_Static_assert(offsetof(struct cpu, regs) == CPU_REGS, "regs");
_Static_assert(offsetof(struct cpu, scratch) == CPU_SCRATCH, "scratch");
_Static_assert(offsetof(struct cpu, trap_rip) == CPU_TRAP_RIP, "trap_rip");
_Static_assert(offsetof(struct cpu, canary) == CPU_CANARY, "canary");
_Static_assert(offsetof(struct cpu, masked) == CPU_MASKED, "masked");
_Static_assert(offsetof(struct cpu, pending) == CPU_PENDING, "pending");
_Static_assert(offsetof(struct cpu, thread) == CPU_THREAD, "thread");
_Static_assert(offsetof(struct cpu, exc_vector) == CPU_EXC_VECTOR, "exc_vector");
_Static_assert(offsetof(struct cpu, cr2) == CPU_CR2, "cr2");
_Static_assert(offsetof(struct cpu, stack_low) == CPU_STACK_LOW, "stack_low");
_Static_assert(offsetof(struct cpu, in_program) == CPU_IN_PROGRAM, "in_program");
_Static_assert(offsetof(struct cpu, stale) == CPU_STALE, "stale");
_Static_assert(offsetof(struct cpu, index) == CPU_INDEX, "index");
_Static_assert(offsetof(struct cpu, pending_vec) == CPU_PENDING_VEC, "pending_vec");
_Static_assert(sizeof(struct cpu) == CPU_SIZE, "size");

extern struct cpu boot_cpu;
extern struct cpu *cpus[MAX_CPUS]; /* the first n_cpus; CPU 0 is boot_cpu */
extern unsigned n_cpus;		   /* that run: 1 until the others have been started */

/* Good until the caller sleeps: it may go on on another CPU. */
static inline struct cpu *this_cpu(void)
{
	struct cpu *c;

	__asm__ volatile("mov %%gs:0, %0" : "=r"(c));
	return c;
}

#ifdef UNIT_TEST
struct thread *current_thread(void);
#else
/*
 * The running thread. Not volatile: whatever else runs meanwhile, a function finds itself in the
 * same thread wherever it looks, so the compiler may look once.
 */
static inline struct thread *current_thread(void)
{
	struct thread *t;

	__asm__("mov %%gs:%c1, %0" : "=r"(t) : "i"(CPU_THREAD));
	return t;
}
#endif

#endif
