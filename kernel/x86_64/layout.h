/* SPDX-License-Identifier: MIT */
/*
 * The virtual address map. The lower half belongs to the program (TASK_SIZE, kernel/abi/linux.h);
 *the kernel half is shared by every address space. Plain numbers: assembly, the linker script and C
 *all include this file.
 *
 *	0x0000000000000000  page 0 and the first 64 KiB: never mapped
 *	...                 program image, heap, mappings, stack, where Linux would put them
 *	DIRECT_MAP_BASE     all RAM, read-write, never executable
 *	KERNEL_BASE + pa    the kernel image, exact rights per section
 *	DYNAMIC_BASE        device registers and kernel stacks (with guard pages), mapped as needed
 */
#ifndef KERNEL_X86_64_LAYOUT_H
#define KERNEL_X86_64_LAYOUT_H

#ifdef __ASSEMBLER__
#define LAYOUT_UL(x) x
#else
#define LAYOUT_UL(x) x##ul
#endif

#define DIRECT_MAP_BASE LAYOUT_UL(0xffffa00000000000)
#define KERNEL_BASE	LAYOUT_UL(0xffffffff80000000)
#define KERNEL_LOAD	LAYOUT_UL(0x100000) /* physical address the image is linked for */
#define DYNAMIC_BASE	LAYOUT_UL(0xffffffffc0000000)
#define DYNAMIC_SIZE	LAYOUT_UL(0x3fe00000)

#endif
