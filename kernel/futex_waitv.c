/* SPDX-License-Identifier: MIT */
/* futex_waitv(2): sleeping on many futexes at once. */
#include "kernel/abi/linux.h"
#include "kernel/futex_private.h"
#include "kernel/heap.h"
#include "kernel/uaccess.h"
#include "kernel/wait.h"

struct multi {
	const struct futex_expect *what;
	size_t n;
	struct wait_queue wq;
	struct entry {
		struct futex_waiter w;
		struct file *file;
	} entries[];
};

/* The first that a waker has chosen, or -1. */
static int chosen(const struct multi *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (!READ_ONCE(m->entries[i].w.queued))
			return (int)i;
	return -1;
}

static bool is_chosen(const void *arg)
{
	return chosen(arg) >= 0;
}

/* Queue on all, as long as their words hold what is expected. m->n is how many are queued. */
static int enqueue_all(struct multi *m, size_t n)
{
	for (m->n = 0; m->n < n;) {
		struct entry *e = &m->entries[m->n];
		const struct futex_expect *x = &m->what[m->n];
		uint32_t now;
		int r;

		futex_enqueue(&e->w);
		m->n++;
		r = user_load32(x->futex.addr, &now);
		if (r)
			return r;
		if (now != x->value)
			return -EAGAIN;
	}
	return 0;
}

/* Off all queues. Returns the last that a waker had chosen, or -1. */
static int dequeue_all(struct multi *m)
{
	int woken = -1;

	for (size_t i = 0; i < m->n; i++)
		if (!futex_dequeue(&m->entries[i].w))
			woken = (int)i;
	return woken;
}

int futex_wait_many(const struct futex_expect *what, size_t n, const struct futex_deadline *until)
{
	struct multi *m = kzalloc(sizeof(*m) + n * sizeof(m->entries[0]));
	int r = 0, woken;

	if (!m)
		return -ENOMEM;
	m->what = what;
	wait_queue_init(&m->wq);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct entry *e = &m->entries[i];

		e->w.bitset = FUTEX_BITSET_MATCH_ANY;
		e->w.wq = &m->wq;
		r = futex_key_get(what[i].futex, &e->w.key, &e->file);
	}
	if (r == 0) {
		r = enqueue_all(m, n);
		if (r == 0)
			r = futex_sleep(&m->wq, is_chosen, m, until);
		woken = dequeue_all(m);
		/* Whoever chose this thread counts on it having been woken. */
		if (woken >= 0)
			r = woken;
	}
	for (size_t i = 0; i < n; i++)
		futex_key_put(m->entries[i].file);
	kfree(m);
	return r;
}
