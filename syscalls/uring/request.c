/* SPDX-License-Identifier: MIT */
/* The life of a request: issued, waiting, tried again, completed, what is linked to it. */
#include "kernel/heap.h"
#include "kernel/wait.h"
#include "syscalls/uring/uring.h"
#include "syscalls/util.h"

#define AT_ONCE	  64 /* requests worked on before signals are looked at */
#define MAX_SPINS 32

static struct spinlock fired_lock;

void uring_lock(struct uring *r)
{
	mutex_lock(&r->lock);
}

void uring_unlock(struct uring *r)
{
	struct list dead;

	list_take(&r->dead, &dead);
	mutex_unlock(&r->lock);
	uring_announce(r);
	while (!list_empty(&dead))
		uring_req_bury(list_first(&dead, struct uring_req, link));
}

/* ---- threads ---- */

struct uring_task *uring_task_get(void)
{
	struct uring_task *t = current->uring;

	if (t)
		return t;
	t = kzalloc(sizeof(*t));
	if (!t)
		return NULL;
	t->thread = current;
	list_init(&t->fired);
	list_init(&t->requests);
	current->uring = t;
	return t;
}

/* The ring, referenced, of the first on a list of requests. */
static struct uring *ring_of_first(struct list *l, bool fired)
{
	struct uring *r = NULL;

	spin_lock(&fired_lock);
	if (!list_empty(l)) {
		r = fired ? list_first(l, struct uring_req, fired_link)->ring
			  : list_first(l, struct uring_req, task_link)->ring;
		uring_get(r);
	}
	spin_unlock(&fired_lock);
	return r;
}

void uring_task_end(void)
{
	struct uring_task *t = current->uring;
	struct uring_match mine = {.task = t, .all = true, .op = -1};
	struct uring *r;

	while ((r = ring_of_first(&t->requests, false)) != NULL) {
		uring_lock(r);
		(void)uring_cancel(r, &mine);
		if (r->issuer == current)
			r->issuer = NULL;
		uring_unlock(r);
		uring_put(r);
	}
	current->uring = NULL;
	kfree(t);
}

/* ---- making and freeing ---- */

struct uring_req *uring_req_new(struct uring *r, struct uring_task *task)
{
	struct uring_req *q = r->spare;

	if (q)
		*q = (struct uring_req){0};
	else
		q = kzalloc(sizeof(*q));
	if (!q)
		return NULL;
	r->spare = NULL;
	list_init(&q->link);
	list_init(&q->task_link);
	list_init(&q->fired_link);
	q->ring = r;
	q->task = task;
	uring_get(r);
	return q;
}

/* It waits no more. */
static void unlist(struct uring_req *q)
{
	list_del(&q->link);
	if (list_empty(&q->task_link) && list_empty(&q->fired_link))
		return;
	spin_lock(&fired_lock);
	list_del(&q->task_link);
	list_del(&q->fired_link);
	spin_unlock(&fired_lock);
}

void uring_disarm(struct uring_req *q)
{
	if (q->table.entries.next) {
		poll_table_free(&q->table);
		q->table.entries.next = NULL;
	}
	if (q->timer.fire)
		timer_disarm(&q->timer);
	if (list_empty(&q->fired_link))
		return;
	spin_lock(&fired_lock);
	list_del(&q->fired_link);
	spin_unlock(&fired_lock);
}

/* Let go of its files, one of which may be the ring's own. Locks: none. */
void uring_req_bury(struct uring_req *q)
{
	list_del(&q->link);
	if (q->file)
		file_put(q->file);
	if (q->in)
		file_put(q->in);
	uring_put(q->ring);
	kfree(q);
}

static void req_free(struct uring_req *q)
{
	struct uring *r = q->ring;

	uring_disarm(q);
	unlist(q);
	if (q->state_mem && q->op && q->op->drop)
		q->op->drop(q);
	kfree(q->state_mem);
	if (q->file_node)
		uring_rsrc_put(r, q->file_node);
	if (q->buf_node)
		uring_rsrc_put(r, q->buf_node);
	if (q->cred)
		cred_put(q->cred);
	if (q->file && q->file->refs > 1) { /* nothing happens but that */
		file_put(q->file);
		q->file = NULL;
	}
	if (q->file || q->in || r->spare) {
		list_add_tail(&q->link, &r->dead);
	} else { /* for the next one */
		uring_put(r);
		r->spare = q;
	}
}

void uring_req_undo(struct uring_req *q)
{
	if (q)
		req_free(q);
}

/* ---- waiting ---- */

