/* SPDX-License-Identifier: MIT */
/*
 * procfs is tables of entries: a name and functions that make its contents. Core: fs/procfs.c;
 * system-wide entries: procfs_sys.c; a process's: procfs_pid.c, procfs_mm.c.
 */
#ifndef FS_PROCFS_H
#define FS_PROCFS_H

#include "fs/seq.h"
#include "fs/vfs_internal.h"

/* Which process, thread and descriptor an entry is about; 0 / -1 where it is about none. */
struct proc_ctx {
	int pid, tid, fd;
};

struct proc_entry {
	const char *name;
	uint32_t mode; /* with the type */
	/* Regular files: contents, and what writing a text does. 0 or -errno. */
	int (*show)(struct seq *s, const struct proc_ctx *c);
	int (*store)(const struct proc_ctx *c, const char *text, size_t len);
	const char *text; /* instead of show: constant contents */
	/* Links. readlink: bytes; follow: a magic link. */
	int (*readlink)(const struct proc_ctx *c, char *buf, size_t size);
	int (*follow)(const struct proc_ctx *c, struct dentry **out);
	/* Directories: entries of the table, then generated ones. */
	const struct proc_entry *table;
	size_t n_table;
	/* The generated entry called number `id`: fills in child and *e, or -ENOENT. */
	int (*find)(const struct proc_ctx *c, int id, struct proc_ctx *child,
		    const struct proc_entry **e);
	/* The first generated id >= `id`, or -1. */
	int (*next)(const struct proc_ctx *c, int id);
	/* Corrects the mode of a generated entry. */
	uint32_t (*mode_of)(const struct proc_ctx *c);
};

#define PROC_REG(name_, mode_, ...)                                                                \
	{                                                                                          \
		.name = name_, .mode = S_IFREG | (mode_), __VA_ARGS__                              \
	}
#define PROC_TEXT(name_, text_)                                                                    \
	{                                                                                          \
		.name = name_, .mode = S_IFREG | 0444, .text = text_                               \
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

extern const struct proc_entry proc_root, proc_pid;

int proc_show_maps(struct seq *s, const struct proc_ctx *c);
int proc_show_statm(struct seq *s, const struct proc_ctx *c);
int proc_show_cmdline(struct seq *s, const struct proc_ctx *c);
int proc_show_environ(struct seq *s, const struct proc_ctx *c);
int proc_show_mounts(struct seq *s, const struct proc_ctx *c);
int proc_show_mountinfo(struct seq *s, const struct proc_ctx *c);

/* Sizes by kind, in pages. */
struct proc_vm {
	size_t total, data, stack, text, lib, locked;
	uaddr_t code_start, code_end;
};
void proc_vm_sizes(struct mm *mm, struct proc_vm *out);

#endif
