/* SPDX-License-Identifier: MIT */
/* Facts of io_uring's interface that are newer than the UAPI headers of Debian 12 (Linux 6.1). */
#ifndef SYSCALLS_URING_ABI_H
#define SYSCALLS_URING_ABI_H

#include "kernel/abi/linux.h"

#include <linux/io_uring.h>

enum { /* opcodes */
       OP_READ_MULTISHOT = 49,
       OP_FTRUNCATE = 55,
       OP_BIND = 56,
       OP_LISTEN = 57,
       OP_COUNT,
};

#define SETUP_NO_SQARRAY  (1u << 16) /* Linux 6.6 */
#define FEAT_REG_REG_RING (1u << 13)
#define ENTER_ABS_TIMER	  (1u << 5)
#define TIMEOUT_MULTISHOT (1u << 6)

#endif
