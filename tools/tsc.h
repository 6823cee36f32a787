/* SPDX-License-Identifier: MIT */
/*
 * Frequency of this machine's time stamp counter, exact where the kernel or the CPU tells, else
 * measured over the time that starting a machine takes anyway.
 */
#ifndef TOOLS_TSC_H
#define TOOLS_TSC_H

#include <stdint.h>

struct tsc_sample {
	uint64_t tsc, ns;
};

struct tsc_clock {
	uint64_t known_hz; /* 0: measure */
	struct tsc_sample first;
};

/* Look for an exact source; without one, take the first sample. */
void tsc_start(struct tsc_clock *clock);
/* Hz, never 0. Where it is measured this sleeps until baseline_ns (> 0) after tsc_start: longer is
 * more exact. */
uint64_t tsc_hz(const struct tsc_clock *clock, uint64_t baseline_ns);

#endif
