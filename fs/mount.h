/* SPDX-License-Identifier: MIT */
/*
 * Mounts: mount(2), mount_namespaces(7). A mount is a tree of names (dentries) of its own over the
 * inodes of a file system, from whichever of them is its root: showing one file system in several
 * places needs no more than several trees. As none of those knows what was changed through another,
 * names of a file system with more than one are asked for at every look (fs/vfs_dentry.c).
 *
 * Mounts of the initial tree are made when a program first looks at their names. All are private:
 * there is no propagation.
 */
#ifndef FS_MOUNT_H
#define FS_MOUNT_H

#include "fs/inode.h"
#include "kernel/task.h"

#ifndef MS_NOSYMFOLLOW /* Linux 5.10 */
#define MS_NOSYMFOLLOW 256
#endif
/* Flags of a mount, and of a file system. */
#define MOUNT_FLAGS                                                                                \
	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME | \
	 MS_NOSYMFOLLOW)
#define SUPER_FLAGS (MS_RDONLY | MS_SYNCHRONOUS | MS_MANDLOCK | MS_DIRSYNC | MS_LAZYTIME)

/* umount2(2) */
#define MNT_FORCE	1u
#define MNT_DETACH	2u
#define MNT_EXPIRE	4u
#define UMOUNT_NOFOLLOW 8u

struct auto_mount;

/* (m) under the lock of fs/mount.c, (i) immutable; the rest: kernel code is not preempted */
struct mount {
	int id;		     /* (i) from 1 */
	struct super *super; /* (i) */
	struct dentry *root; /* (i) referenced while the mount is somewhere, or held by its maker */
	struct mount_ns *ns; /* NULL: not in any */
	unsigned flags;	     /* MOUNT_FLAGS */
	unsigned writers;    /* files open for writing */
	bool unbindable;
	bool expiring; /* MNT_EXPIRE has asked once */
	bool dead;     /* taken out for good: names are not kept any longer than they are held */
	const struct auto_mount *autos; /* (i) on names in the root directory; NULL: none */
	uint32_t auto_made;		/* which of them */
	char *source;			/* (i) for /proc/mounts */
	char *subroot;	    /* (i) where its root is in the file system; NULL: at the top */
	struct mount *copy; /* (m) while a tree is copied */
	struct list link;   /* of all, older first */
};

/* What a process sees. */
struct mount_ns {
	uint32_t refs;	     /* of struct fs_context */
	uint64_t ino;	     /* (i) */
	struct dentry *root; /* referenced by its mount */
};

extern struct list mounts; /* every struct mount that is somewhere */

struct mount_ns *mount_ns_first(void);
struct mount_ns *mount_ns_current(void); /* the caller's (of the kernel's threads: the first) */
struct mount_ns *mount_ns_get(struct mount_ns *ns);
void mount_ns_put(struct mount_ns *ns); /* may sleep */
/* CLONE_NEWNS: a copy of fs's namespace becomes fs's; its directories move there. 0, -ENOMEM,
 * -ENOSPC. May sleep. */
int mount_ns_copy(struct fs_context *fs);

/* Has the place one of these flags, by its mount or its file system? */
static inline bool place_has(const struct dentry *d, unsigned flags)
{
	return d && d->mnt && ((d->mnt->flags | d->mnt->super->flags) & flags);
}

/* The mount that m is on; NULL: on none. */
static inline struct mount *mount_parent(const struct mount *m)
{
	return m->root->covers ? m->root->covers->mnt : NULL;
}

/* The root of what is mounted on d, on top of all; takes over and returns a reference. */
struct dentry *mount_top(struct dentry *d);

/* Is d the root of a mount? */
static inline bool mount_is_root(const struct dentry *d)
{
	return d->mnt && d->mnt->root == d;
}

/* ---- the calls: d and at are places as the path walk gives them; 0 or -errno of mount(2) ---- */

/* A file system by name, with the options that are not flags (may be NULL), as a mount that is
 * nowhere yet: *out holds the reference to its root. Also -ENODEV (no such), -ENOTBLK. */
int mount_make(const char *fstype, const char *source, const char *options, unsigned super_flags,
	       unsigned flags, struct mount **out);
/* For who collects options one by one: is there such a file system; would it take this option? */
bool mount_fstype_known(const char *fstype);
bool mount_options_known(const char *fstype, const char *options);
/* The same with what is below d already mounted somewhere, with submounts if `deep`. */
int mount_clone(struct dentry *d, bool deep, struct mount **out);
/* Put a mount that is nowhere (-EBUSY: it is not, or no longer), or one of the caller's namespace
 * (MS_MOVE), at a place. On success the reference is the tree's. */
int mount_attach(struct mount *m, struct dentry *at);
int mount_move(struct dentry *d, struct dentry *at);
/* If the mount is nowhere, it goes, with what is on it: the reference to its root is dropped. Its
 * maker, or a holder of its root, calls this. May sleep. */
void mount_drop(struct mount *m);
/* A file that names the place d as O_PATH does; d's mount goes with it if it is nowhere then. */
int mount_file(struct dentry *d, struct file **out);
/* Of d's mount, with `deep` also of those on it. */
int mount_set_flags(struct dentry *d, unsigned clear, unsigned set, bool deep);
int mount_reconfigure(struct dentry *d, unsigned super_flags, const char *options);
int mount_set_propagation(struct dentry *d, unsigned type, bool deep);
int mount_remove(struct dentry *d, unsigned flags /* MNT_*, UMOUNT_* */);
int mount_pivot(struct dentry *new_root, struct dentry *put_old);

/* ---- for fs/vfs*.c ---- */

void mount_init(void); /* at boot */

/* A file system comes into sight: at NULL as the root of everything. */
int vfs_mount(struct super *s, struct dentry *at, unsigned flags);
/* The root of a mount's tree is gone: so is the mount. Does not sleep. */
void mount_free(struct mount *m);
/* s's whole tree as a mount that is nowhere: *out holds a reference to its root. 0, -ENOMEM,
 * -ENOSPC. */
int mount_new(struct super *s, const char *source, unsigned flags, struct mount **out);
/* Is something of the caller's namespace mounted on this name, through whatever tree? */
bool mount_on_name(const struct dentry *d);

#endif
