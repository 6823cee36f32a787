/* SPDX-License-Identifier: MIT */
/* Running one function of test_shapes.c and noting all that it does. */
#ifndef TESTS_UNIT_SHAPES_RUN_H
#define TESTS_UNIT_SHAPES_RUN_H

#include "loader/rewrite.h"

#include <stddef.h>
#include <stdint.h>

struct run_stats {
	size_t direct, trapped; /* calls that came by the stand-in, by int3 */
	size_t lost;		/* functions that ended with a signal they should not have */
};

struct run_spec {
	const uint8_t *code;  /* the function */
	const int32_t *calls; /* where `syscall` is: ascending offsets from here */
	size_t n_calls;
	const struct rewrite_stub *stubs, *stubs_end;
	uint64_t seed; /* of registers and the stack */
	struct run_stats *stats;
};

/* Once: handlers of signals. */
void shapes_prepare(void);
/* Run it. Returns a number made of all registers and the stack at every call and at the end. */
uint64_t shapes_run(const struct run_spec *spec);
/* What a stub jumps to. */
void shapes_entry(void);

#endif
