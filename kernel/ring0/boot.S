/* SPDX-License-Identifier: MIT */
/*
 * Boot: from the PVH entry (32-bit protected mode, no paging, EBX = struct hvm_start_info) to ring 3 in a few hundred
 * instructions without a loop, because ring 0 may be interpreted. Everything that can be a constant is one: page
 * tables, GDT, IDT and TSS are data built by the assembler. Anything longer happens in ring 3. Other CPUs come in
 * through ap_trampoline, one at a time, and take the same way with what the first has found out.
 */
#include "kernel/ring0/nub.h"
#include "kernel/x86_64/layout.h"

#define MSR_EFER	   0xc0000080
#define MSR_STAR	   0xc0000081
#define MSR_LSTAR	   0xc0000082
#define MSR_FMASK	   0xc0000084

#define EFER_SCE 1
#define EFER_LME 0x100
#define EFER_NXE 0x800

/* CR0: PE MP ET NE WP AM PG, as Linux runs. CR4: PAE PGE OSFXSR OSXMMEXCPT (FSGSBASE, OSXSAVE when there). */
#define CR0_VALUE 0x80050033
#define CR4_VALUE 0x000006a0
#define CR4_FSGSBASE 0x10000
#define CR4_OSXSAVE 0x40000
/* x87, SSE, AVX, AVX-512: what a signal frame can hold without the program asking for more first. */
#define XCR0_WANTED 0xe7

#define PHYS(sym) ((sym) - KERNEL_BASE)

	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 4, 18			/* name size, value size, XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long PHYS(pvh_entry)

	.section .nub.boot, "ax"
	.code32
	.globl pvh_entry
pvh_entry:
	rdtsc
	mov	%eax, PHYS(boot_tsc)
	mov	%edx, PHYS(boot_tsc + 4)
	mov	%ebx, PHYS(boot_start_info)
	mov	$PHYS(boot_stack_top), %esp

	/* What must be there: long mode, NX. What may be: FSGSBASE, XSAVE. */
	mov	$0x80000001, %eax
	cpuid
	mov	%ecx, PHYS(cpu_leaf_80000001)
	and	$(1 << 29 | 1 << 20), %edx
	cmp	$(1 << 29 | 1 << 20), %edx
	jne	no_cpu_feature
	mov	$CR4_VALUE, %esi
	xor	%eax, %eax
	cpuid
	cmp	$7, %eax
	jb	1f
	mov	$7, %eax
	xor	%ecx, %ecx
	cpuid
	test	$1, %ebx
	jz	1f
	or	$CR4_FSGSBASE, %esi
	movb	$1, PHYS(cpu_fsgsbase)
1:	mov	$1, %eax
	cpuid
	bt	$26, %ecx
	jnc	1f
	or	$CR4_OSXSAVE, %esi
1:	mov	%esi, PHYS(boot_cr4)
	xor	%ebp, %ebp
enable_long_mode:
	mov	%esi, %cr4
	mov	$PHYS(boot_pml4), %eax
	mov	%eax, %cr3
	mov	$MSR_EFER, %ecx
	mov	$(EFER_SCE | EFER_LME | EFER_NXE), %eax
	xor	%edx, %edx
	wrmsr
	mov	$CR0_VALUE, %eax
	mov	%eax, %cr0
	lgdt	PHYS(gdt_ptr32)
	ljmp	$SEL_KERNEL_CS, $PHYS(long_mode)

	/*
	 * Another CPU: real mode at address 0, where ring 3 has copied this. EBP = 1 on the way to ring 3; ap_cpu is its
	 * struct cpu. What CPUID says is the same as for the first.
	 */
	.code16
	.globl	ap_trampoline, ap_trampoline_end
ap_trampoline:
	cli
	mov	%cs, %ax
	mov	%ax, %ds
	lgdtl	ap_gdt_ptr - ap_trampoline
	mov	$0x11, %eax			/* PE, ET */
	mov	%eax, %cr0
	ljmpl	$SEL_BOOT_CS, $PHYS(ap_protected)
	.balign	4
ap_gdt_ptr:
	.word	gdt_end - gdt - 1
	.long	PHYS(gdt)
ap_trampoline_end:
	.code32
ap_protected:
	mov	$SEL_KERNEL_SS, %eax
	mov	%eax, %ds
	mov	%eax, %ss
	mov	PHYS(boot_cr4), %esi
	mov	$1, %ebp
	jmp	enable_long_mode

