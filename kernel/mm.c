/* SPDX-License-Identifier: MIT */
/*
 * Address spaces: creation and end, limits, placing, mapping, unmapping, the break. Semantics,
 * checks and their order are those of Linux 6.18 (mm/mmap.c, mm/vma.c). The parts:
 *
 *	vma.c		which areas there are
 *	mm_fault.c	filling them with pages
 *	mm_gather.c	taking pages away
 *	mm_file.c	what file systems ask when a file's pages change
 *	mm_fork.c	a copy of all of it
 *	mm_range.c	mprotect, madvise, mlock, msync, mincore
 *	mm_move.c	mremap
 *	mm_stubs.c	code that was changed
 */
#include "kernel/mm.h"

#include "kernel/file.h"
#include "kernel/heap.h"
#include "kernel/mm_private.h"
#include "kernel/page.h"
#include "kernel/string.h"
#include "kernel/stubs_private.h"
#include "kernel/task.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/percpu.h"

/* A writable anonymous mapping up to this size is filled at once */
#define EAGER_MAX (64ul << 10)

/* MAP_SHARED_VALIDATE refuses all others (Linux's LEGACY_MAP_MASK). */
#define KNOWN_MAP_FLAGS                                                                            \
	(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE |                   \
	 MAP_UNINITIALIZED | MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE |           \
	 MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_32BIT | MAP_ABOVE4G_ | MAP_HUGE_2MB |        \
	 MAP_HUGE_1GB)
#define MAP_ABOVE4G_   0x80 /* Linux 6.6 (asm/mman.h): what is chosen is always above */
#define KEPT_MAP_FLAGS (MAP_ANONYMOUS | MAP_NORESERVE | MAP_GROWSDOWN | MAP_LOCKED)
#define VMA_FLAGS      (VMA_NOHUGE | VMA_NOWRITE | VMA_PINNED | VMA_DONTFORK)
#define MAP_DROPPABLE_ 0x08 /* Linux 6.11 (linux/mman.h): may be dropped; it never is here */

/* MAP_32BIT: the second GiB (x86 Linux: find_start_end). */
#define LOW_2G_START 0x40000000ul
#define LOW_2G_END   0x80000000ul

int mm_new(struct mm **out)
{
	struct mm *mm = kzalloc(sizeof(*mm));
	int r;

	if (!mm)
		return -ENOMEM;
	r = pt_new_root(&mm->root);
	if (r) {
		kfree(mm);
		return r;
	}
	mutex_init(&mm->lock);
	mm->users = mm->refs = 1;
	mm->mmap_top = TASK_SIZE;
	mm_enlist(mm);
	*out = mm;
	return 0;
}

struct mm *mm_get(struct mm *mm)
{
	__atomic_add_fetch(&mm->users, 1, __ATOMIC_RELAXED);
	return mm;
}

void mm_drop(struct mm *mm)
{
	if (__atomic_sub_fetch(&mm->refs, 1, __ATOMIC_ACQ_REL))
		return;
	mm_delist(mm);
	pt_free_root(mm->root);
	kfree(mm->stubs);
	kfree(mm);
}

void (*mm_gone)(struct mm *mm);

void mm_put(struct mm *mm)
{
	if (__atomic_sub_fetch(&mm->users, 1, __ATOMIC_ACQ_REL))
		return;
	if (mm_gone)
		mm_gone(mm);
	mm_lock(mm);
	while (mm->areas) {
		struct vma *v = mm->areas;

		/* Whole areas need no split, so this cannot fail. */
		if (mm_unmap_locked(mm, v->start, v->end))
			break;
	}
	mm_unlock(mm);
	mm_drop(mm);
}

/*
 * What is loaded stays so while a thread without address space runs: one that ends. Therefore it
 * is held.
 */
