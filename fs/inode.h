/* SPDX-License-Identifier: MIT */
/*
 * The objects of the virtual file system: inodes, names (dentries), mounted file systems, and the
 * operations a file system supplies for them. What is done with them is in fs/vfs.h.
 */
#ifndef FS_INODE_H
#define FS_INODE_H

#include "kernel/file.h"
#include "kernel/list.h"

struct inode;
struct dentry;
struct super;
struct mount;
struct pipe;
struct watch;
struct handle_ops;

/* Device numbers everywhere (st_dev, st_rdev, mknod) are encoded as programs see 64-bit st_dev. */
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

/*
 * struct setattr.valid. The _NOW forms are utimensat's UTIME_NOW: both together need write
 * permission only, any other change of times needs ownership.
 */
enum {
	ATTR_MODE = 1,
	ATTR_UID = 2,
	ATTR_GID = 4,
	ATTR_SIZE = 8,
	ATTR_ATIME = 16,
	ATTR_MTIME = 32,
	ATTR_ATIME_NOW = 64,
	ATTR_MTIME_NOW = 128,
};

struct setattr {
	unsigned valid;
	uint32_t mode, uid, gid;
	uint64_t size, atime_ns, mtime_ns;
};

/*
 * Per kind of inode. A NULL member means the errno, or the default, in brackets. Operations on a
 * directory's names are called with dir->lock held; permission, types and modes were checked.
 */
struct inode_ops {
	/* 0, or -ENOENT if absent. [ENOTDIR] */
	int (*lookup)(struct inode *dir, const char *name, size_t len, struct inode **out);
	/* Names that others change too: does this one, found in the cache, still lead to `in`
	 * (NULL: nowhere)? 1, 0 (look it up) or -errno. [it does] */
	int (*revalidate)(struct inode *dir, const char *name, size_t len, struct inode *in);
	/* Any type but directory and link. [EACCES for plain files, else EPERM] */
	int (*create)(struct inode *dir, const char *name, size_t len, uint32_t mode, uint64_t rdev,
		      struct inode **out);
	/* open(2) making a plain file, in one step: *f is what open would give. -EEXIST: others
	 * were faster. [create, then open] */
	int (*create_open)(struct inode *dir, const char *name, size_t len, uint32_t mode,
			   unsigned flags, struct inode **out, struct file **f);
	/* [EPERM] */
	int (*mkdir)(struct inode *dir, const char *name, size_t len, uint32_t mode,
		     struct inode **out);
	/* O_TMPFILE: no name, nlink 0. [EOPNOTSUPP] */
	int (*tmpfile)(struct inode *dir, uint32_t mode, struct inode **out);
	/* [EPERM] */
	int (*symlink)(struct inode *dir, const char *name, size_t len, const char *target,
		       struct inode **out);
	/* [EPERM] */
	int (*link)(struct inode *dir, const char *name, size_t len, struct inode *target);
	/* [EPERM] */
	int (*unlink)(struct inode *dir, const char *name, size_t len, struct inode *victim);
	/* Also checks that victim is empty: -ENOTEMPTY. [EPERM] */
	int (*rmdir)(struct inode *dir, const char *name, size_t len, struct inode *victim);
	/* flags: RENAME_EXCHANGE or RENAME_NOREPLACE (checked before). Types were checked,
	 * emptiness was not. [EPERM] */
	int (*rename)(struct inode *odir, const char *oname, size_t olen, struct inode *ndir,
		      const char *nname, size_t nlen, unsigned flags);
	/* After a rename: the name is `in`'s now, and was that of `replaced` (may be NULL).
	 * [nothing] */
	void (*renamed)(struct inode *dir, const char *name, size_t len, struct inode *in,
			struct inode *replaced);
	/* Bytes stored, not terminated. [EINVAL] */
	int (*readlink)(struct inode *in, char *buf, size_t size);
	/* "Magic" links such as /proc/self/fd/1: the place itself. [walk the text] */
	int (*follow)(struct inode *in, struct dentry **out);
	/* Corrects what was filled in from the inode. [as it is] */
	int (*getattr)(struct inode *in, struct kstat *st);
	/* Permission was checked; in->lock is held. [EPERM] */
	int (*setattr)(struct inode *in, const struct setattr *a);
	/* [a FIFO or device by its type; else a file with inode->fops] */
	int (*open)(struct inode *in, struct dentry *d, unsigned flags, struct file **out);
	/* The last reference is gone. Must not sleep. */
	void (*destroy)(struct inode *in);
};

/* inode.flags */
enum {
	INODE_LINKABLE = 1,  /* made by O_TMPFILE: linkat may name it although nlink is 0 */
	INODE_NOATIME = 2,   /* reading leaves atime alone */
	INODE_MAP_WRITE = 4, /* its files are FILE_MAP_WRITE */
	INODE_XATTR = 8,     /* extended attributes are kept in the inode */
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
	struct watch *watches; /* of inotify(7): fs/inotify.c */
	struct pipe *pipe;     /* (l) of an open FIFO or pipe, fs/pipe.c */
	struct xattr *xattrs;  /* (l) fs/xattr.c */
	unsigned flags;	       /* (l) INODE_* */
	int32_t writers; /* (a) open for writing; negative: it runs, nobody may write (ETXTBSY) */
	void *priv;	 /* file system's own */
};

/* A file system: its inodes. What shows it somewhere is a mount. */
struct super {
	const char *fstype;
	uint64_t dev;	    /* st_dev */
	uint64_t magic;	    /* statfs f_type */
	struct inode *root; /* referenced */
	unsigned flags;	    /* MS_RDONLY, MS_SYNCHRONOUS ... */
	const char *source; /* what its first mount is called in /proc/mounts */
	unsigned n_trees;   /* of names over its inodes: with several, none knows all changes */
	int (*statfs)(struct super *s, struct statfs *out);
	/* Appends ",key=value..." for /proc/mounts: characters stored, as scnprintf. [none] */
	int (*show_options)(struct super *s, char *buf, size_t size);
	/* What was handed to the storage behind it is to survive a loss of power. [nothing to do]
	 */
	int (*sync)(struct super *s);
	/* Other options, as mount(2) has them in text: 0 or -EINVAL. [EINVAL unless empty] */
	int (*configure)(struct super *s, const char *options);
	/* Nobody shows it any more: free it as soon as its inodes are. [it stays as it is] */
	void (*release)(struct super *s);
	const struct handle_ops *handles; /* fs/handle.h. [files are found by name only] */
	bool volatile_names;		  /* names are made on each lookup (procfs): never cached */
	struct list link;		  /* of all that are mounted; empty: it is not */
	void *priv;
};

/*
 * A name in the tree of a mount; a mount point's dentry leads to the mount on it. All members are
 * under the name cache's lock (fs/vfs_dentry.c) except inode, which does not change while somebody
 * holds the dentry.
 */
struct dentry {
	uint32_t refs;	       /* holders and cached children; at 0 it waits on the unused list */
	uint32_t hash;	       /* of name */
	struct dentry *parent; /* itself for a root */
	struct inode *inode;   /* NULL: known not to exist */
	struct mount *mnt;     /* whose tree it is in; NULL: in none. It stays as long as this */
	struct mount *mounted; /* here */
	struct dentry *covers; /* of a mounted root: the mount point, referenced */
	struct list children, sibling;
	struct list hash_link; /* empty: not in the cache */
	struct list unused;    /* by age, while refs is 0 */
	bool unlinked;	       /* " (deleted)" in /proc */
	uint16_t name_len;
	char *name; /* own_name, or a separate block after a rename */
	char own_name[];
};

#endif