void uring_waits(struct uring_req *q, enum uring_state state)
{
	q->state = state;
	if (list_empty(&q->link))
		list_add_tail(&q->link, &q->ring->requests);
	spin_lock(&fired_lock);
	if (list_empty(&q->task_link))
		list_add_tail(&q->task_link, &q->task->requests);
	spin_unlock(&fired_lock);
}

void uring_fire(struct uring_req *q)
{
	struct uring *r = q->ring;
	bool defer = r->flags & IORING_SETUP_DEFER_TASKRUN;

	spin_lock(&fired_lock);
	if (list_empty(&q->fired_link))
		list_add_tail(&q->fired_link, defer ? &r->fired : &q->task->fired);
	spin_unlock(&fired_lock);
	if (r->flags & IORING_SETUP_TASKRUN_FLAG)
		uring_sq_flag(r, IORING_SQ_TASKRUN, true);
	if (!defer) {
		thread_async_wake(q->task->thread, !(r->flags & IORING_SETUP_COOP_TASKRUN));
		return;
	}
	wait_wake_all(&r->cq_wq);
	/* Files that wait for files might be woken by us again. */
	uring_wake_polls(r, q->file && q->file->ops->anon_name);
}

/* ---- issuing ---- */

/* The file the entry names, if the operation works on one. */
static int assign_file(struct uring_req *q)
{
	if (!q->op->needs_file || q->file)
		return 0;
	if (q->sqe.flags & IOSQE_FIXED_FILE) {
		q->file_node = uring_rsrc_get(&q->ring->files, (uint32_t)q->sqe.fd);
		if (q->file_node)
			q->file = file_get(q->file_node->file);
	} else {
		q->file = fd_file(q->sqe.fd);
	}
	return q->file ? 0 : -EBADF;
}

static long try(struct uring_req *q)
{
	struct cred *own = current->cred;
	long r;

	if (q->cred)
		current->cred = q->cred;
	r = assign_file(q);
	if (!r)
		r = q->op->issue(q);
	current->cred = own;
	return r <= -ERESTARTSYS && r != URING_LATER ? -EINTR : r;
}

/* Wait for the file, or try again as long as it is ready after all. */
static void carry_on(struct uring_req *q, long res)
{
	while (res == -EAGAIN && q->op->events && !(q->flags & REQ_NOWAIT)) {
		if (!uring_waits_for(q)->ops->poll || q->spins++ > MAX_SPINS)
			break;
		uring_waits(q, REQ_POLLING);
		if (!uring_arm(q)) {
			q->spins = 0;
			uring_link_timeout_start(q);
			return;
		}
		uring_disarm(q);
		res = try(q);
	}
	if (res == URING_LATER)
		uring_link_timeout_start(q);
	else
		uring_complete(q, res);
}

void uring_issue(struct uring_req *q)
{
	unlist(q);
	if (q->flags & REQ_BROKEN)
		uring_complete(q, q->res);
	else
		carry_on(q, try(q));
}

/* What it waited for may have come. */
static void go_on(struct uring_req *q)
{
	switch (q->state) {
	case REQ_READY:
		uring_issue(q);
		break;
	case REQ_POLLING:
		if (q->op->issue == uring_poll_add) {
			uring_poll_woken(q);
			break;
		}
		uring_disarm(q);
		carry_on(q, try(q));
		break;
	case REQ_TIMING:
		uring_timed_out(q);
		break;
	}
}

/* Some of what is on the list, and of this ring. True: there is more. */
static bool work_off(struct uring *r, struct list *fired)
{
	struct uring_req *q, *found;

	for (int n = 0; n < AT_ONCE; n++) {
		found = NULL;
		spin_lock(&fired_lock);
		list_for_each (q, fired, fired_link)
			if (q->ring == r) {
				found = q;
				break;
			}
		if (found)
			list_del(&found->fired_link);
		spin_unlock(&fired_lock);
		if (!found)
			return false;
		go_on(found);
	}
	return true;
}

void uring_run(void)
{
	struct uring_task *t = current->uring;
	struct uring *r;
	bool more = false;

	__atomic_and_fetch(&current->work, ~WORK_ASYNC, __ATOMIC_RELAXED);
	if (!t || t->running)
		return;
	t->running = true;
	while (!more && (r = ring_of_first(&t->fired, true)) != NULL) {
		uring_lock(r);
		uring_sq_flag(r, IORING_SQ_TASKRUN, false);
		more = work_off(r, &t->fired);
		uring_unlock(r);
		uring_put(r);
	}
	t->running = false;
	if (more)
		__atomic_or_fetch(&current->work, WORK_ASYNC, __ATOMIC_RELAXED);
}

