/* SPDX-License-Identifier: MIT */
/* Waiting for files: IORING_OP_POLL_ADD, IORING_OP_POLL_REMOVE, and what requests do that would
 * have to wait. */
#include "fs/eventpoll.h"
#include "syscalls/uring/uring.h"

#define ALWAYS	   (EPOLLERR | EPOLLHUP)
#define UPDATES	   (IORING_POLL_UPDATE_EVENTS | IORING_POLL_UPDATE_USER_DATA)
#define EVENT_BITS 0x3fffu /* what can be polled for; the rest says how */

static void woken(struct poll_table *pt)
{
	uring_fire(container_of(pt, struct uring_req, table));
}

unsigned uring_arm(struct uring_req *q)
{
	poll_table_init(&q->table, q->room, ARRAY_SIZE(q->room));
	q->table.notify = woken;
	return file_poll(uring_waits_for(q), &q->table) & (q->events | ALWAYS);
}

int uring_prep_poll(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	if (s->buf_index || s->off || s->addr || (s->len & ~IORING_POLL_ADD_MULTI))
		return -EINVAL;
	if ((s->len & IORING_POLL_ADD_MULTI) && (s->flags & IOSQE_CQE_SKIP_SUCCESS))
		return -EINVAL;
	if (s->len & IORING_POLL_ADD_MULTI)
		q->flags |= REQ_MULTISHOT;
	q->events = s->poll32_events & EVENT_BITS;
	return 0;
}

/* It is ready. True: it goes on. */
static bool report(struct uring_req *q, unsigned ready)
{
	if (!(q->flags & REQ_MULTISHOT))
		return false;
	uring_post_more(q, ready, 0);
	return true;
}

long uring_poll_add(struct uring_req *q)
{
	unsigned ready;

	uring_waits(q, REQ_POLLING);
	ready = uring_arm(q);
	if (q->table.error)
		return q->table.error;
	return !ready || report(q, ready) ? URING_LATER : (long)ready;
}

void uring_poll_woken(struct uring_req *q)
{
	unsigned ready = file_poll(q->file, NULL) & (q->events | ALWAYS);

	if (ready && !report(q, ready))
		uring_complete(q, ready);
}

int uring_prep_poll_remove(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	if (s->buf_index || s->splice_fd_in || (s->len & ~(UPDATES | IORING_POLL_ADD_MULTI)))
		return -EINVAL;
	if (s->len == IORING_POLL_ADD_MULTI)
		return -EINVAL;
	if (!(s->len & IORING_POLL_UPDATE_USER_DATA) && s->off)
		return -EINVAL;
	return !(s->len & IORING_POLL_UPDATE_EVENTS) && s->poll32_events ? -EINVAL : 0;
}

long uring_poll_remove(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;
	const struct uring_match m = {
	    .by_data = true, .user_data = s->addr, .op = IORING_OP_POLL_ADD};
	struct uring_req *p = uring_find(q->ring, &m);

	if (!p)
		return -ENOENT;
	if (!(s->len & UPDATES)) {
		uring_cancel_one(p);
		return 0;
	}
	if (s->len & IORING_POLL_UPDATE_EVENTS) {
		p->events = s->poll32_events & EVENT_BITS;
		p->flags &= ~REQ_MULTISHOT;
		if (s->len & IORING_POLL_ADD_MULTI)
			p->flags |= REQ_MULTISHOT;
	}
	if (s->len & IORING_POLL_UPDATE_USER_DATA)
		p->sqe.user_data = s->off;
	if (p->state == REQ_POLLING)
		uring_poll_woken(p);
	return 0;
}
