/* SPDX-License-Identifier: MIT */
/*
 * Simulated physical memory for host tests of memory code: kernel/page.c over a block of host
 * memory (arena.c).
 */
#ifndef TESTS_UNIT_ARENA_H
#define TESTS_UNIT_ARENA_H

#include "kernel/log.h"
#include "kernel/page.h"

extern uint8_t *arena;

/*
 * RAM at physical [start, start + size), filled with junk if asked for; starts the allocator and
 * returns its answer.
 */
int arena_init(paddr_t start, size_t size, const struct mem_range *reserved, size_t n, bool junk);

/* Pages of host memory the arena occupies: what the code under test has touched. */
size_t arena_touched(void);

#endif
