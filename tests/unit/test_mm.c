/* SPDX-License-Identifier: MIT */
/*
 * Address spaces under random calls, against an array of pages that knows rights and contents;
 * memory reached through a simulated CPU that keeps stale translations.
 * unit: kernel/mm.c kernel/mm_fork.c kernel/mm_gather.c kernel/mm_file.c kernel/mm_fault.c
 * kernel/mm_range.c kernel/mm_move.c kernel/vma.c kernel/x86_64/pt.c kernel/page.c kernel/heap.c
 * kernel/mm_stubs.c loader/rewrite.c tests/unit/arena.c
 */
#include "tests/unit/mmsim.h"

enum { ROUNDS = 100000 };
enum kind { FREE, ANON, SHARED, PRIVATE };

static struct cell {
	enum kind kind;
	unsigned prot;
	size_t index; /* file page */
	bool written; /* PRIVATE: tag is the copy's */
	uint32_t tag; /* first word of the page */
} model[SIM_PAGES];

static struct sim_file shared_file, private_file;
static bool exact = true; /* memory suffices, so nothing may fail for want of it */

static uaddr_t at(size_t page)
{
	return SIM_BASE + page * PAGE_SIZE;
}

static size_t random_len(void)
{
	switch (rand() % 8) {
	case 0:
		return 1 + (size_t)rand() % 1500;
	case 1:
		return 512;
	default:
		return 1 + (size_t)rand() % 40;
	}
}

static void random_range(size_t *page, size_t *n)
{
	*n = random_len();
	*page = (size_t)rand() % SIM_PAGES;
	if (rand() % 4 == 0)
		*page = ALIGN_DOWN(*page, 512ul);
	*n = MIN(*n, SIM_PAGES - *page);
}

static unsigned random_prot(void)
{
	static const unsigned prots[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
					 PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC};

	return prots[rand() % 5];
}

/* 1 if no area covers va (any more), else 0. */
static size_t vma_gone(uaddr_t va)
{
	return mm_find(mm, va) == NULL;
}

static struct sim_file *file_of(enum kind k)
{
	return k == SHARED ? &shared_file : k == PRIVATE ? &private_file : NULL;
}

/* ---- accesses ---- */

static int expected_fault(const struct cell *c, enum mm_access access)
{
	if (c->kind == FREE)
		return -EFAULT;
	if (access == MM_WRITE	? !(c->prot & PROT_WRITE)
	    : access == MM_EXEC ? !(c->prot & PROT_EXEC)
				: !c->prot)
		return -EACCES;
	if (c->kind != ANON && !c->written && c->index >= file_of(c->kind)->size)
		return -ENODATA;
	return 0;
}

static uint32_t *tag_of(struct cell *c)
{
	if (c->kind == SHARED || (c->kind == PRIVATE && !c->written))
		return &file_of(c->kind)->tags[c->index];
	return &c->tag;
}

static void op_touch(void)
{
	size_t page = (size_t)rand() % SIM_PAGES;
	enum mm_access access = (enum mm_access)(rand() % 3);
	struct cell *c = &model[page];
	uint32_t *word;
	int r = sim_access(page, access, &word);

	if (!exact && r == -ENOMEM)
		return;
	CHECK(r == expected_fault(c, access));
	if (r)
		return;
	if (exact)
		CHECK(*word == *tag_of(c));
	if (access != MM_WRITE)
		return;
	if (c->kind == PRIVATE)
		c->written = true;
	*word = *tag_of(c) = (uint32_t)rand();
}

/* ---- calls ---- */

static void set_free(size_t page, size_t n)
{
	memset(&model[page], 0, n * sizeof(model[0]));
}

static void op_map(void)
{
	static const enum kind kinds[] = {ANON, ANON, ANON, SHARED, PRIVATE};
	enum kind k = kinds[rand() % 5];
	struct sim_file *sf = file_of(k);
	unsigned prot = random_prot(), flags = k == SHARED ? MAP_SHARED : MAP_PRIVATE;
	bool fixed = rand() % 2;
	size_t page, n, index = (size_t)rand() % 64;
	int64_t r;

	random_range(&page, &n);
	if (sf)
		n = MIN(n, SIM_FILE_PAGES - index);
	flags |= sf ? 0 : MAP_ANONYMOUS;
	flags |= fixed ? MAP_FIXED : 0;
	flags |= rand() % 8 ? 0 : MAP_POPULATE;
	r = mm_map(mm, rand() % 4 || fixed ? at(page) : 0, n * PAGE_SIZE, prot, flags,
		   sf ? &sf->f : NULL, index * PAGE_SIZE, NULL);
	if (r < 0) {
		CHECK(!exact && r == -ENOMEM);
		return;
	}
	if ((uaddr_t)r < SIM_BASE) { /* the window is full */
		CHECK(!fixed && mm_unmap(mm, (uaddr_t)r, n * PAGE_SIZE) == 0);
		return;
	}
	CHECK(!fixed || (uaddr_t)r == at(page));
	page = ((uaddr_t)r - SIM_BASE) / PAGE_SIZE;
	for (size_t i = 0; i < n; i++) {
		CHECK(fixed || model[page + i].kind == FREE);
		model[page + i] = (struct cell){k, prot, index + i, false, 0};
	}
}