void mm_activate(struct mm *mm)
{
	struct cpu *c = this_cpu();
	struct mm *old = c->active;

	if (mm == old)
		return;
	__atomic_add_fetch(&mm->refs, 1, __ATOMIC_RELAXED);
	c->active = mm;
	cpu_load_root(mm->root);
	if (old)
		mm_drop(old);
}

void mm_lock(struct mm *mm)
{
	mutex_lock(&mm->lock);
}

void mm_unlock(struct mm *mm)
{
	struct vma *dead = mm->dead;

	mm->dead = NULL;
	if (unlikely(mm->shown))
		mm_show_elsewhere(mm); /* unlocks */
	else
		mutex_unlock(&mm->lock);
	if (dead)
		vma_bury(dead);
}

struct vma *mm_find(struct mm *mm, uaddr_t addr)
{
	return vma_find(mm, addr);
}

struct vma *mm_next(struct mm *mm, uaddr_t addr)
{
	return vma_next(mm, addr);
}

/* ---- limits ---- */

uint64_t mm_rlimit(int resource)
{
	return READ_ONCE(current_process()->limits[resource].rlim_cur);
}

bool mm_may_have_data(const struct mm *mm, size_t n_pages)
{
	const struct rlimit64 *l = &current_process()->limits[RLIMIT_DATA];
	uint64_t pages = mm->data_pages + n_pages;

	/* A soft limit of 0 is for brk(2) alone, as on Linux: valgrind uses it. */
	return pages <= l->rlim_cur >> PAGE_SHIFT ||
	       (l->rlim_cur == 0 && pages <= l->rlim_max >> PAGE_SHIFT);
}

bool mm_may_expand(struct mm *mm, size_t n_pages, unsigned prot, unsigned flags)
{
	if (mm->total_pages + n_pages > mm_rlimit(RLIMIT_AS) >> PAGE_SHIFT)
		return false;
	return !vma_is_data(prot, flags) || mm_may_have_data(mm, n_pages);
}

bool mm_overcommits(size_t n_pages, unsigned prot, unsigned flags)
{
	bool shared = (flags & MAP_TYPE) == MAP_SHARED;

	if ((flags & MAP_NORESERVE) || !(shared ? flags & MAP_ANONYMOUS : prot & PROT_WRITE))
		return false;
	return n_pages > page_total();
}

bool mm_may_lock(struct mm *mm, size_t n_pages)
{
	return mm->locked_pages + n_pages <= mm_rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT ||
	       capable(CAP_IPC_LOCK);
}

/* Pages of [start, end) that are mapped already. */
static size_t pages_mapped(struct mm *mm, uaddr_t start, uaddr_t end)
{
	size_t n = 0;

	for (struct vma *v = vma_next(mm, start); v && v->start < end; v = vma_next(mm, v->end))
		n += (MIN(v->end, end) - MAX(v->start, start)) >> PAGE_SHIFT;
	return n;
}

/* ---- placing ---- */

int64_t mm_choose(struct mm *mm, size_t len, size_t align)
{
	uaddr_t addr;

	if (len > TASK_SIZE)
		return -ENOMEM;
	addr = vma_find_gap(mm, MMAP_MIN_ADDR, mm->mmap_top, len, align);
	if (!addr)
		addr = vma_find_gap(mm, MMAP_MIN_ADDR, mm->mmap_top, len, PAGE_SIZE);
	if (!addr)
		addr = vma_find_gap(mm, MMAP_MIN_ADDR, TASK_SIZE, len, PAGE_SIZE);
	return addr ? (int64_t)addr : -ENOMEM;
}

/*
 * Where a new mapping goes. Nothing is mapped below MMAP_MIN_ADDR, not even for root: there EPERM,
 * which is what Linux answers without CAP_SYS_RAWIO, the case of every container.
 */
