/* SPDX-License-Identifier: MIT */
/*
 * io_uring_enter(2). With SQPOLL Linux has a thread that looks for submissions and, when there were
 * none for a while, sleeps until io_uring_enter wakes it. Here that thread always sleeps: the ring
 * says so (IORING_SQ_NEED_WAKEUP), and who wakes it does its work.
 */
#include "kernel/heap.h"
#include "kernel/signal.h"
#include "kernel/string.h"
#include "kernel/wait.h"
#include "syscalls/poll.h"
#include "syscalls/syscall.h"
#include "syscalls/uring/uring.h"
#include "syscalls/util.h"

#define LINKS (IOSQE_IO_LINK | IOSQE_IO_HARDLINK)
#define SQE_FLAGS                                                                                  \
	(IOSQE_FIXED_FILE | IOSQE_IO_DRAIN | LINKS | IOSQE_ASYNC | IOSQE_BUFFER_SELECT |           \
	 IOSQE_CQE_SKIP_SUCCESS)
#define ENTER_FLAGS                                                                                \
	(IORING_ENTER_GETEVENTS | IORING_ENTER_SQ_WAKEUP | IORING_ENTER_SQ_WAIT |                  \
	 IORING_ENTER_EXT_ARG | ENTER_ABS_TIMER)

/* ---- submitting ---- */

/* A chain that is being put together. */
struct chain {
	struct uring_req *first, *last;
};

/* Who it is done as. */
static int set_personality(struct uring_req *q)
{
	struct uring *r = q->ring;
	unsigned id = q->sqe.personality;

	if (!id)
		return 0;
	if (id > r->n_creds || !r->creds[id - 1])
		return -EINVAL;
	q->cred = cred_get(r->creds[id - 1]);
	return 0;
}

/* What can be wrong with an entry before it is tried. 0 or -errno. */
static int prepare(struct uring_req *q, const struct chain *c)
{
	const struct io_uring_sqe *s = &q->sqe;
	const struct uring_op *op;
	int r;

	if (s->opcode >= OP_COUNT)
		return -EINVAL;
	op = &uring_ops[s->opcode];
	if (s->flags & ~SQE_FLAGS)
		return -EINVAL;
	if (!op->issue)
		return -EOPNOTSUPP;
	q->op = op;
	q->events = op->events;
	if ((s->flags & IOSQE_BUFFER_SELECT) && !op->selects)
		return -EOPNOTSUPP;
	if (s->ioprio && !op->ioprio)
		return -EINVAL;
	r = set_personality(q);
	if (!r && s->opcode == IORING_OP_LINK_TIMEOUT) {
		if (!c->last || (c->last->op && c->last->sqe.opcode == IORING_OP_LINK_TIMEOUT))
			return -EINVAL;
		q->over = c->last;
	}
	return !r && op->prep ? op->prep(q) : r;
}

/* Not to be issued: its chain is not, either, except by the errors of its parts. */
static void broken(struct uring_req *q, int res)
{
	q->flags |= REQ_BROKEN | REQ_FAIL;
	q->res = res;
	q->over = NULL;
}

/* Take in one entry. 0, or the error of one that ends a chain (or is none). */
static int take(struct uring_req *q, struct chain *c)
{
	int r = prepare(q, c);
	bool linked = q->sqe.flags & LINKS;

	if (r) {
		broken(q, r);
		if (c->first && !(c->first->flags & REQ_BROKEN))
			broken(c->first, -ECANCELED);
	}
	if (c->last)
		c->last->next = q;
	else
		c->first = q;
	c->last = q;
	if (linked)
		return 0;
	q = c->first;
	*c = (struct chain){0};
	uring_start(q);
	return r;
}

long uring_submit(struct uring *r, unsigned n)
{
	struct uring_task *task = uring_task_get();
	struct chain c = {0};
	struct uring_req *q;
	unsigned done = 0;

	if (!task)
		return -EAGAIN;
	task->running = true; /* what goes on meanwhile needs the lock of the ring */
	n = MIN(n, r->sq_entries);
	while (done < n) {
		q = uring_req_new(r, task);
		if (!q || !uring_next_sqe(r, &q->sqe)) {
			uring_req_undo(q);
			break;
		}
		done++;
		if (take(q, &c) && !(r->flags & IORING_SETUP_SUBMIT_ALL))
			break;
	}
	if (c.first) /* the last one was linked to nothing */
		uring_start(c.first);
	task->running = false;
	if (!list_empty(&task->fired))
		__atomic_or_fetch(&current->work, WORK_ASYNC, __ATOMIC_RELAXED);
	return done;
}

