/* SPDX-License-Identifier: MIT */
/*
 * Disks of the machine: --disk FILE[:ro].
 */
#ifndef TOOLS_DISK_H
#define TOOLS_DISK_H

#include "tools/util.h"

/*
 * Check each of `options` and append to `args` what gives them to QEMU, in their order. Returns 0,
 * or an exit status after saying why.
 */
int disks_prepare(const struct strvec *options, struct strvec *args);

/* What gives the root image in [offset, offset + size) of our `fd` to QEMU, which is running
 * already: lines for machine_go(), which the caller frees. */
char *disk_root_config(int fd, uint64_t offset, uint64_t size);

#endif
