/* SPDX-License-Identifier: MIT */
/*
 * Memory mapping calls: what needs descriptors, files or program buffers is here, the semantics are
 * in kernel/mm.c.
 */
#include "fs/vfs.h"
#include "kernel/file.h"
#include "kernel/heap.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#include <linux/personality.h>

#define MMAP_FLAG_BITS 0x00fffffful /* MAP_*; the bits above are VMA_* inside the kernel */
#define MMAP_SIZE_BITS                                                                             \
	0x7c000000ul /* MAP_HUGE_2MB, MAP_HUGE_1GB, MAP_UNINITIALIZED: known, without effect */
#define MEMFD_NAME_MAX 249 /* NAME_MAX - strlen("memfd:") */

/* ---- mmap ---- */

/*
 * An unlinked file of len bytes behind shared anonymous memory, so that every mapping of it sees
 * the same pages.
 */
static int shared_memory(size_t len, struct file **out)
{
	int r = tmpfs_memfd("zero", 0, out);

	if (r)
		return r;
	r = vfs_ftruncate(*out, ALIGN_UP(len, PAGE_SIZE));
	if (r)
		file_put(*out);
	return r == -EFBIG || r == -EINVAL ? -ENOMEM : r;
}

/* Is a memfd sealed against shared mappings that can write? */
static bool sealed(struct file *f, unsigned long flags)
{
	int seals = (flags & MAP_TYPE) == MAP_PRIVATE ? 0 : tmpfs_get_seals(f);

	return seals > 0 && (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE));
}

static bool is_dev_zero(const struct file *f)
{
	return S_ISCHR(f->inode->mode) && f->inode->rdev == dev_make(1, 5);
}

/* mmap(2) of a file or of shared anonymous memory; takes over the reference. */
static long map_file(uaddr_t addr, size_t len, unsigned long prot, unsigned long flags,
		     struct file *f, uint64_t off, const char *name)
{
	unsigned extra = sealed(f, flags) ? VMA_NOWRITE : 0;
	long r;

	if ((flags & MAP_TYPE) == MAP_SHARED_VALIDATE &&
	    (flags & ~(MMAP_FLAG_BITS | MMAP_SIZE_BITS)))
		r = -EOPNOTSUPP;
	else if (extra && (prot & PROT_WRITE))
		r = -EPERM;
	else
		r = mm_map(current_mm(), addr, len, (unsigned)prot,
			   (unsigned)(flags & MMAP_FLAG_BITS) | extra, f, off, name);
	file_put(f);
	return r;
}

static long map_anonymous(uaddr_t addr, size_t len, unsigned long prot, unsigned long flags)
{
	unsigned map_flags = (unsigned)(flags & MMAP_FLAG_BITS);
	struct file *f;
	int r;

	if (flags & MAP_HUGETLB) /* an empty pool of huge pages */
		return len ? -ENOMEM : -EINVAL;
	if ((flags & MAP_TYPE) != MAP_SHARED)
		return mm_map(current_mm(), addr, len, (unsigned)prot, map_flags, NULL, 0, NULL);
	if (!len || (flags & MAP_GROWSDOWN))
		return -EINVAL;
	if (len > TASK_SIZE)
		return -ENOMEM;
	r = shared_memory(len, &f);
	return r ? r : map_file(addr, len, prot, flags, f, 0, "/dev/zero (deleted)");
}

/* personality(2): what can be read can be executed, for programs that are not careful. */
static unsigned long implied(unsigned long prot)
{
	bool on = current_process()->personality & READ_IMPLIES_EXEC;

	return unlikely(on) && (prot & PROT_READ) ? PROT_EXEC : 0;
}

long sys_mmap(uaddr_t addr, size_t len, unsigned long prot, unsigned long flags, int fd,
	      int64_t offset)
{
	struct file *f;

	if ((uint64_t)offset & ~PAGE_MASK)
		return -EINVAL;
	prot |= implied(prot);
	if (flags & MAP_ANONYMOUS)
		return map_anonymous(addr, len, prot, flags);
	f = fd_file(fd);
	if (!f)
		return -EBADF;
	if (flags & MAP_HUGETLB) { /* not a file of hugetlbfs */
		file_put(f);
		return -EINVAL;
	}
	if (is_dev_zero(f) && (flags & MAP_TYPE) != MAP_PRIVATE && file_writable(f)) {
		file_put(f);
		return map_anonymous(addr, len, prot, (flags & ~MAP_TYPE) | MAP_SHARED);
	}
	return map_file(addr, len, prot, flags, f, (uint64_t)offset, NULL);
}

