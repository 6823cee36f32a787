/* SPDX-License-Identifier: MIT */
/*
 * mremap(2), with the checks and the order of Linux 6.18 (mm/mremap.c). Pages are moved by mapping
 * their frames at the new place first and clearing the old entries after, so that running out of
 * memory half-way loses nothing.
 */
#include "kernel/file.h"
#include "kernel/mm_private.h"
#include "kernel/page.h"
#include "kernel/stubs_private.h"

struct move {
	struct pt_visitor v;
	struct mm *mm;
	uint64_t delta; /* new address - old address */
	int result;
	bool accessible; /* a leaf with rights was seen */
};

static int map_there(struct pt_visitor *v, uint64_t va, struct pt_leaf *leaf)
{
	struct move *m = container_of(v, struct move, v);

	if (!m->result)
		m->result = pt_map(m->mm->root, va + m->delta, leaf->pa, leaf->prot, leaf->shift);
	m->accessible |= leaf->prot != 0;
	return PT_KEEP;
}

static int clear_here(struct pt_visitor *v, uint64_t va, struct pt_leaf *leaf)
{
	return PT_CLEAR;
}

/*
 * Break the 2 MiB leaves of a range that cannot be 2 MiB leaves at the new place: other alignment,
 * or a table there.
 */
static int split_for_move(struct mm *mm, uaddr_t old, uaddr_t to, size_t len)
{
	int r = mm_split_edges(mm, old, old + len);

	for (uaddr_t va = ALIGN_UP(old, HUGE_SIZE); !r && va + HUGE_SIZE <= old + len;
	     va += HUGE_SIZE) {
		uaddr_t there = va - old + to;

		if (IS_ALIGNED(there, HUGE_SIZE) && pt_huge_slot_free(mm->root, there))
			continue;
		r = mm_split_edges(mm, va + PAGE_SIZE, va + PAGE_SIZE);
	}
	return r;
}

static int move_pages(struct mm *mm, uaddr_t old, uaddr_t to, size_t len)
{
	struct move m = {.v.fn = map_there, .mm = mm, .delta = to - old};

	m.result = split_for_move(mm, old, to, len);
	if (!m.result)
		pt_visit(mm->root, old, old + len, &m.v);
	m.v.fn = clear_here;
	if (m.result) {
		pt_visit(mm->root, to, to + len, &m.v);
		return m.result;
	}
	pt_visit(mm->root, old, old + len, &m.v);
	if (m.accessible)
		pt_flush(mm->root, old, old + len);
	return 0;
}

/*
 * Move [old, old + len) of area v to the free range at `to`, where the area is to be new_len long.
 */
static int64_t move_area(struct mm *mm, struct vma *v, uaddr_t old, size_t len, uaddr_t to,
			 size_t new_len, bool keep)
{
	struct vma like = *v;
	int r = mm_stubs_moving(mm, v, old, old + len);

	if (r)
		return r;
	like.start = to;
	like.end = to + new_len;
	if (like.file)
		like.offset += old - v->start;
	if (len && !keep && v->start < old && v->end > old + len &&
	    vma_split(mm, v, old + len, NULL))
		return -ENOMEM; /* now, so that the removal below cannot fail */
	if (!vma_add(mm, &like))
		return -ENOMEM;
	r = move_pages(mm, old, to, len);
	if (r) {
		(void)mm_unmap_locked(mm, to, to + new_len);
		return r;
	}
	if (len && !keep)
		(void)mm_unmap_locked(mm, old, old + len);
	if ((like.flags & (MAP_LOCKED | VMA_LOCKONFAULT)) == MAP_LOCKED)
		(void)mm_populate_locked(mm, to, to + new_len);
	return (int64_t)to;
}

/*
 * Room for the result of a move without MREMAP_FIXED; large areas keep their place within a 2 MiB
 * page.
 */
static int64_t choose(struct mm *mm, uaddr_t old, size_t new_len, uaddr_t hint)
{
	size_t off = new_len >= HUGE_SIZE ? old & (HUGE_SIZE - 1) : 0;
	struct vma *next = vma_next(mm, hint);
	int64_t at;

	if (hint >= MMAP_MIN_ADDR && hint <= TASK_SIZE - new_len &&
	    (!next || hint + new_len <= vma_gap_start(next)))
		return (int64_t)hint;
	at = mm_choose(mm, new_len + off, new_len >= HUGE_SIZE ? HUGE_SIZE : PAGE_SIZE);
	return at < 0 ? at : at + (int64_t)off;
}

/* May v grow from old_len to new_len? 0 or the errno. */
static int check_growth(struct mm *mm, const struct vma *v, uaddr_t old, size_t old_len,
			size_t new_len)
{
	size_t n = (new_len - old_len) >> PAGE_SHIFT;

	if (new_len <= old_len)
		return 0;
	if (v->flags & VMA_PINNED)
		return -EFAULT;
	if (v->file && v->offset + (old - v->start) + new_len < new_len)
		return -EINVAL;
	if ((v->flags & MAP_LOCKED) && !mm_may_lock(mm, n))
		return -EAGAIN;
	if (!mm_may_expand(mm, n, v->prot, v->flags))
		return -ENOMEM;
	return mm_overcommits(n, v->prot, v->flags) ? -ENOMEM : 0;
}

