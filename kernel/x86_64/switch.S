/* SPDX-License-Identifier: MIT */
/* Context switch between kernel stacks, and copying to and from program memory with fault recovery. */
#include "kernel/x86_64/regs.h"

	.text
	/* void context_switch(uint64_t *save_rsp, uint64_t load_rsp): System V callee-saved registers only. */
	.globl	context_switch
context_switch:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, (%rdi)
	mov	%rsi, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret

	/*
	 * size_t user_copy(void *dst, const void *src, size_t n): returns bytes not copied. A fault inside the range
	 * user_access_begin .. user_access_end that cannot be resolved resumes at user_access_fault.
	 */
	.section .text.entry, "ax"
	.globl	user_access_begin, user_access_end, user_access_fault
	.globl	user_copy, user_zero, user_cmpxchg, user_xsave, user_xrstor, user_copy_string
user_access_begin:
user_copy:
	mov	%rdx, %rcx
	xor	%r8d, %r8d			/* bytes per count */
	shr	$3, %rcx
	jz	1f
	mov	$3, %r8d
	rep movsq
1:	mov	%edx, %ecx
	and	$7, %ecx
	mov	%ecx, %r9d
	xor	%r8d, %r8d
	rep movsb
	xor	%eax, %eax
	ret

	/* size_t user_zero(void *dst, size_t n) */
user_zero:
	mov	%rsi, %rdx
	mov	%rsi, %rcx
	xor	%eax, %eax
	mov	$3, %r8d
	shr	$3, %rcx
	rep stosq
	mov	%edx, %ecx
	and	$7, %ecx
	xor	%r8d, %r8d
	rep stosb
	ret

	/* ssize_t user_copy_string(char *dst, const char *src, size_t n): length without NUL; n if none; -1 at a fault */
user_copy_string:
	xor	%eax, %eax
	mov	$-2, %r8d
2:	cmp	%rdx, %rax
	je	3f
	mov	(%rsi, %rax), %cl
	mov	%cl, (%rdi, %rax)
	test	%cl, %cl
	jz	3f
	inc	%rax
	jmp	2b
3:	ret

	/* int user_cmpxchg(uint32_t *p, uint32_t expect, uint32_t desired, uint32_t *old): 0 or -1 */
user_cmpxchg:
	mov	$-2, %r8d
	mov	%rcx, %r9
	mov	%esi, %eax
	lock cmpxchg %edx, (%rdi)
	mov	%eax, (%r9)
	xor	%eax, %eax
	ret

	/* int user_xsave(void *area, uint64_t mask, bool have_xsave), user_xrstor: 0 or -1 */
user_xsave:
	mov	$-2, %r8d
	test	%edx, %edx
	jz	4f
	mov	%rsi, %rdx
	mov	%esi, %eax
	shr	$32, %rdx
	xsave64	(%rdi)
	xor	%eax, %eax
	ret
4:	fxsave64 (%rdi)
	xor	%eax, %eax
	ret

user_xrstor:
	mov	$-2, %r8d
	test	%edx, %edx
	jz	5f
	mov	%rsi, %rdx
	mov	%esi, %eax
	shr	$32, %rdx
	xrstor64 (%rdi)
	xor	%eax, %eax
	ret
5:	fxrstor64 (%rdi)
	xor	%eax, %eax
	ret

	/* A bad access: R8 = -2 means "just fail", else what is left is RCX << R8 and, for whole words, the tail. */
user_access_fault:
	cmp	$-2, %r8d
	je	6f
	mov	%rcx, %rax
	mov	%r8d, %ecx
	shl	%cl, %rax
	test	%r8d, %r8d
	jz	7f
	and	$7, %edx
	add	%rdx, %rax
7:	ret
6:	mov	$-1, %rax
	ret
user_access_end:
	.section .note.GNU-stack, "", @progbits
