/* SPDX-License-Identifier: MIT */
/* Block devices in /sys: their directories in devices/virtio/block and the links to them
 * (Linux's Documentation/ABI/stable/sysfs-block). An entry's number is the device's. */
#include "fs/blockdev.h"
#include "fs/proc/sysfs.h"
#include "kernel/string.h"

#define DISK_DIR "devices/virtio/block/"

/* The device number n, working, or NULL. */
static struct blockdev *disk_of(int n)
{
	struct blockdev *b = blockdev_next(NULL);

	while (b && n-- > 0)
		b = blockdev_next(b);
	return b && blockdev_ready(b) == 0 ? b : NULL;
}

int sysfs_disk_next(const struct proc_ctx *c, int id)
{
	return id < BLOCKDEV_MAX && disk_of(id) ? id : -1;
}

int sysfs_disk_name(int id, char *buf, size_t size)
{
	char name[BLOCKDEV_NAME_SIZE];

	blockdev_name((unsigned)id, name);
	return scnprintf(buf, size, "%s", name);
}

int sysfs_disk_number(int id, char *buf, size_t size)
{
	return scnprintf(buf, size, "%d:%d", BLOCKDEV_MAJOR, id * BLOCKDEV_MINORS);
}

/* ---- files ---- */

#define DISK_VALUE(name_, fmt, value)                                                              \
	static int show_##name_(struct seq *s, const struct proc_ctx *c)                           \
	{                                                                                          \
		const struct blockdev *b = disk_of(c->fd);                                         \
                                                                                                   \
		if (!b)                                                                            \
			return -ENODEV;                                                            \
		seq_printf(s, fmt "\n", value);                                                    \
		return 0;                                                                          \
	}
DISK_VALUE(size, "%lu", (unsigned long)(b->size / SECTOR_SIZE))
DISK_VALUE(ro, "%d", b->read_only)
DISK_VALUE(alignment, "%u", b->alignment)
DISK_VALUE(logical, "%u", b->logical_block)
DISK_VALUE(physical, "%u", b->physical_block)
DISK_VALUE(io_min, "%u", b->io_min)
DISK_VALUE(io_opt, "%u", b->io_opt)
DISK_VALUE(max_kb, "%u", b->max_sectors / 2)
DISK_VALUE(read_ahead, "%lu", b->read_ahead / 2)

/* Without a line end, as virtio_blk writes it. */
static int show_serial(struct seq *s, const struct proc_ctx *c)
{
	const struct blockdev *b = disk_of(c->fd);

	if (!b)
		return -ENODEV;
	seq_puts(s, b->serial);
	return 0;
}

static int show_dev(struct seq *s, const struct proc_ctx *c)
{
	char text[PROC_NAME_MAX];

	sysfs_disk_number(c->fd, text, sizeof(text));
	seq_printf(s, "%s\n", text);
	return 0;
}

static int show_uevent(struct seq *s, const struct proc_ctx *c)
{
	char name[PROC_NAME_MAX];

	sysfs_disk_name(c->fd, name, sizeof(name));
	seq_printf(s, "MAJOR=%d\nMINOR=%d\nDEVNAME=%s\nDEVTYPE=disk\nDISKSEQ=%d\n", BLOCKDEV_MAJOR,
		   c->fd * BLOCKDEV_MINORS, name, c->fd + 1);
	return 0;
}

