/* SPDX-License-Identifier: MIT */
/* What the files of /sys share beside proc.h. */
#ifndef FS_PROC_SYSFS_H
#define FS_PROC_SYSFS_H

#include "fs/proc/proc.h"

#define SYS_FILE(name_, text_) PROC_TEXT(name_, text_ "\n")
#define SYS_SET(name_, text_)  PROC_PARAM(name_, text_ "\n")
#define SYS_DIR(name_, ...)    PROC_DIR(name_, 0755, __VA_ARGS__)

/* The processors: directory `cpu` of devices/system, and a link to each of them for their node. */
#define SYSFS_CPU_ENTRIES 8
extern const struct proc_entry sysfs_cpu_entries[SYSFS_CPU_ENTRIES];
int sysfs_cpu_dir(const struct proc_ctx *c, int id, struct proc_ctx *child,
		  const struct proc_entry **e);
int sysfs_cpu_link(const struct proc_ctx *c, int id, struct proc_ctx *child,
		   const struct proc_entry **e);
int sysfs_next_cpu(const struct proc_ctx *c, int id);
int sysfs_cpu_name(int id, char *buf, size_t size);
#define SYSFS_CPUS(find_) .find = find_, .next = sysfs_next_cpu, .name_of = sysfs_cpu_name
/* All of them. */
int sysfs_show_cpu_list(struct seq *s, const struct proc_ctx *c);
int sysfs_show_cpu_map(struct seq *s, const struct proc_ctx *c);

/* Block devices in /sys. A directory with an entry for each: SYSFS_DISKS(what, how named). */
int sysfs_disk_next(const struct proc_ctx *c, int id);
int sysfs_disk_name(int id, char *buf, size_t size);   /* "vda" */
int sysfs_disk_number(int id, char *buf, size_t size); /* "254:0" */
int sysfs_disk_dir(const struct proc_ctx *c, int id, struct proc_ctx *child,
		   const struct proc_entry **e);
int sysfs_block_disk(const struct proc_ctx *c, int id, struct proc_ctx *child,
		     const struct proc_entry **e);
int sysfs_class_disk(const struct proc_ctx *c, int id, struct proc_ctx *child,
		     const struct proc_entry **e);
#define SYSFS_DISKS(find_, name_) .find = find_, .next = sysfs_disk_next, .name_of = name_

/* Network interfaces in /sys; an entry's number is the interface's, from 0. */
int sysfs_netif_next(const struct proc_ctx *c, int id);
int sysfs_virtual_netif_next(const struct proc_ctx *c, int id); /* the loopback */
int sysfs_device_netif_next(const struct proc_ctx *c, int id);	/* the others */
int sysfs_netif_name(int id, char *buf, size_t size);
int sysfs_netif_dir(const struct proc_ctx *c, int id, struct proc_ctx *child,
		    const struct proc_entry **e);
int sysfs_class_netif(const struct proc_ctx *c, int id, struct proc_ctx *child,
		      const struct proc_entry **e);
#define SYSFS_NETIFS(find_, next_) .find = find_, .next = next_, .name_of = sysfs_netif_name

#endif
