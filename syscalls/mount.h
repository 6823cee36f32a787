/* SPDX-License-Identifier: MIT */
/* What the calls of syscalls/mount.c and syscalls/fsconfig.c share. */
#ifndef SYSCALLS_MOUNT_H
#define SYSCALLS_MOUNT_H

#include "kernel/types.h"

struct dentry;
struct mount;

#define may_mount() capable(CAP_SYS_ADMIN)

/* A text of at most `size` bytes with its NUL, for kfree; NULL stays NULL. 0, -EFAULT, -EINVAL (too
 * long), -ENOMEM. */
int mount_text(uaddr_t utext, size_t size, char **out);
/* MOUNT_ATTR_* as MS_*; -EINVAL: unknown, or no way to update access times. */
int mount_attr_flags(uint64_t attr, unsigned *flags);
/* A descriptor of a mount that is nowhere, which goes with it unless it is put somewhere: the
 * maker's reference is taken over. */
long mount_fd(struct mount *m, bool cloexec);

#endif
