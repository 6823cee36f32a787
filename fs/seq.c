/* SPDX-License-Identifier: MIT */
/* The text buffer of fs/seq.h. Never sleeps; running out of memory is remembered, not reported at
 * each call. */
#include "fs/seq.h"
#include "kernel/heap.h"
#include "kernel/string.h"

#define SEQ_MIN 1024

void *seq_room(struct seq *s, size_t n)
{
	size_t size = s->size ? s->size : SEQ_MIN;
	char *buf;

	while (size - s->len < n)
		size *= 2;
	if (size != s->size) {
		buf = krealloc(s->buf, size);
		if (!buf) {
			s->failed = true;
			return NULL;
		}
		s->buf = buf;
		s->size = size;
	}
	return s->buf + s->len;
}

void seq_write(struct seq *s, const void *data, size_t n)
{
	void *p = seq_room(s, n);

	if (!p)
		return;
	memcpy(p, data, n);
	s->len += n;
}

void seq_puts(struct seq *s, const char *text)
{
	seq_write(s, text, strlen(text));
}

void seq_printf(struct seq *s, const char *fmt, ...)
{
	va_list ap, again;
	size_t room = s->size - s->len;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(room ? s->buf + s->len : NULL, room, fmt, ap);
	if (n >= 0 && (size_t)n >= room && seq_room(s, n + 1u))
		n = vsnprintf(s->buf + s->len, n + 1u, fmt, again);
	if (n > 0 && !s->failed)
		s->len += n;
	va_end(again);
	va_end(ap);
}

void seq_pad(struct seq *s, size_t line, size_t width)
{
	do
		seq_write(s, " ", 1);
	while (!s->failed && s->len - line < width);
}
