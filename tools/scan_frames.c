/* SPDX-License-Identifier: MIT */
/*
 * .eh_frame (Linux Standard Base, "Exception Frames"): one entry for each function with where it
 * begins and ends, also in files without symbols.
 */
#include "tools/scan_elf.h"

#include <string.h>

/* How pointers are written (DW_EH_PE_*). */
#define FORM_MASK  0x0f
#define FORM_PTR   0x00
#define FORM_U2	   0x02
#define FORM_U4	   0x03
#define FORM_U8	   0x04
#define FORM_S2	   0x0a
#define FORM_S4	   0x0b
#define FORM_S8	   0x0c
#define BASE_MASK  0x70
#define BASE_PLACE 0x10 /* relative to where it is */
#define OMITTED	   0xff

/* Bytes being read; `bad` once it went beyond the end. */
struct cursor {
	const uint8_t *at, *end;
	uint64_t address; /* of `at` */
	bool bad;
};

/* What the functions of one common entry share. */
struct common {
	uint8_t pointers, lsda; /* forms; lsda OMITTED: they have none */
	bool augmented, signal, known;
};

static uint64_t fixed(struct cursor *c, size_t n)
{
	uint64_t value = 0;

	if ((size_t)(c->end - c->at) < n) {
		c->bad = true;
		c->at = c->end;
		return 0;
	}
	memcpy(&value, c->at, n);
	c->at += n;
	c->address += n;
	return value;
}

/* A signed one is skipped as well: only unsigned values are looked at. */
static uint64_t leb128(struct cursor *c)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)fixed(c, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

static uint64_t pointer(struct cursor *c, uint8_t form)
{
	uint64_t place = c->address, value;

	switch (form & FORM_MASK) {
	case FORM_U2:
		value = fixed(c, 2);
		break;
	case FORM_S2:
		value = (uint64_t)(int64_t)(int16_t)fixed(c, 2);
		break;
	case FORM_U4:
		value = fixed(c, 4);
		break;
	case FORM_S4:
		value = (uint64_t)(int64_t)(int32_t)fixed(c, 4);
		break;
	case FORM_PTR:
	case FORM_U8:
	case FORM_S8:
		value = fixed(c, 8);
		break;
	default:
		c->bad = true;
		return 0;
	}
	if (value && (form & BASE_MASK) == BASE_PLACE)
		value += place;
	else if (form & BASE_MASK)
		c->bad = true;
	return value;
}

uint64_t scan_frames_find(const struct scan_elf *e, uint64_t header)
{
	struct cursor c = {.address = header};
	uint64_t left, found;
	uint8_t form;

	c.at = scan_elf_at(e, header, &left);
	c.end = c.at ? c.at + left : NULL;
	if (left < 4 || fixed(&c, 1) != 1)
		return 0;
	form = (uint8_t)fixed(&c, 1);
	fixed(&c, 2);
	found = pointer(&c, form);
	return c.bad ? 0 : found;
}

static struct common read_common(struct cursor c)
{
	struct common common = {.lsda = OMITTED, .pointers = FORM_PTR};
	const char *letters = (const char *)c.at + 5; /* after the id and the version */
	uint8_t version;

	fixed(&c, 4);
	version = (uint8_t)fixed(&c, 1);
	while (!c.bad && fixed(&c, 1))
		;
	leb128(&c);
	leb128(&c);
	if (version == 1)
		fixed(&c, 1);
	else
		leb128(&c);
	if (c.bad)
		return common;
	common.known = *letters == '\0' || *letters == 'z';
	common.augmented = *letters == 'z';
	if (common.augmented)
		leb128(&c);
	for (letters += *letters == 'z'; *letters && common.known; letters++) {
		if (*letters == 'R')
			common.pointers = (uint8_t)fixed(&c, 1);
		else if (*letters == 'L')
			common.lsda = (uint8_t)fixed(&c, 1);
		else if (*letters == 'P')
			pointer(&c, (uint8_t)fixed(&c, 1) & FORM_MASK);
		else if (*letters == 'S')
			common.signal = true;
		else if (*letters != 'B')
			common.known = false;
	}
	common.known &= !c.bad;
	return common;
}

/* One function; `c` is behind the pointer to the common entry. */
static void read_function(struct scan_elf *e, const struct common *common, struct cursor c)
{
	struct scan_frame frame = {.signal = common->signal};

	frame.begin = pointer(&c, common->pointers);
	frame.end = frame.begin + pointer(&c, common->pointers & FORM_MASK);
	if (common->augmented)
		leb128(&c);
	if (common->lsda != OMITTED)
		frame.pads = pointer(&c, common->lsda & FORM_MASK) != 0;
	if (!c.bad)
		scan_elf_add_frame(e, &frame);
}

void scan_frames_read(struct scan_elf *e, uint64_t address, uint64_t size)
{
	struct common common = {0};
	const uint8_t *common_at = NULL, *begin;
	struct cursor c = {.address = address};
	uint64_t left;

	begin = c.at = scan_elf_at(e, address, &left);
	if (begin == NULL)
		return;
	c.end = begin + (left < size ? left : size);
	while (c.end - c.at > 4) {
		uint64_t length = fixed(&c, 4);
		struct cursor entry = c;
		uint64_t id;

		if (length == 0xffffffff) {
			length = fixed(&c, 8);
			entry = c;
		}
		if (length < 4 || length > (uint64_t)(c.end - c.at))
			return; /* zero: the end */
		c.at += length;
		c.address += length;
		entry.end = c.at;
		id = fixed(&entry, 4);
		if (id == 0)
			continue;
		if (id > (uint64_t)(entry.at - 4 - begin))
			return;
		if (common_at != entry.at - 4 - id) {
			struct cursor shared = {.end = c.end};
			uint64_t offset;

			common_at = entry.at - 4 - id;
			offset = (uint64_t)(common_at - begin);
			if (c.end - common_at < 12)
				return;
			shared.at = common_at + 4;
			shared.address = address + offset + 4;
			common = read_common(shared);
		}
		if (common.known)
			read_function(e, &common, entry);
	}
}
