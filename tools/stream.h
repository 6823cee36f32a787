/* SPDX-License-Identifier: MIT */
/*
 * One direction of bytes: from one descriptor to another, through a bounded buffer, byte for byte.
 */
#ifndef TOOLS_STREAM_H
#define TOOLS_STREAM_H

#include "tools/endpoint.h"

#include <poll.h>
#include <stdint.h>

#define STREAM_BUFFER (256u << 10)

struct stream {
	struct endpoint from, to; /* to.fd < 0: what comes is dropped */
	unsigned char *buffer;
	size_t start, end; /* what of the buffer waits to be written; [0, end) came last */
	uint64_t received, written;
	uint64_t dropped; /* bytes lost because of write_error */
	bool ended;	  /* nothing more will come */
	int read_error, write_error;
};

/* Takes over copies of both endpoints. */
void stream_init(struct stream *s, const struct endpoint *from, const struct endpoint *to);
void stream_free(struct stream *s);
/* Move what can be moved without blocking; a few buffers at most. */
void stream_pump(struct stream *s);
/* Stop reading: no more will be taken from `from`. */
void stream_stop(struct stream *s);
/* Nobody takes what is written any more; what waits is dropped. */
void stream_break(struct stream *s, int error);
bool stream_idle(const struct stream *s); /* nothing waits in the buffer */

/*
 * The two descriptors to poll. `watch` asks to be told of a lost reader even when there is nothing
 * to write. A descriptor with nothing to wait for is left out, or its hang-up would wake us
 * forever.
 */
void stream_poll(const struct stream *s, bool watch, struct pollfd *from, struct pollfd *to);

#endif
