/* SPDX-License-Identifier: MIT */
/*
 * The note that makes an image: the linker script puts it into a read-only segment, the image
 * builder fills it in, and the kernel reads it as it was loaded.
 */
#include "kernel/embed.h"

#include "kernel/string.h"

struct embed_note {
	uint32_t name_size, value_size, type;
	char owner[sizeof(BI_NOTE_OWNER)];
	struct bi_embed value;
} __attribute__((packed));

_Static_assert(sizeof(BI_NOTE_OWNER) % 4 == 0, "the value follows the name without padding");

static const struct embed_note note __attribute__((section(".note.uniload"), aligned(4), used)) = {
    .name_size = sizeof(BI_NOTE_OWNER),
    .value_size = sizeof(struct bi_embed),
    .type = BI_NOTE_EMBED,
    .owner = BI_NOTE_OWNER,
    .value = {.bootinfo_version = BOOTINFO_VERSION},
};

struct bi_embed embed_read(void)
{
	const struct embed_note *n = &note;

	__asm__("" : "+r"(n)); /* what the compiler sees in it is not what will be there */
	return n->value;
}
