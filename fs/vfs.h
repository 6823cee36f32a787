/* SPDX-License-Identifier: MIT */
/*
 * The virtual file system: inodes, the name cache (dentries), path walk with mounts and symbolic
 * links, and the operations behind the file system calls. Owner: fs/vfs*.c. Paths are kernel
 * strings here; handlers copy them in.
 */
#ifndef FS_VFS_H
#define FS_VFS_H

#include "kernel/file.h"
#include "kernel/list.h"
#include "kernel/task.h"

struct inode;
struct dentry;
struct super;
struct pipe;

/* Device numbers everywhere (st_dev, st_rdev, mknod): the encoding programs see in 64-bit st_dev.
 */
static inline uint64_t dev_make(unsigned major, unsigned minor)
{
	return (uint64_t)(major & 0xfff) << 8 | (minor & 0xff) | (uint64_t)(minor & ~0xffu) << 12;
}

static inline unsigned dev_major(uint64_t dev)
{
	return (dev >> 8) & 0xfff;
}

static inline unsigned dev_minor(uint64_t dev)
{
	return (dev & 0xff) | ((dev >> 12) & 0xfff00);
}

/* What stat/statx report; times in ns since 1970. */
struct kstat {
	uint64_t dev, ino, rdev, size, blocks; /* blocks of 512 bytes */
	uint32_t mode, nlink, uid, gid, blksize;
	uint64_t atime_ns, mtime_ns, ctime_ns, btime_ns;
};

enum { /* struct setattr.valid */
       ATTR_MODE = 1,
       ATTR_UID = 2,
       ATTR_GID = 4,
       ATTR_SIZE = 8,
       ATTR_ATIME = 16,
       ATTR_MTIME = 32,
       ATTR_ATIME_NOW =
	   64, /* utimensat UTIME_NOW. Both _NOW together need write permission only, */
       ATTR_MTIME_NOW = 128, /* any other change of times needs ownership */
};

struct setattr {
	unsigned valid;
	uint32_t mode, uid, gid;
	uint64_t size, atime_ns, mtime_ns;
};

/* Per inode kind; NULL members give the errno in brackets. Directory operations are called with
 * dir->lock held. */
struct inode_ops {
	int (*lookup)(struct inode *dir, const char *name, size_t len,
		      struct inode **out); /* -ENOENT if absent */
	int (*create)(struct inode *dir, const char *name, size_t len, uint32_t mode, uint64_t rdev,
		      struct inode **out); /* any type but dir and symlink [EPERM] */
	int (*mkdir)(struct inode *dir, const char *name, size_t len, uint32_t mode,
		     struct inode **out); /* [EPERM] */
	int (*tmpfile)(struct inode *dir, uint32_t mode,
		       struct inode **out); /* O_TMPFILE: no name, nlink 0 [EOPNOTSUPP] */
	int (*symlink)(struct inode *dir, const char *name, size_t len, const char *target,
		       struct inode **out); /* [EPERM] */
	int (*link)(struct inode *dir, const char *name, size_t len,
		    struct inode *target); /* [EPERM] */
	int (*unlink)(struct inode *dir, const char *name, size_t len,
		      struct inode *victim); /* [EPERM] */
	int (*rmdir)(struct inode *dir, const char *name, size_t len,
		     struct inode *victim); /* [EPERM] */
	int (*rename)(
	    struct inode *odir, const char *oname, size_t olen, struct inode *ndir,
	    const char *nname, size_t nlen,
	    unsigned flags); /* RENAME_* ; types and emptiness checked by the VFS [EPERM] */
	int (*readlink)(struct inode *in, char *buf,
			size_t size); /* bytes, not terminated [EINVAL] */
	/* "Magic" links such as /proc/self/fd/1: the place itself instead of a text. [use readlink]
	 */
	int (*follow)(struct inode *in, struct dentry **out);
	int (*getattr)(struct inode *in, struct kstat *st); /* [generic from the inode] */
	int (*setattr)(struct inode *in,
		       const struct setattr *a); /* permission already checked [EPERM] */
	int (*open)(struct inode *in, struct dentry *d, unsigned flags,
		    struct file **out);	   /* [file with inode->fops] */
	void (*destroy)(struct inode *in); /* last reference gone and nlink 0 or not cached */
};

/* (a) atomic, (l) inode->lock, (i) immutable */
struct inode {
	uint32_t refs;					 /* (a) */
	uint32_t mode, uid, gid, nlink;			 /* (l) */
	uint64_t ino, rdev;				 /* (i) */
	uint64_t size;					 /* (l) */
	uint64_t atime_ns, mtime_ns, ctime_ns, btime_ns; /* (l) */
	struct super *super;				 /* (i) */
	const struct inode_ops *ops;			 /* (i) */
	const struct file_ops *fops;			 /* (i) for the default open */
	struct mutex lock;
	struct list locks; /* (l) POSIX and flock locks, later */
	struct pipe *pipe; /* (l) of an open FIFO or pipe, fs/pipe.c */
	unsigned flags;	   /* (l) INODE_* */
	void *priv;	   /* file system's own */
};

enum {
	INODE_LINKABLE = 1, /* made by O_TMPFILE: linkat may give it a name although nlink is 0 */
	INODE_NOATIME = 2,  /* reading leaves atime alone */
};

