/* SPDX-License-Identifier: MIT */
/*
 * Shared between the VFS's own files and the file systems in fs/; system calls use fs/vfs.h only.
 *
 * Locks: inode->lock of directories (parent before child, then by address; vfs_rename_lock before
 * two of them), then the name cache's spin lock. The data of a file may be mapped, so no file
 * system takes inode->lock in map_page.
 */
#ifndef FS_VFS_INTERNAL_H
#define FS_VFS_INTERNAL_H

#include "fs/notify.h"
#include "fs/vfs.h"

#define MAX_LINKS     40 /* symbolic links followed in one walk */
#define MAX_FILE_SIZE INT64_MAX

/* ---- identity: also usable before the first process exists ---- */
const struct cred *vfs_cred(void);
bool vfs_capable(int cap);
bool vfs_in_group(const struct cred *c, uint32_t gid);
struct dentry *vfs_process_root(void); /* referenced */
struct dentry *vfs_process_cwd(void);  /* referenced */
uint32_t vfs_umask(void);

/* ---- inodes ---- */
/* Fill in a new inode (refs 1, nlink 1, all times now); the file system sets ops, fops, ino. */
void inode_init(struct inode *in, struct super *s, uint32_t mode);
/* Owner and mode of an object made in dir: the caller's fsuid, set-gid inheritance. */
void inode_init_owner(struct inode *in, const struct inode *dir, uint32_t mode);
/* relatime: note that the contents were read. */
void inode_accessed(struct inode *in, const struct file *f);
void inode_modified(struct inode *in); /* mtime and ctime are now */
/* Before data is changed: drop set-id bits as write(2) does. Caller holds in->lock. */
void inode_strip_setid(struct inode *in);
/* Somebody is going to write to the file, and has finished: -ETXTBSY if it is being executed. */
int inode_begin_write(struct inode *in);
void inode_end_write(struct inode *in);
bool inode_may_change(const struct file *f); /* for kernel/file.h */
/* The process's file size limit: 0, or -EFBIG after SIGXFSZ when `end` is not allowed. */
int inode_check_limit(uint64_t end);
/* Store everything but the size, ctime now. Caller holds in->lock. */
void inode_apply_attr(struct inode *in, const struct setattr *a);
int inode_permission(struct inode *in, unsigned mask); /* with the file system IDs */
int inode_readonly(const struct inode *in);	       /* 0 or -EROFS: its file system is */
int place_readonly(const struct dentry *d);	       /* or the mount */

/* A reference to one that is found without having one, unless it is on its way out. Does not sleep;
 * under the lock that its `destroy` takes to have it no longer found. */
bool inode_get_live(struct inode *in);

static inline bool inode_is(const struct inode *in, uint32_t type)
{
	return (in->mode & S_IFMT) == type;
}

/* ---- name cache ---- */
void dcache_init(void);
uint32_t name_hash(const char *name, size_t len);
/* A dentry outside the cache: anonymous places, roots, volatile names. Takes over `in`. NULL: no
 * memory. */
struct dentry *dentry_alloc(struct dentry *parent, const char *name, size_t len, uint32_t hash,
			    struct inode *in);
/* Child of a directory, from the cache or the file system: may be negative. Referenced. 0 or
 * -errno. */
int dentry_lookup(struct dentry *dir, const char *name, size_t len, uint32_t hash,
		  struct dentry **out);
/* The same with dir->inode->lock held by the caller. */
int dentry_lookup_locked(struct dentry *dir, const char *name, size_t len, uint32_t hash,
			 struct dentry **out);
/* For names that others change too: the child as far as it is known, else a negative one in the
 * cache, without asking the file system. Referenced. NULL: no memory. */
struct dentry *dentry_guess(struct dentry *dir, const char *name, size_t len, uint32_t hash);
/* The child if it is cached and that is certain to be true, else NULL. Referenced. */
struct dentry *dentry_current(struct dentry *dir, const char *name, size_t len, uint32_t hash);
struct dentry *dentry_find(struct dentry *dir, const char *name, size_t len, uint32_t hash);
/* A negative dentry becomes `in` (reference taken over). */
void dentry_instantiate(struct dentry *d, struct inode *in);
/* The name was removed: negative if nobody else holds it, else out of the cache. */
void dentry_unlinked(struct dentry *d);
/* d takes the name and place of `target` (which leaves the cache); with exchange they swap.
 * -ENOMEM: before any change. */
