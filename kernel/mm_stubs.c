/* SPDX-License-Identifier: MIT */
/*
 * Changing code in an address space: areas of stubs, and private copies of pages in which a
 * `syscall` has become a jump (kernel/stubs.h, loader/rewrite.h).
 *
 * There is no list of what was changed: a stub tells its site, and the site counts as changed while
 * a jump to that stub stands there. So pages may come and go without anybody telling this file.
 *
 * Bytes of mapped code are never stored to: a changed copy of the page takes its place, and
 * translations are flushed before the old one goes. A CPU therefore runs either the old
 * instructions or the new ones, never a mixture.
 */
#include "kernel/file.h"
#include "kernel/heap.h"
#include "kernel/log.h"
#include "kernel/mm_private.h"
#include "kernel/page.h"
#include "kernel/process.h"
#include "kernel/string.h"
#include "kernel/stubs_private.h"
#include "kernel/task.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/smp.h"
#include "loader/rewrite.h"

#define STUB	   sizeof(struct rewrite_stub)
#define AREA_SIZE  (256ul << 10)
#define AREA_STUBS (AREA_SIZE / STUB)
/* With room for fewer the stubs are looked through for such as are not needed any more; if that
 * does not help, again after so many pages. */
#define ROOM	 (AREA_STUBS / 8)
#define PATIENCE 4096
/* How far from the code an area may be, and is if there is room: away from where mmap(2) maps. */
#define AREA_REACH    ((2ul << 30) - 2 * AREA_SIZE)
#define AREA_DISTANCE (1ul << 30)

struct stub_areas {
	unsigned n;
	struct stub_area {
		uaddr_t base;
		unsigned used; /* stubs in it, from the start */
		unsigned free; /* of those without a site, to be used again */
		unsigned hand; /* where to look for one of them */
	} area[16];
	unsigned patience; /* see make_room */
};

/* ---- areas ---- */

static bool reaches(uaddr_t base, uaddr_t at)
{
	return base - at + AREA_REACH < 2 * AREA_REACH;
}

/* Where an area for code at `at` of v goes, or 0. */
static uaddr_t choose_place(struct mm *mm, const struct vma *v, uaddr_t at)
{
	uaddr_t low = at > AREA_REACH + MMAP_MIN_ADDR ? at - AREA_REACH : MMAP_MIN_ADDR, place = 0;

	if (v->start > low + AREA_DISTANCE)
		place = vma_find_gap(mm, low, v->start - AREA_DISTANCE, AREA_SIZE, PAGE_SIZE);
	if (!place)
		place = vma_find_gap(mm, low, v->start, AREA_SIZE, PAGE_SIZE);
	if (!place)
		place =
		    vma_find_gap(mm, v->end, MIN(at + AREA_REACH, TASK_SIZE), AREA_SIZE, PAGE_SIZE);
	return place;
}

static struct stub_area *area_new(struct mm *mm, const struct vma *v, uaddr_t at)
{
	struct vma like = {.prot = PROT_READ | PROT_EXEC,
			   .flags = MAP_PRIVATE | VMA_PINNED | VMA_NOWRITE,
			   .name = "[uniload]"};
	struct stub_area *a;

	if (!mm->stubs)
		mm->stubs = kzalloc(sizeof(*mm->stubs));
	if (!mm->stubs || mm->stubs->n == ARRAY_SIZE(mm->stubs->area) ||
	    mm->n_areas >= MM_MAX_AREAS)
		return NULL;
	like.start = choose_place(mm, v, at);
	like.end = like.start + AREA_SIZE;
	if (!like.start || !vma_add(mm, &like))
		return NULL;
	a = &mm->stubs->area[mm->stubs->n++];
	*a = (struct stub_area){.base = like.start};
	return a;
}

/* What is mapped at va, through the direct map; NULL: nothing. */
static uint8_t *bytes_at(struct mm *mm, uaddr_t va, struct pt_leaf *leaf)
{
	*leaf = pt_lookup(mm->root, va);
	if (!leaf->mapped)
		return NULL;
	return (uint8_t *)phys_to_virt(leaf->pa) + (va & ((1ul << leaf->shift) - 1));
}

/* The stub at `at`, in some area. */
static const struct rewrite_stub *stub_at(struct mm *mm, uaddr_t at)
{
	struct pt_leaf leaf;

	return (const struct rewrite_stub *)bytes_at(mm, at, &leaf);
}