no_cpu_feature:
	/* Say so on the debug port and the serial port, whichever there is. */
	mov	$PHYS(no_feature_text), %esi
	mov	$no_feature_len, %ecx
	mov	$0x402, %dx
	rep outsb
	mov	$PHYS(no_feature_text), %esi
	mov	$no_feature_len, %ecx
	mov	$0x3f8, %dx
	rep outsb
	mov	$0x501, %dx
	mov	$0x55, %al
	out	%al, %dx
	/* Without the debug-exit port: stay. A reset would say the same again and again. */
1:	cli
	hlt
	jmp	1b

	.code64
long_mode:
	mov	$long_mode_high, %rax
	jmp	*%rax
long_mode_high:
	lgdt	gdt_ptr64(%rip)
	lidt	idt_ptr64(%rip)
	mov	$boot_cpu, %rdi
	mov	$boot_stack_top, %rsp
	mov	$SEL_TSS, %eax
	test	%ebp, %ebp
	jz	1f
	mov	kernel_root(%rip), %rax		/* reaches its struct cpu, wherever that is */
	mov	%rax, %cr3
	mov	ap_cpu(%rip), %rdi
	movzwl	CPU_INDEX(%rdi), %eax
	and	$(MAX_CPUS - 1), %eax
	mov	%eax, %edx
	shl	$TSS_STRIDE_SHIFT, %edx
	add	$tss, %rdx
	lea	CPU_EXC_STACK_TOP(%rdi), %rcx
	mov	%rcx, TSS_IST1(%rdx)
	lea	CPU_IRQ_STACK_TOP(%rdi), %rcx
	mov	%rcx, TSS_IST1 + 8(%rdx)
	lea	CPU_DF_STACK_TOP(%rdi), %rcx
	mov	%rcx, TSS_IST1 + 16(%rdx)
	mov	%rcx, %rsp
	shl	$4, %eax
	add	$SEL_TSS, %eax
1:	ltr	%ax
	xor	%eax, %eax
	lldt	%ax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %fs
	mov	%eax, %gs
	mov	$SEL_KERNEL_SS, %ax
	mov	%eax, %ss

	mov	%cr4, %rax
	test	$CR4_OSXSAVE, %eax
	jz	1f
	mov	cpu_xcr0(%rip), %eax
	test	%ebp, %ebp
	jnz	2f
	mov	$0xd, %eax
	xor	%ecx, %ecx
	cpuid
	and	$XCR0_WANTED, %eax
	mov	%eax, cpu_xcr0(%rip)
2:	xor	%edx, %edx
	xor	%ecx, %ecx
	xsetbv
1:
	/* All descriptors of one kind have the same upper half: 0xffffffff. */
	mov	$MSR_STAR, %ecx
	xor	%eax, %eax
	mov	$(((SEL_USER_SS - 8) << 16) | SEL_KERNEL_CS), %edx
	wrmsr
	mov	$MSR_LSTAR, %ecx
	mov	$syscall_probe, %rax	/* until ring 3 has found out how `syscall` arrives here */
	mov	$0xffffffff, %edx
	wrmsr
	mov	$MSR_GS_BASE, %ecx
	mov	%rdi, %rax
	mov	%rdi, %rdx
	shr	$32, %rdx
	wrmsr
	mov	$MSR_KERNEL_GS_BASE, %ecx
	wrmsr
	mov	$MSR_FMASK, %ecx
	xor	%eax, %eax
	xor	%edx, %edx
	wrmsr

	/* To ring 3, for good. */
	mov	$kernel_start, %rax
	test	%ebp, %ebp
	jz	1f
	mov	$kernel_start_other, %rax
1:	mov	%rsp, %rdx
	pushq	$SEL_USER_SS
	pushq	%rdx
	pushq	$0x202
	pushq	$SEL_USER_CS
	pushq	%rax
	iretq

	.section .nub.rodata, "a"
no_feature_text:
	.ascii	"uniload: this CPU lacks 64-bit mode or NX: use another -cpu model (max, host)\n"
no_feature_len = . - no_feature_text

	/*
	 * Boot page tables: the first GiB, three times (identity, direct map, kernel image), with every right. Ring 3
	 * replaces them by exact ones before the program is loaded.
	 */
	.section .nub.data, "aw"
	.balign 4096
	.globl boot_pml4
boot_pml4:
	.quad	PHYS(boot_pdpt) + 7
	.fill	(DIRECT_MAP_BASE >> 39 & 511) - 1, 8, 0
	.quad	PHYS(boot_pdpt) + 7
	.fill	511 - (DIRECT_MAP_BASE >> 39 & 511) - 1, 8, 0
	.quad	PHYS(boot_pdpt) + 7
