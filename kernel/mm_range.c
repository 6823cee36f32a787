/* SPDX-License-Identifier: MIT */
/*
 * Calls that change or ask about a range of existing areas: mprotect, madvise, mlock, msync,
 * mincore.
 */
#include "kernel/file.h"
#include "kernel/mm_private.h"
#include "kernel/page.h"
#include "kernel/stubs_private.h"
#include "kernel/task.h"

/* Newer than the headers of Debian 12: Linux 6.1 (asm-generic/mman-common.h). */
#define MADV_COLLAPSE_ 25

/*
 * Visit the parts of [start, end) that are mapped. fn may release and retake mm->lock.
 * Returns fn's first error, else -ENOMEM if there were holes, else 0.
 */
static int for_mapped(struct mm *mm, uaddr_t start, uaddr_t end,
		      int (*fn)(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end,
				unsigned arg),
		      unsigned arg)
{
	int holes = 0;

	while (start < end) {
		struct vma *v = vma_next(mm, start);
		uaddr_t stop;
		int r;

		if (!v || v->start >= end)
			return -ENOMEM;
		if (v->start > start) {
			holes = -ENOMEM;
			start = v->start;
		}
		stop = MIN(v->end, end);
		r = fn(mm, v, start, stop, arg);
		if (r)
			return r;
		start = stop;
	}
	return holes;
}

/* ---- mprotect ---- */

struct protect {
	struct pt_visitor v;
	unsigned prot; /* new rights */
	bool private;
	bool ask;	    /* a shared file that wants to know of stores */
	uaddr_t start, end; /* what lost rights */
};

static int protect_leaf(struct pt_visitor *v, uint64_t va, struct pt_leaf *leaf)
{
	struct protect *p = container_of(v, struct protect, v);
	unsigned prot = p->prot;

	if ((prot & PT_WRITE) && !(leaf->prot & PT_WRITE) &&
	    (p->ask || (p->private && !mm_sole_owner(phys_to_page(leaf->pa)))))
		prot &= ~(unsigned)PT_WRITE;
	if (leaf->prot & ~prot) {
		p->start = MIN(p->start, va);
		p->end = MAX(p->end, va + (1ul << leaf->shift));
	}
	return (int)prot;
}

static int protect_area(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, unsigned prot)
{
	struct protect p = {.v.fn = protect_leaf, .prot = mm_pt_prot(prot), .start = UINT64_MAX};
	size_t n = (end - start) >> PAGE_SHIFT;

	if ((prot & PROT_WRITE) && (v->flags & (VMA_NOWRITE | VMA_PINNED)))
		return -EACCES;
	if ((prot & PROT_EXEC) && v->file && (v->file->kind & FILE_NOEXEC))
		return -EACCES;
	if (v->prot == prot)
		return 0;
	if (mm_stubs_moving(mm, v, start, end))
		return -ENOMEM;
	if (prot & PROT_EXEC)
		stubs_look_again();
	if (vma_is_data(prot, v->flags) && !vma_is_data(v->prot, v->flags)) {
		if (!mm_may_have_data(mm, n))
			return -ENOMEM;
		if (mm_overcommits(n, prot, v->flags))
			return -ENOMEM;
	}
	if (mm_split_edges(mm, start, end))
		return -ENOMEM;
	p.private = (v->flags & MAP_TYPE) == MAP_PRIVATE;
	p.ask = v->file && !p.private && !(v->file->kind & FILE_MAP_WRITE);
	if (!vma_change(mm, v, start, end, prot, v->flags))
		return -ENOMEM;
	pt_visit(mm->root, start, end, &p.v);
	if (p.end)
		pt_flush(mm->root, p.start, p.end);
	return 0;
}

