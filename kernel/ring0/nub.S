/* SPDX-License-Identifier: MIT */
/*
 * The nub: all ring-0 code after boot. It decides nothing. An exception or interrupt becomes an upcall: the CPU has
 * written its frame to an interrupt stack inside this CPU's struct cpu, which ring 3 can read; the stub adds what only
 * ring 0 can know and IRETQs to ring 3 with all other registers untouched. Per-CPU fields are reached relative to RSP,
 * whose value at a gate is a constant per CPU: GS belongs to ring 3 and is not trusted here.
 */
#include "kernel/ring0/nub.h"

#define FRAME 40 /* what the CPU pushes: RIP CS RFLAGS RSP SS */
/* A field of struct cpu, when `pushed` bytes lie on the interrupt stack whose top is at `top`. */
#define FIELD(field, top, pushed) ((field) - (top) + (pushed))(%rsp)
#define EXC(field, pushed)	  FIELD(field, CPU_EXC_STACK_TOP, pushed)
#define IRQ(field, pushed)	  FIELD(field, CPU_IRQ_STACK_TOP, pushed)

	/* Leave for ring 3 with interrupts on (cpu->masked holds them back); RSP there is RSP here minus 8. */
	.macro	upcall to
	pushq	$SEL_USER_SS
	pushq	%rsp
	pushq	$0x202
	pushq	$SEL_USER_CS
	pushq	$\to
	iretq
	.endm

	/* One stub per vector, 32 bytes each. */
	.macro	stub_exception vec, has_code
	.balign	32
	.if	!\has_code
	pushq	$0
	.endif
	movb	$\vec, EXC(CPU_EXC_VECTOR, FRAME + 8)
	jmp	exception
	.endm

	.section .nub.text, "ax"
	.balign 4096
	.globl	stub_page
stub_page:
	stub_exception 0, 0
	stub_exception 1, 0
	.balign	32			/* 2: NMI: another CPU ends the machine */
1:	hlt
	jmp	1b
	.balign	32			/* 3: a service for the kernel, or a breakpoint */
	cmpq	$nub_call_return, (%rsp)
	jne	breakpoint
	jmp	service
	stub_exception 4, 0
	stub_exception 5, 0
	stub_exception 6, 0
	stub_exception 7, 0
	.balign	32			/* 8: double fault */
	jmp	fatal
	stub_exception 9, 0
	stub_exception 10, 1
	stub_exception 11, 1
	stub_exception 12, 1
	stub_exception 13, 1
	.balign	32			/* 14: page fault */
	movb	$14, EXC(CPU_EXC_VECTOR, FRAME + 8)
	jmp	page_fault
	stub_exception 15, 0
	stub_exception 16, 0
	stub_exception 17, 1
	.balign	32			/* 18: machine check */
	jmp	fatal
	stub_exception 19, 0
	stub_exception 20, 0
	stub_exception 21, 1
	stub_exception 22, 0
	stub_exception 23, 0
	stub_exception 24, 0
	stub_exception 25, 0
	stub_exception 26, 0
	stub_exception 27, 0
	stub_exception 28, 0
	stub_exception 29, 1
	stub_exception 30, 1
	stub_exception 31, 0

	/* Interrupts: record; if the kernel is busy that is all, else tell it. */
	.set	vec, VEC_IRQ_FIRST
	.rept	VEC_COUNT - VEC_IRQ_FIRST - 1
	.balign	32
	pushq	$-1
	movb	$1, IRQ(CPU_PENDING_VEC + vec, FRAME + 8)
	jmp	interrupt
	.set	vec, vec + 1
	.endr
	.balign	32			/* the APIC's spurious vector: nothing to do, no end-of-interrupt */
	iretq

interrupt:
	movl	$1, IRQ(CPU_PENDING, FRAME + 8)
	cmpl	$0, IRQ(CPU_MASKED, FRAME + 8)
	jne	1f
	.globl	interrupt_upcall
interrupt_upcall:
	incl	IRQ(CPU_MASKED, FRAME + 8)
interrupt_masked:
	.rept	5				/* a copy out of the next interrupt's way: see upcall_interrupt */
	pushq	FRAME(%rsp)
	.endr
	pushq	$-1
	upcall	upcall_interrupt
1:	add	$8, %rsp
	cmpq	$halt_insn, (%rsp)	/* between STI and HLT: some monitors know no interrupt shadow */
	je	2f
	iretq
2:	incq	(%rsp)			/* do not halt: there is something to do */
	iretq

breakpoint:
	pushq	$0
	movb	$3, EXC(CPU_EXC_VECTOR, FRAME + 8)
	jmp	exception

page_fault:
	pushq	%rax
	mov	%cr2, %rax
	mov	%rax, EXC(CPU_CR2, FRAME + 16)
	popq	%rax
	.globl	exception
exception:
	incl	EXC(CPU_MASKED, FRAME + 8)
exception_masked:
	upcall	upcall_exception

	/*
	 * For CPUs without FSGSBASE: ring 3 cannot give GS its value back if the program has loaded a selector into it,
	 * so it is done here. cpu_init() writes jumps to these places over the instructions they begin with or end in.
	 */
	.macro	restore_gs top
	push	%rax
	push	%rcx
	push	%rdx
	lea	FRAME + 8 + 24 - \top(%rsp), %rax
	mov	%rax, %rdx
	shr	$32, %rdx
	mov	$MSR_GS_BASE, %ecx
	wrmsr
	pop	%rdx
	pop	%rcx
	pop	%rax
	.endm
	.globl	exception_no_fsgsbase, interrupt_no_fsgsbase, syscall_no_fsgsbase
