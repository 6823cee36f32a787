/* SPDX-License-Identifier: MIT */
/* IORING_OP_TIMEOUT, IORING_OP_TIMEOUT_REMOVE, IORING_OP_LINK_TIMEOUT. */
#include "kernel/clock.h"
#include "kernel/wait.h"
#include "syscalls/uring/uring.h"
#include "syscalls/util.h"

#define CLOCKS IORING_TIMEOUT_CLOCK_MASK

/* Unlike elsewhere a struct timespec may have more than a second of nanoseconds. */
static int get_time(uaddr_t uts, uint64_t *ns)
{
	struct __kernel_timespec ts;
	int64_t sum;

	if (get_user(&ts, uts))
		return -EFAULT;
	if (ts.tv_sec < 0 || ts.tv_nsec < 0)
		return -EINVAL;
	if (__builtin_mul_overflow(ts.tv_sec, (int64_t)NSEC_PER_SEC, &sum) ||
	    __builtin_add_overflow(sum, ts.tv_nsec, &sum))
		sum = INT64_MAX;
	*ns = (uint64_t)sum;
	return 0;
}

/* The moment on CLOCK_MONOTONIC that a time and its flags mean now. */
static uint64_t deadline_of(uint64_t ns, uint32_t flags)
{
	uint64_t real = clock_real_ns();

	if (!(flags & IORING_TIMEOUT_ABS))
		return deadline_in(ns);
	if (flags & IORING_TIMEOUT_REALTIME)
		return deadline_in(ns > real ? ns - real : 0);
	return ns >= INT64_MAX ? NO_DEADLINE : ns;
}

static bool one_clock(uint32_t flags)
{
	return (flags & CLOCKS) != CLOCKS;
}

static void fired(struct timer *t)
{
	uring_fire(container_of(t, struct uring_req, timer));
}

static void start(struct uring_req *q)
{
	uring_waits(q, REQ_TIMING);
	timer_init(&q->timer, fired);
	if (q->deadline_ns != NO_DEADLINE)
		timer_arm(&q->timer, q->deadline_ns);
}

static int prep(struct uring_req *q, uint32_t known)
{
	const struct io_uring_sqe *s = &q->sqe;

	if (s->buf_index || s->len != 1 || s->splice_fd_in)
		return -EINVAL;
	if ((s->timeout_flags & ~known) || !one_clock(s->timeout_flags))
		return -EINVAL;
	if ((s->timeout_flags & TIMEOUT_MULTISHOT) && (s->timeout_flags & IORING_TIMEOUT_ABS))
		return -EINVAL;
	if (s->timeout_flags & IORING_TIMEOUT_ETIME_SUCCESS)
		q->flags |= REQ_FINE;
	return get_time(s->addr, &q->interval_ns);
}

/* ---- alone ---- */

int uring_prep_timeout(struct uring_req *q)
{
	return prep(q,
		    IORING_TIMEOUT_ABS | CLOCKS | IORING_TIMEOUT_ETIME_SUCCESS | TIMEOUT_MULTISHOT);
}

/* Its off is a number of completions, which end it too, but of a multishot how often it fires. */
static bool counts(const struct uring_req *q)
{
	return q->sqe.off && !(q->sqe.timeout_flags & TIMEOUT_MULTISHOT);
}

long uring_timeout(struct uring_req *q)
{
	q->target = q->ring->posted + (uint32_t)q->sqe.off;
	if (counts(q)) {
		q->flags |= REQ_COUNTS;
		q->ring->n_counting++;
	}
	q->deadline_ns = deadline_of(q->interval_ns, q->sqe.timeout_flags);
	start(q);
	return URING_LATER;
}

void uring_timeouts_count(struct uring *r)
{
	struct uring_req *q, *next;

	if (!r->n_counting || r->counting)
		return;
	r->counting = true;
	list_for_each_safe (q, next, &r->requests, link) {
		if (q->op->issue != uring_timeout || q->state != REQ_TIMING || !counts(q) ||
		    (int32_t)(r->posted - q->target) < 0)
			continue;
		uring_complete(q, 0);
		next = list_first(&r->requests, struct uring_req, link); /* others may have gone */
	}
	r->counting = false;
}

static void timeout_over(struct uring_req *q)
{
	bool last = !(q->sqe.timeout_flags & TIMEOUT_MULTISHOT) || q->sqe.off == 1;

	if (last) {
		uring_complete(q, -ETIME);
		return;
	}
	if (q->sqe.off)
		q->sqe.off--;
	uring_post_more(q, -ETIME, 0);
	q->deadline_ns = deadline_in(MAX(q->interval_ns, 1ul));
	start(q);
}

/* ---- for the request before it ---- */

int uring_prep_link_timeout(struct uring_req *q)
{
	return q->sqe.off ? -EINVAL
			  : prep(q, IORING_TIMEOUT_ABS | CLOCKS | IORING_TIMEOUT_ETIME_SUCCESS);
}

void uring_link_timeout_start(struct uring_req *q)
{
	struct uring_req *t = q->next;

	if (!t || t->over != q || t->timer.fire)
		return;
	t->deadline_ns = deadline_of(t->interval_ns, t->sqe.timeout_flags);
	start(t);
}

void uring_timed_out(struct uring_req *q)
{
	struct uring_req *before = q->over;

	if (!before) {
		timeout_over(q);
		return;
	}
	before->next = q->next;
	q->next = q->over = NULL;
	uring_cancel_one(before);
	uring_complete(q, -ETIME);
}

/* ---- removing ---- */

int uring_prep_timeout_remove(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;
	uint32_t flags = s->timeout_flags;

	if (s->buf_index || s->len || s->splice_fd_in ||
	    (s->flags & (IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT)))
		return -EINVAL;
	if (!(flags & IORING_TIMEOUT_UPDATE_MASK))
		return flags ? -EINVAL : 0;
	if (!one_clock(flags) ||
	    (flags & ~(IORING_TIMEOUT_UPDATE_MASK | IORING_TIMEOUT_ABS | CLOCKS)))
		return -EINVAL;
	return get_time(s->off, &q->interval_ns);
}

long uring_timeout_remove(struct uring_req *q)
{
	uint32_t flags = q->sqe.timeout_flags;
	const struct uring_match m = {
	    .by_data = true,
	    .user_data = q->sqe.addr,
	    .op = flags & IORING_LINK_TIMEOUT_UPDATE ? IORING_OP_LINK_TIMEOUT : IORING_OP_TIMEOUT};
	struct uring_req *t = uring_find(q->ring, &m);

	if (!t || t->state != REQ_TIMING)
		return -ENOENT;
	if (!(flags & IORING_TIMEOUT_UPDATE_MASK)) {
		uring_cancel_one(t);
		return 0;
	}
	t->sqe.off = 0;
	t->deadline_ns = deadline_of(q->interval_ns, flags);
	uring_disarm(t);
	start(t);
	return 0;
}
