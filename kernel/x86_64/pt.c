/* SPDX-License-Identifier: MIT */
/*
 * Four-level page tables (SDM 3A 4.5). Levels count from the leaves: level 1 holds 4 KiB leaves,
 * level 2 tables or 2 MiB leaves, level 4 is the root. A leaf without rights keeps its frame number
 * in an entry that is not present.
 */
#include "kernel/x86_64/pt.h"

#include "kernel/abi/errno.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/string.h"
#include "kernel/x86_64/cpu.h"

enum {
	PTE_P = 1 << 0,
	PTE_W = 1 << 1,
	PTE_U = 1 << 2,
	PTE_PWT = 1 << 3,
	PTE_PCD = 1 << 4,
	PTE_A = 1 << 5,
	PTE_D = 1 << 6,
	PTE_PS = 1 << 7,   /* level 2: a leaf */
	PTE_HELD = 1 << 9, /* software: not present, but holds a frame */
};
#define PTE_NX	  (1ull << 63)
#define PTE_FRAME 0x000ffffffffff000ull
#define PTE_TABLE (PTE_P | PTE_W | PTE_U | PTE_A)

enum { ENTRIES = 512, ROOT_LEVEL = 4 };

/* Bytes mapped by one entry of a level. */
static inline uint64_t span(unsigned level)
{
	return 1ull << (PAGE_SHIFT + 9 * (level - 1));
}

static inline size_t index_of(uint64_t va, unsigned level)
{
	return va >> (PAGE_SHIFT + 9 * (level - 1)) & (ENTRIES - 1);
}

static inline uint64_t *table_at(uint64_t entry)
{
	return phys_to_virt(entry & PTE_FRAME);
}

static inline bool is_leaf(uint64_t e, unsigned level)
{
	return e && (level == 1 || (e & PTE_PS));
}

static inline void write_entry(uint64_t *slot, uint64_t e)
{
	if (*slot != e)
		WRITE_ONCE(*slot, e);
}

static uint64_t make_leaf(paddr_t pa, unsigned prot, unsigned level)
{
	uint64_t e = pa | PTE_U | PTE_A | (level == 2 ? PTE_PS : 0);

	if (prot & PT_WRITE)
		e |= PTE_W | PTE_D;
	if (!(prot & PT_EXEC))
		e |= PTE_NX;
	if (prot & PT_UNCACHED)
		e |= PTE_PCD | PTE_PWT;
	return e | (prot & ~PT_UNCACHED ? PTE_P : PTE_HELD);
}

static struct pt_leaf read_leaf(uint64_t e, unsigned level)
{
	struct pt_leaf leaf = {.pa = e & PTE_FRAME & ~(span(level) - 1), .mapped = true};

	leaf.shift = PAGE_SHIFT + 9 * (level - 1);
	if (e & PTE_P) {
		leaf.prot = PT_READ;
		leaf.prot |= e & PTE_W ? PT_WRITE : 0;
		leaf.prot |= e & PTE_NX ? 0 : PT_EXEC;
		leaf.prot |= e & PTE_PCD ? PT_UNCACHED : 0;
	}
	return leaf;
}

/* Put a new empty table into slot and count it on the root's page. */
static int add_table(paddr_t root, uint64_t *slot)
{
	struct page *p = page_alloc(0, PAGE_ZEROED | PAGE_TABLE), *rp = phys_to_page(root);

	if (!p)
		return -ENOMEM;
	if (rp)
		rp->priv++;
	WRITE_ONCE(*slot, page_to_phys(p) | PTE_TABLE);
	return 0;
}

/*
 * The slot for va at *level or, if a leaf is met above it, that leaf's slot and its level.
 * Returns NULL if there is no table for it; with create only when memory is exhausted.
 */
static uint64_t *find_slot(paddr_t root, uint64_t va, unsigned *level, bool create)
{
	uint64_t *table = phys_to_virt(root);

	for (unsigned l = ROOT_LEVEL;; l--) {
		uint64_t *slot = &table[index_of(va, l)];

		if (l == *level || is_leaf(*slot, l)) {
			*level = l;
			return slot;
		}
		if (!*slot && (!create || add_table(root, slot)))
			return NULL;
		table = table_at(*slot);
	}
}

int pt_map(paddr_t root, uint64_t va, paddr_t pa, unsigned prot, unsigned shift)
{
	unsigned want = (shift - PAGE_SHIFT) / 9 + 1, level = want;
	uint64_t *slot = find_slot(root, va, &level, true);

	if (!slot)
		return -ENOMEM;
	if (level != want || (*slot && !is_leaf(*slot, level)))
		return -EEXIST;
	write_entry(slot, make_leaf(pa, prot, level));
	return 0;
}

size_t pt_map_many(paddr_t root, uint64_t va, const paddr_t *pa, size_t n, unsigned prot)
{
	size_t i = 0;

	while (i < n) {
		unsigned level = 1;
		uint64_t *slot;

		if (!pa[i]) {
			i++;
			continue;
		}
		slot = find_slot(root, va + i * PAGE_SIZE, &level, true);
		if (!slot || level != 1)
			break;
		do { /* to the end of this table */
			if (pa[i])
				write_entry(slot, make_leaf(pa[i], prot, 1));
			i++;
		} while (i < n && ((uint64_t)++slot & ~PAGE_MASK));
	}
	return i;
}

