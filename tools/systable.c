/* SPDX-License-Identifier: MIT */
/* One array made from table.def, and ways to find a row in it. */
#include "tools/systable.h"

#include <stdint.h>
#include <string.h>

#define NAME_LONGEST 32 /* of names that are worth comparing */

const char *const systable_status[] = {"", "FULL", "PART", "FAKE", "STUB"};

const struct systable_row systable[] = {
#define SYS(nr, name, status, value, result, frame, args, note)                                    \
	{nr, #name, STATUS_##status, #value, note},
#include "syscalls/table.def"
};
const size_t systable_rows = sizeof(systable) / sizeof(systable[0]);

const struct systable_row *systable_by_number(unsigned nr)
{
	for (size_t i = 0; i < systable_rows; i++)
		if (systable[i].nr == nr)
			return &systable[i];
	return NULL;
}

const struct systable_row *systable_by_name(const char *name, size_t len)
{
	for (size_t i = 0; i < systable_rows; i++)
		if (strlen(systable[i].name) == len && memcmp(systable[i].name, name, len) == 0)
			return &systable[i];
	return NULL;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* How many letters must be changed, put in or left out to make one of the other. */
static unsigned distance(const char *a, size_t a_len, const char *b)
{
	unsigned row[NAME_LONGEST + 1];

	for (size_t i = 0; i <= a_len; i++)
		row[i] = (unsigned)i;
	for (; *b; b++) {
		unsigned diagonal = row[0]++;

		for (size_t i = 1; i <= a_len; i++) {
			unsigned above = row[i];

			row[i] = least(above + 1, row[i - 1] + 1, diagonal + (a[i - 1] != *b));
			diagonal = above;
		}
	}
	return row[a_len];
}

const char *systable_nearest(const char *name, size_t len)
{
	const char *best = systable[0].name;
	unsigned least_distance = UINT32_MAX;

	if (len > NAME_LONGEST)
		len = NAME_LONGEST;
	for (size_t i = 0; i < systable_rows; i++) {
		unsigned d = distance(name, len, systable[i].name);

		if (d >= least_distance)
			continue;
		least_distance = d;
		best = systable[i].name;
	}
	return best;
}