static int64_t place(struct mm *mm, uaddr_t addr, size_t len, unsigned flags, bool anonymous)
{
	struct vma *v;

	if (len > TASK_SIZE)
		return -ENOMEM;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (addr > TASK_SIZE - len)
			return -ENOMEM;
		if (addr & ~PAGE_MASK)
			return -EINVAL;
		if (addr < MMAP_MIN_ADDR)
			return -EPERM;
		v = vma_next(mm, addr);
		if ((flags & MAP_FIXED_NOREPLACE) && v && v->start < addr + len)
			return -EEXIST;
		return (int64_t)addr;
	}
	addr &= PAGE_MASK;
	if (addr && addr < MMAP_MIN_ADDR)
		addr = MMAP_MIN_ADDR;
	if (addr && addr <= TASK_SIZE - len && (!(flags & MAP_32BIT) || addr <= LOW_2G_END - len)) {
		v = vma_next(mm, addr);
		if (!v || addr + len <= vma_gap_start(v))
			return (int64_t)addr;
	}
	if (flags & MAP_32BIT) {
		addr = vma_find_gap(mm, LOW_2G_START, LOW_2G_END, len, PAGE_SIZE);
		return addr ? (int64_t)addr : -ENOMEM;
	}
	return mm_choose(mm, len, anonymous && IS_ALIGNED(len, HUGE_SIZE) ? HUGE_SIZE : PAGE_SIZE);
}

int64_t mm_find_free(struct mm *mm, uaddr_t addr, size_t len, size_t align)
{
	int64_t at;

	mm_lock(mm);
	if (addr)
		at = place(mm, addr, len, MAP_FIXED_NOREPLACE, false);
	else
		at = (int64_t)vma_find_gap(mm, MMAP_MIN_ADDR, mm->mmap_top, len, align) ?: -ENOMEM;
	mm_unlock(mm);
	return at;
}

/* ---- mapping ---- */

/* What mmap(2) demands of an open file, in Linux's order; *extra gets VMA_* flags. */
static int check_file(const struct file *f, unsigned prot, unsigned flags, unsigned *extra)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED_VALIDATE:
		if (flags & ~(unsigned)(KNOWN_MAP_FLAGS | VMA_FLAGS))
			return -EOPNOTSUPP;
		/* fall through */
	case MAP_SHARED:
		if ((prot & PROT_WRITE) && !file_writable(f))
			return -EACCES;
		if (!file_writable(f))
			*extra |= VMA_NOWRITE;
		/* fall through */
	case MAP_PRIVATE:
		if (!file_readable(f))
			return -EACCES;
		if ((prot & PROT_EXEC) && (f->kind & FILE_NOEXEC))
			return -EPERM;
		if (!f->ops->map_page)
			return -ENODEV;
		return flags & MAP_GROWSDOWN ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static int check_anonymous(unsigned flags)
{
	switch (flags & MAP_TYPE) {
	case MAP_PRIVATE:
		return 0;
	case MAP_DROPPABLE_:
		return flags & (MAP_LOCKED | MAP_GROWSDOWN | MAP_HUGETLB) ? -EINVAL : 0;
	default: /* shared anonymous memory comes with a file */
		return -EINVAL;
	}
}

/* Flags an area keeps of those a mapping is asked with. */
static unsigned area_flags(const struct mm *mm, unsigned flags, unsigned extra)
{
	bool shared = (flags & MAP_TYPE) == MAP_SHARED || (flags & MAP_TYPE) == MAP_SHARED_VALIDATE;

	if (flags & MAP_STACK)
		extra |= VMA_NOHUGE;
	return (shared ? MAP_SHARED : MAP_PRIVATE) | (flags & (KEPT_MAP_FLAGS | VMA_FLAGS)) |
	       extra | mm->def_flags;
}

