/* SPDX-License-Identifier: MIT */
/* System V IPC: what its kinds share, and shared memory (fs/shm.c). Semaphores: fs/sem.h, message
 * queues: fs/msg.h. */
#ifndef FS_IPC_H
#define FS_IPC_H

#include "fs/radix.h"
#include "kernel/file.h"

#include <asm/shmbuf.h>
#include <linux/ipc.h>

/* <linux/shm.h> has these, but needs a C library. */
#define SHM_RDONLY   010000
#define SHM_RND	     020000
#define SHM_REMAP    040000
#define SHM_EXEC     0100000
#define SHM_HUGETLB  04000
#define SHM_LOCK     11
#define SHM_UNLOCK   12
#define SHM_STAT     13
#define SHM_INFO     14
#define SHM_STAT_ANY 15

struct shm_info {
	int used_ids;
	unsigned long shm_tot, shm_rss, shm_swp; /* pages */
	unsigned long swap_attempts, swap_successes;
};

struct seq;

/* Who made an object, who owns it and who may use it; its numbers. Part of every object. (lock of
 * the kind) */
struct ipc_perm_info {
	int key, id;
	uint32_t uid, gid, cuid, cgid, mode;
};

/*
 * All objects of a kind. A number is a place (below IPC_PLACES) plus a count of reuses times
 * IPC_PLACES, given as Linux gives them. Everything below but ipc_limits is called with lock held;
 * nothing sleeps.
 */
#define IPC_PLACES 32768

struct ipc_table {
	struct spinlock lock;
	struct radix objects; /* (lock) struct ipc_perm_info by place */
	unsigned count;	      /* (lock) */
	int last_place, seq;  /* (lock) */
	const int *most;      /* objects */
};
#define IPC_TABLE_INIT(most_)                                                                      \
	{                                                                                          \
		.last_place = -1, .most = &most_                                                   \
	}

/* By number, by place (or a number with that place), by key: NULL if there is none. */
struct ipc_perm_info *ipc_find(const struct ipc_table *t, int id);
struct ipc_perm_info *ipc_at(const struct ipc_table *t, int place);
/* The one at *place or after it, whose place it then is; NULL: no more. */
struct ipc_perm_info *ipc_next(const struct ipc_table *t, uint64_t *place);
int ipc_top(const struct ipc_table *t); /* the highest place in use, or 0 */
/*
 * What xxxget(2) with this key and these flags is about: 0 and *out an object, whose rights and
 * size are still to be checked, or NULL: it is to be made; or -ENOENT, -EEXIST.
 */
int ipc_lookup(const struct ipc_table *t, int key, unsigned flags, struct ipc_perm_info **out);
/* A new object, of the current process; flags: the mode of xxxget(2). 0, -ENOSPC or -ENOMEM. */
int ipc_add(struct ipc_table *t, struct ipc_perm_info *p, int key, unsigned flags);
void ipc_remove(struct ipc_table *t, struct ipc_perm_info *p);
/* For xxxctl(2): one that the caller may use so, or control as owner, creator, or privileged. 0,
 * -EINVAL, -EACCES or -EPERM. */
int ipc_use(const struct ipc_table *t, int id, unsigned mode, struct ipc_perm_info **out);
int ipc_own(const struct ipc_table *t, int id, struct ipc_perm_info **out);
/*
 * For XXX_STAT. by_place: SEM_STAT and its like; any: without permission. The number to return (0,
 * not by place) or -errno.
 */
int ipc_stat(const struct ipc_table *t, int id, bool by_place, bool any,
	     struct ipc_perm_info **out);
/* May the current process do what the bits of 0777 ask for? 0 or -EACCES. */
int ipc_permission(const struct ipc_perm_info *p, unsigned mode);
/* For IPC_SET. 0 or -EINVAL. */
int ipc_change(struct ipc_perm_info *p, const struct ipc64_perm *to);
void ipc_fill(const struct ipc_perm_info *p, struct ipc64_perm *out);
int64_t ipc_now(void); /* seconds */

/* ---- shared memory: all return 0 or what is said, or -errno of the call in shmget(2) ... ---- */
int shm_get(int key, size_t size, unsigned flags); /* its number */
/*
 * The file to map for an attachment, referenced, and its size in whole pages. mode: of
 * ipc_permission.
 */
int shm_open(int id, unsigned mode, struct file **out, size_t *size);
bool file_is_shm(const struct file *f);
void shm_detached(struct file *f); /* by shmdt(2) */
size_t shm_size(const struct file *f);
/* by_index: SHM_STAT; id of what was found is returned. any: without permission. */
int shm_stat(int id, bool by_index, bool any, struct shmid64_ds *out);
int shm_set(int id, const struct ipc64_perm *to);
int shm_remove(int id);
int shm_lock(int id);		    /* only checks: nothing is ever paged out */
int shm_info(struct shm_info *out); /* the highest index in use */
void shm_show(struct seq *s);	    /* /proc/sysvipc/shm */

#define SHM_MIN_SIZE 1
#define SHM_MAX_SIZE 18446744073692774399ul
#define SHM_MAX_SEGS 4096
extern int shm_max_segs; /* /proc/sys/kernel/shmmni */

#endif
