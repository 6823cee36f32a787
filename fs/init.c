/* SPDX-License-Identifier: MIT */
/* The initial tree: what is mounted where. Only the root is made at boot, the rest when a program
 * first looks at it. Files of the program come later, from the boot module. */
#include "fs/init.h"
#include "fs/mount.h"
#include "fs/mqueue.h"
#include "fs/tmpfs.h"
#include "fs/vfs_internal.h"
#include "kernel/process.h"

static const struct auto_mount dev_mounts[] = {
    {"mqueue", mqueue_new, MS_NOSUID | MS_NODEV | MS_NOEXEC, 01777, NULL, false},
    {"pts", devpts_new, MS_NOSUID | MS_NOEXEC, 0755, NULL, false},
    {"shm", tmpfs_new, MS_NOSUID | MS_NODEV, 01777, NULL, false},
    {0},
};

static const struct auto_mount root_mounts[] = {
    {"dev", devfs_new, MS_NOSUID, 0755, dev_mounts, false},
    {"proc", procfs_new, MS_NOSUID | MS_NODEV | MS_NOEXEC, 0555, NULL, false},
    {"run", tmpfs_new, MS_NOSUID | MS_NODEV, 0755, NULL, true},
    {"sys", sysfs_new, MS_NOSUID | MS_NODEV | MS_NOEXEC, 0555, NULL, false},
    {"tmp", tmpfs_new, MS_NOSUID | MS_NODEV, 01777, NULL, true},
    {0},
};

int fs_init(const struct bootinfo *bi)
{
	struct super *root;
	int r;

	file_place_release = vfs_file_release;
	file_may_change = inode_may_change;
	file_origin = tmpfs_origin;
	process_hooks.fork = vfs_process_fork;
	process_hooks.exit = vfs_process_exit;
	process_hooks.thread_fork = vfs_thread_fork;
	process_hooks.thread_exit = vfs_thread_exit;
	dcache_init();
	vfs_ops_init();
	mount_init();
	r = root_new(bi, &root);
	if (r)
		return r;
	r = vfs_mount(root, NULL, MS_RELATIME);
	if (r)
		return r;
	vfs_root()->mnt->autos = root_mounts;
	return 0;
}