/* ---- waiting ---- */

struct wait_args {
	uaddr_t mask;
	size_t mask_size;
	uint64_t deadline;
};

static int get_wait_args(struct wait_args *w, unsigned flags, uaddr_t arg, size_t size)
{
	struct io_uring_getevents_arg a;
	uint64_t ns;
	int r;

	*w = (struct wait_args){arg, size, NO_DEADLINE};
	if (!(flags & IORING_ENTER_EXT_ARG))
		return 0;
	if (size != sizeof(a))
		return -EINVAL;
	if (get_user(&a, arg))
		return -EFAULT;
	if (a.pad)
		return -EINVAL;
	w->mask = a.sigmask;
	w->mask_size = a.sigmask_sz;
	if (!a.ts)
		return 0;
	r = timespec_from_user(a.ts, &ns);
	w->deadline = flags & ENTER_ABS_TIMER ? ns : deadline_in(ns);
	return r;
}

/* Sleep until there are n completions, or one is of a timeout. 0, -ETIME, -EINTR. */
static int wait_for(struct uring *r, uint32_t n, uint64_t deadline)
{
	uint32_t timeouts = r->timeouts;
	int slept = 0;

	for (;;) {
		struct waiter w = {0};

		if (r->flags & IORING_SETUP_DEFER_TASKRUN)
			uring_run_deferred(r);
		else
			uring_run();
		uring_flush(r);
		if (uring_unread(r) >= n || r->timeouts != timeouts)
			return 0;
		if (slept)
			return slept == -ETIMEDOUT ? -ETIME : -EINTR;
		wait_prepare(&w, &r->cq_wq);
		if (list_empty(&r->fired) || !(r->flags & IORING_SETUP_DEFER_TASKRUN))
			slept = wait_sleep(deadline, true);
		wait_finish(&w);
	}
}

static long get_events(struct uring *r, uint32_t n, unsigned flags, uaddr_t arg, size_t size)
{
	struct wait_args w;
	int e = get_wait_args(&w, flags, arg, size);

	if (e)
		return e;
	if ((r->flags & IORING_SETUP_DEFER_TASKRUN) && r->issuer != current)
		return -EEXIST;
	e = temp_mask_begin(w.mask, w.mask_size);
	if (e)
		return e;
	e = wait_for(r, MIN(n, r->cq_entries), w.deadline);
	temp_mask_end(w.mask, e == -EINTR);
	return uring_unread(r) ? 0 : e;
}

/* As many as it did, or -errno. */
static long submit(struct uring *r, unsigned n)
{
	long done;

	if ((r->flags & IORING_SETUP_SINGLE_ISSUER) && r->issuer != current)
		return -EEXIST;
	uring_lock(r);
	done = uring_submit(r, n);
	uring_unlock(r);
	return done;
}

static long enter(struct uring *r, unsigned to_submit, unsigned min_complete, unsigned flags,
		  uaddr_t arg, size_t size)
{
	long done = 0, e;

	if (r->flags & IORING_SETUP_R_DISABLED)
		return -EBADFD;
	if (r->flags & IORING_SETUP_SQPOLL) {
		e = flags & IORING_ENTER_SQ_WAKEUP ? submit(r, r->sq_entries) : 0;
		if (e < 0)
			return e;
		done = to_submit;
	} else if (to_submit) {
		done = submit(r, to_submit);
		if (done != to_submit)
			return done;
	}
	e = flags & IORING_ENTER_GETEVENTS ? get_events(r, min_complete, flags, arg, size) : 0;
	return done ? done : e;
}

/* io_uring_enter(2). */
long sys_io_uring_enter(int fd, unsigned to_submit, unsigned min_complete, unsigned flags,
			uaddr_t arg, size_t size)
{
	struct uring *r;
	struct file *f;
	long e;

	if (flags & ~ENTER_FLAGS)
		return -EINVAL;
	f = fd_file(fd);
	if (!f)
		return -EBADF;
	r = uring_of(f);
	e = r ? enter(r, to_submit, min_complete, flags, arg, size) : -EOPNOTSUPP;
	file_put(f);
	return e;
}
