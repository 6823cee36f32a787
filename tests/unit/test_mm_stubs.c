/* SPDX-License-Identifier: MIT */
/*
 * Changed code in an address space: by the plan and at a trap, undone when rights or places change,
 * shared by a fork; where RIP is meanwhile.
 * unit: kernel/mm.c kernel/mm_fork.c kernel/mm_gather.c kernel/mm_file.c kernel/mm_fault.c
 * kernel/mm_range.c kernel/mm_move.c kernel/vma.c kernel/x86_64/pt.c kernel/page.c kernel/heap.c
 * kernel/mm_stubs.c kernel/mm_usage.c loader/rewrite.c tests/unit/arena.c
 */
#include "tests/unit/mmsim.h"

#include "loader/rewrite.h"

#define K PAGE_SIZE
enum {
	RX = PROT_READ | PROT_EXEC,
	RW = PROT_READ | PROT_WRITE,
	CODE = 8, /* pages */
	STUB_SIZE = sizeof(struct rewrite_stub),
};

/* xor %edi, %edi; mov $60, %eax; syscall; mov %rax, %rbx; nop; ret */
static const uint8_t code[] = {0x31, 0xff, 0xb8, 60,   0,    0,	   0,	0x0f,
			       0x05, 0x48, 0x89, 0xc3, 0x90, 0xc3, 0xc3};
enum { MOV = 2, CALL = 7, RETURN = 9, CODE_END = sizeof(code) };

static const uaddr_t base = SIM_BASE + 512 * PAGE_SIZE;
static struct sim_file text;
static struct plan_site sites[4];

static uint8_t *program(uaddr_t va)
{
	uint32_t *word = NULL;

	if (sim_access((va - SIM_BASE) / K, MM_EXEC, &word))
		return NULL;
	return (uint8_t *)word + va % K;
}

/* Areas of stubs are outside of what the simulated CPU caches. */
static uint8_t stub_byte(uaddr_t stub, unsigned i)
{
	uint8_t b;

	return mm_peek(mm, stub + i, &b, 1) == 1 ? b : 0;
}

static bool is_original(uaddr_t va)
{
	const uint8_t *p = program(va);

	return p && memcmp(p, code, sizeof(code)) == 0;
}

/* Where the jump at va goes, or 0. */
static uaddr_t target(uaddr_t va)
{
	const uint8_t *p = program(va);
	int32_t rel;

	if (!p || p[0] != 0xe9)
		return 0;
	memcpy(&rel, p + 1, sizeof(rel));
	return va + REWRITE_JUMP + (uaddr_t)(int64_t)rel;
}

/* A place in every page: 100, in the last one 4090, which reaches out of it. */
static unsigned offset_in(unsigned page)
{
	return page == CODE - 1 ? 4090 : 100;
}

static void make_text(void)
{
	sim_file_init(&text, O_RDONLY);
	for (unsigned i = 0; i < CODE; i++) {
		struct page *p;

		CHECK(sim_map_page(&text.f, i, false, &p) == 0);
		memcpy((uint8_t *)page_to_virt(p) + offset_in(i), code,
		       MIN(sizeof(code), K - offset_in(i)));
		page_put(p);
	}
	/* Page 0: the mov; page 1: the xor too; page 2: from the syscall on; page 7: too far. */
	sites[0] = (struct plan_site){.start = 100 + MOV, .length = 5};
	sites[1] = (struct plan_site){.start = K + 100, .length = 7};
	sites[2] =
	    (struct plan_site){.start = 2 * K + 100 + CALL, .length = 5, .tactic = PLAN_AFTER};
	sites[3] = (struct plan_site){.start = 7 * K + 4090, .length = 7};
	for (unsigned i = 0; i < 3; i++)
		sites[i].check =
		    rewrite_check(code + (sites[i].start - 100) % K, rewrite_extent(&sites[i]));
	sites[3].check = rewrite_check(code, 9);
	sim_plan = (struct plan_view){sites, 4};
}

static void map_text(uaddr_t at)
{
	CHECK(mm_map(mm, at, CODE * K, RX, MAP_PRIVATE | MAP_FIXED, &text.f, 0, NULL) ==
	      (int64_t)at);
}

