/* SPDX-License-Identifier: MIT */
/* Block devices as text: /proc/partitions and diskstats (proc(5)). Transfers are not counted. */
#include "fs/blockdev.h"
#include "fs/proc/proc.h"

/* fn for each device that works. */
static void for_each_disk(struct seq *s, void (*fn)(struct seq *s, unsigned minor, const char *name,
						    const struct blockdev *b))
{
	struct blockdev *b = NULL;

	for (unsigned n = 0; n < BLOCKDEV_MAX && (b = blockdev_next(b)); n++) {
		char name[BLOCKDEV_NAME_SIZE];

		blockdev_name(n, name);
		if (blockdev_ready(b) == 0)
			fn(s, n * BLOCKDEV_MINORS, name, b);
	}
}

static void put_partition(struct seq *s, unsigned minor, const char *name, const struct blockdev *b)
{
	seq_printf(s, "%4d  %7u %10lu %s\n", BLOCKDEV_MAJOR, minor, (unsigned long)(b->size >> 10),
		   name);
}

int proc_show_partitions(struct seq *s, const struct proc_ctx *c)
{
	if (!blockdev_next(NULL))
		return 0;
	seq_puts(s, "major minor  #blocks  name\n\n");
	for_each_disk(s, put_partition);
	return 0;
}

static void put_stats(struct seq *s, unsigned minor, const char *name, const struct blockdev *b)
{
	seq_printf(s, "%4d %7u %s 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n", BLOCKDEV_MAJOR, minor,
		   name);
}

int proc_show_diskstats(struct seq *s, const struct proc_ctx *c)
{
	for_each_disk(s, put_stats);
	return 0;
}
