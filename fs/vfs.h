/* SPDX-License-Identifier: MIT */
/*
 * The virtual file system: path walk with mounts and symbolic links, and the operations behind the
 * file system calls. Owner: fs/vfs*.c. Paths are kernel strings here; handlers copy them in.
 * References: *out is always a new one, arguments are only borrowed.
 */
#ifndef FS_VFS_H
#define FS_VFS_H

#include "fs/inode.h"
#include "kernel/task.h"

/* vfs_lookup flags; the last five are openat2's. */
enum {
	LOOKUP_FOLLOW = 1,    /* follow a symlink in the last component */
	LOOKUP_PARENT_OK = 2, /* the last component need not exist: negative dentry returned */
	LOOKUP_DIRECTORY = 4, /* must be a directory */
	LOOKUP_EMPTY = 8,     /* AT_EMPTY_PATH: "" names base itself */
	LOOKUP_NO_SYMLINKS = 16,
	LOOKUP_BENEATH = 32,
	LOOKUP_IN_ROOT = 64,
	LOOKUP_NO_MAGIC = 128,
	LOOKUP_NO_XDEV = 256,
};

struct inode *inode_get(struct inode *in);
void inode_put(struct inode *in);
struct dentry *dentry_get(struct dentry *d);
void dentry_put(struct dentry *d);

/* Walk `path` from base (NULL = cwd; ignored for absolute paths). *out is referenced. 0 or -errno
 * as path_resolution(7). */
int vfs_lookup(struct dentry *base, const char *path, unsigned flags, struct dentry **out);

/*
 * The file system calls. The caller passes modes raw (umask is applied here), flags as the program
 * gave them, paths with NULL base meaning the working directory. resolve is openat2's RESOLVE_*
 * set. 0 or -errno.
 */
int vfs_open(struct dentry *base, const char *path, unsigned flags, uint32_t mode, unsigned resolve,
	     struct file **out);
/* O_PATH: a name for a place, nothing is opened. 0 or -ENOMEM. */
int vfs_path_file(struct dentry *d, unsigned flags, struct file **out);
/* Already resolved, permission checked. */
int vfs_open_dentry(struct dentry *d, unsigned flags, struct file **out);
/* The same with open(2)'s checks, for a place that was not found by its name. */
int vfs_open_place(struct dentry *d, unsigned flags, struct file **out);
int vfs_mknod(struct dentry *base, const char *path, uint32_t mode, uint64_t dev);
int vfs_mkdir(struct dentry *base, const char *path, uint32_t mode);
int vfs_symlink(const char *target, struct dentry *base, const char *path);
int vfs_link(struct dentry *obase, const char *opath, struct dentry *nbase, const char *npath,
	     unsigned at_flags);
int vfs_unlink(struct dentry *base, const char *path);
int vfs_rmdir(struct dentry *base, const char *path);
int vfs_rename(struct dentry *obase, const char *opath, struct dentry *nbase, const char *npath,
	       unsigned flags);
int vfs_truncate(struct dentry *d, uint64_t size);
int vfs_ftruncate(struct file *f, uint64_t size);
int vfs_fallocate(struct file *f, int mode, int64_t off, int64_t len);
/* getdents(2) at f->pos, under f->lock. */
int vfs_readdir(struct file *f, struct dir_sink *s);
ssize_t vfs_readlink(struct dentry *d, char *buf, size_t size);

/* From now on the file is being executed and nobody can open it for writing: 0 or -ETXTBSY (it is
 * open for writing). */
int vfs_deny_write(struct inode *in);
void vfs_allow_write(struct inode *in); /* takes one vfs_deny_write back */

int vfs_getattr(struct inode *in, struct kstat *st);
/*
 * Permission, set-id clearing and time rules of chmod/chown/utimensat/truncate, then the file
 * system's setattr. valid == 0 is chown(-1, -1). ATTR_SIZE: the right to write was checked before
 * (by open or vfs_truncate). place: for those who watch the directory, may be NULL.
 */
int vfs_setattr(struct inode *in, struct dentry *place, struct setattr *a);
int vfs_permission(struct inode *in, unsigned mask /* R_OK|W_OK|X_OK */, bool real_ids);
/* place: where it is, for the flags of the mount; may be NULL. */
int vfs_statfs(struct inode *in, const struct dentry *place, struct statfs *out);

/* For process_hooks: image and semaphores of a child of the caller, places of a new thread, 0 or
 * -ENOMEM; drop them. */
