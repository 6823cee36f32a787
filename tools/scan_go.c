/* SPDX-License-Identifier: MIT */
/*
 * Go's own table of functions (its runtime's symtab.go): programs made by Go have neither .eh_frame
 * nor, when stripped, symbols, but they cannot do without this one.
 */
#include "tools/scan_elf.h"

#include <string.h>

#define ALIGNMENT  32
#define MAGIC_1_2  0xfffffffbu
#define MAGIC_1_16 0xfffffffau
#define MAGIC_1_18 0xfffffff0u
#define MAGIC_1_20 0xfffffff1u

struct go_table {
	const uint8_t *base;
	uint64_t left;	    /* bytes from base on */
	uint64_t functions; /* number of them */
	uint64_t text;	    /* what their addresses are relative to */
	uint64_t names;	    /* offset of their names */
	uint64_t index;	    /* offset of the table, and what its offsets are relative to */
	uint64_t relative;
	unsigned width; /* bytes of its numbers */
};

static uint64_t number(const struct go_table *t, uint64_t at, unsigned width)
{
	uint64_t value = 0;

	if (at <= t->left && width <= t->left - at)
		memcpy(&value, t->base + at, width);
	return value;
}

static bool recognise(struct go_table *t)
{
	uint32_t magic = (uint32_t)number(t, 0, 4);

	/* Two zeros, the smallest instruction, the size of a pointer. */
	if (t->left < 72 || number(t, 4, 4) != 0x08010000)
		return false;
	t->functions = number(t, 8, 8);
	switch (magic) {
	case MAGIC_1_2:
		t->width = 8;
		t->index = 16;
		break;
	case MAGIC_1_16:
		t->width = 8;
		t->names = number(t, 24, 8);
		t->relative = t->index = number(t, 56, 8);
		break;
	case MAGIC_1_18:
	case MAGIC_1_20:
		t->width = 4;
		t->text = number(t, 24, 8);
		t->names = number(t, 32, 8);
		t->relative = t->index = number(t, 64, 8);
		break;
	default:
		return false;
	}
	return t->index <= t->left && t->functions <= (t->left - t->index) / (2 * t->width);
}

static const char *function_name(const struct go_table *t, uint64_t entry)
{
	uint64_t at = t->names + number(t, t->relative + entry + t->width, 4);

	if (at >= t->left || memchr(t->base + at, '\0', t->left - at) == NULL || !t->base[at])
		return NULL;
	return (const char *)t->base + at;
}

static void read_table(struct scan_elf *e, const struct go_table *t)
{
	for (uint64_t i = 0; i < t->functions; i++) {
		uint64_t at = t->index + i * 2 * t->width;
		uint64_t begin = t->text + number(t, at, t->width);
		/* The last one is followed by the end of the code. */
		uint64_t end = t->text + number(t, at + 2 * t->width, t->width);

		scan_elf_add_start(
		    e, &(struct scan_start){
			   .address = begin,
			   .size = end > begin ? end - begin : 0,
			   .name = function_name(t, number(t, at + t->width, t->width))});
	}
}

bool scan_go_read(struct scan_elf *e)
{
	for (size_t i = 0; i < e->n_spans; i++) {
		const struct scan_span *s = &e->spans[i];

		for (uint64_t at = -s->address % ALIGNMENT; !s->exec && at + 72 <= s->size;
		     at += ALIGNMENT) {
			struct go_table t = {.base = s->bytes + at, .left = s->size - at};

			if (t.base[3] == 0xff && recognise(&t)) {
				read_table(e, &t);
				return true;
			}
		}
	}
	return false;
}
