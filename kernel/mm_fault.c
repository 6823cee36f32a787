/* SPDX-License-Identifier: MIT */
/*
 * Filling areas with pages. A fault is expensive (30 us where ring 0 is interpreted), so while
 * memory is plentiful each one fills an aligned window of 16 pages, or 2 MiB where a private
 * anonymous area covers an aligned 2 MiB, as Linux's transparent huge pages would. When memory gets
 * short faults fill single pages, and reading what was never written costs none: it shows the zero
 * page.
 *
 * In a private area a frame that somebody else holds (the file, the zero page) is mapped without
 * write permission and replaced by a copy on the first write; mm_sole_owner tells the two apart.
 */
#include "kernel/file.h"
#include "kernel/log.h"
#include "kernel/mm_private.h"
#include "kernel/page.h"
#include "kernel/string.h"
#include "kernel/stubs_private.h"
#include "kernel/x86_64/cpu.h"

enum {
	WINDOW_PAGES = WINDOW / PAGE_SIZE,
	FILE_WINDOW_PAGES = 64, /* of files whose pages are at hand: only entries to write */
};
#define FILE_WINDOW (FILE_WINDOW_PAGES * PAGE_SIZE)

static struct page *zero_page; /* made by the first who needs it */

unsigned mm_pt_prot(unsigned prot)
{
	unsigned pt = prot ? PT_READ : 0;

	pt |= prot & PROT_WRITE ? PT_WRITE : 0;
	return pt | (prot & PROT_EXEC ? PT_EXEC : 0);
}

/* The same without the right to store; on x86 what may be written may be read, and still may. */
static unsigned pt_prot_readable(unsigned prot)
{
	return mm_pt_prot(prot) & ~(unsigned)PT_WRITE;
}

bool mm_sole_owner(const struct page *p)
{
	return READ_ONCE(p->refs) == 1 && !(p->flags & PG_RESERVED);
}

bool mm_plenty(unsigned shift)
{
	return page_available() > page_total() >> shift;
}

static bool is_private(const struct vma *v)
{
	return (v->flags & MAP_TYPE) == MAP_PRIVATE;
}

/*
 * The part of the aligned window around addr that lies in the area; one page only when memory is
 * short.
 */
static void window(const struct vma *v, uaddr_t addr, uaddr_t *start, uaddr_t *end)
{
	size_t size = mm_plenty(4) ? WINDOW : PAGE_SIZE;

	*start = MAX(ALIGN_DOWN(addr, size), v->start);
	*end = MIN(ALIGN_DOWN(addr, size) + size, v->end);
}

/*
 * Map pages[i] at start + i pages where it is not NULL, and forget those for which there was no
 * table.
 */
static int map_pages(struct mm *mm, uaddr_t start, struct page **pages, size_t n, unsigned prot)
{
	paddr_t pa[FILE_WINDOW_PAGES] = {0};
	size_t done;

	for (size_t i = 0; i < n; i++)
		pa[i] = pages[i] ? page_to_phys(pages[i]) : 0;
	done = pt_map_many(mm->root, start, pa, n, prot);
	for (size_t i = 0; i < n; i++) {
		if (i < done)
			mm->resident_pages += pages[i] != NULL;
		else if (pages[i])
			page_put(pages[i]);
	}
	return done == n ? 0 : -ENOMEM;
}

/* ---- anonymous memory ---- */

int mm_fill_anon(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end)
{
	size_t n = (end - start) >> PAGE_SHIFT, want, got;
	uint64_t taken = pt_mapped_mask(mm->root, start, n);
	struct page *fresh[WINDOW_PAGES], *pages[WINDOW_PAGES];
	int r;

	want = n - (size_t)__builtin_popcountll(taken);
	got = page_alloc_many(fresh, want, PAGE_ZEROED);
	for (size_t i = 0, next = 0; i < n; i++)
		pages[i] = (taken >> i & 1) || next == got ? NULL : fresh[next++];
	r = map_pages(mm, start, pages, n, mm_pt_prot(v->prot));
	return got < want ? -ENOMEM : r;
}

static bool fill_huge(struct mm *mm, const struct vma *v, uaddr_t addr)
{
	uaddr_t start = ALIGN_DOWN(addr, HUGE_SIZE);
	struct page *p;

	if (start < v->start || start + HUGE_SIZE > v->end || !(v->prot & PROT_WRITE) ||
	    (v->flags & VMA_NOHUGE))
		return false;
	if (!mm_plenty(v->flags & VMA_HUGEPAGE ? 4 : 2) || !pt_huge_slot_free(mm->root, start))
		return false;
	p = page_alloc(HUGE_SHIFT - PAGE_SHIFT, PAGE_ZEROED);
	if (!p)
		return false;
	if (pt_map(mm->root, start, page_to_phys(p), mm_pt_prot(v->prot), HUGE_SHIFT)) {
		page_put(p);
		return false;
	}
	mm->resident_pages += HUGE_SIZE >> PAGE_SHIFT;
	return true;
}

