/* SPDX-License-Identifier: MIT */
/*
 * What descriptors 0, 1 and 2 are when uniload starts: the guest gives its program something alike.
 */
#ifndef TOOLS_STDFDS_H
#define TOOLS_STDFDS_H

#include "kernel/abi/bootinfo.h"

#include <stdbool.h>

struct stdfds {
	struct bi_std std[3];
	bool raw; /* standard input is a terminal the guest drives: raw mode here, line discipline
		     there */
};

/*
 * Classify the three descriptors and open /dev/null on the closed ones, so that no descriptor
 * opened later is mistaken for one of them. Call before anything else.
 */
void stdfds_probe(struct stdfds *out);

#endif
