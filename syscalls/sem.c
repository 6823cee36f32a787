/* SPDX-License-Identifier: MIT */
/* semget(2), semop(2), semtimedop(2), semctl(2). */
#include "fs/sem.h"
#include "fs/ipc.h"
#include "kernel/heap.h"
#include "kernel/wait.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#define OPS_FAST 16 /* operations held without an allocation */

long sys_semget(int key, int nsems, unsigned semflg)
{
	return sem_get(key, nsems, semflg);
}

/* timeout NULL: for ever. */
static long operate(int semid, uaddr_t sops, size_t nsops, uint64_t deadline_ns)
{
	struct sembuf fast[OPS_FAST], *ops = fast;
	long r;

	if (semid < 0 || !nsops)
		return -EINVAL;
	if (nsops > (size_t)sem_limits[SEM_OPERATIONS])
		return -E2BIG;
	if (nsops > OPS_FAST)
		ops = kmalloc(nsops * sizeof(*ops));
	if (!ops)
		return -ENOMEM;
	r = copy_from_user(ops, sops, nsops * sizeof(*ops));
	if (r == 0)
		r = sem_operate(semid, ops, (unsigned)nsops, deadline_ns);
	if (ops != fast)
		kfree(ops);
	return r;
}

long sys_semop(int semid, uaddr_t sops, size_t nsops)
{
	return operate(semid, sops, (unsigned)nsops, NO_DEADLINE);
}

/* A bad timeout is told of after all that can be wrong with the operations, but for what the set
 * says of them. */
long sys_semtimedop(int semid, uaddr_t sops, unsigned nsops, uaddr_t timeout)
{
	uint64_t ns = 0;
	long r = timeout ? timespec_from_user(timeout, &ns) : 0, checked;

	if (r == -EFAULT)
		return r;
	if (r == 0)
		return operate(semid, sops, nsops, timeout ? deadline_in(ns) : NO_DEADLINE);
	if (semid < 0 || !nsops || nsops > (unsigned)sem_limits[SEM_OPERATIONS])
		return operate(semid, sops, nsops, 0);
	for (unsigned i = 0; i < nsops; i++) {
		struct sembuf op;

		checked = copy_from_user(&op, sops + i * sizeof(op), sizeof(op));
		if (checked)
			return checked;
	}
	return r;
}

static long get_all(int semid, uaddr_t array)
{
	uint16_t *values;
	unsigned n;
	long r = sem_values(semid, &values, &n);

	if (r)
		return r;
	r = copy_to_user(array, values, n * sizeof(*values));
	kfree(values);
	return r;
}

static long set_all(int semid, uaddr_t array)
{
	long n = sem_writable(semid), r;
	uint16_t *values;

	if (n < 0)
		return n;
	values = kmalloc(n * sizeof(*values));
	if (!values)
		return -ENOMEM;
	r = copy_from_user(values, array, n * sizeof(*values));
	if (r == 0)
		r = sem_set_values(semid, values, (unsigned)n);
	kfree(values);
	return r;
}

static long stat_set(int semid, int cmd, uaddr_t buf)
{
	struct semid64_ds ds;
	long r = sem_stat(semid, cmd != IPC_STAT, cmd == SEM_STAT_ANY, &ds);

	return r >= 0 && put_user(buf, ds) ? -EFAULT : r;
}

static long change_set(int semid, uaddr_t buf)
{
	struct semid64_ds ds;

	return get_user(&ds, buf) ? -EFAULT : sem_set(semid, &ds.sem_perm);
}

static long info(int cmd, uaddr_t buf)
{
	struct seminfo in;
	long top = sem_info(cmd == SEM_INFO, &in);

	return put_user(buf, in) ? -EFAULT : top;
}

long sys_semctl(int semid, int semnum, int cmd, unsigned long arg)
{
	if (semid < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case SEM_INFO:
		return info(cmd, arg);
	case IPC_STAT:
	case SEM_STAT:
	case SEM_STAT_ANY:
		return stat_set(semid, cmd, arg);
	case GETALL:
		return get_all(semid, arg);
	case SETALL:
		return set_all(semid, arg);
	case GETVAL:
	case GETPID:
	case GETNCNT:
	case GETZCNT:
		return sem_query(semid, semnum, cmd);
	case SETVAL:
		return sem_set_value(semid, semnum, (int)arg);
	case IPC_SET:
		return change_set(semid, arg);
	case IPC_RMID:
		return sem_remove(semid);
	default:
		return -EINVAL;
	}
}