/* Put an area in place of whatever is there: limits, removal, insertion. */
static int install(struct mm *mm, const struct vma *like)
{
	size_t n = (like->end - like->start) >> PAGE_SHIFT,
	       replaced = pages_mapped(mm, like->start, like->end);
	void *spare = NULL;
	int r;

	if (mm->n_areas > MM_MAX_AREAS)
		return -ENOMEM;
	if (!mm_may_expand(mm, n - replaced, like->prot, like->flags))
		return -ENOMEM;
	if (mm_overcommits(n, like->prot, like->flags))
		return -ENOMEM;
	if (replaced) { /* what is unmapped must be replaced: have the memory for it first */
		spare = kmalloc(sizeof(*like));
		if (!spare)
			return -ENOMEM;
	}
	r = mm_unmap_locked(mm, like->start, like->end);
	kfree(spare);
	if (r)
		return r;
	return vma_add(mm, like) ? 0 : -ENOMEM;
}

static void fill_eagerly(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct vma *v = vma_find(mm, start);

	if (end - start > EAGER_MAX || v->file || !(v->prot & PROT_WRITE))
		return;
	if (v->flags & (MAP_NORESERVE | MAP_GROWSDOWN | VMA_PINNED) || !mm_plenty(2))
		return;
	(void)mm_fill_anon(mm, v, start, end); /* what is missing comes with a fault */
}

