/* SPDX-License-Identifier: MIT */
/* Reading and writing. A file that can be polled is never waited for here; others are read and
 * written as they are by read(2). */
#include "kernel/heap.h"
#include "syscalls/fileops.h"
#include "syscalls/uring/ops.h"
#include "syscalls/util.h"

#define CLASS_SHIFT 13 /* of an I/O priority */
#define CLASSES	    4u
#define CLASS_RT    1u

/* Segments, as they were at submission. */
struct vector {
	struct iov_buf bufs;
	struct iter it;
};

int uring_prep_rw(struct uring_req *q)
{
	unsigned class = q->sqe.ioprio >> CLASS_SHIFT;

	if (class >= CLASSES || (!class && q->sqe.ioprio))
		return -EINVAL;
	if (class == CLASS_RT && !capable(CAP_SYS_NICE) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (q->sqe.rw_flags & RWF_NOWAIT)
		q->flags |= REQ_NOWAIT;
	return 0;
}

int uring_prep_vector(struct uring_req *q)
{
	struct vector *v;
	int r = uring_prep_rw(q);

	if (r)
		return r;
	if ((q->sqe.flags & IOSQE_BUFFER_SELECT) && q->sqe.len != 1)
		return -EINVAL;
	v = kmalloc(sizeof(*v));
	if (!v)
		return -ENOMEM;
	r = iov_from_user(&v->bufs, &v->it, q->sqe.addr, q->sqe.len);
	if (r)
		kfree(v);
	else
		q->state_mem = v;
	return r;
}

void uring_drop_vector(struct uring_req *q)
{
	struct vector *v = q->state_mem;

	iov_buf_put(&v->bufs);
}

int uring_fixed_range(struct uring_req *q, uaddr_t addr, size_t len)
{
	const struct uring_rsrc *n;

	if (!q->buf_node)
		q->buf_node = uring_rsrc_get(&q->ring->bufs, q->sqe.buf_index);
	n = q->buf_node;
	if (!n || addr < n->addr || len > n->len || addr - n->addr > n->len - len)
		return -EFAULT;
	return 0;
}

/* Where the bytes go to or come from. */
static int buffer(struct uring_req *q, struct iter *it)
{
	const struct io_uring_sqe *s = &q->sqe;
	const struct vector *v = q->state_mem;
	uaddr_t addr = s->addr;
	size_t len = s->len;
	int r = 0;

	if (s->flags & IOSQE_BUFFER_SELECT) {
		if (v)
			len = v->it.left;
		r = uring_select(q, &addr, &len);
	} else if (s->opcode == IORING_OP_READ_FIXED || s->opcode == IORING_OP_WRITE_FIXED) {
		r = uring_fixed_range(q, addr, len);
	} else if (v) {
		*it = v->it;
		return 0;
	}
	if (!r && !user_range_ok(addr, len))
		r = -EFAULT;
	if (!r)
		iter_user(it, addr, MIN(len, MAX_RW_COUNT));
	return r;
}

static long transfer(struct uring_req *q, bool write)
{
	int64_t pos = (int64_t)q->sqe.off;
	bool own = pos == -1 || (q->file->kind & FILE_STREAM);
	int flags = (int)q->sqe.rw_flags;
	struct iter it;
	size_t len;
	long r;

	if (write ? !file_writable(q->file) : !file_readable(q->file))
		return -EBADF;
	if (pos < -1 && !own)
		return -EINVAL;
	r = buffer(q, &it);
	if (r)
		return r;
	len = it.left;
	r = rw_iter(q->file, write, &it, own ? NULL : &pos,
		    flags | (q->file->ops->poll ? RWF_NOWAIT : 0));
	if (r >= 0 && (size_t)r != len)
		q->flags |= REQ_FAIL;
	if (r >= 0)
		q->cflags = uring_selected(q);
	return r;
}

long uring_read(struct uring_req *q)
{
	return transfer(q, false);
}

long uring_write(struct uring_req *q)
{
	return transfer(q, true);
}

int uring_prep_read_multishot(struct uring_req *q)
{
	if (!(q->sqe.flags & IOSQE_BUFFER_SELECT) || q->sqe.addr)
		return -EINVAL;
	return uring_prep_rw(q);
}

/* As long as there is something, a completion for each buffer. */
long uring_read_multishot(struct uring_req *q)
{
	long r;

	if (!q->file->ops->poll)
		return -EBADFD;
	for (;;) {
		q->cflags = 0;
		r = transfer(q, false);
		if (r <= 0)
			return r;
		q->flags &= ~REQ_FAIL;
		uring_post_more(q, r, q->cflags);
	}
}