static int protect_locked(struct mm *mm, uaddr_t start, uaddr_t end, unsigned prot)
{
	unsigned grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	struct vma *v = vma_next(mm, start);

	if (!v || v->start >= end)
		return -ENOMEM;
	if (grows & PROT_GROWSDOWN) {
		if (!(v->flags & MAP_GROWSDOWN))
			return -EINVAL;
		start = v->start;
	} else if (v->start > start) {
		return -ENOMEM;
	} else if (grows) {
		return -EINVAL;
	}
	prot &= PROT_READ | PROT_WRITE | PROT_EXEC;
	while (start < end) { /* what comes before a hole or an error stays changed */
		uaddr_t stop;
		int r;

		v = vma_find(mm, start);
		if (!v)
			return -ENOMEM;
		stop = MIN(v->end, end);
		r = protect_area(mm, v, start, stop, prot);
		if (r)
			return r;
		start = stop;
	}
	return 0;
}

int mm_protect(struct mm *mm, uaddr_t addr, size_t len, unsigned prot)
{
	const unsigned grows = PROT_GROWSDOWN | PROT_GROWSUP;
	uaddr_t end;
	int r;

	if ((prot & grows) == grows || (addr & ~PAGE_MASK))
		return -EINVAL;
	if (!len)
		return 0;
	end = addr + ALIGN_UP(len, PAGE_SIZE);
	if (end <= addr)
		return -ENOMEM;
	if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM | grows))
		return -EINVAL;
	mm_lock(mm);
	r = protect_locked(mm, addr, end, prot);
	mm_unlock(mm);
	return r;
}

/* ---- madvise ---- */

static bool anonymous(const struct vma *v)
{
	return !v->file && !(v->flags & VMA_PINNED);
}

/* Forget the pages: anonymous memory reads as zeros afterwards, files are read again. */
static int advise_drop(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, int advice)
{
	struct gather g;

	if ((v->flags & VMA_PINNED) || (advice != MADV_DONTNEED_LOCKED && (v->flags & MAP_LOCKED)))
		return -EINVAL;
	if (advice == MADV_FREE && !anonymous(v))
		return -EINVAL;
	if (mm_split_edges(mm, start, end))
		return -ENOMEM;
	gather_init(&g, mm);
	gather_range(&g, start, end);
	gather_finish(&g);
	return 0;
}

/*
 * Punch a hole into the file: its file system drops the mapped pages (mm_file_punched), so not
 * under the lock.
 */
static int advise_remove(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end)
{
	uint64_t from = v->offset + (start - v->start);
	struct file *f = v->file;
	int r;

	if ((v->flags & MAP_LOCKED) || !f)
		return -EINVAL;
	if ((v->flags & MAP_TYPE) != MAP_SHARED || (v->flags & VMA_NOWRITE))
		return -EACCES;
	if (!f->ops->fallocate)
		return -EOPNOTSUPP;
	file_get(f);
	mm_unlock(mm);
	r = f->ops->fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, end - start);
	file_put(f);
	mm_lock(mm);
	return r;
}

/* MADV_POPULATE_READ and _WRITE: other than with the rest, a hole ends it. */
static int populate(struct mm *mm, uaddr_t start, uaddr_t end, bool write)
{
	while (start < end) {
		struct vma *v = vma_find(mm, start);
		uaddr_t stop;
		int r;

		if (!v)
			return -ENOMEM;
		if ((v->flags & VMA_PINNED) || !v->prot || (write && !(v->prot & PROT_WRITE)))
			return -EINVAL;
		stop = MIN(v->end, end);
		r = mm_fill_area(mm, v, start, stop, write ? MM_WRITE : MM_READ);
		if (r)
			return r == -ENODATA || r == -EIO ? -EFAULT : r;
		start = stop;
	}
	return 0;
}

static int advise_flags(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, unsigned set,
			unsigned clear)
{
	return vma_change(mm, v, start, end, v->prot, (v->flags | set) & ~clear) ? 0 : -ENOMEM;
}

