/* SPDX-License-Identifier: MIT */
/*
 * /proc and /sys are constant tables of entries: a name and functions that make its contents when
 * somebody asks. Nothing is made before, nothing is kept after. Core: core.c. /proc: system.c,
 * sysctl.c and net.c (the system's), pid.c, status.c, mm.c, smaps.c and mounts.c (a process's).
 * /sys: sysfs.c, sysfs_block.c.
 */
#ifndef FS_PROC_PROC_H
#define FS_PROC_PROC_H

#include "fs/seq.h"
#include "fs/vfs_internal.h"

#define USER_HZ 100
#define TICK_NS (NSEC_PER_SEC / USER_HZ)

/* Which process, thread and descriptor (or other numbered thing) an entry is about; 0 / -1 where it
 * is about none. */
struct proc_ctx {
	int pid, tid, fd;
};

/* There are hundreds of these: what only one type has shares its place with what another has. */
struct proc_entry {
	const char *name;
	uint32_t mode; /* with the type */
	union {
		int n_values;	  /* regular files */
		uint32_t n_table; /* directories */
	};
	const char *text; /* constant contents, or a link's target */
	union {
		/* Regular files: contents, and what writing a text does. 0 or -errno. A file that
		 * Linux would let root write, but without store, is as on a read-only mount. */
		struct {
			int (*show)(struct seq *s, const struct proc_ctx *c);
			int (*store)(const struct proc_ctx *c, const char *text, size_t len);
			int *values; /* instead of both: numbers between min and max */
			int min, max;
			/* Instead of both; proc_ctx_of() tells them what it is about. */
			const struct file_ops *ops;
		};
		/* Links. readlink: bytes, or else text is the target; follow: a magic link. */
		struct {
			int (*readlink)(const struct proc_ctx *c, char *buf, size_t size);
			int (*follow)(const struct proc_ctx *c, struct dentry **out);
		};
		/* Directories: entries of the table, then generated ones. */
		struct {
			const struct proc_entry *table;
			/* The generated entry called number `id`: fills in child and *e, or
			 * -ENOENT. */
			int (*find)(const struct proc_ctx *c, int id, struct proc_ctx *child,
				    const struct proc_entry **e);
			/* The first generated id >= `id`, or -1. */
			int (*next)(const struct proc_ctx *c, int id);
			/* Its name: characters, as scnprintf. [the number] */
			int (*name_of)(int id, char *buf, size_t size);
			uint64_t (*size_of)(const struct proc_ctx *c); /* st_size. [0] */
		};
	};
	/* Corrects the mode of a generated entry. */
	uint32_t (*mode_of)(const struct proc_ctx *c);
};

#define PROC_MAPS_NAME_COLUMN 73 /* of a line of maps */

#define PROC_NAME_MAX 24 /* of a generated entry, with the NUL */

#define PROC_REG(name_, mode_, ...)                                                                \
	{                                                                                          \
		.name = name_, .mode = S_IFREG | (mode_), __VA_ARGS__                              \
	}
#define PROC_TEXT(name_, text_)                                                                    \
	{                                                                                          \
		.name = name_, .mode = S_IFREG | 0444, .text = text_                               \
	}
/* A constant parameter that root may set on Linux. */
#define PROC_PARAM(name_, text_)                                                                   \
	{                                                                                          \
		.name = name_, .mode = S_IFREG | 0644, .text = text_                               \
	}
/* One that root may set here, too: n_ numbers. */
#define PROC_INTS(name_, values_, n_, min_, max_)                                                  \
	{                                                                                          \
		.name = name_, .mode = S_IFREG | 0644, .values = values_, .n_values = n_,          \
		.min = min_, .max = max_                                                           \
	}
#define PROC_DIR(name_, mode_, ...)                                                                \
	{                                                                                          \
		.name = name_, .mode = S_IFDIR | (mode_), __VA_ARGS__                              \
	}
#define PROC_LINK(name_, ...)                                                                      \
	{                                                                                          \
		.name = name_, .mode = S_IFLNK | 0777, __VA_ARGS__                                 \
	}
#define PROC_CHILDREN(t) .table = t, .n_table = ARRAY_SIZE(t)

/* The process and thread an entry is about, NULL if gone. They stay while the caller does not
 * sleep. */
