/* SPDX-License-Identifier: MIT */
/* What prctl(2) does about capabilities, for syscalls/prctl.c. */
#ifndef SYSCALLS_CAP_H
#define SYSCALLS_CAP_H

#include "kernel/types.h"

/* prctl(2): the options about capabilities, PR_*KEEPCAPS, *SECUREBITS, CAPBSET_*, CAP_AMBIENT. */
long prctl_caps(int option, uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5);

#endif
