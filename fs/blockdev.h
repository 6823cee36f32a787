/* SPDX-License-Identifier: MIT */
/*
 * Block devices: storage of fixed-size sectors behind a page cache. Programs see them as
 * /dev/vda, vdb ...; file systems read them through blockdev_page.
 */
#ifndef FS_BLOCKDEV_H
#define FS_BLOCKDEV_H

#include "fs/pagecache.h"

#define SECTOR_SIZE 512u

struct blockdev;

struct blockdev_ops {
	/* Transfer n pages of memory from/to consecutive bytes at `offset` (page-aligned; the
	 * device may end inside the last page). May sleep. 0, -EIO, -ENOSPC, -EROFS. */
	int (*transfer)(struct blockdev *b, bool write, uint64_t offset, struct page **pages,
			size_t n);
	int (*flush)(struct blockdev *b); /* what was written is on stable storage: 0 or -EIO */
};

struct blockdev {
	const struct blockdev_ops *ops;
	char name[8];	 /* "vda"; empty: not shown to programs (the root image) */
	char serial[21]; /* as the host named it */
	uint64_t size;	 /* bytes */
	unsigned logical_block, physical_block;
	bool read_only, removed;
	struct inode *inode; /* S_IFBLK, owns the cache; shared by every node of the device */
	struct pagecache cache;
	struct list link;
	void *priv; /* the driver's */
};

/* Find the machine's virtio-blk devices. Called once by main.c. 0 or -ENOMEM. */
int blockdev_init(void);
/* By serial number, or NULL. */
struct blockdev *blockdev_find(const char *serial);
/* Page `index` of the device, referenced and read-only for the caller. 0 or -errno. */
int blockdev_page(struct blockdev *b, uint64_t index, struct page **out);

#endif
