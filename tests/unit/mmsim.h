/* SPDX-License-Identifier: MIT */
/*
 * What the address-space code needs around it, on the host: one process, files made of frames, and
 * a CPU with a translation cache that forgets only what pt_flush tells it to. Included by one test
 * program each.
 */
#ifndef TESTS_UNIT_MMSIM_H
#define TESTS_UNIT_MMSIM_H

#define _POSIX_C_SOURCE 200809L /* or the C library's headers would clash with Linux's */
#include "kernel/file.h"
#include "kernel/heap.h"
#include "kernel/mm.h"
#include "kernel/stubs_private.h"
#include "kernel/task.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/pt.h"
#include "tests/unit/arena.h"
#include "tests/unit/unit.h"

#include <string.h>

#define SIM_BASE 0x7f0000000000ul /* the pages the simulated CPU caches */
enum { SIM_PAGES = 4096 };

paddr_t kernel_root;
static struct process sim_process;
static struct thread sim_thread = {.process = &sim_process};
static struct mm *mm;
static size_t sim_flushes;

static struct {
	paddr_t pa;
	unsigned prot; /* 0: not cached */
} tlb[SIM_PAGES];

struct thread *current_thread(void)
{
	return &sim_thread;
}

bool capable(int cap)
{
	return false;
}

void mutex_init(struct mutex *m)
{
	m->held = false;
}

void mutex_lock(struct mutex *m)
{
	assert(!m->held);
	m->held = true;
}

void mutex_unlock(struct mutex *m)
{
	m->held = false;
}

void cpu_load_root(paddr_t root)
{
}

void smp_leave_program(const struct mm *mm)
{
}

void pt_flush(paddr_t root, uint64_t start, uint64_t end)
{
	sim_flushes++;
	for (size_t i = 0; i < SIM_PAGES; i++) {
		uint64_t va = SIM_BASE + i * PAGE_SIZE;

		if (va >= start && va < end)
			tlb[i].prot = 0;
	}
}

struct file *file_get(struct file *f)
{
	f->refs++;
	return f;
}

void file_put(struct file *f)
{
	assert(f->refs > 0 && !mm->lock.held);
	f->refs--;
}

/* ---- files ---- */

enum { SIM_FILE_PAGES = 256 };

struct sim_file {
	struct file f;
	size_t size; /* pages */
	struct page *pages[SIM_FILE_PAGES];
	uint32_t tags[SIM_FILE_PAGES]; /* model: what the first word of each page should be */
};

static int sim_map_page(struct file *f, uint64_t index, bool write, struct page **out)
{
	struct sim_file *sf = container_of(f, struct sim_file, f);

	if (index >= sf->size)
		return -ENODATA;
	if (!sf->pages[index])
		sf->pages[index] = page_alloc(0, PAGE_ZEROED);
	if (!sf->pages[index])
		return -ENOMEM;
	*out = page_get(sf->pages[index]);
	return 0;
}

bool (*file_may_change)(const struct file *f);
static bool sim_slow = true;

bool cpu_ring0_is_slow(void)
{
	return sim_slow;
}

struct list processes = LIST_INIT(processes);

/* ---- what kernel/stubs.c has for kernel/mm_stubs.c ---- */

static struct plan_view sim_plan;

bool stubs_plan_of(const struct file *f, struct plan_view *out)
{
	*out = sim_plan;
	return sim_plan.n;
}

uint64_t stubs_entry_word(void)
{
	return 0x1000;
}

void stubs_note(enum stubs_counter which, unsigned n)
{
}

void stubs_look_again(void)
{
}

int (*file_sync_all)(bool durable);

static const struct file_ops sim_file_ops = {.map_page = sim_map_page};

static void sim_file_init(struct sim_file *sf, unsigned flags)
{
	memset(sf, 0, sizeof(*sf));
	sf->f.ops = &sim_file_ops;
	sf->f.flags = flags;
	sf->f.refs = 1;
	sf->f.inode = sf->f.mapped = (struct inode *)sf;
	sf->size = SIM_FILE_PAGES;
}

static inline void sim_file_resize(struct sim_file *sf, size_t size)
{
	sf->size = size;
	mm_file_truncated(sf->f.inode, size * PAGE_SIZE);
	for (size_t i = size; i < SIM_FILE_PAGES; i++) {
		if (sf->pages[i])
			page_put(sf->pages[i]);
		sf->pages[i] = NULL;
		sf->tags[i] = 0;
	}
}

/* ---- CPU ---- */

static unsigned need(enum mm_access access)
{
	return access == MM_WRITE ? PT_WRITE : access == MM_EXEC ? PT_EXEC : PT_READ;
}

/*
 * Translate one access as the hardware would, faulting as needed. Returns 0 and the word, or the
 * fault's error.
 */
static inline int sim_access(size_t page, enum mm_access access, uint32_t **word)
{
	for (int tries = 0; tries < 4; tries++) {
		uint64_t va = SIM_BASE + page * PAGE_SIZE;
		struct pt_leaf leaf;
		int r;

		if (tlb[page].prot & need(access)) {
			*word = phys_to_virt(tlb[page].pa);
			return 0;
		}
		leaf = pt_lookup(mm->root, va);
		if (leaf.mapped && (leaf.prot & need(access))) {
			tlb[page].prot = leaf.prot;
			tlb[page].pa = leaf.pa + (va & ((1ul << leaf.shift) - 1));
			continue;
		}
		tlb[page].prot = 0; /* a fault drops the translation it met */
		r = mm_fault(mm, va + (uint64_t)(rand() % 4096), access);
		if (r)
			return r;
	}
	CHECK(!"the fault was resolved");
	return -EIO;
}

/* Nothing cached may differ from the tables but by lacking rights. */
static inline void sim_check_tlb(size_t page)
{
	uint64_t va = SIM_BASE + page * PAGE_SIZE;
	struct pt_leaf leaf;

	if (!tlb[page].prot)
		return;
	leaf = pt_lookup(mm->root, va);
	CHECK(leaf.mapped && !(tlb[page].prot & ~leaf.prot));
	CHECK(leaf.pa + (va & ((1ul << leaf.shift) - 1)) == tlb[page].pa);
}

/* Once per program: the heap keeps slabs in the arena. */
static inline void sim_boot(size_t ram)
{
	CHECK(arena_init(0x100000, ram, NULL, 0, true) == 0);
	kernel_root = page_to_phys(page_alloc(0, PAGE_ZEROED));
}

/* A new process with an empty address space and no limits. */
static inline void sim_start(void)
{
	memset(tlb, 0, sizeof(tlb));
	for (size_t i = 0; i < RLIM_NLIMITS; i++)
		sim_process.limits[i].rlim_cur = sim_process.limits[i].rlim_max = RLIM64_INFINITY;
	CHECK(mm_new(&mm) == 0);
	sim_process.mm = mm;
	mm->mmap_top = SIM_BASE + SIM_PAGES * PAGE_SIZE;
}

#endif
