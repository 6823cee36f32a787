/* SPDX-License-Identifier: MIT */
/* Names for addresses, for panics and the report of a program's fatal signal. */
#ifndef KERNEL_KSYM_H
#define KERNEL_KSYM_H

#include "kernel/types.h"

struct mm;

#define KSYM_TEXT_MAX 160 /* buffer that holds any text below */
#define KSYM_NAME_MAX 96  /* and one for a function of the kernel; what is longer is cut */

/*
 * The kernel function that contains addr, in buf, and how far into it: false if addr is not in
 * kernel text. Reads only a constant table: safe in a panic.
 */
bool ksym_find(uint64_t addr, char *buf, size_t size, uint64_t *offset);

/* "function+0x1c", or "0xffff..." for what has no name. Safe in a panic. Returns characters stored,
 * as scnprintf. */
int ksym_format(uint64_t addr, char *buf, size_t size);

/*
 * The same for an address of the program: the symbol from its file's .symtab or .dynsym
 * ("main+0x1c"), else the mapping's name or the place in the file ("[vdso]+0x93", "file+0x1234"),
 * else "?". Takes mm->lock, may sleep and read files: not for panics. The file is not trusted.
 */
int ksym_format_program(struct mm *mm, uaddr_t addr, char *buf, size_t size);

#endif
