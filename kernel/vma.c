/* SPDX-License-Identifier: MIT */
/*
 * Areas of an address space in an AVL tree. Every node also records the span of its subtree and the
 * largest hole in it, which depend on its children only; so the highest hole that is large enough
 * is found in O(log n), and changing an area means refreshing the path above it.
 */
#include "kernel/vma.h"

#include "kernel/file.h"
#include "kernel/heap.h"

enum { MAX_DEPTH = 40 }; /* an AVL tree of 2^24 nodes is less than 36 deep */

uaddr_t vma_gap_start(const struct vma *v)
{
	if (!(v->flags & MAP_GROWSDOWN))
		return v->start;
	return v->start > STACK_GUARD_GAP ? v->start - STACK_GUARD_GAP : 0;
}

bool vma_is_data(unsigned prot, unsigned flags)
{
	return (prot & PROT_WRITE) && (flags & MAP_TYPE) == MAP_PRIVATE && !(flags & MAP_GROWSDOWN);
}

/* Count `pages` pages with v's attributes in (or, negative, out). */
static void account(struct mm *mm, const struct vma *v, ssize_t pages)
{
	mm->peak_total = MAX(mm->peak_total, mm->total_pages);
	mm->total_pages += (size_t)pages;
	if (vma_is_data(v->prot, v->flags))
		mm->data_pages += (size_t)pages;
	if (v->flags & MAP_LOCKED)
		mm->locked_pages += (size_t)pages;
}

static ssize_t pages_of(const struct vma *v)
{
	return (ssize_t)((v->end - v->start) >> PAGE_SHIFT);
}

/* ---- tree ---- */

static int height(const struct vma *v)
{
	return v ? v->height : 0;
}

/* Recompute what a node knows of its subtree. */
static void refresh(struct vma *v)
{
	const struct vma *l = v->left, *r = v->right;

	v->height = 1 + MAX(height(l), height(r));
	v->sub_lo = vma_gap_start(v);
	v->sub_hi = v->end;
	v->sub_gap = 0;
	if (l) {
		/* a stack's guard gap may already overlap what lies below: no hole then */
		size_t hole = v->sub_lo > l->sub_hi ? v->sub_lo - l->sub_hi : 0;

		v->sub_gap = MAX(l->sub_gap, hole);
		v->sub_lo = l->sub_lo;
	}
	if (r) {
		size_t hole = r->sub_lo > v->end ? r->sub_lo - v->end : 0;

		v->sub_gap = MAX(v->sub_gap, MAX(r->sub_gap, hole));
		v->sub_hi = r->sub_hi;
	}
}

static struct vma *rotate_right(struct vma *v)
{
	struct vma *top = v->left;

	v->left = top->right;
	top->right = v;
	refresh(v);
	refresh(top);
	return top;
}

static struct vma *rotate_left(struct vma *v)
{
	struct vma *top = v->right;

	v->right = top->left;
	top->left = v;
	refresh(v);
	refresh(top);
	return top;
}

/* The subtree of v, whose children are balanced, balanced. */
static struct vma *balance(struct vma *v)
{
	int lean = height(v->left) - height(v->right);

	if (lean > 1) {
		if (height(v->left->left) < height(v->left->right))
			v->left = rotate_left(v->left);
		return rotate_right(v);
	}
	if (lean < -1) {
		if (height(v->right->right) < height(v->right->left))
			v->right = rotate_right(v->right);
		return rotate_left(v);
	}
	refresh(v);
	return v;
}

/* Refresh and balance the nodes at the given links, deepest (last) first. */
static void fix_path(struct vma ***path, size_t depth)
{
	while (depth--) {
		if (*path[depth])
			*path[depth] = balance(*path[depth]);
	}
}

/*
 * Links from the root to the area that starts at addr, or to the empty place for it. Returns how
 * many.
 */
static size_t find_path(struct mm *mm, uaddr_t addr, struct vma ***path)
{
	struct vma **link = &mm->areas;
	size_t depth = 0;

	for (;;) {
		path[depth++] = link;
		if (!*link || (*link)->start == addr)
			return depth;
		link = addr < (*link)->start ? &(*link)->left : &(*link)->right;
	}
}

static void tree_insert(struct mm *mm, struct vma *v)
{
	struct vma **path[MAX_DEPTH];
	size_t depth = find_path(mm, v->start, path);

	v->left = v->right = NULL;
	*path[depth - 1] = v;
	fix_path(path, depth);
}

static void tree_remove(struct mm *mm, struct vma *v)
{
	struct vma **path[MAX_DEPTH];
	size_t depth = find_path(mm, v->start, path), at = depth - 1;

	if (v->left && v->right) { /* its successor takes its place */
		struct vma *next;

		path[depth++] = &v->right;
		while ((*path[depth - 1])->left) {
			path[depth] = &(*path[depth - 1])->left;
			depth++;
		}
		next = *path[depth - 1];
		*path[depth - 1] = next->right;
		next->left = v->left;
		next->right = v->right;
		*path[at] = next;
		path[at + 1] = &next->right;
	} else {
		*path[at] = v->left ? v->left : v->right;
	}
	fix_path(path, depth);
}

/* ---- look-up ---- */

struct vma *vma_next(struct mm *mm, uaddr_t addr)
{
	struct vma *v = mm->areas, *best = NULL;

	while (v) {
		if (v->end <= addr) {
			v = v->right;
			continue;
		}
		best = v;
		if (v->start <= addr)
			break;
		v = v->left;
	}
	return best;
}

