/* SPDX-License-Identifier: MIT */
/*
 * Ring-3 entries: system calls (trapped and direct), upcalls from the nub, and the way back to the program, which never
 * needs ring 0. The program's registers lie in struct regs at the top of the thread's kernel stack (cpu->regs).
 *
 * cpu->masked is 0 exactly while program code runs. Between the instruction that clears it and the one that leaves
 * (exit_begin .. exit_end) an interrupt finds RIP here: its upcall does not process it but restarts the exit, which
 * looks at cpu->pending again. Hence everything in that range reads struct regs and writes only registers.
 */
#include "kernel/ring0/nub.h"
#include "kernel/x86_64/layout.h"
#include "kernel/x86_64/regs.h"

#define IRQ_FRAME_BELOW 48

	.section .text.entry, "ax"

	/* ---- kernel_start: the first ring-3 instruction, on the boot stack ---- */
	.globl	kernel_start
kernel_start:
	xor	%ebp, %ebp
	mov	$SEL_USER_SS, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	$boot_cpu, %rax
	mov	%rax, (%rax)			/* GS base is it already: boot.S */
	movl	$1, %gs:CPU_MASKED
	call	kernel_main
	ud2

	/* The same for every other CPU; smp_start has filled in its struct cpu. */
	.globl	kernel_start_other
kernel_start_other:
	xor	%ebp, %ebp
	mov	$SEL_USER_SS, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%gs:CPU_REGS, %rsp
	call	smp_main
	ud2

	/*
	 * ---- the kernel lock ----
	 * Kernel code runs on one CPU at a time (kernel/x86_64/smp.h). With one CPU these are NOPs; smp_patch() writes
	 * calls over them. kernel_enter keeps all but RCX and R11 of what a system call has in registers; RSP points
	 * to struct regs, in which save_args has been done or is not needed.
	 */
	.macro	lock_site to
9:	.byte	0x0f, 0x1f, 0x44, 0x00, 0x00
	.pushsection .rodata.lock_sites, "a"
	.quad	9b, \to
	.popsection
	.endm

	.globl	kernel_enter, kernel_leave
kernel_enter:
	movl	$0, %gs:CPU_IN_PROGRAM
	cmpl	$0, kernel_lock_waiters(%rip)	/* let those who wait go first */
	jne	1f
	mov	$1, %ecx
	xchg	%cl, kernel_lock(%rip)
	test	%cl, %cl
	jnz	1f
	cmpl	$0, %gs:CPU_STALE
	jne	2f
	ret
1:	sub	$8, %rsp
	call	kernel_lock_wait
	jmp	3f
2:	sub	$8, %rsp
	call	kernel_flush_stale
3:	add	$8, %rsp
	mov	8 + REGS_RDI(%rsp), %rdi
	mov	8 + REGS_RSI(%rsp), %rsi
	mov	8 + REGS_RDX(%rsp), %rdx
	mov	8 + REGS_R10(%rsp), %r10
	mov	8 + REGS_R8(%rsp), %r8
	mov	8 + REGS_R9(%rsp), %r9
	mov	8 + REGS_ORIG_RAX(%rsp), %rax
	ret

	/* From here on this CPU may be told to come back: cpu->pending is looked at after it. Keeps all registers. */
kernel_leave:
	movl	$1, %gs:CPU_IN_PROGRAM
	movb	$0, kernel_lock(%rip)
	ret

	/* ---- system calls ---- */
	.macro	save_args
	mov	%rdi, REGS_RDI(%rsp)
	mov	%rsi, REGS_RSI(%rsp)
	mov	%rdx, REGS_RDX(%rsp)
	mov	%r10, REGS_R10(%rsp)
	mov	%r8, REGS_R8(%rsp)
	mov	%r9, REGS_R9(%rsp)
	mov	%rax, REGS_ORIG_RAX(%rsp)
	.endm

	/* The rest of the frame, stored only when somebody looks at all of it: what C keeps for its caller, and copies. */
	.macro	complete_frame
	mov	%rbx, REGS_RBX(%rsp)
	mov	%rbp, REGS_RBP(%rsp)
	mov	%r12, REGS_R12(%rsp)
	mov	%r13, REGS_R13(%rsp)
	mov	%r14, REGS_R14(%rsp)
	mov	%r15, REGS_R15(%rsp)
	mov	REGS_RIP(%rsp), %rcx
	mov	%rcx, REGS_RCX(%rsp)
	mov	REGS_RFLAGS(%rsp), %rcx
	mov	%rcx, REGS_R11(%rsp)
	movq	$SEL_USER_CS, REGS_CS(%rsp)
	movq	$SEL_USER_SS, REGS_SS(%rsp)
	.endm

	/* From ring 0, which has set cpu->masked. */
	.globl	syscall_entry_trapped
	.balign	64