static int64_t map_locked(struct mm *mm, uaddr_t addr, size_t len, struct vma *like, unsigned flags)
{
	int64_t at = place(mm, addr, len, flags, !like->file);
	int r;

	if (at < 0)
		return at;
	like->start = (uaddr_t)at;
	like->end = like->start + len;
	like->flags = area_flags(mm, flags, like->flags);
	if (like->flags & MAP_LOCKED) {
		if ((flags & MAP_LOCKED) && !mm_rlimit(RLIMIT_MEMLOCK) && !capable(CAP_IPC_LOCK))
			return -EPERM;
		if (!mm_may_lock(mm, len >> PAGE_SHIFT))
			return -EAGAIN;
	}
	r = install(mm, like);
	if (r)
		return r;
	if ((like->flags & (MAP_LOCKED | VMA_LOCKONFAULT)) == MAP_LOCKED ||
	    (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE)
		(void)mm_populate_locked(mm, like->start, like->end);
	else
		fill_eagerly(mm, like->start, like->end);
	return at;
}

int64_t mm_map(struct mm *mm, uaddr_t addr, size_t len, unsigned prot, unsigned flags,
	       struct file *file, uint64_t offset, const char *name)
{
	struct vma like = {
	    .prot = prot & (PROT_READ | PROT_WRITE | PROT_EXEC), .file = file, .name = name};
	int64_t r;

	if (!len)
		return -EINVAL;
	if (offset & ~PAGE_MASK)
		return -EINVAL;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (!len)
		return -ENOMEM;
	if (offset + len < offset)
		return -EOVERFLOW;
	like.offset = file ? offset : 0;
	r = file ? check_file(file, prot, flags, &like.flags) : check_anonymous(flags);
	if (r)
		return r;
	mm_lock(mm);
	r = map_locked(mm, addr, len, &like, flags);
	mm_unlock(mm);
	return r;
}

int64_t mm_map_pages(struct mm *mm, uaddr_t addr, struct page **pages, size_t n, unsigned prot,
		     const char *name)
{
	struct vma like = {.prot = prot, .name = name};
	int64_t at;

	mm_lock(mm);
	at = place(mm, addr, n << PAGE_SHIFT, addr ? MAP_FIXED : 0, false);
	if (at < 0)
		goto out;
	like.start = (uaddr_t)at;
	like.end = like.start + (n << PAGE_SHIFT);
	like.flags = MAP_PRIVATE | VMA_PINNED | VMA_NOWRITE;
	if (install(mm, &like)) {
		at = -ENOMEM;
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		if (pt_map(mm->root, like.start + i * PAGE_SIZE, page_to_phys(pages[i]),
			   mm_pt_prot(prot), PAGE_SHIFT)) {
			(void)mm_unmap_locked(mm, like.start, like.end);
			at = -ENOMEM;
			break;
		}
		page_get(pages[i]);
		mm->resident_pages++;
	}
out:
	mm_unlock(mm);
	return at;
}

/* ---- unmapping ---- */

/*
 * Tables that have become empty are given back when a large range goes, or when there are
 * suspiciously many; a program that maps and unmaps small pieces keeps its tables.
 */
static void drop_tables(struct mm *mm, struct gather *g, uaddr_t start, uaddr_t end)
{
	struct vma *prev, *next;

	if (!mm->users) /* they go with the root, which may still be loaded */
		return;
	if (end - start < HUGE_SIZE && pt_tables(mm->root) < 64 + (mm->resident_pages >> 6))
		return;
	prev = vma_prev(mm, start);
	next = vma_next(mm, start);
	pt_detach_tables(mm->root, prev ? prev->end : 0, next ? next->start : TASK_SIZE + PAGE_SIZE,
			 &g->tables);
}

int mm_unmap_locked(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct vma *v = vma_next(mm, start), *next;
	struct gather g;

	if (!v || v->start >= end)
		return 0;
	if (mm->users && mm_stubs_lose(mm, start, end))
		return -ENOMEM;
	if (mm_split_edges(mm, start, end))
		return -ENOMEM;
	if (v->start < start && v->end > end && vma_split(mm, v, end, NULL))
		return -ENOMEM;
	gather_init(&g, mm);
	gather_range(&g, MAX(start, v->start), end);
	for (; v && v->start < end; v = next) {
		next = vma_next(mm, v->end);
		if (v->start < start)
			vma_resize(mm, v, v->start, start);
		else if (v->end > end)
			vma_resize(mm, v, end, v->end);
		else
			vma_remove(mm, v);
	}
	drop_tables(mm, &g, start, end);
	gather_finish(&g);
	return 0;
}

int mm_unmap(struct mm *mm, uaddr_t addr, size_t len)
{
	int r;

	if ((addr & ~PAGE_MASK) || addr > TASK_SIZE || len > TASK_SIZE - addr || !len)
		return -EINVAL;
	mm_lock(mm);
	r = mm_unmap_locked(mm, addr, addr + ALIGN_UP(len, PAGE_SIZE));
	mm_unlock(mm);
	return r;
}

/* ---- the break ---- */

/* Make [start, end) part of the heap. */
static bool grow_heap(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct vma like = {
	    .start = start, .end = end, .prot = PROT_READ | PROT_WRITE, .name = "[heap]"};
	struct vma *next = vma_next(mm, start);

	if (end > TASK_SIZE || (next && end + PAGE_SIZE > vma_gap_start(next)))
		return false;
	like.flags = MAP_PRIVATE | MAP_ANONYMOUS | mm->def_flags;
	if ((like.flags & MAP_LOCKED) && !mm_may_lock(mm, (end - start) >> PAGE_SHIFT))
		return false;
	if (install(mm, &like))
		return false;
	if ((like.flags & (MAP_LOCKED | VMA_LOCKONFAULT)) == MAP_LOCKED)
		(void)mm_populate_locked(mm, start, end);
	else
		fill_eagerly(mm, start, end);
	return true;
}

static bool set_brk(struct mm *mm, uaddr_t brk)
{
	uaddr_t old_end = ALIGN_UP(mm->brk, PAGE_SIZE), end = ALIGN_UP(brk, PAGE_SIZE);

	if (brk < mm->brk_start || end < brk || brk - mm->brk_start > mm_rlimit(RLIMIT_DATA))
		return false;
	if (end < old_end)
		return mm_unmap_locked(mm, end, old_end) == 0;
	return end == old_end || grow_heap(mm, old_end, end);
}

uaddr_t mm_brk(struct mm *mm, uaddr_t brk)
{
	mm_lock(mm);
	if (set_brk(mm, brk))
		mm->brk = brk;
	brk = mm->brk;
	mm_unlock(mm);
	return brk;
}
