/* SPDX-License-Identifier: MIT */
/*
 * What the VFS keeps in a thread: where paths start (shared by clone(CLONE_FS), else copied), and
 * in a process: the file of the running image, which nobody may write to meanwhile.
 */
#include "fs/mount.h"
#include "fs/sem.h"
#include "fs/vfs_internal.h"
#include "kernel/heap.h"
#include "kernel/process.h"

static struct fs_context *fs_copy(const struct fs_context *from)
{
	struct fs_context *fs = kmalloc(sizeof(*fs));

	if (!fs)
		return NULL;
	*fs = *from;
	fs->refs = 1;
	dentry_get(fs->root);
	dentry_get(fs->cwd);
	if (fs->ns)
		mount_ns_get(fs->ns);
	return fs;
}

static void fs_put(struct fs_context *fs)
{
	if (--fs->refs)
		return;
	dentry_put(fs->root);
	dentry_put(fs->cwd);
	mount_ns_put(fs->ns);
	kfree(fs);
}

int vfs_process_fork(struct process *child, uint64_t flags)
{
	struct inode *exe = current_process()->exe;

	if (exe) {
		(void)vfs_deny_write(exe); /* as it is already */
		child->exe = inode_get(exe);
	}
	return flags & CLONE_SYSVSEM ? sem_share_undo(child) : 0;
}

void vfs_process_exit(struct process *p)
{
	struct inode *exe = p->exe;

	p->exe = NULL;
	sem_undo_all(p);
	if (exe) {
		vfs_allow_write(exe);
		inode_put(exe);
	}
}

int vfs_thread_first(void)
{
	struct fs_context *fs = current->fs = kzalloc(sizeof(*fs));

	if (!fs)
		return -ENOMEM;
	fs->refs = 1;
	fs->root = dentry_get(vfs_root());
	fs->cwd = dentry_get(vfs_root());
	return 0;
}

int vfs_thread_fork(struct thread *child, bool share_fs)
{
	struct fs_context *fs = current->fs;

	if (share_fs)
		fs->refs++;
	child->fs = share_fs ? fs : fs_copy(fs);
	return child->fs ? 0 : -ENOMEM;
}

void vfs_thread_exit(struct thread *t)
{
	struct fs_context *fs = t->fs;

	t->fs = NULL;
	if (fs)
		fs_put(fs);
}

int vfs_unshare_fs(void)
{
	struct fs_context *own, *old = current->fs;

	if (old->refs == 1)
		return 0;
	own = fs_copy(old);
	if (!own)
		return -ENOMEM;
	current->fs = own;
	fs_put(old);
	return 0;
}
