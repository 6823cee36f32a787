/* SPDX-License-Identifier: MIT */
/* System V semaphores: semget(2), semop(2), semctl(2). All return 0 or what is said, or -errno of
 * these calls. */
#ifndef FS_SEM_H
#define FS_SEM_H

#include "kernel/types.h"

#include <linux/sem.h>

struct process;
struct seq;

/* /proc/sys/kernel/sem: most semaphores in a set, and altogether, operations in a call, sets. */
enum { SEM_PER_SET, SEM_ALL, SEM_OPERATIONS, SEM_SETS };
extern int sem_limits[4];

int sem_get(int key, int n, unsigned flags); /* its number */
/*
 * All n operations or none; sleeps until they can be done or the deadline passes (-EAGAIN). -EINTR
 * if a signal comes, -EIDRM if the set goes.
 */
int sem_operate(int id, const struct sembuf *ops, unsigned n, uint64_t deadline_ns);
/* GETVAL, GETPID, GETNCNT, GETZCNT: the number. */
int sem_query(int id, int num, int cmd);
int sem_set_value(int id, int num, int value);
/* All values, in a block to be freed, and how many; for SETALL: how many it wants; and set them. */
int sem_values(int id, uint16_t **out, unsigned *n);
int sem_writable(int id);
int sem_set_values(int id, const uint16_t *values, unsigned n);
int sem_stat(int id, bool by_place, bool any, struct semid64_ds *out);
int sem_set(int id, const struct ipc64_perm *to);
int sem_remove(int id);
int sem_info(bool use, struct seminfo *out); /* the highest place in use */
void sem_show(struct seq *s);		     /* /proc/sysvipc/sem */

/* clone(CLONE_SYSVSEM): what child undoes is what the caller undoes. 0 or -ENOMEM. */
int sem_share_undo(struct process *child);
/* The end of p, or unshare(2): its SEM_UNDO operations are undone, if nobody shares them. */
void sem_undo_all(struct process *p);

#endif
