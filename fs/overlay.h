/* SPDX-License-Identifier: MIT */
/*
 * The writable root: a tmpfs whose files and directories may have a lower object in a read-only
 * file system. An object is the same inode before and after its first change; unchanged pages of a
 * file stay the lower file system's, names that were removed are remembered in their directory.
 */
#ifndef FS_OVERLAY_H
#define FS_OVERLAY_H

#include "fs/inode.h"

/* A new overlay over `lower` (taken over). 0 or -ENOMEM. */
int overlay_new(struct super *lower, struct super **out);

#endif