struct vma *vma_find(struct mm *mm, uaddr_t addr)
{
	struct vma *v = vma_next(mm, addr);

	return v && v->start <= addr ? v : NULL;
}

struct vma *vma_prev(struct mm *mm, uaddr_t addr)
{
	struct vma *v = mm->areas, *best = NULL;

	while (v) {
		if (v->start < addr) {
			best = v;
			v = v->right;
		} else {
			v = v->left;
		}
	}
	return best;
}

/*
 * Highest `need` bytes free in [low, high), looking at the areas of one subtree only: the end of
 * them, or 0.
 */
static uaddr_t find_hole(const struct vma *v, uaddr_t low, uaddr_t high, size_t need)
{
	uaddr_t hole, below;

	if (high < need || high - need < low)
		return 0;
	if (!v || v->sub_hi <= low || v->sub_lo >= high)
		return high;
	if (v->sub_gap < need && (v->sub_hi > high || high - v->sub_hi < need) &&
	    (v->sub_lo < low || v->sub_lo - low < need))
		return 0;
	hole = find_hole(v->right, MAX(low, v->end), high, need);
	if (hole)
		return hole;
	below = v->left ? MAX(v->left->sub_hi, vma_gap_start(v)) : vma_gap_start(v);
	return find_hole(v->left, low, MIN(high, below), need);
}

uaddr_t vma_find_gap(struct mm *mm, uaddr_t low, uaddr_t high, size_t len, size_t align)
{
	size_t need = len + (align - PAGE_SIZE);
	uaddr_t hole = need < len ? 0 : find_hole(mm->areas, low, high, need);

	return hole ? ALIGN_DOWN(hole - len, align) : 0;
}

/* ---- changes ---- */

/* May b, directly behind a, become part of it? */
static bool mergeable(const struct vma *a, const struct vma *b)
{
	return a->end == b->start && a->prot == b->prot && a->flags == b->flags &&
	       a->file == b->file && a->name == b->name && !(a->flags & VMA_PINNED) &&
	       (!a->file || a->offset + (a->end - a->start) == b->offset);
}

void vma_resize(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end)
{
	struct vma **path[MAX_DEPTH];
	size_t depth = find_path(mm, v->start, path);

	account(mm, v, (ssize_t)((end - start) >> PAGE_SHIFT) - pages_of(v));
	if (v->file)
		v->offset += start - v->start;
	v->start = start;
	v->end = end;
	while (depth--)
		refresh(*path[depth]);
}

static void insert(struct mm *mm, struct vma *v)
{
	tree_insert(mm, v);
	mm->n_areas++;
	account(mm, v, pages_of(v));
}

void vma_remove(struct mm *mm, struct vma *v)
{
	tree_remove(mm, v);
	mm->n_areas--;
	account(mm, v, -pages_of(v));
	v->right = mm->dead;
	mm->dead = v;
}

void vma_bury(struct vma *dead)
{
	while (dead) {
		struct vma *next = dead->right;

		if (dead->file)
			file_put(dead->file);
		kfree(dead);
		dead = next;
	}
}

static struct vma *new_vma(const struct vma *like)
{
	struct vma *v = kmalloc(sizeof(*v));

	if (!v)
		return NULL;
	*v = *like;
	if (v->file)
		file_get(v->file);
	return v;
}

struct vma *vma_add(struct mm *mm, const struct vma *like)
{
	struct vma *prev = vma_prev(mm, like->start), *next = vma_next(mm, like->start), *v;
	bool with_next = next && mergeable(like, next);

	if (prev && mergeable(prev, like)) {
		uaddr_t end = like->end;

		if (with_next) {
			end = next->end;
			vma_remove(mm, next);
		}
		vma_resize(mm, prev, prev->start, end);
		return prev;
	}
	if (with_next) {
		vma_resize(mm, next, like->start, next->end);
		return next;
	}
	v = new_vma(like);
	if (v)
		insert(mm, v);
	return v;
}

int vma_split(struct mm *mm, struct vma *v, uaddr_t at, struct vma **upper)
{
	struct vma *u;

	if (mm->n_areas >= MM_MAX_AREAS)
		return -ENOMEM;
	u = new_vma(v);
	if (!u)
		return -ENOMEM;
	u->start = at;
	if (u->file)
		u->offset += at - v->start;
	vma_resize(mm, v, v->start, at);
	insert(mm, u);
	if (upper)
		*upper = u;
	return 0;
}

/* Join v with its neighbours if they have become equal; returns what contains it. */
static struct vma *merge_around(struct mm *mm, struct vma *v)
{
	struct vma *prev = vma_prev(mm, v->start), *next = vma_next(mm, v->end);
	uaddr_t end;

	if (next && mergeable(v, next)) {
		end = next->end;
		vma_remove(mm, next);
		vma_resize(mm, v, v->start, end);
	}
	if (prev && mergeable(prev, v)) {
		end = v->end;
		vma_remove(mm, v);
		vma_resize(mm, prev, prev->start, end);
		return prev;
	}
	return v;
}

struct vma *vma_change(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, unsigned prot,
		       unsigned flags)
{
	if (v->prot == prot && v->flags == flags)
		return v;
	if (v->start < start && vma_split(mm, v, start, &v))
		return NULL;
	if (v->end > end && vma_split(mm, v, end, NULL))
		return NULL;
	account(mm, v, -pages_of(v));
	v->prot = prot;
	v->flags = flags;
	account(mm, v, pages_of(v));
	return merge_around(mm, v);
}
