/* SPDX-License-Identifier: MIT */
/* Most bytes are looked at only here: these loops decide how long a scan takes. */
#include "tools/scan_targets.h"

#include "tools/util.h"

#include <stdlib.h>
#include <string.h>

#define LINE 64 /* bytes for each bit of `near` */

void scan_targets_open(struct scan_targets *t, uint64_t first, uint64_t last)
{
	size_t size;

	*t = (struct scan_targets){.low = first > SCAN_REACH ? first - SCAN_REACH : 0,
				   .high = last + SCAN_REACH};
	size = (t->high - t->low) / LINE / 8 + 1;
	t->near = xrealloc(NULL, size);
	memset(t->near, 0, size);
}

void scan_targets_want(struct scan_targets *t, uint64_t place)
{
	for (uint64_t at = place - SCAN_REACH; at <= place + SCAN_REACH; at += SCAN_REACH) {
		uint64_t line = (at - t->low) / LINE;

		if (at >= t->low && at <= t->high)
			t->near[line / 8] |= (uint8_t)(1u << line % 8);
	}
}

void scan_targets_add(struct scan_targets *t, struct scan_target target)
{
	uint64_t line = (target.to - t->low) / LINE;

	if (target.to - t->low > t->high - t->low || !(t->near[line / 8] & 1u << line % 8))
		return;
	if (t->n == t->room) {
		t->room = t->room ? 2 * t->room : 256;
		t->v = xrealloc(t->v, t->room * sizeof(*t->v));
	}
	t->v[t->n++] = target;
}

/* Is it `call`, `jmp`, a conditional jump or `lea` that has a displacement at `at`? */
static bool has_displacement(const uint8_t *at)
{
	return (at[-1] & 0xfe) == 0xe8 || (at[-2] == 0x0f && (at[-1] & 0xf0) == 0x80) ||
	       (at[-2] == 0x8d && (at[-1] & 0xc7) == 0x05);
}

static void find_relative(struct scan_targets *t, const struct scan_span *s)
{
	for (uint64_t i = 2; i + 4 <= s->size; i++) {
		uint64_t end = s->address + i + 4;
		int32_t value;

		if (!has_displacement(s->bytes + i))
			continue;
		memcpy(&value, s->bytes + i, sizeof(value));
		scan_targets_add(
		    t, (struct scan_target){end + (uint64_t)(int64_t)value, s->address + i, true});
	}
}

/* Addresses of 32 bits. */
static void find_absolute(struct scan_targets *t, const struct scan_span *s)
{
	for (uint64_t i = 0; i + 4 <= s->size; i++) {
		uint32_t value;

		memcpy(&value, s->bytes + i, sizeof(value));
		if (value - t->low <= t->high - t->low)
			scan_targets_add(t, (struct scan_target){value, s->address + i, false});
	}
}

/* Addresses of 64 bits: pointers, and addends of relocations. */
static void find_words(struct scan_targets *t, const struct scan_span *s)
{
	for (uint64_t i = -s->address % 8; i + 8 <= s->size; i += 8) {
		uint64_t value;

		memcpy(&value, s->bytes + i, sizeof(value));
		if (value - t->low <= t->high - t->low)
			scan_targets_add(t, (struct scan_target){.to = value});
	}
}

void scan_targets_find(struct scan_targets *t, const struct scan_span *s, bool placed)
{
	find_words(t, s);
	if (s->exec)
		find_relative(t, s);
	if (s->exec && placed)
		find_absolute(t, s);
}

static int target_order(const void *a, const void *b)
{
	const struct scan_target *x = a, *y = b;

	return x->to < y->to ? -1 : x->to > y->to;
}

void scan_targets_sort(struct scan_targets *t)
{
	if (t->n)
		qsort(t->v, t->n, sizeof(*t->v), target_order);
}

size_t scan_targets_above(const struct scan_targets *t, uint64_t address)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (t->v[mid].to <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void scan_targets_close(struct scan_targets *t)
{
	free(t->v);
	free(t->near);
	*t = (struct scan_targets){0};
}
