/* SPDX-License-Identifier: MIT */
/* Between the two parts of syscall_fuzz: making calls, and choosing what to give them. */
#ifndef TESTS_BOOT_PROG_FUZZ_FUZZ_H
#define TESTS_BOOT_PROG_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stdint.h>

#include "syscalls/table.h"

#define ARENA	   0x200000000000ul
#define ARENA_SIZE (4ul << 20)
#define SCRATCH	   (ARENA + (1ul << 20)) /* writable at first */
#define SAFE	   0x1f0000000000ul	 /* always there: most structures are put here */
#define SAFE_SIZE  (256ul << 10)
#define N_FDS	   48

struct fuzzer {
	uint64_t state;
	unsigned id;
};

extern unsigned n_threads;
extern volatile int tids[16];

/* ---- syscall_fuzz.c ---- */

/*
 * A system call that touches nothing but registers afterwards: a thread that it makes has any
 * stack, and ends at once.
 */
long fuzz_call(long nr, const uint64_t *a);

/* ---- values.c ---- */

uint64_t word(struct fuzzer *f);
unsigned pick(struct fuzzer *f, unsigned n); /* below n */
/* Something for an argument of this kind (KIND_*), put into memory if it is an address. */
uint64_t argument(struct fuzzer *f, unsigned kind);

#endif
