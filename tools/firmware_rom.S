/* SPDX-License-Identifier: MIT */
/*
 * The machine's firmware: the last bytes below 1 MiB and below 4 GiB. It has QEMU put command line and boot module
 * where the kernel finds them and goes to the kernel's PVH entry. QEMU's own firmware first asks what machine it is
 * in, in thousands of instructions and 60 port accesses: 5 ms where ring 0 is interpreted. This one is told: what
 * lies before its code is struct firmware_data (tools/firmware.c), filled in for each run.
 */
#define FW_SIZE	512
#define FW_BASE (0x100000 - FW_SIZE)
#define FW_CODE 256		/* sizeof(struct firmware_data) */
#define FW_ENTRY 0		/* its members */
#define FW_DMA 16
#define FW_START_INFO 48

#define FW_CFG_DMA_LOW 0x518
/* The address of a request, as the port wants it: with its first byte last. */
#define DMA_REQUEST(at) (((at) & 0xff) << 24 | ((at) & 0xff00) << 8 | ((at) & 0xff0000) >> 8)
#define ADDRESS(label) (FW_BASE + (label) - uniload_firmware)

	.section .rodata
	.balign 16
	.globl	uniload_firmware
uniload_firmware:
	.skip	FW_CODE

	.code32
protected:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$FW_CFG_DMA_LOW, %edx
	mov	$DMA_REQUEST(FW_BASE + FW_DMA), %eax
	out	%eax, %dx
	mov	$DMA_REQUEST(FW_BASE + FW_DMA + 16), %eax
	out	%eax, %dx
	mov	$(FW_BASE + FW_START_INFO), %ebx
	jmp	*(FW_BASE + FW_ENTRY)

	.balign	8
gdt:	.quad	0
	.quad	0x00cf9b000000ffff	/* code: flat, 32 bits, accessed */
	.quad	0x00cf93000000ffff	/* data */
gdt_pointer:
	.word	. - gdt - 1
	.long	ADDRESS(gdt)

	.code16
start:
	lgdtl	%cs:0x10000 - FW_SIZE + gdt_pointer - uniload_firmware
	mov	$0x11, %eax		/* PE, ET */
	mov	%eax, %cr0
	ljmpl	$8, $ADDRESS(protected)

	/* Where a CPU begins. */
	.org	uniload_firmware + FW_SIZE - 16
	jmp	start
	.org	uniload_firmware + FW_SIZE
	.section .note.GNU-stack, "", @progbits
