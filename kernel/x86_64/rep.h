/* SPDX-License-Identifier: MIT */
/*
 * The string instructions, for bulk copies and fills: microcoded to whole cache lines on real
 * processors.
 */
#ifndef KERNEL_X86_64_REP_H
#define KERNEL_X86_64_REP_H

#include "kernel/types.h"

/* Copy n 8-byte words upwards. */
static inline void rep_movsq(void *dst, const void *src, size_t n)
{
	__asm__ volatile("rep movsq" : "+D"(dst), "+S"(src), "+c"(n) : : "memory");
}

/* Store n 8-byte words upwards. */
static inline void rep_stosq(void *dst, uint64_t word, size_t n)
{
	__asm__ volatile("rep stosq" : "+D"(dst), "+c"(n) : "a"(word) : "memory");
}

#endif