/* Show the zero page in the free slots of [start, end). */
static int fill_zero_page(struct mm *mm, const struct vma *v, uaddr_t start, uaddr_t end)
{
	size_t n = (end - start) >> PAGE_SHIFT;
	uint64_t taken = pt_mapped_mask(mm->root, start, n);
	struct page *pages[WINDOW_PAGES];

	if (!zero_page) {
		zero_page = page_alloc(0, PAGE_ZEROED);
		if (!zero_page)
			return -ENOMEM;
		zero_page->flags |= PG_RESERVED;
	}
	for (size_t i = 0; i < n; i++)
		pages[i] = taken >> i & 1 ? NULL : page_get(zero_page);
	return map_pages(mm, start, pages, n, pt_prot_readable(v->prot));
}

static int fault_anon(struct mm *mm, struct vma *v, uaddr_t addr, enum mm_access access)
{
	uaddr_t start, end;

	if (fill_huge(mm, v, addr))
		return 0;
	window(v, addr, &start, &end);
	if (access !=
	    MM_WRITE) /* as Linux: what is only read costs no memory and stays in the cache */
		return fill_zero_page(mm, v, start, end);
	if (mm_fill_anon(mm, v, start, end) == 0)
		return 0;
	return mm_fill_anon(mm, v, addr, addr + PAGE_SIZE);
}

/* ---- files ---- */

/* A copy of `from`, whose reference is dropped; NULL without memory. */
static struct page *copy_of(struct page *from)
{
	struct page *p = page_alloc(0, 0);

	if (p)
		memcpy(page_to_virt(p), page_to_virt(from), PAGE_SIZE);
	page_put(from);
	return p;
}

/* May all pages of a shared mapping be stored to from the start? */
static bool open_to_stores(const struct vma *v)
{
	return !is_private(v) && (v->prot & PROT_WRITE) && (v->file->kind & FILE_MAP_WRITE);
}

/*
 * May more than the page written be copied from a private mapping of a file? Who writes to the file
 * later would not be seen in the copies.
 */
static bool copy_ahead(const struct vma *v)
{
	return !v->file || !file_may_change || !file_may_change(v->file);
}

static uint64_t file_index(const struct vma *v, uaddr_t va)
{
	return (v->offset + (va - v->start)) >> PAGE_SHIFT;
}

/* The file's pages at [start, start + n pages) that are at hand and not mapped yet. */
static void pages_at_hand(struct mm *mm, struct vma *v, uaddr_t start, size_t n,
			  struct page **pages)
{
	uint64_t taken = pt_mapped_mask(mm->root, start, n), index = file_index(v, start);
	struct file *f = v->file;

	if (f->ops->map_around)
		f->ops->map_around(f, index, n, pages);
	for (size_t i = 0; i < n; i++) {
		bool mapped = taken >> i & 1;

		if (!f->ops->map_around &&
		    (mapped || f->ops->map_page(f, index + i, false, &pages[i])))
			pages[i] = NULL;
		if (pages[i] && mapped) {
			page_put(pages[i]);
			pages[i] = NULL;
		}
	}
}

/* Map what else is at hand around addr: a fault costs more than a few entries. */
static void fill_around(struct mm *mm, struct vma *v, uaddr_t addr, bool copy, bool run)
{
	unsigned prot = copy || open_to_stores(v) ? mm_pt_prot(v->prot) : pt_prot_readable(v->prot);
	struct page *pages[FILE_WINDOW_PAGES];
	uaddr_t start, end;
	size_t n;

	if (copy || !v->file->ops->map_around) {
		window(v, addr, &start, &end);
	} else {
		start = MAX(ALIGN_DOWN(addr, FILE_WINDOW), v->start);
		end = MIN(ALIGN_DOWN(addr, FILE_WINDOW) + FILE_WINDOW, v->end);
	}
	n = (end - start) >> PAGE_SHIFT;
	if (n == 1)
		return;
	pages_at_hand(mm, v, start, n, pages);
	for (size_t i = 0; i < n && copy; i++)
		pages[i] = pages[i] ? copy_of(pages[i]) : NULL;
	mm_stubs_plan(mm, v, start, pages, n, run ? STUBS_MAY_RUN : STUBS_SEE);
	(void)map_pages(mm, start, pages, n, prot);
}

