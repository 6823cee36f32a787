/* SPDX-License-Identifier: MIT */
/*
 * ioctl(2) of block devices, as Linux's block/ioctl.c answers: the order of its checks too. What
 * this system does not have (discard, partitions) is refused as a disk without it refuses.
 */
#include "fs/blockdev.h"
#include "fs/inode.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"

#include <linux/fs.h>

#define PAGE_SECTORS (PAGE_SIZE / SECTOR_SIZE)

static long flush_buffers(struct blockdev *b)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	mutex_lock(&b->inode->lock);
	if (!pagecache_writeback(&b->cache, 0, UINT64_MAX))
		pagecache_invalidate(&b->cache, 0, UINT64_MAX);
	mutex_unlock(&b->inode->lock);
	return 0;
}

static long set_read_only(struct blockdev *b, uaddr_t arg)
{
	int on;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if (get_user(&on, arg))
		return -EFAULT;
	b->read_only = on;
	return 0;
}

/* arg: where a range in bytes is, first and length. */
static long zero_out(struct blockdev *b, uaddr_t arg)
{
	uint64_t range[2], end;

	if (get_user(&range, arg))
		return -EFAULT;
	if ((range[0] | range[1]) & (SECTOR_SIZE - 1))
		return -EINVAL;
	if (!range[1] || __builtin_add_overflow(range[0], range[1], &end) || end > b->size)
		return -EINVAL;
	if ((range[0] | range[1]) & (b->logical_block - 1))
		return -EINVAL;
	return b->read_only ? -EPERM : blockdev_zero(b, range[0], range[1]);
}

static long set_read_ahead(struct blockdev *b, unsigned long sectors)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	b->read_ahead = ALIGN_DOWN(sectors, PAGE_SECTORS);
	return 0;
}

static long set_soft_block(struct blockdev *b, uaddr_t arg)
{
	int size;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if (!arg)
		return -EINVAL;
	if (get_user(&size, arg))
		return -EFAULT;
	if (size < (int)b->logical_block || size > (int)PAGE_SIZE || (size & (size - 1)))
		return -EINVAL;
	b->soft_block = (unsigned)size;
	return 0;
}

/* What the device is: one value each. */
static long get_fact(struct blockdev *b, unsigned cmd, uaddr_t arg)
{
	switch (cmd) {
	case BLKGETSIZE64:
		return put_user(arg, b->size);
	case BLKGETSIZE:
		return put_user(arg, (unsigned long)(b->size / SECTOR_SIZE));
	case BLKSSZGET:
		return put_user(arg, b->logical_block);
	case BLKPBSZGET:
		return put_user(arg, b->physical_block);
	case BLKBSZGET:
		return put_user(arg, b->soft_block);
	case BLKIOMIN:
		return put_user(arg, b->io_min);
	case BLKIOOPT:
		return put_user(arg, b->io_opt);
	case BLKALIGNOFF:
		return put_user(arg, b->alignment);
	case BLKROGET:
		return put_user(arg, (int)b->read_only);
	case BLKSECTGET:
		return put_user(arg, (uint16_t)MIN(b->max_sectors, 0xffffu));
	case BLKROTATIONAL: /* Linux takes a virtio disk for one */
		return put_user(arg, (uint16_t)1);
	case BLKDISCARDZEROES:
		return put_user(arg, 0u);
	case BLKRAGET:
	case BLKFRAGET:
		return arg ? put_user(arg, b->read_ahead) : -EINVAL;
	default:
		return -ENOTTY;
	}
}

long blockdev_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct blockdev *b = f->priv;

	switch (cmd) {
	case BLKFLSBUF:
		return flush_buffers(b);
	case BLKROSET:
		return set_read_only(b, arg);
	case BLKDISCARD:
	case BLKSECDISCARD:
		return file_writable(f) ? -EOPNOTSUPP : -EBADF;
	case BLKZEROOUT:
		return file_writable(f) ? zero_out(b, arg) : -EBADF;
	case BLKRASET:
	case BLKFRASET:
		return set_read_ahead(b, arg);
	case BLKBSZSET:
		return set_soft_block(b, arg);
	case BLKRRPART: /* as a disk that may not have partitions */
		return capable(CAP_SYS_ADMIN) ? -EINVAL : -EACCES;
	default:
		return get_fact(b, cmd, arg);
	}
}