int dentry_move_prepare(struct dentry *d, struct dentry *target, char *room[2]);
void dentry_move_cancel(char *room[2]);
void dentry_move(struct dentry *d, struct dentry *target, bool exchange, char *room[2]);
/* a is d or above d, not crossing mounts. */
bool dentry_is_ancestor(const struct dentry *a, const struct dentry *d);
void dcache_lock(void);
/* A name in m's tree that is known to lead to `in`, which is no directory: referenced, or NULL.
 * Looks through all of the cache. */
struct dentry *dentry_of(const struct mount *m, const struct inode *in);
/* m is mounted on d, which stays known by its name; nothing is any more. */
void dentry_pin(struct dentry *d, struct mount *m);
void dentry_unpin(struct dentry *d);
/* Forget names of m's tree that nobody uses. */
void dentry_prune(struct mount *m);
void dcache_unlock(void);

/* ---- path walk ---- */
enum last_type { LAST_NORM, LAST_DOT, LAST_DOTDOT, LAST_ROOT };

struct walk {
	struct dentry *at;   /* directory reached, referenced */
	struct dentry *root; /* where "/" leads and ".." ends, referenced */
	const char *next;    /* text still to walk */
	unsigned flags;	     /* LOOKUP_* */
	unsigned n_links;    /* followed so far; also entries in text */
	unsigned depth;	     /* entries in rest */
	enum last_type last_type;
	const char *last; /* last component */
	size_t last_len;
	uint32_t last_hash;
	bool slash;			 /* text follows the last component: only slashes */
	char *text[MAX_LINKS];		 /* targets that were read, freed at the end */
	const char *rest[MAX_LINKS + 1]; /* where to go on after a link in the middle */
};

int walk_begin(struct walk *w, struct dentry *base, const char *path, unsigned flags);
/* Everything but the last component: w->at is its directory. */
int walk_parent(struct walk *w);
/* The last component without following it; mounts are crossed. Negative dentries are returned. */
int walk_last(struct walk *w, struct dentry **out);
/* Continue at the target of link d (reference taken over): 0, go on with walk_parent or (w->jumped)
 * stop. */
int walk_follow(struct walk *w, struct dentry *d, struct dentry **jumped);
void walk_end(struct walk *w);

/* Told of every path that a lookup or an opening did not find; NULL: nobody asks (fs/missing.c). */
extern void (*vfs_missing)(struct dentry *base, const char *path);

/* ---- mounts ---- */
/*
 * A file system of the initial tree, made and mounted when its name in the root directory of
 * another is first looked up or listed: a program that never looks pays nothing. Tables end with
 * name NULL.
 */
struct auto_mount {
	const char *name;
	int (*make)(struct super **out);
	unsigned flags; /* MS_* */
	uint32_t mode;	/* of its root directory */
	const struct auto_mount *below;
	bool unless_there; /* not over a directory of that name: what is in it is wanted */
};
/* d was just looked up in a mount's root directory, whose lock the caller holds: mount what belongs
 * there, making the directory if need be. 0 or what making it gave. */
int vfs_auto_mount(struct dentry *d);
/* The same for every name of on's table. Takes the root directory's lock. */
void vfs_auto_mount_all(struct mount *on);
uint64_t vfs_anon_dev(void); /* a new st_dev without a device */

/* ---- devices (fs/devfs.c) ---- */
int device_open(struct inode *in, struct dentry *d, unsigned flags, struct file **out);

/* ---- tmpfs for others ---- */
/* seed: struct tmpfs (fs/tmpfs.h), or NULL. 0 or -ENOMEM. */
int tmpfs_new_typed(const char *fstype,
		    int (*seed)(struct inode *dir, const char *name, size_t len),
		    struct super **out);
uint64_t tmpfs_total_pages(void); /* pages all instances hold */

/* vfs_mknod (fs/vfs.h) that also gives the new name, referenced. */
int vfs_mknod_at(struct dentry *base, const char *path, uint32_t mode, uint64_t dev,
		 struct dentry **out);

void vfs_ops_init(void);
void vfs_file_release(struct file *f); /* for kernel/file.c */

/* ---- steps shared by the operations ---- */
/* The caller may add a name to dir / take the name of `victim` away from it: 0 or -errno as Linux
 * orders them. */
int may_create(struct inode *dir);
int may_delete(struct inode *dir, struct dentry *victim, bool want_dir);
/* Set the size of a regular file; touch: times change even if the size does not. */
int inode_truncate(struct inode *in, struct dentry *place, uint64_t size, bool touch);
/* Place of an open file for a magic link: its dentry, or one made up for a file without a place. */
int file_place(struct file *f, struct dentry **out);

/* ---- directories' files ---- */
ssize_t dir_read(struct file *f, struct iter *to, uint64_t *pos); /* -EISDIR */

#endif
