/* SPDX-License-Identifier: MIT */
/* The vDSO as built from kernel/x86_64/vdso/, in whole pages of its own: exec maps them into the program. */
	.section .rodata.vdso, "a"
	.balign 4096
	.global vdso_start, vdso_end
vdso_start:
	.incbin "build/vdso.so"
	.balign 4096
vdso_end:
	.section .note.GNU-stack, "", @progbits
