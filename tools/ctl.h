/* SPDX-License-Identifier: MIT */
/*
 * The control port (kernel/abi/bootinfo.h): messages to and from the guest's kernel.
 */
#ifndef TOOLS_CTL_H
#define TOOLS_CTL_H

#include "kernel/abi/bootinfo.h"

#include <stdbool.h>
#include <stddef.h>

#define CTL_SLOTS 64

struct ctl {
	int fd; /* nonblocking; -1 when it has ended */
	struct bi_msg in, out;
	size_t in_len;	 /* bytes of `in` that are there */
	size_t out_left; /* bytes of `out` still to send */
	uint64_t due;	 /* which of slot[] wait to be sent */
	struct bi_msg slot[CTL_SLOTS];
};

/*
 * Queue a message for the guest. It never fails and never grows: a newer message of a kind replaces
 * one not yet sent, which for every kind says all that the older one said.
 */
void ctl_post(struct ctl *c, uint32_t type, uint32_t arg, uint64_t v0, uint64_t v1);
bool ctl_wants_to_send(const struct ctl *c);
/* Is a reply to the guest's clock question still unsent? Then more questions have to wait. */
bool ctl_time_due(const struct ctl *c);
/* Send what the socket takes. */
void ctl_send(struct ctl *c);
/* Take the next whole message into c->in. Returns 1, or 0 if there is none now; at the end fd
 * becomes -1. */
int ctl_receive(struct ctl *c);

#endif