/* A mounted file system. */
struct super {
	const char *fstype;
	uint64_t dev;	/* st_dev */
	uint64_t magic; /* statfs f_type */
	struct dentry *root;
	unsigned flags;	    /* MS_RDONLY ... */
	const char *source; /* for /proc/mounts */
	int (*statfs)(struct super *s, struct statfs *out);
	/* Appends ",key=value..." for /proc/mounts: characters stored, as scnprintf. [none] */
	int (*show_options)(struct super *s, char *buf, size_t size);
	bool volatile_names; /* names are made on each lookup (procfs): never cached */
	struct list link;
	void *priv;
};

/*
 * A name in the tree. There is one namespace; a mount point's dentry points at the root mounted on
 * it. All members under the name cache's lock (fs/vfs_dentry.c) except inode, which is fixed while
 * others can find it.
 */
struct dentry {
	uint32_t refs;	       /* holders and cached children; at 0 it waits on the unused list */
	uint32_t hash;	       /* of name */
	struct dentry *parent; /* itself for a root */
	struct inode *inode;   /* NULL: known not to exist */
	struct super *mounted; /* file system mounted here */
	struct dentry *covers; /* of a mounted root: the mount point */
	struct list children, sibling;
	struct list hash_link; /* empty: not in the cache */
	struct list unused;    /* by age, while refs is 0 */
	bool unlinked;	       /* " (deleted)" in /proc */
	uint16_t name_len;
	char *name; /* own_name, or a separate block after a rename */
	char own_name[];
};

enum {			     /* lookup flags */
       LOOKUP_FOLLOW = 1,    /* follow a symlink in the last component */
       LOOKUP_PARENT_OK = 2, /* the last component need not exist: negative dentry returned */
       LOOKUP_DIRECTORY = 4, /* must be a directory */
       LOOKUP_EMPTY = 8,     /* AT_EMPTY_PATH: "" names base itself */
       LOOKUP_NO_SYMLINKS = 16,
       LOOKUP_BENEATH = 32,
       LOOKUP_IN_ROOT = 64,
       LOOKUP_NO_MAGIC = 128,
       LOOKUP_NO_XDEV = 256, /* openat2 */
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
int vfs_open_dentry(struct dentry *d, unsigned flags,
		    struct file **out); /* already resolved, permission checked */
int vfs_mknod(struct dentry *base, const char *path, uint32_t mode, uint64_t dev);
int vfs_mkdir(struct dentry *base, const char *path, uint32_t mode);
int vfs_symlink(const char *target, struct dentry *base, const char *path);
int vfs_link(struct dentry *obase, const char *opath, struct dentry *nbase, const char *npath,
	     unsigned at_flags);
int vfs_unlink(struct dentry *base, const char *path);
int vfs_rmdir(struct dentry *base, const char *path);
int vfs_rename(struct dentry *obase, const char *opath, struct dentry *nbase, const char *npath,
	       unsigned flags);
int vfs_truncate(struct dentry *d, uint64_t size); /* truncate(2): with the checks on the place */
int vfs_ftruncate(struct file *f, uint64_t size);  /* ftruncate(2) */
int vfs_fallocate(struct file *f, int mode, int64_t off,
		  int64_t len);			     /* fallocate(2), all its checks */
int vfs_readdir(struct file *f, struct dir_sink *s); /* getdents(2) at f->pos, under f->lock */
ssize_t vfs_readlink(struct dentry *d, char *buf, size_t size);

int vfs_getattr(struct inode *in, struct kstat *st);
/*
 * Permission, set-id clearing and time rules of chmod/chown/utimensat/truncate, then the file
 * system's setattr. valid == 0 is chown(-1, -1). ATTR_SIZE: the right to write was checked before
 * (by open or vfs_truncate).
 */
int vfs_setattr(struct inode *in, struct setattr *a);
int vfs_permission(struct inode *in, unsigned mask /* R_OK|W_OK|X_OK */, bool real_ids);
int vfs_statfs(struct inode *in, struct statfs *out);

/* Absolute path of d seen from the process root, with " (deleted)" if so: length, or
 * -ENAMETOOLONG/-ENOENT. */
ssize_t vfs_path(struct dentry *d, char *buf, size_t size);

int vfs_mount(struct super *s, struct dentry *at); /* at NULL: becomes the root */
struct dentry *vfs_root(void);
/* Inode for files without a place (pipes, eventfds): mode type S_IFIFO etc., own anonymous st_dev.
 */
int vfs_anon_inode(uint32_t mode, struct inode **out);
/* Does the caller own it, or is it privileged (chmod, utimensat, O_NOATIME)? */
bool vfs_owner(const struct inode *in);
/* Text of /proc/self/fd links for any open file: a path, "pipe:[ino]", "anon_inode:..." : length or
 * -errno. */
ssize_t vfs_file_path(struct file *f, char *buf, size_t size);
/* For walking all mounts (/proc/mounts). */
struct list *vfs_supers(void);

/* ---- file systems and special files (each its own .c) ---- */
int tmpfs_new(struct super **out);
/* A regular file whose contents are frames that already exist (boot module), copied on first write.
 */
int tmpfs_add_static(struct dentry *root, const char *path, uint32_t mode, paddr_t data,
		     uint64_t size);
/* memfd_create(2): an unlinked file called "memfd:NAME"; flags are MFD_*. */
int tmpfs_memfd(const char *name, unsigned flags, struct file **out);
/* F_ADD_SEALS / F_GET_SEALS: -EINVAL if f cannot have seals. */
int tmpfs_add_seals(struct file *f, unsigned seals);
int tmpfs_get_seals(struct file *f);
int devfs_new(struct super **out);
int procfs_new(struct super **out);
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
int tty_open(unsigned flags, struct file **out);

#endif
