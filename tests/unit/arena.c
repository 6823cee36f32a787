/* SPDX-License-Identifier: MIT */
/*
 * The host memory behind tests/unit/arena.h. Apart from the tests: its headers and the kernel's do
 * not mix.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/unit/arena.h"

uint8_t *arena;
static size_t arena_size;

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	abort();
}

int arena_init(paddr_t start, size_t size, const struct mem_range *reserved, size_t n, bool junk)
{
	struct mem_range ram = {start, start + size};

	if (arena)
		munmap(arena, arena_size);
	arena = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	arena_size = size;
	if (junk)
		memset(arena, 0xa5, size);
	else
		madvise(arena, size, MADV_NOHUGEPAGE);
	direct_map_base = (uint64_t)arena - start;
	return page_init(&ram, 1, reserved, n);
}

size_t arena_touched(void)
{
	size_t n = arena_size / PAGE_SIZE, touched = 0;
	unsigned char *vec = malloc(n);

	if (!vec || mincore(arena, arena_size, vec))
		abort();
	for (size_t i = 0; i < n; i++)
		touched += vec[i] & 1;
	free(vec);
	return touched;
}
