/* SPDX-License-Identifier: MIT */
/* shmget(2), shmat(2), shmdt(2), shmctl(2). */
#include "fs/ipc.h"
#include "kernel/mm.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

/* shmget(2). Huge pages: as with an empty pool. */
long sys_shmget(int key, size_t size, unsigned shmflg)
{
	if ((shmflg & SHM_HUGETLB) && (key == IPC_PRIVATE || (shmflg & IPC_CREAT)))
		return -ENOMEM;
	return shm_get(key, size, shmflg);
}

/* The address to use, 0 to choose. 0 or -EINVAL. */
static int attach_addr(uaddr_t *addr, unsigned flags)
{
	if (*addr & ~PAGE_MASK) {
		if (!(flags & SHM_RND))
			return -EINVAL;
		*addr &= PAGE_MASK;
	}
	return !*addr && (flags & SHM_REMAP) ? -EINVAL : 0;
}

/* shmat(2). */
long sys_shmat(int shmid, uaddr_t addr, unsigned shmflg)
{
	unsigned prot = PROT_READ, mode = 0444, map = MAP_SHARED;
	struct file *f;
	size_t size;
	long r;

	if (shmid < 0)
		return -EINVAL;
	r = attach_addr(&addr, shmflg);
	if (r)
		return r;
	if (addr)
		map |= shmflg & SHM_REMAP ? MAP_FIXED : MAP_FIXED | MAP_FIXED_NOREPLACE;
	if (!(shmflg & SHM_RDONLY)) {
		prot |= PROT_WRITE;
		mode |= 0222;
	}
	if (shmflg & SHM_EXEC) {
		prot |= PROT_EXEC;
		mode |= 0111;
	}
	r = shm_open(shmid, mode, &f, &size);
	if (r)
		return r;
	if (shmflg & SHM_RDONLY)
		map |= VMA_NOWRITE;
	r = mm_map(current_mm(), addr, size, prot, map, f, 0, NULL);
	file_put(f);
	return r == -EEXIST ? -EINVAL : r;
}

/* The segment attached at addr, referenced, or NULL: some page of it is where it would be then. */
static struct file *attached_at(struct mm *mm, uaddr_t addr)
{
	struct file *f = NULL;
	struct vma *v;

	mutex_lock(&mm->lock);
	for (v = mm_next(mm, addr); v && !f; v = mm_next(mm, v->end))
		if (v->file && file_is_shm(v->file) && v->start >= addr &&
		    v->start - v->offset == addr)
			f = file_get(v->file);
	mutex_unlock(&mm->lock);
	return f;
}

/* One piece of the segment f attached at addr that is still there. */
static bool find_piece(struct mm *mm, const struct file *f, uaddr_t addr, uaddr_t *start,
		       size_t *len)
{
	uaddr_t end = addr + shm_size(f);
	struct vma *v;

	mutex_lock(&mm->lock);
	for (v = mm_next(mm, addr); v && v->start < end; v = mm_next(mm, v->end))
		if (v->file == f && v->start - v->offset == addr)
			break;
	if (v && v->start < end) {
		*start = v->start;
		*len = v->end - v->start;
	} else {
		v = NULL;
	}
	mutex_unlock(&mm->lock);
	return v != NULL;
}

/* shmdt(2): also what munmap(2) has left of an attachment. */
long sys_shmdt(uaddr_t addr)
{
	struct mm *mm = current_mm();
	struct file *f;
	uaddr_t start;
	size_t len;
	long r = 0;

	if (addr & ~PAGE_MASK)
		return -EINVAL;
	f = attached_at(mm, addr);
	if (!f)
		return -EINVAL;
	while (r == 0 && find_piece(mm, f, addr, &start, &len))
		r = mm_unmap(mm, start, len);
	shm_detached(f);
	file_put(f);
	return r;
}

static long stat_segment(int id, int cmd, uaddr_t buf)
{
	struct shmid64_ds ds;
	int r = shm_stat(id, cmd != IPC_STAT, cmd == SHM_STAT_ANY, &ds);

	return r >= 0 && put_user(buf, ds) ? -EFAULT : r;
}

static long limits(uaddr_t buf)
{
	struct shminfo64 in = {.shmmax = SHM_MAX_SIZE,
			       .shmmin = SHM_MIN_SIZE,
			       .shmmni = shm_max_segs,
			       .shmseg = shm_max_segs,
			       .shmall = SHM_MAX_SIZE};
	struct shm_info use;
	int top = shm_info(&use);

	return put_user(buf, in) ? -EFAULT : top;
}

static long usage(uaddr_t buf)
{
	struct shm_info use;
	int top = shm_info(&use);

	return put_user(buf, use) ? -EFAULT : top;
}

static long set_segment(int id, uaddr_t buf)
{
	struct shmid64_ds ds;

	if (get_user(&ds, buf))
		return -EFAULT;
	return shm_set(id, &ds.shm_perm);
}

/* shmctl(2). */
long sys_shmctl(int shmid, int cmd, uaddr_t buf)
{
	if (shmid < 0 || cmd < 0)
		return -EINVAL;
	switch (cmd & ~IPC_64) {
	case IPC_INFO:
		return limits(buf);
	case SHM_INFO:
		return usage(buf);
	case IPC_STAT:
	case SHM_STAT:
	case SHM_STAT_ANY:
		return stat_segment(shmid, cmd & ~IPC_64, buf);
	case IPC_SET:
		return set_segment(shmid, buf);
	case IPC_RMID:
		return shm_remove(shmid);
	case SHM_LOCK:
	case SHM_UNLOCK:
		return shm_lock(shmid);
	default:
		return -EINVAL;
	}
}
