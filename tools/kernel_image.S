/* SPDX-License-Identifier: MIT */
/*
 * The kernel inside the command: one file to install, and never the wrong kernel.
 */
	.section .rodata
	.globl	uniload_kernel_start, uniload_kernel_end
	.balign	16
uniload_kernel_start:
	.incbin	"build/kernel.elf"
uniload_kernel_end:
	.section .note.GNU-stack, "", @progbits
