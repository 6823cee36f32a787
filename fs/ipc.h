/* SPDX-License-Identifier: MIT */
/* System V IPC: what its kinds share, and shared memory (fs/shm.c). */
#ifndef FS_IPC_H
#define FS_IPC_H

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

/* Who made an object, who owns it and who may use it; its numbers. (lock of the kind) */
struct ipc_perm_info {
	int key, id;
	uint32_t uid, gid, cuid, cgid, mode;
};

/* An object made by the current process; flags: the mode of xxxget(2). */
void ipc_init(struct ipc_perm_info *p, int key, int id, unsigned flags);
/* May the current process do what the bits of 0777 ask for? 0 or -EACCES. */
int ipc_permission(const struct ipc_perm_info *p, unsigned mode);
/* Is it the owner, the creator, or privileged? 0 or -EPERM. */
int ipc_owner(const struct ipc_perm_info *p);
void ipc_fill(const struct ipc_perm_info *p, struct ipc64_perm *out);

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
int shm_set(int id, uint32_t uid, uint32_t gid, uint32_t mode);
int shm_remove(int id);
int shm_lock(int id);		    /* only checks: nothing is ever paged out */
int shm_info(struct shm_info *out); /* the highest index in use */
void shm_show(struct seq *s);	    /* /proc/sysvipc/shm */

#define SHM_MIN_SIZE 1
#define SHM_MAX_SIZE 18446744073692774399ul
#define SHM_MAX_SEGS 4096

#endif