static int advise_area(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, unsigned advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
		return advise_drop(mm, v, start, end, (int)advice);
	case MADV_REMOVE:
		return advise_remove(mm, v, start, end);
	case MADV_DONTFORK:
		if (mm_stubs_lose(mm, start, end))
			return -ENOMEM;
		return advise_flags(mm, v, start, end, VMA_DONTFORK, 0);
	case MADV_DOFORK:
		return advise_flags(mm, v, start, end, 0, VMA_DONTFORK);
	case MADV_WIPEONFORK:
		if (!anonymous(v))
			return -EINVAL;
		return advise_flags(mm, v, start, end, VMA_WIPEONFORK, 0);
	case MADV_KEEPONFORK:
		return advise_flags(mm, v, start, end, 0, VMA_WIPEONFORK);
	case MADV_HUGEPAGE:
		return advise_flags(mm, v, start, end, VMA_HUGEPAGE, VMA_NOHUGE);
	case MADV_NOHUGEPAGE:
		return advise_flags(mm, v, start, end, VMA_NOHUGE, VMA_HUGEPAGE);
	case MADV_COLD:
	case MADV_PAGEOUT:
		return v->flags & (MAP_LOCKED | VMA_PINNED) ? -EINVAL : 0;
	case MADV_COLLAPSE_: /* only pages that are about to be filled are made huge */
		return -EINVAL;
	default: /* hints without an effect that a program could see */
		return 0;
	}
}

/*
 * Advice Linux knows in a configuration without memory poisoning, and without MADV_GUARD_* (Linux
 * 6.13).
 */
static bool advice_known(int advice)
{
	return (advice >= MADV_NORMAL && advice <= MADV_DONTNEED) ||
	       (advice >= MADV_FREE && advice <= MADV_COLLAPSE_);
}

static int advise_populate(struct mm *mm, uaddr_t start, uaddr_t end, bool write)
{
	for (int tries = 0;; tries++) {
		int r;

		mm_lock(mm);
		r = populate(mm, start, end, write);
		mm_unlock(mm);
		if (r != -ENOMEM || tries == RELIEVE_TRIES || !mm_relieve())
			return r;
	}
}

int mm_advise(struct mm *mm, uaddr_t addr, size_t len, int advice)
{
	uaddr_t end = addr + ALIGN_UP(len, PAGE_SIZE);
	int r;

	if (!advice_known(advice) || (addr & ~PAGE_MASK) || (len && end - addr == 0) || end < addr)
		return -EINVAL;
	if (end == addr)
		return 0;
	if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
		return advise_populate(mm, addr, end, advice == MADV_POPULATE_WRITE);
	mm_lock(mm);
	r = for_mapped(mm, addr, end, advise_area, (unsigned)advice);
	mm_unlock(mm);
	return r;
}

/* ---- mlock ---- */

static int lock_area(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, unsigned flags)
{
	const unsigned mask = MAP_LOCKED | VMA_LOCKONFAULT;

	if (v->flags & VMA_PINNED)
		return 0;
	return vma_change(mm, v, start, end, v->prot, (v->flags & ~mask) | flags) ? 0 : -ENOMEM;
}

/* As for_mapped, but a hole ends it: mlock(2) changes what comes before. */
static int lock_until_hole(struct mm *mm, uaddr_t start, uaddr_t end, unsigned flags)
{
	while (start < end) {
		struct vma *v = vma_find(mm, start);
		uaddr_t stop;
		int r;

		if (!v)
			return -ENOMEM;
		stop = MIN(v->end, end);
		r = lock_area(mm, v, start, stop, flags);
		if (r)
			return r;
		start = stop;
	}
	return 0;
}

static size_t locked_in(struct mm *mm, uaddr_t start, uaddr_t end)
{
	size_t n = 0;

	for (struct vma *v = vma_next(mm, start); v && v->start < end; v = vma_next(mm, v->end)) {
		if (v->flags & MAP_LOCKED)
			n += (MIN(v->end, end) - MAX(v->start, start)) >> PAGE_SHIFT;
	}
	return n;
}

/* Fill a locked range: inaccessible areas are an error here. */
static int lock_populate(struct mm *mm, uaddr_t start, uaddr_t end)
{
	int r = mm_populate_locked(mm, start, end);

	for (struct vma *v = vma_next(mm, start); !r && v && v->start < end;
	     v = vma_next(mm, v->end))
		r = v->prot ? 0 : -EFAULT;
	return r == -ENOMEM ? -EAGAIN : r ? -ENOMEM : 0;
}

