/* SPDX-License-Identifier: MIT */
/*
 * A machine's life seen from the host: bytes between its ports and our descriptors, control
 * messages, signals, time limits, until it is over and QEMU is reaped.
 */
#ifndef TOOLS_RELAY_H
#define TOOLS_RELAY_H

#include "tools/counts.h"
#include "tools/machine.h"
#include "tools/missing.h"
#include "tools/stdfds.h"
#include "tools/volume.h"

struct relay_spec {
	const struct stdfds *fds;
	int signal_fd;
	int trace_fd;		       /* where BI_PORT_TRACE goes; -1: nowhere */
	uint64_t deadline_ns;	       /* CLOCK_MONOTONIC; 0: none */
	struct missing_paths *missing; /* gets the paths of BI_MSG_MISSING */
	struct counts *counts;	       /* and the sums of BI_MSG_SYSCALL */
	const struct volumes *volumes;
	bool gdb; /* the machine may stand still for long: that is no sign of death */
};

enum relay_end {
	RELAY_EXIT,    /* the program ended: status as waitpid(2) gives it */
	RELAY_PANIC,   /* the guest's kernel failed and has said why */
	RELAY_DIED,    /* QEMU ended on its own: status is QEMU's */
	RELAY_TIMEOUT, /* the deadline */
	RELAY_KILLED,  /* signal: by this one, because machine or output did not react */
};

struct relay_result {
	enum relay_end end;
	int status, signal;
	bool guest_spoke; /* anything came from any port */
	int lost_fd; /* 1 or 2: output that could not be written after the program's end; else 0 */
	int lost_errno;
	int trace_errno; /* the trace could not be written */
	int input_errno; /* standard input could not be read */
	char text[4097]; /* what QEMU printed */
};

/* Run until the end. The machine is dead and reaped, and the terminal restored, when this returns.
 */
void relay_run(struct machine *m, const struct relay_spec *spec, struct relay_result *result);

#endif