void uring_run_deferred(struct uring *r)
{
	if (list_empty(&r->fired))
		return;
	uring_lock(r);
	uring_sq_flag(r, IORING_SQ_TASKRUN, false);
	(void)work_off(r, &r->fired);
	uring_unlock(r);
}

/* ---- completing ---- */

static bool is_timeout(const struct uring_req *q)
{
	return q->op && q->op->issue == uring_timeout;
}

static void post_result(struct uring_req *q, long res)
{
	if (!(q->sqe.flags & IOSQE_CQE_SKIP_SUCCESS))
		uring_post(q->ring, q->sqe.user_data, (int32_t)res, q->cflags, is_timeout(q));
}

void uring_post_more(struct uring_req *q, long res, uint32_t cflags)
{
	uring_post(q->ring, q->sqe.user_data, (int32_t)res, cflags | IORING_CQE_F_MORE,
		   is_timeout(q));
	uring_timeouts_count(q->ring);
}

/* Take q's armed link timeout, if any, out of the chain and end it. */
static struct uring_req *end_link_timeout(struct uring_req *next)
{
	struct uring_req *after = next->next;

	next->next = NULL;
	next->over = NULL;
	next->ring->n_open--;
	post_result(next, -ECANCELED);
	req_free(next);
	return after;
}

/* Complete a chain none of which was issued. quiet: without a word. */
static void cancel_chain(struct uring_req *q, bool quiet)
{
	struct uring_req *next;

	for (; q; q = next) {
		next = q->next;
		if (quiet)
			q->sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
		else
			q->sqe.flags &= (uint8_t)~IOSQE_CQE_SKIP_SUCCESS;
		q->ring->n_open--;
		post_result(q, q->flags & REQ_BROKEN ? q->res : -ECANCELED);
		req_free(q);
	}
}

/* With IOSQE_IO_DRAIN all before it must be over, and it before all that come later. */
static bool may_start(const struct uring_req *q)
{
	const struct uring *r = q->ring;

	return !r->barrier && !((q->sqe.flags & IOSQE_IO_DRAIN) && r->n_open);
}

void uring_undrained(struct uring_req *q)
{
	struct uring *r = q->ring;

	r->barrier |= (q->sqe.flags & IOSQE_IO_DRAIN) != 0;
	for (struct uring_req *l = q; l; l = l->next)
		r->n_open++;
	q->flags &= ~REQ_DRAINED;
	list_del(&q->link);
}

/* Requests that wait for all before them, as far as they may go now. */
static void undrain(struct uring *r)
{
	struct uring_req *q;

	if (r->barrier && !r->n_open)
		r->barrier = false;
	while (!list_empty(&r->drained)) {
		q = list_first(&r->drained, struct uring_req, link);
		if (!may_start(q))
			break;
		uring_undrained(q);
		uring_waits(q, REQ_READY);
		uring_fire(q);
	}
}

void uring_complete(struct uring_req *q, long res)
{
	struct uring *r = q->ring;
	struct uring_req *next = q->next;
	bool failed = (res < 0 && !(q->flags & REQ_FINE)) || (q->flags & REQ_FAIL), quiet = false;

	uring_disarm(q);
	if (res < 0 && q->done)
		res = (long)q->done;
	if (failed && (q->sqe.flags & IOSQE_CQE_SKIP_SUCCESS)) {
		q->sqe.flags &= (uint8_t)~IOSQE_CQE_SKIP_SUCCESS;
		quiet = true;
	}
	if (q->over) { /* a link timeout that leaves its chain */
		q->over->next = next;
		next = NULL;
	}
	post_result(q, res);
	if (next && next->over == q)
		next = end_link_timeout(next);
	if (next && failed && !(q->sqe.flags & IOSQE_IO_HARDLINK)) {
		cancel_chain(next, quiet);
	} else if (next) {
		uring_waits(next, REQ_READY);
		uring_fire(next);
	}
	r->n_open--;
	r->n_counting -= (q->flags & REQ_COUNTS) != 0;
	req_free(q);
	uring_timeouts_count(r);
	undrain(r);
}

void uring_start(struct uring_req *q)
{
	struct uring *r = q->ring;

	if (list_empty(&r->drained) && may_start(q)) {
		uring_undrained(q);
		uring_issue(q);
		return;
	}
	q->flags |= REQ_DRAINED;
	list_add_tail(&q->link, &r->drained);
	uring_waits(q, REQ_READY);
}