/* The stub that addr is inside of; *at becomes its address. NULL: it is not in one. */
static const struct rewrite_stub *stub_around(struct mm *mm, uaddr_t addr, uaddr_t *at)
{
	for (unsigned i = 0; mm->stubs && i < mm->stubs->n; i++) {
		const struct stub_area *a = &mm->stubs->area[i];

		*at = ALIGN_DOWN(addr, STUB);
		if (addr - a->base < a->used * STUB)
			return stub_at(mm, *at);
	}
	return NULL;
}

/* ---- pages ---- */

/* Put p (reference taken over) in place of the page that is mapped at va. */
static void exchange(struct mm *mm, uaddr_t va, const struct pt_leaf *leaf, struct page *p)
{
	struct gather g;
	int r;

	gather_init(&g, mm);
	gather_page(&g, phys_to_page(leaf->pa), va, leaf);
	r = pt_map(mm->root, va, page_to_phys(p), leaf->prot, PAGE_SHIFT);
	assert(!r); /* it takes the place of one */
	gather_finish(&g);
}

static struct page *copy_page(const void *from)
{
	struct page *p = page_alloc(0, 0);

	if (p)
		memcpy(page_to_virt(p), from, PAGE_SIZE);
	return p;
}

/* The frame behind the page of stubs at va, to be stored to; NULL without memory. */
static uint8_t *stub_page(struct mm *mm, uaddr_t va)
{
	struct pt_leaf leaf;
	uint8_t *bytes = bytes_at(mm, va, &leaf);
	struct page *p;

	if (bytes && mm_sole_owner(phys_to_page(leaf.pa)))
		return bytes;
	p = bytes ? copy_page(bytes) : page_alloc(0, PAGE_ZEROED);
	if (!p)
		return NULL;
	if (bytes) { /* shared since a fork */
		exchange(mm, va, &leaf, p);
	} else if (pt_map(mm->root, va, page_to_phys(p), PT_READ | PT_EXEC, PAGE_SHIFT)) {
		page_put(p);
		return NULL;
	} else {
		mm->resident_pages++;
	}
	return page_to_virt(p);
}

/* ---- places for stubs ---- */

/* Does a thread go on inside of the stub at `at`? None is in program code: smp_leave_program. */
static bool in_use(struct mm *mm, uaddr_t at)
{
	struct process *p;

	for_each_process(p)
	{
		struct thread *t;

		if (p->mm != mm)
			continue;
		list_for_each (t, &p->threads, process_link)
			if (t->regs && t->regs->rip - at < STUB)
				return true;
	}
	return false;
}

/* Find the stubs of an area that no site jumps to any more, because the code is gone. */
static void area_sweep(struct mm *mm, struct stub_area *a)
{
	smp_leave_program(mm);
	for (unsigned i = 0; i < a->used; i++) {
		uaddr_t at = a->base + i * STUB;
		const struct rewrite_stub *stub = stub_at(mm, at);
		struct pt_leaf leaf;
		const uint8_t *code;
		uint8_t *page;

		if (!stub || !stub->site)
			continue;
		code = bytes_at(mm, stub->site, &leaf);
		if ((code && rewrite_in_place(stub, at, code)) || in_use(mm, at))
			continue;
		page = stub_page(mm, at & PAGE_MASK);
		if (!page)
			return;
		((struct rewrite_stub *)(page + (at & ~PAGE_MASK)))->site = 0;
		a->free++;
	}
}

static unsigned room_in(const struct stub_area *a)
{
	return AREA_STUBS - a->used + a->free;
}

/* Is there an area for code at `at`, but little room in it and in others like it? */
static bool crowded(struct mm *mm, uaddr_t at)
{
	unsigned room = 0;
	bool any = false;

	for (unsigned i = 0; mm->stubs && i < mm->stubs->n; i++) {
		const struct stub_area *a = &mm->stubs->area[i];

		if (!reaches(a->base, at))
			continue;
		any = true;
		room += room_in(a);
	}
	return any && room < ROOM;
}

/*
 * See to it that there are places for stubs of code at `at`, if there can be without a new area:
 * libraries come and go. Not while changed pages wait for being mapped: their stubs look unneeded.
 */
static void make_room(struct mm *mm, uaddr_t at)
{
	struct stub_areas *s = mm->stubs;

	if (!crowded(mm, at))
		return;
	if (s->patience) {
		s->patience--;
		return;
	}
	for (unsigned i = 0; i < s->n; i++)
		area_sweep(mm, &s->area[i]);
	if (crowded(mm, at))
		s->patience = PATIENCE;
}