syscall_entry_trapped:
	mov	%rsp, %gs:CPU_SCRATCH
	mov	%gs:CPU_REGS, %rsp
	save_args
	mov	%gs:CPU_TRAP_RIP, %rcx
	mov	%gs:CPU_TRAP_RFLAGS, %r11
	jmp	syscall_common

	/* A `syscall` that arrives in ring 3 (LSTAR points here then). Only its first instruction runs unmasked. */
	.globl	syscall_entry_direct
	.balign	64
syscall_entry_direct:
	movl	$1, %gs:CPU_MASKED
	mov	%rsp, %gs:CPU_SCRATCH
	mov	%gs:CPU_REGS, %rsp
	save_args
	cld
syscall_common:
	mov	%r11, REGS_RFLAGS(%rsp)
	mov	%gs:CPU_SCRATCH, %r11
	cmpl	$0, stubs_watch(%rip)
	je	syscall_enter
	/* May this site be rewritten? Those of which that is known not to be are in a table. */
	movzbl	%cl, %r11d
	cmp	%rcx, stubs_ignored(, %r11, 8)
	mov	%gs:CPU_SCRATCH, %r11
	je	syscall_enter
	mov	%r11, REGS_RSP(%rsp)
	mov	%rcx, REGS_RIP(%rsp)
	lock_site kernel_enter
	mov	REGS_RIP(%rsp), %rdi
	mov	%rax, %rsi
	call	stubs_trapped
	mov	REGS_RDI(%rsp), %rdi
	mov	REGS_RSI(%rsp), %rsi
	mov	REGS_RDX(%rsp), %rdx
	mov	REGS_R10(%rsp), %r10
	mov	REGS_R8(%rsp), %r8
	mov	REGS_R9(%rsp), %r9
	mov	REGS_ORIG_RAX(%rsp), %rax
	jmp	syscall_entered

	/*
	 * From the stub of a rewritten site: RCX is where the `syscall` returns to, all else is the program's. Only the
	 * first instruction runs unmasked.
	 */
	.globl	syscall_entry_stub
	.balign	64
syscall_entry_stub:
	movl	$1, %gs:CPU_MASKED
	mov	%rsp, %r11
	mov	%gs:CPU_REGS, %rsp
	lea	REGS_RFLAGS + 8(%rsp), %rsp
	pushfq
	lea	-REGS_RFLAGS(%rsp), %rsp
	save_args
	cld
syscall_enter:
	mov	%r11, REGS_RSP(%rsp)
	mov	%rcx, REGS_RIP(%rsp)
	lock_site kernel_enter
syscall_entered:
	mov	$SYSCALL_SLOW_ROW, %ecx
	cmp	syscall_limit(%rip), %eax	/* 0 while tracing or when a policy is on */
	cmovae	%ecx, %eax
	mov	%r10, %rcx
	mov	%eax, %eax
	call	*syscall_table(, %rax, 8)
syscall_done:
	mov	%rax, REGS_RAX(%rsp)
	lock_site kernel_leave
	movl	$0, %gs:CPU_MASKED
exit_begin:
exit_syscall:
	/* One look at all that may be in the way: translated code (TCG) pays for every branch. */
	mov	%gs:CPU_THREAD, %rcx
	mov	REGS_RFLAGS(%rsp), %r11
	mov	exit_slow_flags(%rip), %eax
	and	%r11d, %eax
	or	THREAD_WORK(%rcx), %eax
	or	%gs:CPU_PENDING, %eax
	jnz	syscall_work
	mov	%r11d, %eax
	shl	$8, %eax
	sahf
	mov	REGS_RDI(%rsp), %rdi
	mov	REGS_RSI(%rsp), %rsi
	mov	REGS_RDX(%rsp), %rdx
	mov	REGS_R10(%rsp), %r10
	mov	REGS_R8(%rsp), %r8
	mov	REGS_R9(%rsp), %r9
	mov	REGS_RIP(%rsp), %rcx
	mov	REGS_RAX(%rsp), %rax
	mov	REGS_RSP(%rsp), %rsp
	.globl	exit_begin, exit_syscall_jmp, exit_end
exit_syscall_jmp:
	jmp	*%rcx