static void by_plan(void)
{
	uaddr_t stub;

	map_text(base);
	stub = target(base + 100 + MOV);
	CHECK(stub && stub % STUB_SIZE == 0 && mm->stubs);
	CHECK(memcmp(program(base + 100 + CALL), "\x0f\x05", 2) == 0);
	CHECK(mm_find(mm, stub) && !strcmp(mm_find(mm, stub)->name, "[uniload]"));
	CHECK(base - stub >= 1ul << 30);
	CHECK(target(base + K + 100) && target(base + 2 * K + 100 + CALL));
	CHECK(memcmp(program(base + 3 * K + 100), code, sizeof(code)) == 0); /* not in the plan */
	CHECK(memcmp(program(base + 7 * K + 4090), code, 6) == 0);
	/* The file itself is as it was. */
	CHECK(!memcmp((uint8_t *)page_to_virt(text.pages[0]) + 100, code, sizeof(code)));
	/* Where is who stands in the second page's stub? */
	stub = target(base + K + 100);
	CHECK(mm_stubs_program_rip(mm, stub) == base + K + 100);
	CHECK(mm_stubs_program_rip(mm, stub + MOV) == base + K + 100 + MOV);
	CHECK(mm_stubs_program_rip(mm, stub + 14) == base + K + 100 + CALL);
	CHECK(mm_stubs_program_rip(mm, base) == base);
	CHECK(mm_stubs_moved_rip(mm, base + K + 100 + MOV) == stub + MOV);
	CHECK(mm_stubs_moved_rip(mm, base + K + 100) == base + K + 100);
	CHECK(mm_stubs_moved_rip(mm, base + K + 100 + CALL) == base + K + 100 + CALL);
	CHECK(mm_stubs_moved_rip(mm, base + K) == base + K);
	CHECK(mm_stubs_moved_rip(mm, base + 3 * K + 100 + MOV) == base + 3 * K + 100 + MOV);
	CHECK(mm_stubs_moved_rip(mm, base - K) == base - K);
	CHECK(mm_stubs_step_rip(mm, stub) == stub && !mm_stubs_step_rip(mm, stub + MOV));
	/* And in the third's, where the call is in the stub? */
	stub = target(base + 2 * K + 100 + CALL);
	CHECK(mm_stubs_moved_rip(mm, base + 2 * K + 100 + RETURN) == stub + 16);
	CHECK(mm_stubs_program_rip(mm, stub + 16) == base + 2 * K + 100 + RETURN);
	CHECK(mm_stubs_step_rip(mm, stub) == stub + 14);
}

static void rights_and_places(void)
{
	uint32_t *word;

	/* Who may write sees no jump; afterwards it stays as it is. */
	CHECK(mm_protect(mm, base, K, RX | PROT_WRITE) == 0);
	CHECK(is_original(base + 100) && !is_original(base + K + 100));
	CHECK(sim_access(512, MM_WRITE, &word) == 0 && is_original(base + 100));
	CHECK(mm_protect(mm, base, K, RX) == 0 && is_original(base + 100));
	/* Other rights count too. */
	CHECK(mm_protect(mm, base + 2 * K, K, PROT_READ) == 0);
	CHECK(mm_protect(mm, base + 2 * K, K, RX) == 0 && is_original(base + 2 * K + 100));
	/* Read again, it is as planned again; the page that was written to is not. */
	CHECK(mm_advise(mm, base, CODE * K, MADV_DONTNEED) == 0);
	CHECK(target(base + 100 + MOV) && target(base + 2 * K + 100 + CALL));
	/* A jump is no jump elsewhere. */
	CHECK(target(base + K + 100));
	CHECK(mm_remap(mm, base + K, K, K, MREMAP_MAYMOVE | MREMAP_FIXED, base + 100 * K) > 0);
	CHECK(is_original(base + 100 * K + 100));
	CHECK(mm_unmap(mm, base + 100 * K, K) == 0);
	/* Writable from the start. */
	CHECK(mm_map(mm, base, CODE * K, RX | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, &text.f, 0,
		     NULL) == (int64_t)base);
	CHECK(is_original(base + 100) && is_original(base + K + 100));
	map_text(base);
	CHECK(target(base + 100 + MOV));
	/* The same file twice: stubs of its own. */
	map_text(base + 64 * K);
	CHECK(target(base + 64 * K + 100 + MOV) &&
	      target(base + 64 * K + 100 + MOV) != target(base + 100 + MOV));
	CHECK(mm_unmap(mm, base + 64 * K, CODE * K) == 0);
	CHECK(target(base + 100 + MOV));
}

static void at_a_trap(void)
{
	uaddr_t anon = base + 200 * K, shared = base + 300 * K;
	uint32_t *word;

	CHECK(mm_stubs_add(mm, base + 3 * K + 100 + RETURN, 60) == 0);
	CHECK(target(base + 3 * K + 100 + MOV));
	CHECK(mm_stubs_add(mm, base + 3 * K + 100 + RETURN, 60) == -EINVAL); /* already */
	CHECK(mm_stubs_add(mm, base + 4 * K + 100 + RETURN, 61) == -EINVAL);
	CHECK(mm_stubs_add(mm, base + 4 * K + 100 + RETURN, 60 | 1ul << 32) == -EINVAL);
	CHECK(mm_stubs_add(mm, base + 6 * K + 100 + RETURN + 1, 60) == -EINVAL);
	CHECK(mm_stubs_add(mm, base + 7 * K + 4090 + RETURN, 60) == -EINVAL); /* two pages */
	CHECK(mm_stubs_add(mm, base + 400 * K, 60) == -EINVAL);
	CHECK(is_original(base + 4 * K + 100));
	/* Code made at run time: while it can be written to it stays. */
	CHECK(mm_map(mm, anon, 2 * K, RX | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		     NULL, 0, NULL) == (int64_t)anon);
	CHECK(sim_access(712, MM_WRITE, &word) == 0);
	memcpy((uint8_t *)word + 100, code, sizeof(code));
	CHECK(mm_stubs_add(mm, anon + 100 + RETURN, 60) == -EINVAL);
	CHECK(mm_protect(mm, anon, K, RX) == 0);
	CHECK(mm_stubs_add(mm, anon + 100 + RETURN, 60) == 0 && target(anon + 100 + MOV));
	CHECK(mm_protect(mm, anon, K, RW) == 0 && mm_protect(mm, anon, K, RX) == 0);
	CHECK(is_original(anon + 100));
	/* Others might write to this. */
	CHECK(mm_map(mm, shared, CODE * K, RX, MAP_SHARED | MAP_FIXED, &text.f, 0, NULL) > 0);
	CHECK(is_original(shared + 100));
	CHECK(mm_stubs_add(mm, shared + 100 + RETURN, 60) == -EINVAL);
}

