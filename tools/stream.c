/* SPDX-License-Identifier: MIT */
/*
 * Back-pressure is the absence of reading: a stream reads again only when its buffer has been
 * written.
 */
#include "tools/stream.h"

#include "tools/util.h"

#include <errno.h>
#include <stdlib.h>

#define ROUNDS 8 /* buffers per turn, so that one busy stream does not starve the others */

void stream_init(struct stream *s, const struct endpoint *from, const struct endpoint *to)
{
	*s = (struct stream){.from = *from, .to = *to};
	s->ended = from->fd < 0;
	if (!s->ended)
		s->buffer = xrealloc(NULL, STREAM_BUFFER);
}

void stream_free(struct stream *s)
{
	endpoint_close(&s->from);
	endpoint_close(&s->to);
	free(s->buffer);
	s->buffer = NULL;
	s->ended = true;
}

bool stream_idle(const struct stream *s)
{
	return s->start == s->end;
}

void stream_stop(struct stream *s)
{
	s->ended = true;
	endpoint_close(&s->from);
}

void stream_break(struct stream *s, int error)
{
	s->write_error = error;
	s->dropped += s->end - s->start;
	s->start = s->end;
	endpoint_close(&s->to);
	s->to.fd = -1;
}

/* Returns whether there is something to write. */
static bool fill(struct stream *s)
{
	ssize_t n;

	if (s->ended)
		return false;
	n = endpoint_read(&s->from, s->buffer, STREAM_BUFFER);
	if (n == -EAGAIN)
		return false;
	if (n <= 0) {
		s->read_error = (int)-n;
		stream_stop(s);
		return false;
	}
	s->received += (uint64_t)n;
	s->start = 0;
	s->end = (size_t)n;
	return true;
}

/* Returns whether all of it is gone. */
static bool drain(struct stream *s)
{
	while (s->to.fd >= 0 && s->start < s->end) {
		ssize_t n = endpoint_write(&s->to, s->buffer + s->start, s->end - s->start);

		if (n == -EAGAIN)
			return false;
		if (n < 0) {
			stream_break(s, (int)-n);
			break;
		}
		s->start += (size_t)n;
		s->written += (uint64_t)n;
	}
	if (s->write_error)
		s->dropped += s->end - s->start;
	s->start = s->end; /* the bytes stay readable until the next fill */
	return true;
}

void stream_pump(struct stream *s)
{
	for (int i = 0; i < ROUNDS; i++) {
		if (stream_idle(s) && !fill(s))
			return;
		if (!drain(s))
			return;
	}
}

void stream_poll(const struct stream *s, bool watch, struct pollfd *from, struct pollfd *to)
{
	*from = (struct pollfd){.fd = -1};
	*to = (struct pollfd){.fd = -1};
	if (stream_idle(s) && !s->ended)
		*from = (struct pollfd){.fd = s->from.fd, .events = POLLIN};
	if (!stream_idle(s))
		*to = (struct pollfd){.fd = s->to.fd, .events = POLLOUT};
	else if (watch && s->to.kind != ENDPOINT_FILE)
		*to = (struct pollfd){.fd = s->to.fd};
}
