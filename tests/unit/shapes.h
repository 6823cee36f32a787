/* SPDX-License-Identifier: MIT */
/* Assembly for test_shapes.c: functions with `syscall` in surroundings of every kind. */
#ifndef TESTS_UNIT_SHAPES_H
#define TESTS_UNIT_SHAPES_H

#include <stdio.h>

/*
 * Write the source of `count` functions shape_0, ... made from `seed`. Each is called with any
 * registers but R15 < 64, keeps RSP and memory above it, and returns. Tables of 32-bit offsets from
 * their own beginning tell where functions and `syscall` instructions are: shapes_functions,
 * shapes_calls, each ended by 0.
 */
void shapes_write(FILE *f, unsigned count, unsigned seed);

#endif