/* ---- ranges ---- */

long sys_munmap(uaddr_t addr, size_t len)
{
	return mm_unmap(current_mm(), addr, len);
}

long sys_mprotect(uaddr_t addr, size_t len, unsigned long prot)
{
	prot |= implied(prot);
	/* bits that do not fit are unknown ones */
	return mm_protect(current_mm(), addr, len,
			  prot > INT32_MAX ? INT32_MAX & ~PROT_GROWSUP : (unsigned)prot);
}

/* ---- protection keys: none, as on processors without them ---- */

long sys_pkey_mprotect(uaddr_t addr, size_t len, unsigned long prot, int pkey)
{
	return pkey == -1 ? sys_mprotect(addr, len, prot) : -EINVAL;
}

/* Linux says EINVAL there, not ENOSPC as pkey_alloc(2) has it: test mem/pkey_alloc. */
long sys_pkey_alloc(unsigned long flags, unsigned long access_rights)
{
	return -EINVAL;
}

long sys_pkey_free(int pkey)
{
	return -EINVAL;
}

long sys_mremap(uaddr_t old_addr, size_t old_len, size_t new_len, unsigned long flags,
		uaddr_t new_addr)
{
	return mm_remap(current_mm(), old_addr, old_len, new_len,
			flags > INT32_MAX ? INT32_MAX : (unsigned)flags, new_addr);
}

long sys_madvise(uaddr_t addr, size_t len, int advice)
{
	return mm_advise(current_mm(), addr, len, advice);
}

long sys_msync(uaddr_t addr, size_t len, int flags)
{
	return mm_sync(current_mm(), addr, len, (unsigned)flags);
}

long sys_brk(uaddr_t brk)
{
	return (long)mm_brk(current_mm(), brk);
}

long sys_mincore(uaddr_t addr, size_t len, uaddr_t vec)
{
	size_t pages = len / PAGE_SIZE + (len % PAGE_SIZE != 0);
	uint8_t buf[256];

	if (addr & ~PAGE_MASK)
		return -EINVAL;
	if (!user_range_ok(addr, len))
		return -ENOMEM;
	if (!user_range_ok(vec, pages))
		return -EFAULT;
	while (pages) {
		size_t n = MIN(pages, sizeof(buf)), known = mm_mincore(current_mm(), addr, n, buf);

		if (copy_to_user(vec, buf, known))
			return -EFAULT;
		if (known < n)
			return -ENOMEM;
		pages -= n;
		vec += n;
		addr += n * PAGE_SIZE;
	}
	return 0;
}

/* ---- mlock ---- */

long sys_mlock(uaddr_t addr, size_t len)
{
	return mm_lock_range(current_mm(), addr, len, 0);
}

long sys_mlock2(uaddr_t addr, size_t len, unsigned flags)
{
	if (flags & ~(unsigned)MLOCK_ONFAULT)
		return -EINVAL;
	return mm_lock_range(current_mm(), addr, len, flags);
}

long sys_munlock(uaddr_t addr, size_t len)
{
	return mm_unlock_range(current_mm(), addr, len);
}

long sys_mlockall(int flags)
{
	if (!flags || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
		return -EINVAL;
	return mm_lock_all(current_mm(), (unsigned)flags);
}

long sys_munlockall(void)
{
	return mm_lock_all(current_mm(), 0);
}

/* ---- memfd ---- */

long sys_memfd_create(uaddr_t uname, unsigned flags)
{
	char *name;
	struct file *f;
	ssize_t len;
	long r;

	if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB | MFD_NOEXEC_SEAL | MFD_EXEC))
		return -EINVAL;
	if ((flags & MFD_EXEC) && (flags & MFD_NOEXEC_SEAL))
		return -EINVAL;
	name = kmalloc(MEMFD_NAME_MAX + 1);
	if (!name)
		return -ENOMEM;
	len = strncpy_from_user(name, uname, MEMFD_NAME_MAX + 1);
	r = len == -ENAMETOOLONG ? -EINVAL : len;
	if (r >= 0 && (flags & MFD_HUGETLB)) /* as with an empty pool of huge pages */
		r = -ENOMEM;
	if (r >= 0)
		r = tmpfs_memfd(name, flags, &f);
	kfree(name);
	return r < 0 ? r : fd_new(f, flags & MFD_CLOEXEC);
}