static int fault_file(struct mm *mm, struct vma *v, uaddr_t addr, enum mm_access access)
{
	bool copy = is_private(v) && access == MM_WRITE;
	bool write = !is_private(v) && (access == MM_WRITE || open_to_stores(v));
	unsigned prot = copy || write ? mm_pt_prot(v->prot) : pt_prot_readable(v->prot);
	struct page *p;
	int r = v->file->ops->map_page(v->file, file_index(v, addr), write, &p);

	if (r)
		return r;
	if (write && !(v->file->kind & FILE_MAP_WRITE))
		mm_show_page(mm, v, addr, p);
	if (copy && !(p = copy_of(p)))
		return -ENOMEM;
	if (access == MM_EXEC)
		mm_stubs_plan(mm, v, addr, &p, 1, STUBS_RUN);
	else if (mm_stubs_planned(v, addr))
		prot &= ~(unsigned)PT_EXEC;
	r = pt_map(mm->root, addr, page_to_phys(p), prot, PAGE_SHIFT);
	if (r) {
		page_put(p);
		return r;
	}
	mm->resident_pages++;
	fill_around(mm, v, addr, copy && copy_ahead(v), access == MM_EXEC);
	return 0;
}

/* Code that has only been read so far (mm_stubs_planned) is about to run. */
static void run_seen(struct mm *mm, struct vma *v, uaddr_t addr, const struct pt_leaf *leaf)
{
	struct page *old = phys_to_page(leaf->pa), *p = page_get(old);
	unsigned prot = pt_prot_readable(v->prot);
	struct gather g;
	int r;

	mm_stubs_plan(mm, v, addr, &p, 1, STUBS_RUN);
	if (p == old) {
		page_put(p); /* the leaf has a reference */
		pt_protect(mm->root, addr, prot);
		return;
	}
	gather_init(&g, mm);
	gather_page(&g, old, addr, leaf);
	r = pt_map(mm->root, addr, page_to_phys(p), prot, PAGE_SHIFT);
	assert(!r); /* the table is there */
	gather_finish(&g);
}

/* ---- copy on write ---- */

struct cow {
	struct pt_visitor v;
	struct gather g;
	uaddr_t addr; /* of the write */
	unsigned prot;
	int result;
};

static int cow_leaf(struct pt_visitor *v, uint64_t va, struct pt_leaf *leaf)
{
	struct cow *c = container_of(v, struct cow, v);
	struct page *old = phys_to_page(leaf->pa), *copy;

	if (leaf->prot & PT_WRITE)
		return PT_KEEP;
	if (mm_sole_owner(old))
		return (int)c->prot;
	copy = page_alloc(0, old == zero_page ? PAGE_ZEROED : 0);
	if (!copy) {
		if (va == c->addr)
			c->result = -ENOMEM;
		return PT_KEEP;
	}
	if (old != zero_page)
		memcpy(page_to_virt(copy), page_to_virt(old), PAGE_SIZE);
	gather_page(&c->g, old, va, leaf);
	leaf->pa = page_to_phys(copy);
	return (int)c->prot;
}

/* The first store to a page of a shared mapping: the file is told, and may put another in its
 * place.
 */
static int store_shared(struct mm *mm, struct vma *v, uaddr_t addr, struct pt_leaf *leaf)
{
	struct page *old = phys_to_page(leaf->pa), *p = old;
	struct gather g;
	int r;

	if (!v->file || open_to_stores(v)) {
		pt_protect(mm->root, addr, mm_pt_prot(v->prot));
		return 0;
	}
	r = v->file->ops->map_page(v->file, file_index(v, addr), true, &p);
	if (r)
		return r;
	if (p == old) {
		page_put(p); /* the leaf has a reference */
		pt_protect(mm->root, addr, mm_pt_prot(v->prot));
		return 0;
	}
	gather_init(&g, mm);
	gather_page(&g, old, addr, leaf);
	r = pt_map(mm->root, addr, page_to_phys(p), mm_pt_prot(v->prot), PAGE_SHIFT);
	assert(!r); /* the table is there */
	gather_finish(&g);
	mm_show_page(mm, v, addr, p);
	return 0;
}

/* A write to a page mapped without write permission in a writable area. */
static int fault_cow(struct mm *mm, struct vma *v, uaddr_t addr, struct pt_leaf *leaf)
{
	struct cow c = {.v.fn = cow_leaf, .addr = addr, .prot = mm_pt_prot(v->prot)};
	uaddr_t start, end;

	if (!is_private(v))
		return store_shared(mm, v, addr, leaf);
	if (leaf->shift == HUGE_SHIFT)
		return mm_own_huge(mm, addr, leaf, mm_pt_prot(v->prot));
	window(v, addr, &start, &end);
	if (!mm_plenty(2) || !copy_ahead(v)) {
		start = addr;
		end = addr + PAGE_SIZE;
	}
	gather_init(&c.g, mm);
	pt_visit(mm->root, start, end, &c.v);
	gather_finish(&c.g);
	return c.result;
}