static void op_unmap(void)
{
	size_t page, n;
	int r;

	random_range(&page, &n);
	r = mm_unmap(mm, at(page), n * PAGE_SIZE);
	if (r) {
		CHECK(!exact && r == -ENOMEM);
		return;
	}
	set_free(page, n);
}

static void op_protect(void)
{
	unsigned prot = random_prot();
	size_t page, n, i;
	int r;

	random_range(&page, &n);
	r = mm_protect(mm, at(page), n * PAGE_SIZE, prot);
	if (!exact && r == -ENOMEM) { /* anything up to a place in the middle */
		mm_unmap(mm, at(page), n * PAGE_SIZE);
		for (i = page; i < page + n; i++)
			set_free(i, vma_gone(at(i)));
		return;
	}
	for (i = page; i < page + n && model[i].kind != FREE; i++)
		model[i].prot = prot;
	CHECK(r == (i < page + n ? -ENOMEM : 0));
}

static void op_advise(void)
{
	static const int advices[] = {MADV_DONTNEED, MADV_DONTNEED, MADV_NOHUGEPAGE, MADV_HUGEPAGE,
				      MADV_WILLNEED, MADV_DONTFORK, MADV_DOFORK};
	int advice = advices[rand() % 7], r;
	bool holes = false;
	size_t page, n;

	random_range(&page, &n);
	r = mm_advise(mm, at(page), n * PAGE_SIZE, advice);
	if (!exact)
		return;
	for (size_t i = page; i < page + n; i++) {
		struct cell *c = &model[i];

		holes |= c->kind == FREE;
		if (advice == MADV_DONTNEED) {
			c->tag = 0;
			c->written = false;
		}
	}
	CHECK(r == (holes ? -ENOMEM : 0));
}

/* Are pages [page, page + n) one area: same kind and rights, file offsets in order? */
static bool uniform(size_t page, size_t n)
{
	struct cell *c = &model[page];

	for (size_t i = 0; i < n; i++) {
		struct cell *d = c + i;

		if (d->kind != c->kind || d->prot != c->prot ||
		    (c->kind != ANON && d->index != c->index + i))
			return false;
	}
	return c->kind != FREE;
}

static void op_remap(void)
{
	size_t page, n, m, to, moved;
	struct cell old[SIM_PAGES];
	unsigned flags = rand() % 4 ? MREMAP_MAYMOVE : 0;
	int64_t r;

	random_range(&page, &n);
	n = MIN(n, 600ul);
	to = (size_t)rand() % SIM_PAGES;
	m = MIN(rand() % 3 ? n : random_len(), SIM_PAGES - to);
	if (rand() % 2)
		flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	if (!uniform(page, n) || ((flags & MREMAP_FIXED) && page < to + m && to < page + n))
		return;
	if (model[page].kind != ANON && model[page].index + m > SIM_FILE_PAGES)
		return;
	r = mm_remap(mm, at(page), n * PAGE_SIZE, m * PAGE_SIZE, flags, at(to));
	if (r < 0) {
		/* a neighbouring area with other MADV_* flags, or no room */
		CHECK(r == -ENOMEM || r == -EFAULT);
		CHECK(r != -ENOMEM || !exact || !(flags & MREMAP_MAYMOVE));
		for (size_t i = 0; i < SIM_PAGES; i++)
			set_free(i, vma_gone(at(i))); /* MREMAP_FIXED may have cleared its target */
		return;
	}
	moved = MIN(n, m);
	memcpy(old, &model[page], n * sizeof(old[0]));
	set_free(page, n);
	if ((uaddr_t)r < SIM_BASE) {
		CHECK(!(flags & MREMAP_FIXED) && mm_unmap(mm, (uaddr_t)r, m * PAGE_SIZE) == 0);
		return;
	}
	to = ((uaddr_t)r - SIM_BASE) / PAGE_SIZE;
	if (to + m > SIM_PAGES) { /* grown where it was, out of the window */
		CHECK(mm_unmap(mm, at(SIM_PAGES), (to + m - SIM_PAGES) * PAGE_SIZE) == 0);
		m = SIM_PAGES - to;
	}
	for (size_t i = 0; i < m; i++) {
		CHECK((flags & MREMAP_FIXED) || model[to + i].kind == FREE);
		model[to + i] =
		    i < moved ? old[i]
			      : (struct cell){old[0].kind, old[0].prot, old[0].index + i, false, 0};
	}
}

