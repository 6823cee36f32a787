/* SPDX-License-Identifier: MIT */
/* The initial tree of file systems. */
#ifndef FS_INIT_H
#define FS_INIT_H

/* Set the VFS up and mount the root, /dev, /proc and the directories for temporary files. Once, at
 * boot. 0 or -errno. */
int fs_init(void);

/* Mount the volumes of the boot module, in order, making their mount points (fs/p9_mount.c). 0, or
 * -errno after logging which one failed. */
struct bootinfo;
int volumes_mount(const struct bootinfo *bi);

#endif
