/* SPDX-License-Identifier: MIT */
/* Taking requests back: IORING_OP_ASYNC_CANCEL, IORING_REGISTER_SYNC_CANCEL, the end of a thread or
 * ring. */
#include "syscalls/uring/uring.h"
#include "syscalls/util.h"

#define CANCEL_FLAGS                                                                               \
	(IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ANY |              \
	 IORING_ASYNC_CANCEL_FD_FIXED | IORING_ASYNC_CANCEL_USERDATA | IORING_ASYNC_CANCEL_OP)

static bool matches(const struct uring_req *q, const struct uring_match *m)
{
	if (m->task && q->task != m->task)
		return false;
	if (m->op >= 0 && q->sqe.opcode != m->op)
		return false;
	if (m->by_file && q->file != m->file)
		return false;
	return !m->by_data || q->sqe.user_data == m->user_data;
}

struct uring_req *uring_find(struct uring *r, const struct uring_match *m)
{
	struct uring_req *q;

	list_for_each (q, &r->requests, link)
		if (matches(q, m))
			return q;
	list_for_each (q, &r->drained, link)
		if (matches(q, m))
			return q;
	return NULL;
}

void uring_cancel_one(struct uring_req *q)
{
	if (q->flags & REQ_DRAINED)
		uring_undrained(q);
	uring_complete(q, -ECANCELED);
}

unsigned uring_cancel(struct uring *r, const struct uring_match *m)
{
	struct uring_req *q;
	unsigned n = 0;

	while ((n == 0 || m->all) && (q = uring_find(r, m)) != NULL) {
		uring_cancel_one(q);
		n++;
	}
	return n;
}

/* Flags that fit together: 0 or -EINVAL. */
static int check_flags(uint32_t flags)
{
	const uint32_t keys = IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_OP;

	if (flags & ~(uint32_t)CANCEL_FLAGS)
		return -EINVAL;
	return (flags & keys) && (flags & IORING_ASYNC_CANCEL_ANY) ? -EINVAL : 0;
}

/* With the file it names, referenced, in m. */
static int match_of(struct uring *r, struct uring_match *m, uint64_t data, int fd, uint32_t flags,
		    int op)
{
	struct uring_rsrc *n;

	*m = (struct uring_match){.user_data = data, .op = -1};
	m->all = flags & (IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY);
	if (flags & IORING_ASYNC_CANCEL_OP)
		m->op = op;
	m->by_data =
	    (flags & IORING_ASYNC_CANCEL_USERDATA) ||
	    !(flags & (IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_OP));
	m->by_file = flags & IORING_ASYNC_CANCEL_FD;
	if (!m->by_file)
		return 0;
	if (flags & IORING_ASYNC_CANCEL_FD_FIXED) {
		n = uring_rsrc_get(&r->files, (unsigned)fd);
		m->file = n ? file_get(n->file) : NULL;
		if (n)
			uring_rsrc_put(r, n);
	} else {
		m->file = fd_file(fd);
	}
	return m->file ? 0 : -EBADF;
}

/* How many of all, or 0 for the one; -ENOENT: there was none. */
static long do_cancel(struct uring *r, const struct uring_match *m)
{
	unsigned n = uring_cancel(r, m);

	if (m->file)
		file_put(m->file);
	if (m->all)
		return n;
	return n ? 0 : -ENOENT;
}

int uring_prep_cancel(struct uring_req *q)
{
	if (q->sqe.off || q->sqe.splice_fd_in ||
	    (q->sqe.flags & (IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT)))
		return -EINVAL;
	return check_flags(q->sqe.cancel_flags);
}

long uring_cancel_op(struct uring_req *q)
{
	struct uring_match m;
	int r = match_of(q->ring, &m, q->sqe.addr, q->sqe.fd, q->sqe.cancel_flags, (int)q->sqe.len);

	return r ? r : do_cancel(q->ring, &m);
}

/* Nothing that is cancelled is still running afterwards, so there is nothing to wait for. */
long uring_sync_cancel(struct uring *r, uaddr_t arg)
{
	struct {
		uint64_t addr;
		int32_t fd;
		uint32_t flags;
		struct __kernel_timespec timeout;
		uint8_t opcode, pad[7];
		uint64_t pad2[3];
	} a;
	struct uring_match m;
	int e;

	if (get_user(&a, arg))
		return -EFAULT;
	for (size_t i = 0; i < sizeof(a.pad); i++)
		if (a.pad[i])
			return -EINVAL;
	if (a.pad2[0] || a.pad2[1] || a.pad2[2] || check_flags(a.flags))
		return -EINVAL;
	e = match_of(r, &m, a.addr, a.fd, a.flags, a.opcode);
	return e ? e : do_cancel(r, &m);
}
