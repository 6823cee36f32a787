/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the EROFS reader: the input is an image. Everything reachable in it is looked up, listed
 * and read, like a program that walks the whole file system, within a budget. The checksum is taken
 * off first, or nothing would get past it.
 */
/* fuzz: fs/erofs.c fs/erofs_dir.c tests/unit/erofs_image.c */
#define _ISOC11_SOURCE /* only ISO C from the C library: its POSIX types are not the kernel's */
#include "kernel/abi/erofs.h"
#include "kernel/abi/linux.h"
#include "tests/unit/erofs_image.h"

#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 16
#define MAX_STEPS 1000

static unsigned steps;
static volatile unsigned sink;

static void read_data(const struct erofs_node *n)
{
	uint64_t ends[] = {0, n->size >> PAGE_SHIFT, UINT64_MAX};
	struct erofs_span s;

	for (size_t e = 0; e < ARRAY_SIZE(ends); e++) {
		for (uint64_t i = ends[e]; steps < MAX_STEPS && !erofs_span(n, i, &s); i++) {
			steps++;
			(void)erofs_is_hole(n, i);
			if (!s.page)
				continue;
			if (s.len == 0 || s.off + s.len > PAGE_SIZE)
				abort();
			for (unsigned k = 0; k < s.len; k++)
				sink += ((uint8_t *)page_to_virt(s.page))[s.off + k];
			page_put(s.page);
		}
	}
}

static void walk(struct erofs *fs, uint64_t nid, unsigned depth)
{
	struct erofs_node n;
	struct erofs_name name;
	uint64_t pos = 0, before = 0, there, place;
	char text[PAGE_SIZE];

	if (depth > MAX_DEPTH || erofs_node_get(fs, nid, &n))
		return;
	if (S_ISREG(n.mode))
		read_data(&n);
	if (S_ISLNK(n.mode) && erofs_readlink(&n, text, sizeof(text)) > (int)sizeof(text) - 1)
		abort();
	if (!S_ISDIR(n.mode))
		return;
	(void)erofs_lookup(&n, "..", 2, &there, NULL);
	(void)erofs_lookup(&n, "m", 1, &there, &place);
	while (steps++ < MAX_STEPS && erofs_next(&n, &pos, &name) == 1) {
		if (pos <= before || name.len == 0 || name.len != strlen(name.name))
			abort();
		before = pos;
		(void)erofs_lookup(&n, name.name, name.len, &there, &place);
		walk(fs, name.nid, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t flags = EROFS_SUPER_OFFSET + offsetof(struct erofs_super_block, feature_compat);
	struct erofs_source *src;
	uint8_t *copy = malloc(size + 1);
	struct erofs fs;

	memcpy(copy, data, size);
	if (size > flags)
		copy[flags] &= ~EROFS_COMPAT_CHECKSUM;
	src = image_new(copy, size);
	free(copy);
	image_log[0] = 0;
	steps = 0;
	if (erofs_open(&fs, src) == 0)
		walk(&fs, fs.root_nid, 0);
	if (!image_free(src))
		abort();
	return 0;
}