/* A place in an area that has room; area_taken when it is a stub's. */
static uaddr_t area_place(struct mm *mm, struct stub_area *a)
{
	const struct rewrite_stub *stub;

	if (a->used < AREA_STUBS)
		return a->base + a->used * STUB;
	while ((stub = stub_at(mm, a->base + a->hand * STUB)) && stub->site)
		a->hand = (a->hand + 1) % AREA_STUBS;
	return a->base + a->hand * STUB;
}

static void area_taken(struct stub_area *a)
{
	if (a->used < AREA_STUBS)
		a->used++;
	else
		a->free--;
}

/* An area with room for a stub of code at `at`, or NULL. */
static struct stub_area *area_for(struct mm *mm, const struct vma *v, uaddr_t at)
{
	for (unsigned i = 0; mm->stubs && i < mm->stubs->n; i++) {
		struct stub_area *a = &mm->stubs->area[i];

		if (room_in(a) && reaches(a->base, at))
			return a;
	}
	return area_new(mm, v, at);
}

/*
 * The bytes of site s, of which `n`, all that are replaced, are at `from`. Where the `syscall`
 * behind lies in the next page, that is not asked: it is there if the file is the plan's.
 */
static void site_bytes(const struct plan_site *s, const uint8_t *from, size_t n, uint8_t *code)
{
	static const uint8_t syscall_insn[REWRITE_SYSCALL] = {0x0f, 0x05};

	memcpy(code + s->length, syscall_insn, sizeof(syscall_insn));
	memcpy(code, from, MIN(n, rewrite_extent(s)));
}

/*
 * Make the stub for site s at `at` of v, whose page has its copy at `page`, and change the copy.
 * 0 or an error of rewrite_make, or -ENOMEM: then nothing is changed.
 */
static int put_stub(struct mm *mm, const struct vma *v, const struct plan_site *s, uaddr_t at,
		    uint8_t *page)
{
	struct stub_area *a = area_for(mm, v, at);
	uint8_t patched[REWRITE_MAX_LENGTH], code[REWRITE_MAX_LENGTH + REWRITE_SYSCALL], *stubs;
	struct rewrite_stub stub;
	uaddr_t place;
	int r;

	if (!a)
		return -ENOMEM;
	site_bytes(s, page + (at & ~PAGE_MASK), PAGE_SIZE - (at & ~PAGE_MASK), code);
	place = area_place(mm, a);
	r = rewrite_make(s, code, at, place, stubs_entry_word(), &stub, patched);
	if (r)
		return r;
	stubs = stub_page(mm, place & PAGE_MASK);
	if (!stubs)
		return -ENOMEM;
	memcpy(stubs + (place & ~PAGE_MASK), &stub, STUB);
	area_taken(a);
	memcpy(page + (at & ~PAGE_MASK), patched, s->length);
	return 0;
}

/* mm_stubs_moved_rip, with the page that rip is in. */
static uaddr_t moved_rip(struct mm *mm, uaddr_t rip, const uint8_t *page)
{
	for (size_t back = 1; back < REWRITE_MAX_LENGTH; back++) {
		size_t off = (rip & ~PAGE_MASK) - back;
		const struct rewrite_stub *stub;
		uaddr_t target, at;
		int32_t rel;

		if (back > (rip & ~PAGE_MASK)) /* sites lie in one page */
			break;
		if (off + REWRITE_JUMP > PAGE_SIZE)
			continue;
		memcpy(&rel, page + off + 1, sizeof(rel));
		target = rip - back + REWRITE_JUMP + (uint64_t)(int64_t)rel;
		stub = stub_around(mm, target, &at);
		if (stub && at == target && stub->site == rip - back &&
		    rewrite_in_place(stub, at, page + off) && rewrite_stub_offset(stub, rip))
			return at + rewrite_stub_offset(stub, rip);
	}
	return rip;
}

/*
 * Call fn for the registers of every thread that is at [start, end) of the program's code; those of
 * other CPUs come out of it for that, and stay out as long as the caller does not sleep.
 */
static void for_threads(struct mm *mm, uaddr_t start, uaddr_t end,
			void (*fn)(struct mm *mm, struct regs *regs, void *arg), void *arg)
{
	struct process *p;

	smp_leave_program(mm);
	for_each_process(p)
	{
		struct thread *t;

		if (p->mm != mm)
			continue;
		list_for_each (t, &p->threads, process_link)
			if (t->regs && t->regs->rip - start < end - start)
				fn(mm, t->regs, arg);
	}
}

/* ---- by the plan ---- */