static void op_truncate(void)
{
	struct sim_file *sf = rand() % 2 ? &shared_file : &private_file;
	size_t size = (size_t)rand() % (SIM_FILE_PAGES + 1);

	if (size < sf->size) {
		for (size_t i = 0; i < SIM_PAGES; i++) {
			if (file_of(model[i].kind) == sf && model[i].index >= size)
				model[i].written = false;
		}
		sim_file_resize(sf, size);
	}
	sf->size = size;
}

/* Writes to private mappings never reach the file. */
static void check_private_file(void)
{
	for (size_t i = 0; i < SIM_FILE_PAGES; i++) {
		struct page *p = private_file.pages[i];

		CHECK(!p || *(uint32_t *)page_to_virt(p) == private_file.tags[i]);
	}
}

static size_t leaves_seen;

static int count_leaf(struct pt_visitor *v, uint64_t va, struct pt_leaf *leaf)
{
	leaves_seen += 1ul << (leaf->shift - PAGE_SHIFT);
	return PT_KEEP;
}

/* The areas say what the model says; the counters are right. */
static void check_areas(void)
{
	struct pt_visitor count = {count_leaf};
	size_t pages = 0;

	for (size_t i = 0; i < SIM_PAGES; i++) {
		struct vma *v = mm_find(mm, at(i));
		struct cell *c = &model[i];

		CHECK(!v == (c->kind == FREE));
		if (!v)
			continue;
		pages++;
		CHECK(v->prot == c->prot &&
		      v->file == (file_of(c->kind) ? &file_of(c->kind)->f : NULL));
		CHECK(!v->file || v->offset + (at(i) - v->start) == c->index * PAGE_SIZE);
	}
	CHECK(mm->total_pages == pages);
	leaves_seen = 0;
	pt_visit(mm->root, 0, TASK_SIZE, &count);
	CHECK(mm->resident_pages == leaves_seen);
}

static struct list ballast = LIST_INIT(ballast);

/* Leave about `left` frames for the others. */
static void set_free_memory(size_t left)
{
	struct page *p;

	while (page_free_count() > left && (p = page_alloc(0, 0)))
		list_add_head(&p->link, &ballast);
	while (page_free_count() < left && !list_empty(&ballast)) {
		p = list_first(&ballast, struct page, link);
		list_del(&p->link);
		page_put(p);
	}
}

static void step(void)
{
	static void (*const ops[])(void) = {op_map,	op_map,	   op_unmap,
					    op_protect, op_advise, op_remap};
	int what = rand() % 32;

	if (what < 24)
		op_touch();
	else if (what < 30)
		ops[what - 24]();
	else if (what == 30)
		op_touch();
	else if (rand() % 4 == 0)
		op_truncate();
	if (!exact && rand() % 64 == 0)
		set_free_memory(((size_t[]){0, 20, 300, 1200, 5000})[rand() % 5]);
	for (int k = 0; k < 16; k++)
		sim_check_tlb((size_t)rand() % SIM_PAGES);
}

/* Everything the address space held comes back. */
static void finish(size_t free_before)
{
	for (size_t i = 0; i < SIM_PAGES; i++)
		sim_check_tlb(i);
	mm_put(mm);
	mm = &(struct mm){0};
	CHECK(shared_file.f.refs == 1 && private_file.f.refs == 1);
	for (size_t i = 0; i < SIM_FILE_PAGES; i++) {
		if (shared_file.pages[i])
			page_put(shared_file.pages[i]);
		if (private_file.pages[i])
			page_put(private_file.pages[i]);
	}
	CHECK(page_free_count() + 4 >= free_before); /* slabs the heap keeps, the zero page */
}

static void run(int rounds)
{
	size_t free_before = page_free_count();

	sim_start();
	memset(model, 0, sizeof(model));
	sim_file_init(&shared_file, O_RDWR);
	sim_file_init(&private_file, O_RDONLY);
	for (size_t i = 0; i < SIM_FILE_PAGES; i++) {
		struct page *p;

		if (sim_map_page(&private_file.f, i, true, &p) == 0) {
			*(uint32_t *)page_to_virt(p) = private_file.tags[i] = (uint32_t)(i + 1);
			page_put(p);
		}
	}
	for (int i = 0; i < rounds; i++) {
		step();
		if (exact && i % 512 == 0)
			check_areas();
		if (i % 64 == 0)
			check_private_file();
	}
	set_free_memory(SIZE_MAX);
	finish(free_before);
}

int main(void)
{
	srand(6);
	sim_boot(64 << 20);
	run(ROUNDS);
	exact = false;
	run(ROUNDS);
	return UNIT_END();
}
