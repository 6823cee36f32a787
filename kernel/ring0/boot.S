/* SPDX-License-Identifier: MIT */
/*
 * Boot: from the PVH entry (32-bit protected mode, no paging, EBX = struct hvm_start_info) to ring 3 in a few hundred
 * instructions without a loop, because ring 0 may be interpreted. Everything that can be a constant is one: page
 * tables, GDT, IDT and TSS are data built by the assembler. Anything longer happens in ring 3.
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
1:	mov	%esi, %cr4

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
	mov	$SEL_TSS, %ax
	ltr	%ax
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
	mov	$0xd, %eax
	xor	%ecx, %ecx
	cpuid
	and	$XCR0_WANTED, %eax
	xor	%edx, %edx
	xor	%ecx, %ecx
	mov	%eax, cpu_xcr0(%rip)
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
	mov	$boot_cpu, %rax
	wrmsr
	mov	$MSR_KERNEL_GS_BASE, %ecx
	wrmsr
	mov	$MSR_FMASK, %ecx
	xor	%eax, %eax
	xor	%edx, %edx
	wrmsr

	/* To ring 3, for good. */
	pushq	$SEL_USER_SS
	pushq	$boot_stack_top
	pushq	$0x202
	pushq	$SEL_USER_CS
	pushq	$kernel_start
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
	.quad	0
	.quad	0x00af9b000000ffff	/* 0x10 ring-0 code */
	.quad	0x00cf93000000ffff	/* 0x18 ring-0 data */
	.quad	0x00cffb000000ffff	/* 0x20 ring-3 32-bit code */
	.quad	0x00cff3000000ffff	/* 0x28 ring-3 data */
	.quad	0x00affb000000ffff	/* 0x30 ring-3 code */
	.quad	0
	.word	TSS_LIMIT, tss_addr_0_16 /* 0x40 TSS; the linker script splits its address */
	.byte	tss_addr_16_8, 0x89, 0, tss_addr_24_8
	.long	0xffffffff, 0
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

	.balign 64
	.globl	tss
tss:
	.long	0
	.quad	boot_cpu + CPU_EXC_STACK_TOP, 0, 0	/* RSP0-2: never used, every gate has an IST */
	.quad	0
	.quad	boot_cpu + CPU_EXC_STACK_TOP		/* IST 1 */
	.quad	boot_cpu + CPU_IRQ_STACK_TOP		/* IST 2 */
	.quad	boot_cpu + CPU_DF_STACK_TOP		/* IST 3 */
	.quad	0, 0, 0, 0
	.quad	0
	.word	0
	.word	TSS_LIMIT + 1			/* no I/O bitmap: no port for ring 3 */
TSS_LIMIT = . - tss - 1

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

	.section .data
	.balign 8
	.globl	boot_tsc, boot_start_info, cpu_xcr0, cpu_leaf_80000001, cpu_fsgsbase
boot_tsc:	.quad 0			/* TSC at the first instruction */
boot_start_info: .quad 0		/* physical address */
cpu_xcr0:	.quad 0			/* enabled vector state; 0 = no XSAVE */
cpu_leaf_80000001: .long 0	/* its ECX */
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
