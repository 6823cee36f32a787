/* SPDX-License-Identifier: MIT */
/*
 * Telling inotify(7) of changes. While nobody watches anything these cost one look at a counter.
 * Events about an object go to those who watch its directory, with its name, then to those who
 * watch the object. May be called with inode->lock held. Changes made on the other side of a volume
 * are not seen.
 */
#ifndef FS_NOTIFY_H
#define FS_NOTIFY_H

#include "fs/inode.h"

#include <linux/inotify.h>

struct path_part {
	const char *name;
	size_t len;
};

extern unsigned notify_watches; /* how many there are */

void notify_event(struct dentry *d, struct inode *in, uint32_t mask);
void notify_entry(struct inode *dir, const char *name, size_t len, uint32_t mask, uint32_t mode,
		  uint32_t cookie);
void notify_inode(struct inode *in, uint32_t mask);
void notify_renamed(struct inode *from, struct path_part old, struct inode *to,
		    struct path_part new, struct inode *in, struct inode *target, bool exchange);

/* Something happened to `in`, whose place is d (NULL: it has none). */
static inline void notify(struct dentry *d, struct inode *in, uint32_t mask)
{
	if (unlikely(notify_watches) && mask)
		notify_event(d, in, mask);
}

/* The name d in dir, of an object of this mode, appeared or went (IN_CREATE, IN_DELETE). */
static inline void notify_dir(struct inode *dir, const struct dentry *d, uint32_t mode,
			      uint32_t mask)
{
	if (unlikely(notify_watches))
		notify_entry(dir, d->name, d->name_len, mask, mode, 0);
}

/* The number of its names changed. */
static inline void notify_links(struct inode *in)
{
	if (unlikely(notify_watches))
		notify_inode(in, IN_ATTRIB);
}

/* Only watches hold the inode, and it has no name any more. */
void notify_gone(struct inode *in);

/* ---- inotify(7) ---- */
/* flags: O_NONBLOCK. 0, -EMFILE (too many) or -ENOMEM. */
int inotify_new(unsigned flags, struct file **out);
/* What IN_* mask of f watches `in` for. Returns the watch's number, -EINVAL (not inotify), -EEXIST,
 * -ENOSPC, -ENOMEM. */
int inotify_add(struct file *f, struct inode *in, uint32_t mask);
int inotify_remove(struct file *f, int wd); /* 0 or -EINVAL */
bool file_is_inotify(const struct file *f);

#endif
