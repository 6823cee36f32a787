/* SPDX-License-Identifier: MIT */
/* The place in the kernel's own ELF file where an image says that it holds a boot module: the note
 * of kernel/abi/bootinfo.h. */
#ifndef KERNEL_EMBED_H
#define KERNEL_EMBED_H

#include "kernel/abi/bootinfo.h"

/* What the note says: all zero but bootinfo_version in a kernel that is no image. */
struct bi_embed embed_read(void);

#endif
