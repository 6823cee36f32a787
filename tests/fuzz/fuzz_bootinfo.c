/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the check of the boot module: the input is the module. What passes is read through every
 * accessor; the sanitizer sees any byte touched outside.
 */
/* fuzz: kernel/bootinfo.c */
#include "kernel/bootinfo.h"

#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>

static volatile size_t sink;

static void use_strings(const struct bootinfo *bi, const struct bi_strings *s)
{
	const char **v = calloc(s->count + 1ul, sizeof(*v));

	bootinfo_strings(bi, s, v);
	for (uint32_t i = 0; i < s->count; i++)
		sink += strlen(v[i]);
	free(v);
}

static void use_files(const struct bootinfo *bi)
{
	for (uint32_t i = 0; i < bi->n_files; i++) {
		const struct bi_file *f = &bootinfo_files(bi)[i];
		const uint8_t *data;

		sink += strlen(bootinfo_path(bi, f));
		if (f->type == BI_FILE_DIR || f->size == 0)
			continue;
		data = bootinfo_data(bi, f);
		sink += data[0] + data[f->size - 1];
		if (f->type == BI_FILE_SYMLINK)
			sink += strlen((const char *)data);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t room = MAX(ALIGN_UP(size, PAGE_SIZE), PAGE_SIZE);
	uint8_t *module = aligned_alloc(PAGE_SIZE, room);
	const struct bootinfo *bi = (const struct bootinfo *)module;

	memcpy(module, data, size);
	ASAN_POISON_MEMORY_REGION(module + size, room - size);
	if (bootinfo_check(module, size) == NULL) {
		use_strings(bi, &bi->argv);
		use_strings(bi, &bi->envp);
		sink += strlen(bootinfo_string(bi, bi->exe)) +
			strlen(bootinfo_string(bi, bi->cwd)) +
			strlen(bootinfo_string(bi, bi->hostname));
		for (uint32_t i = 0; i < bi->n_groups; i++)
			sink += bootinfo_groups(bi)[i];
		use_files(bi);
	}
	ASAN_UNPOISON_MEMORY_REGION(module, room);
	free(module);
	return 0;
}
