/* SPDX-License-Identifier: MIT */
/*
 * The kernel half: image with exact rights, direct map, device registers, kernel stacks. The first
 * part runs before the page allocator exists, on the boot tables, with a bump pointer; it writes
 * each entry once.
 */
#include "kernel/x86_64/kmap.h"

#include "kernel/lock.h"
#include "kernel/log.h"
#include "kernel/string.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/layout.h"
#include "kernel/x86_64/pt.h"

#define PTE_P	 1ull
#define PTE_W	 2ull
#define PTE_U	 4ull
#define PTE_A	 0x20ull
#define PTE_D	 0x40ull
#define PTE_HUGE 0x80ull
#define PTE_NX	 (1ull << 63)
#define PTE_ADDR 0x000ffffffffff000ull
#define TABLE	 (PTE_P | PTE_W | PTE_U | PTE_A)
/* Accessed and dirty are preset, as in pt.c. Where page tables are shadowed it matters: a fault
 * brings in up to eight neighbours, but only entries marked accessed, and a clean page faults once
 * more at its first write. */
#define LEAF (PTE_P | PTE_A | PTE_D)

/* From the linker script. */
extern char image_start[], text_end[], rodata_end[], nub_data_start[], nub_data_end[], image_end[];

static struct spinlock dynamic_lock;
static uint64_t dynamic_next = DYNAMIC_BASE;

static unsigned table_index(uint64_t va, int level)
{
	return va >> (PAGE_SHIFT + 9 * level) & 511;
}

static uint64_t *bump_table(paddr_t *bump)
{
	uint64_t *t = phys_to_virt(*bump);

	*bump += PAGE_SIZE;
	memset(t, 0, PAGE_SIZE);
	return t;
}

/* The table of `level` (0 = page table, 1 = directory) that covers va, made if missing. */
static uint64_t *early_table(uint64_t *root, uint64_t va, int level, paddr_t *bump)
{
	uint64_t *t = root;

	for (int l = 3; l > level; l--) {
		uint64_t *e = &t[table_index(va, l)];

		if (!*e)
			*e = virt_to_phys(bump_table(bump)) | TABLE;
		t = phys_to_virt(*e & PTE_ADDR);
	}
	return t;
}

static void map_image(uint64_t *root, const char *from, const char *to, uint64_t rights,
		      paddr_t *bump)
{
	for (uint64_t va = (uint64_t)from; va < (uint64_t)to; va += PAGE_SIZE)
		early_table(root, va, 0, bump)[table_index(va, 0)] =
		    (va - KERNEL_BASE) | LEAF | rights;
}

/* Root, image (3 levels, its tables), dynamic area, and per range a directory for each GiB touched.
 */
uint64_t kmap_size(const struct mem_range *ram, size_t n)
{
	uint64_t tables = 8 + ((uint64_t)(image_end - image_start) >> HUGE_SHIFT);

	for (size_t i = 0; i < n; i++) {
		uint64_t gib = ((ram[i].end - 1) >> 30) - (ram[i].start >> 30) + 1;

		tables += gib + gib / 512 + 2;
	}
	return tables * PAGE_SIZE;
}

void kmap_init(const struct mem_range *ram, size_t n, paddr_t *bump)
{
	uint64_t *root = bump_table(bump);

	map_image(root, image_start, text_end, PTE_U, bump);
	map_image(root, (char *)ALIGN_UP((uint64_t)text_end, PAGE_SIZE), rodata_end, PTE_U | PTE_NX,
		  bump);
	/* Descriptor tables are ring 0's alone. */
	map_image(root, nub_data_start, nub_data_end, PTE_W | PTE_NX, bump);
	map_image(root, nub_data_end, image_end, PTE_W | PTE_U | PTE_NX, bump);

	for (size_t i = 0; i < n; i++) {
		paddr_t end = ALIGN_UP(ram[i].end, HUGE_SIZE);

		for (paddr_t pa = ALIGN_DOWN(ram[i].start, HUGE_SIZE); pa < end; pa += HUGE_SIZE) {
			uint64_t va = DIRECT_MAP_BASE + pa;

			early_table(root, va, 1, bump)[table_index(va, 1)] =
			    pa | LEAF | PTE_W | PTE_U | PTE_HUGE | PTE_NX;
		}
	}
	early_table(root, DYNAMIC_BASE, 1,
		    bump); /* so that every later root shares what is added there */
	kernel_root = virt_to_phys(root);
	cpu_load_root(kernel_root);
}

/* Reserve address space for `pages` pages plus an unmapped one in front. */
static uint64_t dynamic_reserve(size_t pages)
{
	uint64_t va;

	spin_lock(&dynamic_lock);
	va = dynamic_next + PAGE_SIZE;
	if (va + pages * PAGE_SIZE > DYNAMIC_BASE + DYNAMIC_SIZE)
		va = 0;
	else
		dynamic_next = va + pages * PAGE_SIZE;
	spin_unlock(&dynamic_lock);
	return va;
}

void *kmap_device(paddr_t pa, size_t size)
{
	paddr_t first = ALIGN_DOWN(pa, PAGE_SIZE);
	size_t pages = (ALIGN_UP(pa + size, PAGE_SIZE) - first) >> PAGE_SHIFT;
	uint64_t va = dynamic_reserve(pages);

	if (!va)
		return NULL;
	for (size_t i = 0; i < pages; i++)
		if (pt_map(kernel_root, va + i * PAGE_SIZE, first + i * PAGE_SIZE,
			   PT_READ | PT_WRITE | PT_UNCACHED, PAGE_SHIFT))
			return NULL;
	return (void *)(va + (pa - first));
}

/* Stacks nobody uses, each with the address of the next at its bottom: they are never unmapped,
 * because a flush on every machine kind costs more than the memory. */
static void **spare_stacks; /* (dynamic_lock) */

void kstack_free(void *stack)
{
	spin_lock(&dynamic_lock);
	*(void **)stack = spare_stacks;
	spare_stacks = stack;
	spin_unlock(&dynamic_lock);
}

static void *spare_stack(void)
{
	void **stack;

	spin_lock(&dynamic_lock);
	stack = spare_stacks;
	if (stack)
		spare_stacks = *stack;
	spin_unlock(&dynamic_lock);
	return stack;
}

void *kstack_alloc(void)
{
	struct page *block;
	uint64_t va;
	void *spare = spare_stack();

	if (spare)
		return spare;
	block = page_alloc(2, 0);
	va = dynamic_reserve(KSTACK_SIZE / PAGE_SIZE);
	if (!block || !va)
		goto fail;
	for (size_t off = 0; off < KSTACK_SIZE; off += PAGE_SIZE)
		if (pt_map(kernel_root, va + off, page_to_phys(block) + off, PT_READ | PT_WRITE,
			   PAGE_SHIFT))
			goto fail;
	return (void *)va;
fail:
	if (block)
		page_put(block);
	return NULL;
}