uint64_t pt_mapped_mask(paddr_t root, uint64_t va, size_t n)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < n;) {
		unsigned level = 1;
		uint64_t *slot = find_slot(root, va + i * PAGE_SIZE, &level, false);

		do {
			if (slot && *slot)
				mask |= 1ull << i;
			i++;
			if (slot && level == 1)
				slot++;
		} while (i < n && index_of(va + i * PAGE_SIZE, 1));
	}
	return mask;
}

struct pt_leaf pt_lookup(paddr_t root, uint64_t va)
{
	unsigned level = 1;
	uint64_t *slot = find_slot(root, va, &level, false);

	return slot && *slot ? read_leaf(*slot, level) : (struct pt_leaf){0};
}

bool pt_huge_slot_free(paddr_t root, uint64_t va)
{
	unsigned level = 2;
	uint64_t *slot = find_slot(root, va, &level, false);

	return !slot || !*slot;
}

struct pt_leaf pt_unmap(paddr_t root, uint64_t va)
{
	unsigned level = 1;
	uint64_t *slot = find_slot(root, va, &level, false);
	struct pt_leaf old = {0};

	if (slot && *slot) {
		old = read_leaf(*slot, level);
		WRITE_ONCE(*slot, 0);
	}
	return old;
}

void pt_protect(paddr_t root, uint64_t va, unsigned prot)
{
	unsigned level = 1;
	uint64_t *slot = find_slot(root, va, &level, false);

	if (slot && *slot)
		write_entry(slot, make_leaf(read_leaf(*slot, level).pa, prot, level));
}

int pt_split(paddr_t root, uint64_t va)
{
	unsigned level = 2;
	uint64_t *slot = find_slot(root, va, &level, false), *table, e;
	struct pt_leaf leaf;

	if (!slot || level != 2 || !is_leaf(*slot, 2))
		return 0;
	leaf = read_leaf(*slot, 2);
	e = 0;
	if (add_table(root, &e)) /* filled before it is linked */
		return -ENOMEM;
	table = table_at(e);
	for (size_t i = 0; i < ENTRIES; i++)
		table[i] = make_leaf(leaf.pa + i * PAGE_SIZE, leaf.prot, 1);
	WRITE_ONCE(*slot, e);
	return 0;
}

static void visit_table(uint64_t *table, unsigned level, uint64_t start, uint64_t end,
			struct pt_visitor *v)
{
	uint64_t va = ALIGN_DOWN(start, span(level));

	for (size_t i = index_of(start, level); i < ENTRIES && va < end; i++, va += span(level)) {
		uint64_t *slot = &table[i];
		struct pt_leaf leaf;
		int r;

		if (!*slot)
			continue;
		if (!is_leaf(*slot, level)) {
			visit_table(table_at(*slot), level - 1, MAX(start, va), end, v);
			continue;
		}
		leaf = read_leaf(*slot, level);
		r = v->fn(v, va, &leaf);
		if (r == PT_CLEAR)
			WRITE_ONCE(*slot, 0);
		else if (r >= 0)
			write_entry(slot, make_leaf(leaf.pa, (unsigned)r, level));
	}
}

void pt_visit(paddr_t root, uint64_t start, uint64_t end, struct pt_visitor *v)
{
	visit_table(phys_to_virt(root), ROOT_LEVEL, start, end, v);
}

/* Append a table and all below it to freed. */
static size_t collect_tables(uint64_t entry, unsigned level, struct list *freed)
{
	struct page *p = phys_to_page(entry & PTE_FRAME);
	uint64_t *table = table_at(entry);
	size_t n = 1;

	for (size_t i = 0; level > 1 && i < ENTRIES; i++) {
		if (table[i] && !is_leaf(table[i], level))
			n += collect_tables(table[i], level - 1, freed);
	}
	list_add_tail(&p->link, freed);
	return n;
}

static size_t detach(uint64_t *table, unsigned level, uint64_t start, uint64_t end,
		     struct list *freed)
{
	uint64_t va = ALIGN_DOWN(start, span(level));
	size_t n = 0;

	for (size_t i = index_of(start, level); i < ENTRIES && va < end; i++, va += span(level)) {
		if (!table[i] || is_leaf(table[i], level))
			continue;
		if (va >= start && va + span(level) <= end) {
			n += collect_tables(table[i], level - 1, freed);
			WRITE_ONCE(table[i], 0);
		} else if (level > 2) {
			n += detach(table_at(table[i]), level - 1, MAX(start, va), end, freed);
		}
	}
	return n;
}

void pt_detach_tables(paddr_t root, uint64_t start, uint64_t end, struct list *freed)
{
	phys_to_page(root)->priv -= detach(phys_to_virt(root), ROOT_LEVEL, start, end, freed);
}

size_t pt_tables(paddr_t root)
{
	return phys_to_page(root)->priv;
}

int pt_new_root(paddr_t *out)
{
	struct page *p = page_alloc(0, PAGE_TABLE);
	uint64_t *root;

	if (!p)
		return -ENOMEM;
	root = page_to_virt(p);
	memset(root, 0, PAGE_SIZE / 2);
	memcpy(root + ENTRIES / 2, (uint64_t *)phys_to_virt(kernel_root) + ENTRIES / 2,
	       PAGE_SIZE / 2);
	*out = page_to_phys(p);
	return 0;
}

void pt_free_root(paddr_t root)
{
	struct list freed = LIST_INIT(freed);

	pt_detach_tables(root, 0, 1ull << 47, &freed);
	page_put_list(&freed);
	page_put(phys_to_page(root));
}