struct process *proc_process(const struct proc_ctx *c);
struct thread *proc_thread(const struct proc_ctx *c);

/*
 * Its address space if it can be looked at without sleeping, in which it could go: not while
 * another process is busy with its own.
 */
struct mm *proc_mm(const struct process *p);

struct proc_ctx *proc_ctx_of(struct inode *in);
/* The process whose directory of /proc this open file is, by its number; 0: it is something else.
 */
int proc_file_pid(const struct file *f);
/* A file system of these entries. */
struct proc_tree {
	const char *fstype;
	uint64_t magic, file_size; /* st_size of regular files */
	const struct proc_entry *root;
};
/* Made once: *only is where that is kept. 0 or -ENOMEM. */
int proc_super_only(const struct proc_tree *tree, struct super **only, struct super **out);

extern const struct proc_entry proc_pid;
#define PROC_N_SYS 4
extern const struct proc_entry proc_sys_entries[PROC_N_SYS];
#define PROC_N_NET 29
extern const struct proc_entry proc_net_entries[PROC_N_NET];
extern const struct file_ops proc_mem_ops, proc_pagemap_ops;

/* For store functions: a decimal number with nothing but blanks around it. 0 or -EINVAL. */
int proc_parse_int(const char *text, long min, long max, long *out);
/* "Name:    123 kB" as /proc/meminfo has it. */
void proc_put_kb(struct seq *s, const char *name, uint64_t pages);
/* A path as one field: characters of `special` become octal escapes. */
void proc_put_escaped(struct seq *s, const char *text, const char *special);

int proc_show_maps(struct seq *s, const struct proc_ctx *c);
int proc_show_smaps(struct seq *s, const struct proc_ctx *c);
int proc_show_smaps_rollup(struct seq *s, const struct proc_ctx *c);
int proc_show_numa_maps(struct seq *s, const struct proc_ctx *c);
int proc_store_clear_refs(const struct proc_ctx *c, const char *text, size_t len);
int proc_show_statm(struct seq *s, const struct proc_ctx *c);
int proc_show_cmdline(struct seq *s, const struct proc_ctx *c);
int proc_show_environ(struct seq *s, const struct proc_ctx *c);
int proc_show_mounts(struct seq *s, const struct proc_ctx *c);
int proc_show_mountinfo(struct seq *s, const struct proc_ctx *c);
int proc_show_mountstats(struct seq *s, const struct proc_ctx *c);
int proc_show_stat(struct seq *s, const struct proc_ctx *c);
int proc_show_status(struct seq *s, const struct proc_ctx *c);
int proc_show_sched(struct seq *s, const struct proc_ctx *c);
int proc_show_schedstat(struct seq *s, const struct proc_ctx *c);
int proc_show_meminfo(struct seq *s, const struct proc_ctx *c);
int proc_show_node_meminfo(struct seq *s, const struct proc_ctx *c);
int proc_show_vmstat(struct seq *s, const struct proc_ctx *c);
int proc_show_zoneinfo(struct seq *s, const struct proc_ctx *c);
int proc_show_partitions(struct seq *s, const struct proc_ctx *c);
int proc_show_diskstats(struct seq *s, const struct proc_ctx *c);
int proc_show_buddyinfo(struct seq *s, const struct proc_ctx *c);

/* Sets of processors, as in Cpus_allowed_list and Cpus_allowed. */
void proc_put_cpu_list(struct seq *s, uint32_t mask);
void proc_put_cpu_map(struct seq *s, uint32_t mask);

/* One line of maps; scratch has PATH_MAX_LEN bytes. */
struct vma;
/* Call show for each area of the process, in order and under mm->lock; scratch is a buffer of
 * PATH_MAX_LEN. 0 (also for a process without memory) or -ENOMEM. */
typedef void proc_show_area(struct seq *s, struct mm *mm, const struct vma *v, char *scratch);
int proc_each_area(struct seq *s, const struct proc_ctx *c, proc_show_area *show);
void proc_put_vma(struct seq *s, const struct vma *v, char *scratch);
/* Sizes by kind, in pages. */
struct proc_vm {
	size_t total, data, stack, text, lib, locked;
	uaddr_t code_start, code_end;
};
void proc_vm_sizes(struct mm *mm, struct proc_vm *out);

#endif