int mm_lock_range(struct mm *mm, uaddr_t addr, size_t len, unsigned flags)
{
	uaddr_t start = addr & PAGE_MASK,
		end = start + ALIGN_UP(len + (addr & ~PAGE_MASK), PAGE_SIZE);
	unsigned set = MAP_LOCKED | (flags & MLOCK_ONFAULT ? VMA_LOCKONFAULT : 0);
	int r;

	if (!mm_rlimit(RLIMIT_MEMLOCK) && !capable(CAP_IPC_LOCK))
		return -EPERM;
	if (end < start)
		return -EINVAL;
	mm_lock(mm);
	r = -ENOMEM;
	if (mm_may_lock(mm, ((end - start) >> PAGE_SHIFT) - locked_in(mm, start, end)))
		r = lock_until_hole(mm, start, end, set);
	if (!r && !(set & VMA_LOCKONFAULT))
		r = lock_populate(mm, start, end);
	mm_unlock(mm);
	return r;
}

int mm_unlock_range(struct mm *mm, uaddr_t addr, size_t len)
{
	uaddr_t start = addr & PAGE_MASK,
		end = start + ALIGN_UP(len + (addr & ~PAGE_MASK), PAGE_SIZE);
	int r;

	if (end < start)
		return -EINVAL;
	mm_lock(mm);
	r = lock_until_hole(mm, start, end, 0);
	mm_unlock(mm);
	return r;
}

int mm_lock_all(struct mm *mm, unsigned flags)
{
	unsigned set = flags ? MAP_LOCKED | (flags & MCL_ONFAULT ? VMA_LOCKONFAULT : 0) : 0;
	int r = 0;

	if (flags && !mm_rlimit(RLIMIT_MEMLOCK) && !capable(CAP_IPC_LOCK))
		return -EPERM;
	mm_lock(mm);
	if ((flags & MCL_CURRENT) && mm->total_pages > mm_rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT &&
	    !capable(CAP_IPC_LOCK)) {
		r = -ENOMEM;
		goto out;
	}
	mm->def_flags = flags & MCL_FUTURE ? set : 0;
	if (!flags || (flags & MCL_CURRENT)) {
		(void)for_mapped(mm, 0, TASK_SIZE, lock_area, set);
		if (set == MAP_LOCKED)
			(void)mm_populate_locked(mm, 0, TASK_SIZE);
	}
out:
	mm_unlock(mm);
	return r;
}

/* ---- msync, mincore ---- */

static int sync_area(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, unsigned flags)
{
	struct file *f = v->file;
	int r;

	if ((flags & MS_INVALIDATE) && (v->flags & MAP_LOCKED))
		return -EBUSY;
	if (!(flags & MS_SYNC) || !f || (v->flags & MAP_TYPE) != MAP_SHARED || !f->ops->fsync)
		return 0;
	file_get(f);
	mm_unlock(mm);
	r = f->ops->fsync(f, true);
	file_put(f);
	mm_lock(mm);
	return r;
}

int mm_sync(struct mm *mm, uaddr_t addr, size_t len, unsigned flags)
{
	uaddr_t end = addr + ALIGN_UP(len, PAGE_SIZE);
	int r;

	if ((flags & ~(unsigned)(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || (addr & ~PAGE_MASK) ||
	    ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return -EINVAL;
	if (end < addr)
		return -ENOMEM;
	if (end == addr)
		return 0;
	mm_lock(mm);
	r = for_mapped(mm, addr, end, sync_area, flags);
	mm_unlock(mm);
	return r;
}

/* Is a page of a file that is not mapped in memory? */
static bool file_in_core(struct vma *v, uaddr_t va)
{
	uint64_t index = (v->offset + (va - v->start)) >> PAGE_SHIFT;
	struct page *p = NULL;

	if (v->file && v->file->ops->map_around)
		v->file->ops->map_around(v->file, index, 1, &p);
	if (p)
		page_put(p);
	return p;
}

size_t mm_mincore(struct mm *mm, uaddr_t addr, size_t n_pages, uint8_t *vec)
{
	struct vma *v;
	size_t i;

	mm_lock(mm);
	for (i = 0; i < n_pages && (v = vma_find(mm, addr)); i++, addr += PAGE_SIZE)
		vec[i] = pt_lookup(mm->root, addr).mapped || file_in_core(v, addr);
	mm_unlock(mm);
	return i;
}
