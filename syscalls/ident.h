/* SPDX-License-Identifier: MIT */
/* Who a call's pid argument means, for the handlers that take one. */
#ifndef SYSCALLS_IDENT_H
#define SYSCALLS_IDENT_H

#include "kernel/task.h"

/*
 * The thread with this id, the calling one for 0; NULL if there is none (ESRCH). Good while the
 * caller does not sleep.
 */
struct thread *thread_by_id(int tid);

#endif