static void forked(void)
{
	struct mm *parent = mm, *child;
	uaddr_t stub = target(base + 100 + MOV);

	CHECK(mm_fork(mm, &child) == 0);
	sim_process.mm = mm = child;
	memset(tlb, 0, sizeof(tlb));
	CHECK(target(base + 100 + MOV) == stub && stub_byte(stub, 0) == 0xb8);
	/* Both go their own ways. */
	CHECK(mm_stubs_add(mm, base + 5 * K + 100 + RETURN, 60) == 0);
	stub = target(base + 5 * K + 100 + MOV);
	CHECK(stub && stub_byte(stub, 1) == 60);
	CHECK(mm_protect(mm, base, K, RX | PROT_WRITE) == 0 && is_original(base + 100));
	sim_process.mm = mm = parent;
	memset(tlb, 0, sizeof(tlb));
	CHECK(target(base + 100 + MOV) && is_original(base + 5 * K + 100));
	CHECK(mm_stubs_program_rip(mm, stub) == stub); /* nothing there yet */
	mm = child;
	mm_put(child);
	sim_process.mm = mm = parent;
}

static void areas_lost(void)
{
	uaddr_t stub = target(base + 100 + MOV);
	struct regs regs = {.rip = target(base + K + 100) + MOV};

	CHECK(mm_protect(mm, stub & PAGE_MASK, K, PROT_WRITE) == -EACCES);
	CHECK(target(base + 100 + MOV) == stub);
	CHECK(mm_protect(mm, stub & PAGE_MASK, K, PROT_NONE) == 0 && is_original(base + 100));
	CHECK(mm_advise(mm, base, CODE * K, MADV_DONTNEED) == 0);
	stub = target(base + 100 + MOV);
	regs.rip = target(base + K + 100) + MOV;
	sim_thread.regs = &regs;
	list_init(&sim_process.threads);
	list_add_tail(&sim_thread.process_link, &sim_process.threads);
	list_add_tail(&sim_process.link, &processes);
	CHECK(mm_unmap(mm, stub & PAGE_MASK, K) == 0);
	CHECK(is_original(base + 100) && is_original(base + K + 100));
	CHECK(regs.rip == base + K + 100 + MOV);
	CHECK(mm_advise(mm, base, CODE * K, MADV_DONTNEED) == 0);
	CHECK(target(base + 100 + MOV)); /* in a new area */
	/* There the thread goes on, too, though the page came while it was not running. */
	CHECK(regs.rip == target(base + K + 100) + MOV);
	list_del(&sim_process.link);
	CHECK(mm_advise(mm, target(base + 100 + MOV) & PAGE_MASK, K, MADV_DONTFORK) == 0);
	CHECK(is_original(base + 100));
}

/* Where faults are cheap, pages with sites wait for theirs. */
static void cheap_faults(void)
{
	CHECK(mm_advise(mm, base, CODE * K, MADV_DONTNEED) == 0);
	CHECK(program(base) && pt_lookup(mm->root, base + K).mapped);
	sim_slow = false;
	CHECK(mm_advise(mm, base, CODE * K, MADV_DONTNEED) == 0);
	CHECK(target(base + 100 + MOV));
	CHECK(!pt_lookup(mm->root, base + K).mapped && pt_lookup(mm->root, base + 3 * K).mapped);
	CHECK(target(base + K + 100));
	sim_slow = true;
}

/* A program that maps code again and again: stubs that no site jumps to make room for new ones. */
static void again_and_again(void)
{
	size_t free_pages = 0;

	for (unsigned i = 0; i < 20000; i++) {
		CHECK(mm_advise(mm, base, CODE * K, MADV_DONTNEED) == 0);
		CHECK(target(base + 100 + MOV));
		if (i == 2000) /* all areas have been used */
			free_pages = page_free_count();
	}
	CHECK(page_free_count() == free_pages);
}

int main(void)
{
	size_t free_pages;

	sim_boot(64 << 20);
	make_text();
	sim_start();
	free_pages = page_free_count();
	by_plan();
	rights_and_places();
	at_a_trap();
	forked();
	areas_lost();
	cheap_faults();
	again_and_again();
	CHECK(mm_unmap(mm, 0, TASK_SIZE) == 0);
	CHECK(mm->resident_pages == 0 && text.f.refs == 1);
	mm_put(mm);
	CHECK(page_free_count() + 8 >= free_pages);
	return UNIT_END();
}