boot_pdpt:
	.quad	PHYS(boot_pd) + 7
	.fill	509, 8, 0
	.quad	PHYS(boot_pd) + 7
	.quad	0
boot_pd:
	.set	pa, 0
	.rept	512
	.quad	pa + 0x87		/* present, writable, user, 2 MiB */
	.set	pa, pa + 0x200000
	.endr

	.globl	gdt
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 0x08 ring-0 32-bit code, for ap_trampoline */
	.quad	0x00af9b000000ffff	/* 0x10 ring-0 code */
	.quad	0x00cf93000000ffff	/* 0x18 ring-0 data */
	.quad	0x00cffb000000ffff	/* 0x20 ring-3 32-bit code */
	.quad	0x00cff3000000ffff	/* 0x28 ring-3 data */
	.quad	0x00affb000000ffff	/* 0x30 ring-3 code */
	.quad	0
	.set	n, 0
	.rept	MAX_CPUS
	.word	TSS_LIMIT, tss_addr_0_16 + (n << TSS_STRIDE_SHIFT) /* 0x40 TSS; kernel.ld splits its address */
	.byte	tss_addr_16_8, 0x89, 0, tss_addr_24_8
	.long	0xffffffff, 0
	.set	n, n + 1
	.endr
gdt_end:
gdt_ptr32:
	.word	gdt_end - gdt - 1
	.long	PHYS(gdt)
	.balign 8
	.word	0, 0, 0
gdt_ptr64:
	.word	gdt_end - gdt - 1
	.quad	gdt
	.word	0, 0, 0
idt_ptr64:
	.word	VEC_COUNT * 16 - 1
	.quad	idt

	/* One 32-byte stub per vector (nub.S); stub_page is 4 KiB-aligned, so the low half needs no carry. */
	.macro	gate n, ist, dpl
	.word	stub_addr_0_16 + \n * 32
	.word	SEL_KERNEL_CS
	.byte	\ist, 0x8e | (\dpl << 5)
	.word	stub_addr_16_16
	.long	0xffffffff, 0
	.endm
	.balign 16
	.globl	idt
idt:
	.set	vec, 0
	.rept	VEC_COUNT
	.if	vec == 2 || vec == 8 || vec == 18 || vec == VEC_SPURIOUS
	gate	vec, 3, 0
	.elseif	vec == 3 || vec == 4
	gate	vec, 1, 3
	.elseif	vec < 32
	gate	vec, 1, 0
	.else
	gate	vec, 2, 0
	.endif
	.set	vec, vec + 1
	.endr

	.macro	one_tss cpu
	.balign	1 << TSS_STRIDE_SHIFT
	.long	0
	.quad	0, 0, 0				/* RSP0-2: never used, every gate has an IST */
	.quad	0
	.if	\cpu == 0
	.quad	boot_cpu + CPU_EXC_STACK_TOP	/* IST 1 */
	.quad	boot_cpu + CPU_IRQ_STACK_TOP	/* IST 2 */
	.quad	boot_cpu + CPU_DF_STACK_TOP	/* IST 3 */
	.else
	.quad	0, 0, 0				/* filled in when that CPU starts */
	.endif
	.quad	0, 0, 0, 0
	.quad	0
	.word	0
	.word	TSS_LIMIT + 1			/* no I/O bitmap: no port for ring 3 */
	.endm
TSS_LIMIT = 103
TSS_IST1  = 36
	.balign	2048				/* no carry into the upper half of a descriptor's address */
	.globl	tss
tss:
	.set	n, 0
	.rept	MAX_CPUS
	one_tss	n
	.set	n, n + 1
	.endr

	.section .data
	.balign 8
	.globl	boot_tsc, boot_start_info, cpu_xcr0, cpu_leaf_80000001, cpu_fsgsbase, ap_cpu
boot_tsc:	.quad 0			/* TSC at the first instruction */
boot_start_info: .quad 0		/* physical address */
cpu_xcr0:	.quad 0			/* enabled vector state; 0 = no XSAVE */
ap_cpu:		.quad 0			/* struct cpu of the CPU that is being started */
cpu_leaf_80000001: .long 0	/* its ECX */
boot_cr4:	.long 0
cpu_fsgsbase:	.byte 0			/* 1 = ring 3 may set FS and GS base */

	.section .bss
	.balign 4096
	.globl	boot_stack, boot_stack_top
boot_stack:
	.skip	16384
boot_stack_top:
	.globl	boot_cpu
boot_cpu:
	.skip	CPU_SIZE
	.section .note.GNU-stack, "", @progbits
