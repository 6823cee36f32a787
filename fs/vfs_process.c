/* SPDX-License-Identifier: MIT */
/*
 * What the VFS keeps in a process: where paths start (shared by clone(CLONE_FS), else copied) and
 * the file of the running image, which nobody may write to meanwhile.
 */
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
	if (fs->root)
		dentry_get(fs->root);
	if (fs->cwd)
		dentry_get(fs->cwd);
	return fs;
}

static void fs_put(struct fs_context *fs)
{
	if (--fs->refs)
		return;
	if (fs->root)
		dentry_put(fs->root);
	if (fs->cwd)
		dentry_put(fs->cwd);
	kfree(fs);
}

int vfs_process_fork(struct process *child, uint64_t flags)
{
	struct process *p = current_process();

	if (flags & CLONE_FS)
		p->fs->refs++;
	child->fs = flags & CLONE_FS ? p->fs : fs_copy(p->fs);
	if (!child->fs)
		return -ENOMEM;
	if (p->exe) {
		(void)vfs_deny_write(p->exe); /* as it is already */
		child->exe = inode_get(p->exe);
	}
	return flags & CLONE_SYSVSEM ? sem_share_undo(child) : 0;
}

void vfs_process_exit(struct process *p)
{
	struct fs_context *fs = p->fs;
	struct inode *exe = p->exe;

	p->fs = NULL;
	p->exe = NULL;
	sem_undo_all(p);
	if (fs)
		fs_put(fs);
	if (exe) {
		vfs_allow_write(exe);
		inode_put(exe);
	}
}

int vfs_unshare_fs(void)
{
	struct process *p = current_process();
	struct fs_context *own, *old = p->fs;

	if (old->refs == 1)
		return 0;
	own = fs_copy(old);
	if (!own)
		return -ENOMEM;
	p->fs = own;
	fs_put(old);
	return 0;
}
