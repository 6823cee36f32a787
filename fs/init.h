/* SPDX-License-Identifier: MIT */
/* The initial tree of file systems. */
#ifndef FS_INIT_H
#define FS_INIT_H

struct bootinfo;
struct super;

/* Set the VFS up and mount the root; /dev, /proc and the directories for temporary files follow
 * when they are looked at. Once, at boot. 0, -ENOMEM, or -errno after saying what is wrong with the
 * root image. */
int fs_init(const struct bootinfo *bi);
/* The root file system (fs/root.c); errors as fs_init. */
int root_new(const struct bootinfo *bi, struct super **out);

/* Mount the volumes of the boot module, in order, making their mount points (fs/p9_mount.c). 0, or
 * -errno after logging which one failed. */
struct bootinfo;
int volumes_mount(const struct bootinfo *bi);

#endif
