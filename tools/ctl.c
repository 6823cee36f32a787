/* SPDX-License-Identifier: MIT */
/*
 * Sending goes through one slot per kind of message instead of a queue, so that a guest that does
 * not listen costs no memory. Order between kinds does not matter to the guest: byte counts in the
 * messages say where they belong.
 */
#include "tools/ctl.h"

#include "tools/util.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* Slots: one for each type without argument, 8 for each type per port, then one per signal. */
enum {
	SLOT_EOF,
	SLOT_WINSIZE,
	SLOT_TIME,
	SLOT_SYNCED,
	SLOT_OUT_ERROR = 8,
	SLOT_ACK = 16,
	SLOT_SIGNAL = 24, /* .. + 31 */
};

static unsigned slot_of(uint32_t type, uint32_t arg)
{
	switch (type) {
	case BI_MSG_STDIN_EOF:
		return SLOT_EOF;
	case BI_MSG_WINSIZE:
		return SLOT_WINSIZE;
	case BI_MSG_TIME:
		return SLOT_TIME;
	case BI_MSG_SYNCED:
		return SLOT_SYNCED;
	case BI_MSG_OUT_ERROR:
		return SLOT_OUT_ERROR + arg % 8;
	case BI_MSG_ACK:
		return SLOT_ACK + arg % 8;
	default:
		return SLOT_SIGNAL + arg % 32;
	}
}

void ctl_post(struct ctl *c, uint32_t type, uint32_t arg, uint64_t v0, uint64_t v1)
{
	unsigned slot = slot_of(type, arg);

	c->slot[slot] = (struct bi_msg){.type = type, .arg = arg, .v = {v0, v1}};
	c->due |= 1ull << slot;
}

bool ctl_wants_to_send(const struct ctl *c)
{
	return c->fd >= 0 && (c->out_left > 0 || c->due != 0);
}

bool ctl_time_due(const struct ctl *c)
{
	return c->due >> SLOT_TIME & 1;
}

static void take_due(struct ctl *c)
{
	unsigned slot = (unsigned)__builtin_ctzll(c->due);

	c->due &= c->due - 1;
	c->out = c->slot[slot];
	c->out_left = sizeof(c->out);
	if (c->out.type == BI_MSG_TIME)
		c->out.v[1] = realtime_ns();
}

static void end(struct ctl *c)
{
	close(c->fd);
	c->fd = -1;
}

void ctl_send(struct ctl *c)
{
	while (ctl_wants_to_send(c)) {
		const char *from = (const char *)(&c->out + 1) - c->out_left;
		ssize_t n;

		if (c->out_left == 0) {
			take_due(c);
			continue;
		}
		n = send(c->fd, from, c->out_left, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) { /* QEMU is gone; what it sent before is still to be read */
			c->due = c->out_left = 0;
			return;
		}
		c->out_left -= (size_t)n;
	}
}

int ctl_receive(struct ctl *c)
{
	while (c->fd >= 0) {
		ssize_t n;

		if (c->in_len == sizeof(c->in))
			c->in_len = 0;
		n = recv(c->fd, (char *)&c->in + c->in_len, sizeof(c->in) - c->in_len, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n <= 0) {
			end(c);
			return 0;
		}
		c->in_len += (size_t)n;
		if (c->in_len == sizeof(c->in))
			return 1;
	}
	return 0;
}
