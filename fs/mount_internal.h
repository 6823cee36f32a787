/* SPDX-License-Identifier: MIT */
/* Shared by fs/mount.c and fs/mount_ops.c. */
#ifndef FS_MOUNT_INTERNAL_H
#define FS_MOUNT_INTERNAL_H

#include "fs/mount.h"
#include "kernel/lock.h"

extern struct mutex mount_lock; /* changes of the tree; outermost of all */

/* The reference to m's root becomes the tree's; and is the caller's again. */
void mount_place(struct mount *m, struct dentry *at, struct mount_ns *ns);
void mount_unplace(struct mount *m);
/* Has m never had a place? Only under mount_lock does it stay so. */
static inline bool mount_is_nowhere(const struct mount *m)
{
	return !m->dead && list_empty(&m->link);
}
/* m and what is on it belong to ns from now on. */
void mount_join(struct mount *m, struct mount_ns *ns);
/* Take out all that is `dead`, and what is on it; those that nobody holds are gone then. */
void mount_bury(void);

#endif
