/* SPDX-License-Identifier: MIT */
/* A growing text buffer, for files whose contents are made when they are read. */
#ifndef FS_SEQ_H
#define FS_SEQ_H

#include "kernel/types.h"

struct seq {
	char *buf;
	size_t len, size;
	bool failed; /* out of memory: the text is not complete */
};

void seq_printf(struct seq *s, const char *fmt, ...) __printf(2, 3);
void seq_write(struct seq *s, const void *data, size_t n);
void seq_puts(struct seq *s, const char *text);
/* Room for n more bytes at the end, which the caller fills and adds to s->len; NULL: no memory. */
void *seq_room(struct seq *s, size_t n);
/* Spaces up to column `width` of a line that started at offset `line`, at least one. */
void seq_pad(struct seq *s, size_t line, size_t width);

#endif