int vfs_process_fork(struct process *child, uint64_t flags);
void vfs_process_exit(struct process *p);
int vfs_thread_fork(struct thread *child, bool share_fs);
void vfs_thread_exit(struct thread *t);
int vfs_thread_first(void); /* places of the first thread, the caller: 0 or -ENOMEM */
int vfs_unshare_fs(void);   /* unshare(CLONE_FS), of the calling thread: 0 or -ENOMEM */

/* Absolute path of d seen from the process root, with " (deleted)" if so: length, or
 * -ENAMETOOLONG/-ENOENT. */
ssize_t vfs_path(struct dentry *d, char *buf, size_t size);
/* The same seen from another root; also -ENOENT: it is not below that. */
ssize_t vfs_path_below(struct dentry *d, const struct dentry *root, char *buf, size_t size);
/* Is d the process root, or below it? */
bool vfs_in_root(struct dentry *d);

/* sync(2): everything that was changed is on stable storage. 0 or the first error. May sleep. */
int vfs_sync(void);
struct dentry *vfs_root(void); /* of the first namespace */
/* Inode for files without a place (pipes, eventfds); mode's type is S_IFIFO etc. */
int vfs_anon_inode(uint32_t mode, struct inode **out);
/* An open file that is nothing but its operations (eventfds and the like): no position, no type. 0
 * or -ENOMEM. */
int vfs_anon_file(const struct file_ops *ops, void *priv, unsigned flags, struct file **out);
/* Does the caller own it, or is it privileged (chmod, utimensat, O_NOATIME)? */
bool vfs_owner(const struct inode *in);
/* Text of /proc/self/fd links for any open file: a path, "pipe:[ino]", "anon_inode:..." : length or
 * -errno. */
ssize_t vfs_file_path(struct file *f, char *buf, size_t size);
/* The text of /proc/filesystems: what there may be. */
#define VFS_FILESYSTEMS                                                                            \
	"nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\nnodev\tpipefs\n"                \
	"nodev\tdevpts\nnodev\tmqueue\nnodev\toverlay\nnodev\t9p\n\terofs\n"
/* All file systems that are mounted somewhere. */
struct list *vfs_supers(void);
void vfs_all_mounts(void); /* make what is mounted when it is looked at: before they are listed */

/* ---- file systems and special files (each its own .c) ---- */
int tmpfs_new(struct super **out);
/* A file whose contents are frames that already exist (boot module), copied on first write. */
int tmpfs_add_static(struct dentry *root, const char *path, uint32_t mode, paddr_t data,
		     uint64_t size);
#ifndef MFD_NOEXEC_SEAL /* Linux 6.3 */
#define MFD_NOEXEC_SEAL 8u
#define MFD_EXEC	16u
#define F_SEAL_EXEC	0x20
#endif
/* memfd_create(2): an unlinked file called "memfd:NAME"; flags are MFD_*. */
int tmpfs_memfd(const char *name, unsigned flags, struct file **out);
/* F_ADD_SEALS / F_GET_SEALS: -EINVAL if f cannot have seals. */
int tmpfs_add_seals(struct file *f, unsigned seals);
int tmpfs_get_seals(struct file *f);
int devfs_new(struct super **out);
int devpts_new(struct super **out);
int procfs_new(struct super **out);
int sysfs_new(struct super **out);
void procfs_set_cmdline(const char *text); /* for /proc/cmdline; kept by reference */
int pipe_new(unsigned flags, struct file **rd, struct file **wr);
int fifo_open(struct inode *in, struct dentry *d, unsigned flags, struct file **out);
/* F_GETPIPE_SZ, F_SETPIPE_SZ: capacity in bytes, or -EBADF (not a pipe), -EBUSY, -EPERM, -EINVAL,
 * -ENOMEM. */
long pipe_get_size(struct file *f);
long pipe_set_size(struct file *f, unsigned long size);
/* Open files for descriptors 0..2 as the boot information says. */
int stdio_open(unsigned fd, struct file **out);
/* The terminal, if any standard descriptor is one. */
bool tty_present(void);
bool tty_is_serial(void); /* its own node is /dev/ttyS0, else /dev/pts/0 */
/* Is it p's controlling terminal? Then *pgrp is its foreground process group. */
bool tty_controlling(const struct process *p, int *pgrp, unsigned *device);
/* An open file seen as `in`, whose reference is taken over on success. */
int tty_open(struct inode *in, unsigned flags, struct file **out);

#endif
