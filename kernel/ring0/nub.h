/* SPDX-License-Identifier: MIT */
/*
 * The contract between the ring-0 nub and the ring-3 kernel: selectors, vectors, the services
 * behind `int3`, and the part of the per-CPU block the nub touches. Numbers only: assembly and C
 * include this file.
 *
 * Ring 0 does four things: it boots, it turns exceptions and interrupts into upcalls, it hands a
 * trapped `syscall` to ring 3, and it performs the services below for code that executes the one
 * `int3` at nub_call.
 */
#ifndef KERNEL_RING0_NUB_H
#define KERNEL_RING0_NUB_H

/* Selectors. Ring 3's are Linux's own, because programs see them in signal frames. */
#define SEL_BOOT_CS   0x08 /* 32-bit */
#define SEL_KERNEL_CS 0x10
#define SEL_KERNEL_SS 0x18
#define SEL_USER_SS   0x2b
#define SEL_USER_CS   0x33
#define SEL_TSS	      0x40 /* of CPU 0; the others follow */

#define MAX_CPUS	 16
#define TSS_STRIDE_SHIFT 7 /* bytes from one TSS to the next */

/*
 * Vectors 0-31 are the CPU's exceptions. All interrupts share one priority class (32-47): the local
 * APIC holds a second one back until ring 3 has signalled the end of the first.
 */
#define VEC_IRQ_FIRST	32
#define VEC_TIMER	32
#define VEC_KICK	33 /* from another CPU: enter the kernel, or wake up */
#define VEC_DEVICE	34 /* first of the device interrupts */
#define VEC_DEVICE_LAST 47
#define VEC_SPURIOUS	63
#define VEC_COUNT	64

/* Services: number in EAX, arguments in RDI and RSI, result in RAX; all other registers are kept.
 */
#define NUB_HALT       0 /* wait for an interrupt unless one is already pending */
#define NUB_FLUSH_ALL  1 /* forget all cached translations of the current root */
#define NUB_FLUSH_PAGE 2 /* RDI = virtual address */
#define NUB_LOAD_ROOT  3 /* RDI = physical address of a page-table root */
#define NUB_SYSCALL_DIRECT                                                                         \
	4 /* `syscall` arrives in ring 3 on this machine: point it at the ring-3 entry */
#define NUB_OUT8     5 /* RDI = port | value << 16: a byte to a port */
#define NUB_IN8	     6 /* RDI = port: a byte from it */
#define NUB_OUT_FIFO 7 /* RDI = port | count << 16, RSI = bytes: that many, a few, to a port */
#define NUB_WRMSR    8 /* RDI = register, RSI = value */
#define NUB_RESET    9 /* by triple fault */
#define NUB_SERVICES 10

/* Model-specific registers that more than the boot code names. */
#define MSR_FS_BASE	   0xc0000100
#define MSR_GS_BASE	   0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102

/* Offsets in struct cpu (kernel/x86_64/percpu.h checks them). */
#define CPU_SELF	    0
#define CPU_REGS	    8 /* where the running thread's struct regs lies: top of its kernel stack */
#define CPU_SCRATCH	    16 /* the program's RSP between entry and its place in struct regs */
#define CPU_TRAP_RIP	    24 /* of a `syscall` that went through ring 0 */
#define CPU_TRAP_RFLAGS	    32
#define CPU_CANARY	    40 /* where gcc's stack protector looks */
#define CPU_MASKED	    48 /* > 0: interrupts are only recorded */
#define CPU_PENDING	    52 /* something was recorded, or the exit path must look */
#define CPU_THREAD	    56
#define CPU_EXC_VECTOR	    64 /* of the last exception */
#define CPU_CR2		    72
#define CPU_STACK_LOW	    80	/* lowest valid address of the running thread's kernel stack */
#define CPU_IN_PROGRAM	    96	/* its program code may run: see kernel/x86_64/smp.h */
#define CPU_STALE	    100 /* other CPUs have changed the page tables in use here */
#define CPU_INDEX	    120
#define CPU_PENDING_VEC	    128	 /* one byte per vector */
#define CPU_EXC_STACK_TOP   1024 /* IST 1: exceptions (frame is read by ring 3) */
#define CPU_IRQ_STACK_TOP   1536 /* IST 2: interrupts */
#define CPU_DF_STACK_TOP    2048 /* IST 3: double fault, NMI, machine check */
#define CPU_PANIC_STACK_TOP 8192 /* ring-3 stack for panics when the thread's own is unusable */
#define CPU_SIZE	    8192

#endif