/* May pages of v be changed: code that nobody writes to, neither here nor in the file? */
static bool may_change(const struct vma *v)
{
	return (v->prot & (PROT_EXEC | PROT_WRITE)) == PROT_EXEC &&
	       (v->flags & MAP_TYPE) == MAP_PRIVATE && !(v->flags & VMA_PINNED) &&
	       !(v->file && file_may_change && file_may_change(v->file));
}

/* First site at or behind this offset. */
static uint32_t first_site(const struct plan_view *plan, uint64_t offset)
{
	uint32_t lo = 0, hi = plan->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (plan->sites[mid].start < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Does the page at this offset begin any? */
static bool has_sites(const struct plan_view *plan, uint64_t offset)
{
	uint32_t i = first_site(plan, offset);

	return i < plan->n && plan->sites[i].start - offset < PAGE_SIZE;
}

/*
 * A thread may be about to go on among instructions that have just been moved: it was there, or in
 * a call that returns there, when the page was last in memory, unchanged for some reason.
 */
static void move_in(struct mm *mm, struct regs *regs, void *page)
{
	regs->rip = moved_rip(mm, regs->rip, page);
}

static struct page *change_page(struct mm *mm, const struct vma *v, const struct plan_view *plan,
				uaddr_t va, struct page *p)
{
	uint64_t offset = v->offset + (va - v->start);
	struct page *copy = NULL;

	for (uint32_t i = first_site(plan, offset); i < plan->n; i++) {
		const struct plan_site *s = &plan->sites[i];
		uint64_t in_page = s->start - offset;

		if (in_page >= PAGE_SIZE)
			break;
		if (s->length > REWRITE_MAX_LENGTH || in_page + s->length > PAGE_SIZE ||
		    va + in_page + rewrite_extent(s) > v->end)
			continue;
		if (!copy && !(copy = copy_page(page_to_virt(p))))
			break;
		if (put_stub(mm, v, s, va + in_page, page_to_virt(copy)) == 0)
			stubs_note(STUBS_PLANNED, 1);
	}
	if (!copy)
		return p;
	for_threads(mm, va, va + PAGE_SIZE, move_in, page_to_virt(copy));
	page_put(p);
	return copy;
}

bool mm_stubs_planned(const struct vma *v, uaddr_t va)
{
	struct plan_view plan;

	return (v->prot & PROT_EXEC) && may_change(v) && stubs_plan_of(v->file, &plan) &&
	       has_sites(&plan, v->offset + (va - v->start));
}

void mm_stubs_plan(struct mm *mm, struct vma *v, uaddr_t start, struct page **pages, size_t n,
		   enum stubs_use use)
{
	bool change = use == STUBS_RUN || (use == STUBS_MAY_RUN && cpu_ring0_is_slow());
	struct plan_view plan;

	if (!(v->prot & PROT_EXEC) || !may_change(v) || !mm_plenty(4) ||
	    !stubs_plan_of(v->file, &plan))
		return;
	make_room(mm, start);
	for (size_t i = 0; i < n; i++) {
		uaddr_t va = start + i * PAGE_SIZE;

		if (!pages[i])
			continue;
		if (change) {
			pages[i] = change_page(mm, v, &plan, va, pages[i]);
		} else if (has_sites(&plan, v->offset + (va - v->start))) {
			page_put(pages[i]);
			pages[i] = NULL;
		}
	}
}

/* ---- at a trap ---- */

/* Copy n bytes of mapped code; false: they are not there. */
static bool copy_code(struct mm *mm, uaddr_t at, uint8_t *code, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pt_leaf leaf;
		const uint8_t *byte = bytes_at(mm, at + i, &leaf);

		if (!byte)
			return false;
		code[i] = *byte;
	}
	return true;
}

int mm_stubs_add(struct mm *mm, uaddr_t rip, uint64_t nr)
{
	uaddr_t at = rip - REWRITE_SYSCALL - REWRITE_MOV, page = at & PAGE_MASK;
	struct vma *v = vma_find(mm, at);
	struct plan_site s;
	struct pt_leaf leaf;
	struct page *copy;
	uint8_t code[REWRITE_MOV + REWRITE_SYSCALL];
	int r;

	if (!v || !may_change(v) || at + REWRITE_MOV - page > PAGE_SIZE || rip > v->end ||
	    nr > UINT32_MAX || !copy_code(mm, at, code, sizeof(code)) ||
	    !rewrite_is_plain(code, (uint32_t)nr, &s))
		return -EINVAL;
	if (mm_split_edges(mm, page, page + PAGE_SIZE))
		return -ENOMEM;
	make_room(mm, at);
	copy = copy_page(bytes_at(mm, page, &leaf));
	if (!copy)
		return -ENOMEM;
	r = put_stub(mm, v, &s, at, page_to_virt(copy));
	if (r)
		page_put(copy);
	else
		exchange(mm, page, &leaf, copy);
	return r;
}

/* ---- undoing ---- */

/* A page that is being changed back: stubs of one page mostly stand side by side. */
struct undo {
	uaddr_t page; /* 0: none yet */
	struct pt_leaf leaf;
	const uint8_t *now;
	struct page *copy; /* NULL: no change yet */
};

static void undo_finish(struct mm *mm, struct undo *u)
{
	if (u->copy)
		exchange(mm, u->page, &u->leaf, u->copy);
	u->copy = NULL;
}

/* Give the stub's site, if it is one still, its bytes back. 0 or -ENOMEM. */
static int undo_one(struct mm *mm, struct undo *u, const struct rewrite_stub *stub, uaddr_t at)
{
	size_t off = stub->site & ~PAGE_MASK;

	if (u->page != (stub->site & PAGE_MASK)) {
		undo_finish(mm, u);
		u->page = stub->site & PAGE_MASK;
		u->now = bytes_at(mm, u->page, &u->leaf);
	}
	if (!u->now || u->leaf.shift != PAGE_SHIFT || !rewrite_in_place(stub, at, u->now + off))
		return 0;
	if (!u->copy && !(u->copy = copy_page(u->now)))
		return -ENOMEM;
	rewrite_original(stub, (uint8_t *)page_to_virt(u->copy) + off);
	return 0;
}

/* The same for all stubs of an area whose sites, or the `syscall` behind, reach into [start, end).
 */
static int undo_area(struct mm *mm, const struct stub_area *a, uaddr_t start, uaddr_t end)
{
	struct undo u = {0};
	int r = 0;

	for (unsigned i = 0; i < a->used && !r; i++) {
		const struct rewrite_stub *stub = stub_at(mm, a->base + i * STUB);

		if (stub && stub->site < end && stub->site + stub->length + REWRITE_SYSCALL > start)
			r = undo_one(mm, &u, stub, a->base + i * STUB);
	}
	undo_finish(mm, &u);
	return r;
}

int mm_stubs_moving(struct mm *mm, const struct vma *v, uaddr_t start, uaddr_t end)
{
	int r = 0;

	if (!mm->stubs || !(v->prot & PROT_EXEC))
		return 0;
	for (unsigned i = 0; i < mm->stubs->n && !r; i++)
		r = undo_area(mm, &mm->stubs->area[i], start, end);
	return r ? r : mm_stubs_lose(mm, start, end);
}

/*
 * Threads that were interrupted in the area go on in the program's own code. One that runs there on
 * another CPU this moment is in code that the program unmaps, as far as it can tell.
 */
static void send_home(struct mm *mm, struct regs *regs, void *arg)
{
	regs->rip = mm_stubs_program_rip(mm, regs->rip);
}

int mm_stubs_lose(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct stub_areas *s = mm->stubs;

	for (unsigned i = s ? s->n : 0; i-- > 0;) {
		struct stub_area *a = &s->area[i];

		if (a->base >= end || a->base + AREA_SIZE <= start)
			continue;
		if (undo_area(mm, a, 0, TASK_SIZE))
			return -ENOMEM;
		for_threads(mm, a->base, a->base + AREA_SIZE, send_home, NULL);
		*a = s->area[--s->n];
	}
	return 0;
}

int mm_stubs_fork(struct mm *to, const struct mm *mm)
{
	if (!mm->stubs)
		return 0;
	to->stubs = kmalloc(sizeof(*mm->stubs));
	if (!to->stubs)
		return -ENOMEM;
	*to->stubs = *mm->stubs;
	return 0;
}

/* ---- places ---- */

uaddr_t mm_stubs_program_rip(struct mm *mm, uaddr_t rip)
{
	uaddr_t at;
	const struct rewrite_stub *stub = stub_around(mm, rip, &at);

	return stub && stub->site ? rewrite_program_rip(stub, rip - at) : rip;
}

uaddr_t mm_stubs_step_rip(struct mm *mm, uaddr_t rip)
{
	uaddr_t at;
	const struct rewrite_stub *stub = stub_around(mm, rip, &at);

	return stub && rip == at ? at + rewrite_step_offset(stub) : 0;
}

uaddr_t mm_stubs_moved_rip(struct mm *mm, uaddr_t rip)
{
	struct pt_leaf leaf;
	const uint8_t *page = mm->stubs ? bytes_at(mm, rip & PAGE_MASK, &leaf) : NULL;

	return page ? moved_rip(mm, rip, page) : rip;
}