static const struct proc_entry queue_entries[] = {
    PROC_PARAM("add_random", "0\n"),
    PROC_TEXT("chunk_sectors", "0\n"),
    PROC_TEXT("dax", "0\n"),
    PROC_TEXT("discard_granularity", "0\n"),
    PROC_PARAM("discard_max_bytes", "0\n"),
    PROC_TEXT("discard_max_hw_bytes", "0\n"),
    PROC_TEXT("discard_zeroes_data", "0\n"),
    PROC_TEXT("fua", "0\n"),
    PROC_REG("hw_sector_size", 0444, .show = show_logical),
    PROC_PARAM("io_poll", "0\n"),
    PROC_PARAM("iostats", "0\n"),
    PROC_REG("logical_block_size", 0444, .show = show_logical),
    PROC_REG("max_hw_sectors_kb", 0444, .show = show_max_kb),
    PROC_REG("max_sectors_kb", 0644, .show = show_max_kb),
    PROC_REG("minimum_io_size", 0444, .show = show_io_min),
    PROC_PARAM("nomerges", "0\n"),
    PROC_TEXT("nr_zones", "0\n"),
    PROC_REG("optimal_io_size", 0444, .show = show_io_opt),
    PROC_REG("physical_block_size", 0444, .show = show_physical),
    PROC_REG("read_ahead_kb", 0644, .show = show_read_ahead),
    PROC_PARAM("rotational", "1\n"),
    PROC_PARAM("scheduler", "[none] \n"),
    PROC_PARAM("write_cache", "write back\n"),
    PROC_TEXT("write_zeroes_max_bytes", "0\n"),
    PROC_TEXT("zoned", "none\n"),
};

static const struct proc_entry disk_entries[] = {
    PROC_REG("alignment_offset", 0444, .show = show_alignment),
    PROC_TEXT("capability", "0\n"),
    PROC_REG("dev", 0444, .show = show_dev),
    PROC_TEXT("discard_alignment", "0\n"),
    PROC_TEXT("ext_range", "256\n"),
    PROC_TEXT("hidden", "0\n"),
    PROC_DIR("holders", 0755),
    PROC_TEXT("inflight", "       0        0\n"),
    PROC_DIR("queue", 0755, PROC_CHILDREN(queue_entries)),
    PROC_TEXT("range", "16\n"),
    PROC_TEXT("removable", "0\n"),
    PROC_REG("ro", 0444, .show = show_ro),
    PROC_REG("serial", 0444, .show = show_serial),
    PROC_REG("size", 0444, .show = show_size),
    PROC_DIR("slaves", 0755),
    PROC_TEXT("stat",
	      "       0        0        0        0        0        0        0        0  "
	      "      0        0        0        0        0        0        0        0        0\n"),
    PROC_LINK("subsystem", .text = "../../../../class/block"),
    PROC_REG("uevent", 0644, .show = show_uevent),
};

/* ---- the directory and the links ---- */

static int give(int id, struct proc_ctx *child, const struct proc_entry *entry,
		const struct proc_entry **e)
{
	child->fd = id;
	*e = entry;
	return id >= 0 && id < BLOCKDEV_MAX && disk_of(id) ? 0 : -ENOENT;
}

int sysfs_disk_dir(const struct proc_ctx *c, int id, struct proc_ctx *child,
		   const struct proc_entry **e)
{
	static const struct proc_entry dir = PROC_DIR("", 0755, PROC_CHILDREN(disk_entries));

	return give(id, child, &dir, e);
}

static int read_link(const struct proc_ctx *c, const char *up, char *buf, size_t size)
{
	char name[PROC_NAME_MAX], text[64];
	size_t n;

	sysfs_disk_name(c->fd, name, sizeof(name));
	n = MIN((size_t)scnprintf(text, sizeof(text), "%s" DISK_DIR "%s", up, name), size);
	memcpy(buf, text, n);
	return n;
}

static int read_from_block(const struct proc_ctx *c, char *buf, size_t size)
{
	return read_link(c, "../", buf, size);
}

static int read_from_class(const struct proc_ctx *c, char *buf, size_t size)
{
	return read_link(c, "../../", buf, size);
}

int sysfs_block_disk(const struct proc_ctx *c, int id, struct proc_ctx *child,
		     const struct proc_entry **e)
{
	static const struct proc_entry link = PROC_LINK("", .readlink = read_from_block);

	return give(id, child, &link, e);
}

int sysfs_class_disk(const struct proc_ctx *c, int id, struct proc_ctx *child,
		     const struct proc_entry **e)
{
	static const struct proc_entry link = PROC_LINK("", .readlink = read_from_class);

	return give(id, child, &link, e);
}