syscall_work:
	movl	$1, %gs:CPU_MASKED
	lock_site kernel_enter
	complete_frame
	/* exit_full: struct regs is complete at RSP, the kernel lock is held. */
	.globl	exit_full
exit_full:
	mov	%rsp, %rdi
	call	exit_to_program
	lock_site kernel_leave
	movl	$0, %gs:CPU_MASKED
exit_iret:
	cmpl	$0, %gs:CPU_PENDING
	jne	exit_iret_pending
	mov	REGS_R15(%rsp), %r15
	mov	REGS_R14(%rsp), %r14
	mov	REGS_R13(%rsp), %r13
	mov	REGS_R12(%rsp), %r12
	mov	REGS_RBP(%rsp), %rbp
	mov	REGS_RBX(%rsp), %rbx
	mov	REGS_R11(%rsp), %r11
	mov	REGS_R10(%rsp), %r10
	mov	REGS_R9(%rsp), %r9
	mov	REGS_R8(%rsp), %r8
	mov	REGS_RAX(%rsp), %rax
	mov	REGS_RCX(%rsp), %rcx
	mov	REGS_RDX(%rsp), %rdx
	mov	REGS_RSI(%rsp), %rsi
	mov	REGS_RDI(%rsp), %rdi
	add	$REGS_RIP, %rsp
exit_iret_insn:
	iretq
exit_iret_pending:
	movl	$1, %gs:CPU_MASKED
exit_end:
	lock_site kernel_enter
	jmp	exit_full

	/* In the table for rows whose handler reads the whole frame: the call is made once more, by the slow path. */
	.globl	syscall_needs_frame
syscall_needs_frame:
	add	$8, %rsp
	complete_frame
	mov	%rsp, %rdi
	call	syscall_slow
	jmp	syscall_done

	/* rt_sigreturn and program start: struct regs is complete and final; drop what C has on the stack. */
	.globl	exit_regs_loaded
exit_regs_loaded:
	mov	%gs:CPU_REGS, %rsp
	jmp	exit_full

	/* ---- upcalls: RSP + 8 = what the nub left on the interrupt stack: orig_rax slot, RIP, CS, RFLAGS, RSP, SS ---- */
	.macro	push_regs
	add	$8, %rsp
	push	%rdi
	push	%rsi
	push	%rdx
	push	%rcx
	push	%rax
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	cld
	.endm

	/* GS base = RBX = struct cpu. Listed, because it becomes a no-op on CPUs without FSGSBASE (cpu_init). */
	.macro	fix_gs
9:	wrgsbase %rbx
	.pushsection .rodata.gs_sites, "a"
	.quad	9b
	.popsection
	.endm

	/* Copy struct regs from RSP to RDI and stand there. */
	.macro	move_regs
	mov	%rsp, %rsi
	mov	%rdi, %rax
	mov	$(REGS_SIZE / 8), %ecx
	rep movsq
	mov	%rax, %rsp
	.endm

	.globl	upcall_exception
upcall_exception:
	push_regs
	lea	REGS_SIZE - CPU_EXC_STACK_TOP(%rsp), %rbx	/* struct cpu */
	fix_gs					/* the program may have changed it */
	mov	REGS_RIP(%rsp), %rdx
	mov	%gs:CPU_REGS, %rdi
	cmp	$KERNEL_BASE, %rdx
	jae	maybe_step
0:	lea	exit_begin(%rip), %rax
	cmp	%rax, %rdx
	jb	1f
	lea	exit_end(%rip), %rax
	cmp	%rax, %rdx
	jb	in_exit
1:	lea	syscall_entry_direct(%rip), %rax
	cmp	%rax, %rdx				/* GS was the program's: it is the kernel's now */
	je	again
	lea	syscall_entry_stub(%rip), %rax
	cmp	%rax, %rdx
	je	again
	cmpl	$1, %gs:CPU_MASKED			/* was 0: program code, wherever its RIP points */
	je	from_program
	/* In the kernel: below its stack pointer, if that is sound. */
	mov	REGS_RSP(%rsp), %rdi
	cmp	$upcall_begin, %rdx
	jb	in_kernel
	cmp	$upcall_end, %rdx
	jb	bad_stack
	jmp	in_kernel
in_exit:
	/* Leaving for the program failed, at the last instruction (bad RIP): RSP is its own or in the frame. */
	sub	$REGS_SIZE + 256, %rdi