exception_no_fsgsbase:
	restore_gs CPU_EXC_STACK_TOP
	incl	EXC(CPU_MASKED, FRAME + 8)
	jmp	exception_masked
interrupt_no_fsgsbase:
	restore_gs CPU_IRQ_STACK_TOP
	incl	IRQ(CPU_MASKED, FRAME + 8)
	jmp	interrupt_masked
syscall_no_fsgsbase:			/* GS is right, KERNEL_GS_BASE the program's */
	mov	%rax, %gs:CPU_SCRATCH
	mov	%r11, %rax
	xchg	%rdx, %r11
	shr	$32, %rdx
	mov	$MSR_KERNEL_GS_BASE, %ecx
	wrmsr
	mov	%r11, %rdx
	mov	%gs:CPU_SCRATCH, %rax
	jmp	syscall_gs_done

fatal:	/* on IST 3: nothing can be resumed */
	upcall	upcall_fatal

	/* nub_call: EAX = service. Only the code at nub_call gets here; an unknown number is ignored. */
service:
	cmpl	$0, EXC(CPU_MASKED, FRAME)	/* the kernel is always masked: this is the program's own int3 */
	je	breakpoint
	cmp	$NUB_SERVICES, %eax
	jae	1f
	jmp	*service_table(, %rax, 8)
do_halt:
	cmpl	$0, EXC(CPU_PENDING, FRAME)
	jne	1f
	sti
halt_insn:
	hlt
	cli
1:	iretq
do_flush_all:
	mov	%cr3, %rax
	mov	%rax, %cr3
	iretq
do_flush_page:
	invlpg	(%rdi)
	iretq
do_load_root:
	mov	%rdi, %cr3
	iretq
do_syscall_direct:
	push	%rcx
	push	%rdx
	mov	$0xc0000082, %ecx	/* MSR_LSTAR */
	mov	$syscall_entry_direct, %rax
	mov	$0xffffffff, %edx
	wrmsr
	pop	%rdx
	pop	%rcx
	iretq
do_out8:
	push	%rdx
	mov	%edi, %edx
	mov	%edi, %eax
	shr	$16, %eax
	out	%al, %dx
	pop	%rdx
	iretq
do_in8:
	push	%rdx
	mov	%edi, %edx
	xor	%eax, %eax
	in	%dx, %al
	pop	%rdx
	iretq
do_out_fifo:
	push	%rcx
	push	%rdx
	push	%rsi
	mov	%edi, %edx
	mov	%edi, %ecx
	shr	$16, %ecx
	rep outsb
	pop	%rsi
	pop	%rdx
	pop	%rcx
	iretq
do_wrmsr:
	push	%rcx
	push	%rdx
	mov	%edi, %ecx
	mov	%rsi, %rax
	mov	%rsi, %rdx
	shr	$32, %rdx
	wrmsr
	pop	%rdx
	pop	%rcx
	iretq

do_reset:
	lidt	no_idt(%rip)
	ud2

	/*
	 * Where `syscall` arrives in ring 0. RCX = return address, R11 = RFLAGS, interrupts off by SFMASK.
	 * KERNEL_GS_BASE holds struct cpu.
	 */
	.balign	64
	.globl	syscall_entry_ring0
syscall_entry_ring0:
	swapgs
	mov	%rcx, %gs:CPU_TRAP_RIP
	mov	%r11, %gs:CPU_TRAP_RFLAGS
	movl	$1, %gs:CPU_MASKED
	mov	%gs:CPU_SELF, %r11
	.globl	syscall_gs
syscall_gs:
	swapgs
	wrgsbase %r11			/* whatever the program has made of it */
syscall_gs_done:
	mov	$syscall_entry_trapped, %rcx
	mov	$0x202, %r11d
	sysretq

	/*
	 * The first `syscall`, made by ring 3 at boot, lands here. In ring 3 still: report that (RAX = 3); ring 3 then
	 * asks for NUB_SYSCALL_DIRECT. In ring 0: install the entry above and mask interrupts and DF, TF, AC in it.
	 */
	.globl	syscall_probe
syscall_probe:
	mov	%cs, %eax
	and	$3, %eax
	jz	1f
	jmp	*%rcx
1:	push	%rcx
	push	%r11
	mov	$0xc0000082, %ecx
	mov	$syscall_entry_ring0, %rax
	mov	$0xffffffff, %edx
	wrmsr
	mov	$0xc0000084, %ecx
	mov	$0x40700, %eax
	xor	%edx, %edx
	wrmsr
	pop	%r11
	pop	%rcx
	xor	%eax, %eax
	sysretq

	.section .nub.rodata, "a"
	.balign 8
service_table:
	.quad	do_halt, do_flush_all, do_flush_page, do_load_root, do_syscall_direct, do_out8, \
		do_in8, do_out_fifo, do_wrmsr, do_reset
no_idt:	.word	0
	.quad	0
	.section .note.GNU-stack, "", @progbits
