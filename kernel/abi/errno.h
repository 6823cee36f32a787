/* SPDX-License-Identifier: MIT */
/* Linux error numbers, from the kernel's own user header, plus the restart codes that never reach a
 * program. */
#ifndef KERNEL_ABI_ERRNO_H
#define KERNEL_ABI_ERRNO_H

#include <asm/errno.h>

/* Internal: signal delivery turns these into EINTR or restarts the call (see kernel/signal.c). */
#define ERESTARTSYS	      512 /* restart if SA_RESTART, else EINTR */
#define ERESTARTNOINTR	      513 /* restart always */
#define ERESTARTNOHAND	      514 /* restart only if no handler runs, else EINTR */
#define ERESTART_RESTARTBLOCK 516 /* like NOHAND, but restart through restart_syscall(2) */

#endif