/* ---- faults ---- */

/* Linux's access_error: on x86 any right lets a page be read. */
static bool allowed(const struct vma *v, enum mm_access access)
{
	if (access == MM_WRITE)
		return v->prot & PROT_WRITE;
	if (access == MM_EXEC)
		return v->prot & PROT_EXEC;
	return v->prot != 0;
}

/*
 * Grow a stack down to addr, a window at a time where that is possible. False if it may not:
 * RLIMIT_STACK, or the guard gap to the area below (Linux: expand_downwards).
 */
static bool grow_stack(struct mm *mm, struct vma *v, uaddr_t addr)
{
	struct vma *below = vma_prev(mm, v->start);
	uaddr_t targets[] = {ALIGN_DOWN(addr, WINDOW), ALIGN_DOWN(addr, PAGE_SIZE)};
	uaddr_t low = MMAP_MIN_ADDR;

	if (below)
		low = below->end +
		      (below->prot && !(below->flags & MAP_GROWSDOWN) ? STACK_GUARD_GAP : 0);
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		size_t grow = (v->start - targets[i]) >> PAGE_SHIFT;

		if (targets[i] < low || v->end - targets[i] > mm_rlimit(RLIMIT_STACK))
			continue;
		if (!mm_may_expand(mm, grow, v->prot, v->flags))
			continue;
		if ((v->flags & MAP_LOCKED) && !mm_may_lock(mm, grow))
			continue;
		vma_resize(mm, v, targets[i], v->end);
		return true;
	}
	return false;
}

int mm_fault_locked(struct mm *mm, uaddr_t addr, enum mm_access access)
{
	struct vma *v = vma_next(mm, addr);
	struct pt_leaf leaf;

	if (!v)
		return -EFAULT;
	if (addr < v->start && (!(v->flags & MAP_GROWSDOWN) || !grow_stack(mm, v, addr)))
		return -EFAULT;
	if (!allowed(v, access))
		return -EACCES;
	addr &= PAGE_MASK;
	leaf = pt_lookup(mm->root, addr);
	if (leaf.mapped) {
		if (access == MM_WRITE && !(leaf.prot & PT_WRITE))
			return fault_cow(mm, v, addr, &leaf);
		if (access == MM_EXEC && !(leaf.prot & PT_EXEC) && v->file)
			run_seen(mm, v, addr, &leaf);
		return 0; /* somebody was faster, or a stale translation */
	}
	if (v->file)
		return fault_file(mm, v, addr, access);
	if (v->flags & VMA_PINNED)
		return -EFAULT;
	return fault_anon(mm, v, addr, access);
}

int mm_fault(struct mm *mm, uaddr_t addr, enum mm_access access)
{
	for (int tries = 0;; tries++) {
		int r;

		mm_lock(mm);
		r = mm_fault_locked(mm, addr, access);
		mm_unlock(mm);
		if (likely(r != -ENOMEM) || tries == RELIEVE_TRIES || !mm_relieve())
			return r;
	}
}

int mm_fill_area(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, enum mm_access access)
{
	while (start < end) {
		struct pt_leaf leaf = pt_lookup(mm->root, start);
		int r = 0;

		if (!leaf.mapped || (access == MM_WRITE && !(leaf.prot & PT_WRITE)))
			r = mm_fault_locked(mm, start, access);
		if (r)
			return r;
		start = ALIGN_DOWN(start, 1ul << (leaf.mapped ? leaf.shift : PAGE_SHIFT));
		start += 1ul << (leaf.mapped ? leaf.shift : PAGE_SHIFT);
	}
	return 0;
}

int mm_populate_locked(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct vma *v;
	int r = 0;

	for (v = vma_next(mm, start); !r && v && v->start < end; v = vma_next(mm, v->end)) {
		bool write = (v->prot & PROT_WRITE) && is_private(v);

		if (v->prot && !(v->flags & VMA_PINNED))
			r = mm_fill_area(mm, v, MAX(start, v->start), MIN(end, v->end),
					 write ? MM_WRITE : MM_READ);
	}
	return r;
}

int mm_populate(struct mm *mm, uaddr_t addr, size_t len)
{
	int r;

	mm_lock(mm);
	r = mm_populate_locked(mm, ALIGN_DOWN(addr, PAGE_SIZE), ALIGN_UP(addr + len, PAGE_SIZE));
	mm_unlock(mm);
	return r;
}
