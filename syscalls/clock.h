/* SPDX-License-Identifier: MIT */
/* Which clock a clock number names, for clocks, sleeping and timers. */
#ifndef SYSCALLS_CLOCK_H
#define SYSCALLS_CLOCK_H

#include "kernel/types.h"

enum clock_kind {
	CK_NONE, /* EINVAL */
	CK_REAL,
	CK_MONO,
	CK_PROCESS_CPU,
	CK_THREAD_CPU,
	CK_OTHER_CPU, /* another process's: can only be read */
	CK_ALARM, /* real or boot time that wakes a suspended machine: none without a battery clock
		   */
};

enum clock_can {
	CAN_SLEEP = 1, /* and have timers */
	CAN_SET = 2,
	COARSE = 4,    /* states the tick as its resolution; it is exact all the same */
	DYNAMIC = 8,   /* a negative clock number: some errors differ */
	CAN_TIME = 16, /* have timers, but not sleep */
};

struct clock_info {
	enum clock_kind kind;
	unsigned can;
	int tid; /* CK_THREAD_CPU, CK_OTHER_CPU: whose */
};

struct clock_info clock_find(int id);
/* Is it a descriptor of a clock device? There are none. */
bool clock_is_device(int id);
/* Its time in ns; 0 for a thread that has ended. */
uint64_t clock_read(struct clock_info c);

#endif