in_kernel:
	sub	$REGS_SIZE, %rdi
	and	$-16, %rdi
	cmp	%gs:CPU_STACK_LOW, %rdi
	jb	bad_stack
	cmp	%gs:CPU_REGS, %rdi
	ja	bad_stack
	move_regs
	mov	%rsp, %rdi
	call	exception_in_kernel		/* returns when the interrupted code can go on */
	decl	%gs:CPU_MASKED
	jmp	iret_kernel

	/* The program single-steps into the kernel, where `syscall` keeps TF: the step ends here, without a stack. */
maybe_step:
	cmpb	$1, %gs:CPU_EXC_VECTOR
	jne	0b
	andl	$~0x100, REGS_RFLAGS(%rsp)
again:	decl	%gs:CPU_MASKED
	jmp	iret_kernel

from_program:
	move_regs
	lock_site kernel_enter
	mov	%rsp, %rdi
	call	exception_in_program
	jmp	exit_full

bad_stack:	/* away from the interrupt stack, which the services that report it use */
	lea	CPU_PANIC_STACK_TOP - REGS_SIZE - 8(%rbx), %rdi
	move_regs
	mov	%rsp, %rdi
	call	exception_bad_stack
	ud2

	/*
	 * Another interrupt may be recorded before move_regs is done (a KVM was seen delivering one twice): the CPU writes
	 * its frame to the top of the interrupt stack, so the nub has copied ours to below that.
	 */
	.globl	upcall_interrupt
upcall_interrupt:
	push_regs
	lea	REGS_SIZE + IRQ_FRAME_BELOW - CPU_IRQ_STACK_TOP(%rsp), %rbx
	fix_gs
	mov	%gs:CPU_REGS, %rdi
	mov	REGS_RIP(%rsp), %rdx
	/* Masked was 0: program code, or the entry before it sets it (go on: its exit will look), or the exit. */
	lea	syscall_entry_direct(%rip), %rax
	cmp	%rax, %rdx
	je	3f
	lea	syscall_entry_stub(%rip), %rax
	cmp	%rax, %rdx
	je	3f
	lea	exit_begin(%rip), %rax
	cmp	%rax, %rdx
	jb	2f
	lea	exit_end(%rip), %rax
	cmp	%rax, %rdx
	jb	1f
2:	move_regs
	lock_site kernel_enter
	jmp	exit_full			/* exit_to_program processes what is pending */
1:
	lea	exit_syscall_jmp(%rip), %rax
	cmp	%rax, %rdx
	je	4f
	lea	exit_iret(%rip), %rax
	cmp	%rax, %rdx
	jae	5f
	mov	%rdi, REGS_RSP(%rsp)			/* also at syscall_work: struct regs is not complete */
	lea	exit_syscall(%rip), %rax
	mov	%rax, REGS_RIP(%rsp)
	jmp	3f
4:	/* All but RIP is the program's already. */
	mov	REGS_RCX(%rsp), %rax
	mov	%rax, REGS_RIP(%rsp)
	jmp	2b
5:	mov	%rdi, REGS_RSP(%rsp)
	lea	exit_iret(%rip), %rax
	mov	%rax, REGS_RIP(%rsp)
3:	/* Masked stays 1: the entry sets it anyway, and the exit sees cpu->pending, which is set. */
iret_kernel:
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rax
	pop	%rcx
	pop	%rdx
	pop	%rsi
	pop	%rdi
	add	$8, %rsp
	iretq

	.globl	upcall_fatal
upcall_fatal:
	sub	$8, %rsp
	push_regs
	lea	REGS_SIZE - CPU_DF_STACK_TOP(%rsp), %rbx
	fix_gs
	jmp	bad_stack
upcall_begin = upcall_exception
upcall_end = .

	/* ---- services of the nub: long nub_call(service, argument), nub_call2(service, argument, argument) ---- */
	.globl	nub_call, nub_call2, nub_call_return
nub_call:
nub_call2:
	mov	%edi, %eax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	int3
nub_call_return:
	ret

	/* long syscall_probe_call(void): 3 if `syscall` arrives in ring 3, 0 if in ring 0 (see syscall_probe). */
	.globl	syscall_probe_call
syscall_probe_call:
	mov	$-1, %eax
	syscall
	ret

	.section .data
	.globl	syscall_limit, exit_slow_flags, kernel_lock, kernel_lock_waiters
syscall_limit:	.long 0
exit_slow_flags: .long ~0		/* program flags that only iretq gives back: cpu_init() */
	.balign	64				/* lines of their own */
kernel_lock:	.byte 0
	.balign	64
kernel_lock_waiters: .long 0
	.balign	64
	.section .note.GNU-stack, "", @progbits
