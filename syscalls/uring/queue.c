/* SPDX-License-Identifier: MIT */
/*
 * The two rings as the program sees them. Of what it can write, the kernel believes nothing: heads
 * and tails are taken relative to the kernel's own and masked, entries are copied before they are
 * looked at.
 */
#include "fs/eventpoll.h"
#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/page.h"
#include "kernel/string.h"
#include "kernel/wait.h"
#include "syscalls/uring/uring.h"

struct overflow {
	struct list link;
	struct io_uring_cqe cqe;
};

struct uring_words *uring_words(const struct uring *r)
{
	return page_to_virt(r->ring_pages);
}

size_t uring_array_offset(const struct uring *r)
{
	return ALIGN_UP(sizeof(struct uring_words) + ((size_t)r->cq_entries << r->cqe_shift), 64ul);
}

void uring_sq_flag(struct uring *r, uint32_t flag, bool on)
{
	uint32_t *flags = &uring_words(r)->sq_flags;

	if (on)
		__atomic_or_fetch(flags, flag, __ATOMIC_SEQ_CST);
	else
		__atomic_and_fetch(flags, ~flag, __ATOMIC_SEQ_CST);
}

bool uring_next_sqe(struct uring *r, struct io_uring_sqe *sqe)
{
	struct uring_words *w = uring_words(r);
	uint32_t i = r->sq_head & (r->sq_entries - 1);
	const uint32_t *array;

	if (r->sq_head == __atomic_load_n(&w->sq_tail, __ATOMIC_ACQUIRE))
		return false;
	if (!(r->flags & SETUP_NO_SQARRAY)) {
		array = (const uint32_t *)((char *)w + uring_array_offset(r));
		i = READ_ONCE(array[i]);
	}
	if (i < r->sq_entries)
		memcpy(sqe, (char *)page_to_virt(r->sqe_pages) + ((size_t)i << r->sqe_shift),
		       sizeof(*sqe));
	else
		w->sq_dropped++;
	__atomic_store_n(&w->sq_head, ++r->sq_head, __ATOMIC_RELEASE);
	return i < r->sq_entries;
}

/* ---- completions ---- */

uint32_t uring_unread(const struct uring *r)
{
	return r->cq_tail - READ_ONCE(uring_words(r)->cq_head);
}

/* Lock: cq_lock. */
static bool put(struct uring *r, const struct io_uring_cqe *cqe)
{
	struct uring_words *w = uring_words(r);
	struct io_uring_cqe *slot;

	if (uring_unread(r) >= r->cq_entries)
		return false;
	slot = (void *)((char *)(w + 1) +
			((size_t)(r->cq_tail & (r->cq_entries - 1)) << r->cqe_shift));
	memset(slot, 0, (size_t)1 << r->cqe_shift);
	*slot = *cqe;
	__atomic_store_n(&w->cq_tail, ++r->cq_tail, __ATOMIC_RELEASE);
	return true;
}

/* Lock: cq_lock. */
static void keep(struct uring *r, const struct io_uring_cqe *cqe)
{
	struct overflow *o = kmalloc(sizeof(*o));

	if (!o) {
		uring_words(r)->cq_overflow++;
		return;
	}
	o->cqe = *cqe;
	list_add_tail(&o->link, &r->overflow);
	uring_sq_flag(r, IORING_SQ_CQ_OVERFLOW, true);
}

void uring_post(struct uring *r, uint64_t user_data, int32_t res, uint32_t cflags, bool timeout)
{
	struct io_uring_cqe cqe = {.user_data = user_data, .res = res, .flags = cflags};

	spin_lock(&r->cq_lock);
	if (!list_empty(&r->overflow) || !put(r, &cqe))
		keep(r, &cqe);
	r->posted += !timeout;
	r->timeouts += timeout;
	r->news = true;
	spin_unlock(&r->cq_lock);
}

void uring_flush(struct uring *r)
{
	struct overflow *o;

	if (list_empty(&r->overflow))
		return;
	spin_lock(&r->cq_lock);
	while (!list_empty(&r->overflow)) {
		o = list_first(&r->overflow, struct overflow, link);
		if (!put(r, &o->cqe))
			break;
		list_del(&o->link);
		kfree(o);
	}
	if (list_empty(&r->overflow))
		uring_sq_flag(r, IORING_SQ_CQ_OVERFLOW, false);
	spin_unlock(&r->cq_lock);
}

void uring_drop_overflow(struct uring *r)
{
	struct overflow *o;

	while (!list_empty(&r->overflow)) {
		o = list_first(&r->overflow, struct overflow, link);
		list_del(&o->link);
		kfree(o);
	}
}

/* ---- telling ---- */

/*
 * Wake-ups can go round: an epoll instance that holds a ring may be waited for by a request of that
 * ring. So one from another wake-up (nested) comes by a timer instead, and one that is on its way
 * is not begun again: who is woken looks by himself.
 */
void uring_wake_polls(struct uring *r, bool nested)
{
	if (nested) {
		timer_arm(&r->bounce, clock_mono_ns());
		return;
	}
	if (r->waking)
		return;
	r->waking = true;
	wait_wake_all(&r->poll_wq);
	r->waking = false;
}

void uring_announce(struct uring *r)
{
	if (!r->news)
		return;
	r->news = false;
	wait_wake_all(&r->cq_wq);
	uring_wake_polls(r, false);
	if (r->eventfd && !r->eventfd_async &&
	    !(READ_ONCE(uring_words(r)->cq_flags) & IORING_CQ_EVENTFD_DISABLED))
		eventfd_signal(r->eventfd);
}
