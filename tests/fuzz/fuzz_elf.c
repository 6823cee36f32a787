/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the ELF loader: the input is a file. Whatever elf_parse accepts must be mappable exactly
 * as the mapper's contract says: page-aligned, inside the chosen range and the file, in ascending
 * order, nothing cleared that is not mapped and writable.
 */
/* fuzz: loader/elf.c */
#include "loader/elf.h"

#include <linux/elf.h>
#include <linux/mman.h>
#include <stdlib.h>
#include <string.h>

#define BASE 0x100000000000ull /* where a position-independent image lands */

struct state {
	const uint8_t *data;
	size_t size;
	uint64_t lo, hi;	  /* the chosen range */
	uint64_t end;		  /* of what is mapped so far */
	uint64_t last, last_prot; /* last file mapping */
};

static void require(bool cond)
{
	if (!cond)
		abort();
}

static int read_data(void *ctx, uint64_t offset, void *buf, size_t len)
{
	const struct state *s = ctx;

	require(len <= s->size && offset <= s->size - len);
	memcpy(buf, s->data + offset, len);
	return 0;
}

static void check_range(const struct state *s, uint64_t addr, uint64_t len)
{
	require(IS_ALIGNED(addr, PAGE_SIZE) && IS_ALIGNED(len, PAGE_SIZE) && len > 0);
	require(addr >= s->lo && addr < s->hi && len <= s->hi - addr);
}

static int64_t choose(void *ctx, uint64_t addr, uint64_t len, uint64_t align, bool fixed)
{
	struct state *s = ctx;

	require(s->hi == 0 && len > 0 && len <= ELF_SPAN_MAX && IS_ALIGNED(len, PAGE_SIZE));
	require(align >= PAGE_SIZE && (align & (align - 1)) == 0 && align <= ELF_SPAN_MAX);
	require(fixed ? addr >= ELF_MIN_ADDR : addr == 0);
	s->lo = s->end = fixed ? addr : ALIGN_UP(BASE, align);
	s->hi = s->lo + len;
	return (int64_t)s->lo;
}

static int map_file(void *ctx, uint64_t addr, uint64_t len, uint64_t offset, unsigned prot)
{
	struct state *s = ctx;

	check_range(s, addr, len);
	require(addr + PAGE_SIZE >= s->end && addr + len >= s->end);
	require(IS_ALIGNED(offset, PAGE_SIZE) && offset < s->size);
	require(len <= ALIGN_UP(s->size, PAGE_SIZE) - offset);
	require((prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC)) == 0);
	s->end = addr + len;
	s->last = addr;
	s->last_prot = prot;
	return 0;
}

static int map_zero(void *ctx, uint64_t addr, uint64_t len, unsigned prot)
{
	struct state *s = ctx;

	check_range(s, addr, len);
	require(addr >= s->end);
	s->end = addr + len;
	s->last = addr;
	s->last_prot = prot;
	return 0;
}

static int clear(void *ctx, uint64_t addr, uint64_t len)
{
	const struct state *s = ctx;

	require(len > 0 && len < PAGE_SIZE && addr + len == s->end);
	require(s->last_prot & PROT_WRITE);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct elf_image img;
	struct state s = {.data = data, .size = size};
	struct elf_mapper m = {&s, choose, map_file, map_zero, clear};
	enum elf_error e = elf_parse(read_data, &s, size, &img);
	uint64_t bias;

	require(elf_error_text(e)[0] != '\0');
	if (e != ELF_OK)
		return 0;
	require(!img.has_interp || memchr(img.interp, '\0', sizeof(img.interp)) != NULL);
	require(elf_map(&img, &m, &bias) == 0);
	require(s.end == s.hi && bias + img.hi == s.hi);
	require(img.type == ET_EXEC ? bias == 0 : IS_ALIGNED(bias, img.align));
	require(bias + img.entry >= s.lo && bias + img.entry < s.hi);
	return 0;
}