/* Grow v at its end where it is, if there is room. */
static bool grow_here(struct mm *mm, struct vma *v, uaddr_t end)
{
	struct vma *next = vma_next(mm, v->end);
	struct vma more = *v;

	if (end > TASK_SIZE || (next && next->start < end))
		return false;
	more.start = v->end;
	more.end = end;
	if (more.file)
		more.offset += v->end - v->start;
	if (!vma_add(mm, &more))
		return false;
	if ((more.flags & (MAP_LOCKED | VMA_LOCKONFAULT)) == MAP_LOCKED)
		(void)mm_populate_locked(mm, more.start, more.end);
	return true;
}

/*
 * MREMAP_FIXED of a range of several areas to a new place, same length (Linux 6.17): holes stay
 * holes.
 */
static int64_t move_many(struct mm *mm, uaddr_t old, size_t len, uaddr_t to)
{
	uaddr_t end = old + len;
	struct vma *v;

	for (uaddr_t at = old; (v = vma_next(mm, at)) && v->start < end;) {
		uaddr_t start = MAX(at, v->start), stop = MIN(v->end, end);
		int64_t r = mm_unmap_locked(mm, start - old + to, stop - old + to);

		if (!r)
			r = move_area(mm, v, start, stop - start, start - old + to, stop - start,
				      false);
		if (r < 0)
			return r;
		at = stop;
	}
	return (int64_t)to;
}

/* Moves with a given or chosen destination, after all checks of the arguments. */
static int64_t move_to(struct mm *mm, struct vma *v, uaddr_t old, size_t old_len, size_t new_len,
		       unsigned flags, uaddr_t to)
{
	int64_t at;
	int r;

	if (flags & MREMAP_FIXED) {
		if (to < MMAP_MIN_ADDR)
			return -EPERM;
		r = mm_unmap_locked(mm, to, to + new_len);
		if (!r && old_len > new_len)
			r = mm_unmap_locked(mm, old + new_len, old + old_len);
		if (r)
			return r;
		at = (int64_t)to;
		v = vma_find(mm, old); /* it may have been split or trimmed */
	} else {
		at = choose(mm, old, new_len, flags & MREMAP_DONTUNMAP ? to : 0);
	}
	if (at < 0)
		return at;
	return move_area(mm, v, old, MIN(old_len, new_len), (uaddr_t)at, new_len,
			 flags & MREMAP_DONTUNMAP);
}

static int64_t remap_locked(struct mm *mm, uaddr_t old, size_t old_len, size_t new_len,
			    unsigned flags, uaddr_t to)
{
	struct vma *v = vma_find(mm, old);
	bool placed = flags & (MREMAP_FIXED | MREMAP_DONTUNMAP);
	int r;

	if (!v)
		return -EFAULT;
	if (!placed && old_len == new_len)
		return (int64_t)old;
	if (!placed && old_len > new_len) {
		if (old_len > TASK_SIZE - old)
			return -EINVAL;
		r = mm_unmap_locked(mm, old + new_len, old + old_len);
		return r ? r : (int64_t)old;
	}
	if (!old_len && (v->flags & MAP_TYPE) != MAP_SHARED)
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) && (v->flags & VMA_PINNED))
		return -EINVAL;
	if (old_len > v->end - old) {
		if ((flags & MREMAP_DONTUNMAP) || old_len != new_len || old_len > TASK_SIZE - old)
			return -EFAULT;
		return to < MMAP_MIN_ADDR ? -EPERM : move_many(mm, old, old_len, to);
	}
	r = check_growth(mm, v, old, flags & MREMAP_DONTUNMAP ? 0 : old_len, new_len);
	if (r)
		return r;
	if (!placed && old_len && old + old_len == v->end && grow_here(mm, v, old + new_len))
		return (int64_t)old;
	if (!(flags & MREMAP_MAYMOVE) || mm->n_areas + 3 >= MM_MAX_AREAS)
		return -ENOMEM;
	return move_to(mm, v, old, old_len, new_len, flags, to);
}

int64_t mm_remap(struct mm *mm, uaddr_t old, size_t old_len, size_t new_len, unsigned flags,
		 uaddr_t new_addr)
{
	int64_t r;

	if ((flags & ~(unsigned)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) ||
	    (old & ~PAGE_MASK))
		return -EINVAL;
	old_len = ALIGN_UP(old_len, PAGE_SIZE);
	new_len = ALIGN_UP(new_len, PAGE_SIZE);
	if (!new_len || new_len > TASK_SIZE)
		return -EINVAL;
	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) {
		if (!(flags & MREMAP_MAYMOVE) || (new_addr & ~PAGE_MASK) ||
		    new_addr > TASK_SIZE - new_len)
			return -EINVAL;
		if ((flags & MREMAP_DONTUNMAP) && old_len != new_len)
			return -EINVAL;
		if (old + old_len > new_addr && new_addr + new_len > old)
			return -EINVAL;
	}
	mm_lock(mm);
	r = remap_locked(mm, old, old_len, new_len, flags, new_addr);
	mm_unlock(mm);
	return r;
}
