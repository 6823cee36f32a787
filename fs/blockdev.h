/* SPDX-License-Identifier: MIT */
/*
 * Block devices: storage of fixed-size sectors behind a page cache. Programs see them as
 * /dev/vda, vdb ...; file systems read them through blockdev_page. A device nobody uses costs
 * nothing: the list is made when first asked for, a device is started by blockdev_ready.
 */
#ifndef FS_BLOCKDEV_H
#define FS_BLOCKDEV_H

#include "fs/pagecache.h"

#define SECTOR_SIZE	512u
#define BLOCKDEV_MAJOR	254 /* what virtblk usually gets on Linux */
#define BLOCKDEV_MINORS 16  /* per device */
#define BLOCKDEV_GID	6   /* group disk */

struct blockdev;

struct blockdev_ops {
	/* Make the device work and fill in what (p) members say about it: 0 or -errno. */
	int (*start)(struct blockdev *b);
	/* Transfer len bytes (whole sectors) from/to `offset` (of a sector) on the device to/from
	 * pages, each used from its beginning. May sleep; several may be under way. 0, -EIO. */
	int (*transfer)(struct blockdev *b, bool write, uint64_t offset, struct page **pages,
			size_t len);
	int (*flush)(struct blockdev *b); /* what was written is on stable storage: 0 or -EIO */
};

/* (i) immutable, (p) valid and immutable after blockdev_ready, (l) inode->lock, (r) ready_lock */
struct blockdev {
	const struct blockdev_ops *ops; /* (i) */
	struct list link;		/* (i) among all devices */
	int state;			/* (r) 1 = works, 0 = not started yet, else -errno */
	struct mutex ready_lock;
	bool hidden;		   /* used by the system: not shown to programs */
	char serial[21];	   /* (p) as the host named it */
	uint64_t size;		   /* (p) bytes */
	unsigned logical_block;	   /* (p) bytes: least unit of transfer */
	unsigned physical_block;   /* (p) */
	unsigned io_min, io_opt;   /* (p) bytes; io_opt 0: nothing known */
	unsigned alignment;	   /* (p) bytes: where the first physical block begins */
	unsigned max_sectors;	   /* (p) in one request */
	bool read_only;		   /* (p), but BLKROSET changes it */
	unsigned soft_block;	   /* (l) BLKBSZSET */
	unsigned long read_ahead;  /* (l) BLKRASET: sectors; kept only */
	unsigned openers;	   /* (l) open files */
	const struct file *holder; /* (l) opened it with O_EXCL */
	struct inode *inode;	/* (p) owns the cache; its lock serialises writers; shared by every
				   node of the device (file->mapped) */
	struct pagecache cache; /* (p) */
	void *priv;		/* the driver's */
};

/* By serial number, or NULL. The device is from then on not shown to programs; the names of the
 * others close the gap, so this comes before programs look. */
struct blockdev *blockdev_find(const char *serial);
/* Start the device if nobody did: 0 or -ENXIO, -ENOMEM. */
int blockdev_ready(struct blockdev *b);
/* Page `index` of the device, referenced and read-only for the caller. Of one that was readied. 0
 * or -errno; -ENODATA beyond the end. With `now` it does not sleep: -EAGAIN if not in the cache. */
int blockdev_page(struct blockdev *b, uint64_t index, bool now, struct page **out);

/* The devices shown to programs, in the order of the host's options: the one after `prev` (NULL:
 * the first), or NULL. What is marked (p) needs blockdev_ready. */
struct blockdev *blockdev_next(struct blockdev *prev);
/* Its name, "vda": n counts from 0. */
#define BLOCKDEV_NAME_SIZE 4
void blockdev_name(unsigned n, char *name);
#define BLOCKDEV_MAX 26 /* "vdz" */

/* Open the device behind a node: 0, -ENXIO (there is none), -EBUSY (O_EXCL, and somebody has it
 * so), -ENOMEM. */
int blockdev_open(struct inode *node, unsigned flags, struct file **out);

/* ---- drivers, and the files of this part ---- */
/* Adds the machine's virtio-blk devices; does not touch them. */
void virtio_blk_find(void);
void blockdev_add(struct blockdev *b);
long blockdev_ioctl(struct file *f, unsigned cmd, uaddr_t arg);
/* Write zeros over [start, start + len), whole sectors inside the device. Takes inode->lock. 0 or
 * -errno. */
int blockdev_zero(struct blockdev *b, uint64_t start, uint64_t len);

#endif
