/* SPDX-License-Identifier: MIT */
/* Operations on open files other than reading and writing, and on the process's memory. */
#include "fs/eventpoll.h"
#include "fs/splice.h"
#include "kernel/heap.h"
#include "syscalls/fileops.h"
#include "syscalls/syscall.h"
#include "syscalls/uring/ops.h"
#include "syscalls/util.h"

#define SPLICE_KNOWN   0xfu /* SPLICE_F_*, splice(2) */
#define MSG_FLAGS_PASS (1u << 1)

int uring_prep_fsync(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	return s->addr || s->buf_index || s->splice_fd_in ||
		       (s->fsync_flags & ~IORING_FSYNC_DATASYNC)
		   ? -EINVAL
		   : 0;
}

long uring_fsync(struct uring_req *q)
{
	return fsync_file(q->file, q->sqe.fsync_flags & IORING_FSYNC_DATASYNC);
}

int uring_prep_sync_range(struct uring_req *q)
{
	return q->sqe.addr || q->sqe.buf_index || q->sqe.splice_fd_in ? -EINVAL : 0;
}

long uring_sync_range(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	return sync_range_file(q->file, (int64_t)s->off, s->len, s->sync_range_flags);
}

int uring_prep_fallocate(struct uring_req *q)
{
	return q->sqe.buf_index || q->sqe.rw_flags || q->sqe.splice_fd_in ? -EINVAL : 0;
}

long uring_fallocate(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	return vfs_fallocate(q->file, (int)s->len, (int64_t)s->off, (int64_t)s->addr);
}

int uring_prep_fadvise(struct uring_req *q)
{
	return q->sqe.buf_index || q->sqe.splice_fd_in ? -EINVAL : 0;
}

long uring_fadvise(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	return fadvise_file(q->file, s->addr ? (int64_t)s->addr : s->len, (int)s->fadvise_advice);
}

long uring_madvise(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	return mm_advise(current_mm(), s->addr, s->off ? s->off : s->len, (int)s->fadvise_advice);
}

int uring_prep_ftruncate(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	return s->rw_flags || s->addr || s->len || s->buf_index || s->splice_fd_in || s->addr3
		   ? -EINVAL
		   : 0;
}

long uring_ftruncate(struct uring_req *q)
{
	return (int64_t)q->sqe.off < 0 ? -EINVAL : vfs_ftruncate(q->file, q->sqe.off);
}

/* ---- splice ---- */

int uring_prep_splice(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	if (s->splice_flags & ~(SPLICE_KNOWN | SPLICE_F_FD_IN_FIXED))
		return -EINVAL;
	if (s->opcode == IORING_OP_TEE && (s->splice_off_in || s->off))
		return -EINVAL;
	if (s->splice_flags & SPLICE_NONBLOCK)
		q->flags |= REQ_NOWAIT;
	return 0;
}

/* The file it comes from. */
static int source(struct uring_req *q)
{
	struct uring_rsrc *n;

	if (q->in)
		return 0;
	if (q->sqe.splice_flags & SPLICE_F_FD_IN_FIXED) {
		n = uring_rsrc_get(&q->ring->files, (unsigned)q->sqe.splice_fd_in);
		q->in = n ? file_get(n->file) : NULL;
		if (n)
			uring_rsrc_put(q->ring, n);
	} else {
		q->in = fd_file(q->sqe.splice_fd_in);
	}
	return q->in ? 0 : -EBADF;
}

/* The result; if it has to wait, for which of the two. */
static long spliced(struct uring_req *q, long r)
{
	if (r == -EAGAIN) {
		q->wait_in = q->in->ops->poll && !(file_poll(q->in, NULL) & EPOLLIN);
		q->events = q->wait_in ? EPOLLIN : EPOLLOUT;
	}
	if (r >= 0 && (uint64_t)r != q->sqe.len)
		q->flags |= REQ_FAIL;
	return r;
}

long uring_splice(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;
	struct splice_end in = {.at = s->splice_off_in != UINT64_MAX, .pos = s->splice_off_in};
	struct splice_end out = {.file = q->file, .at = s->off != UINT64_MAX, .pos = s->off};
	long r = source(q);

	if (r || !s->len)
		return r;
	in.file = q->in;
	return spliced(q, splice_files(&in, &out, s->len, SPLICE_NONBLOCK));
}

long uring_tee(struct uring_req *q)
{
	long r = source(q);

	if (r || !q->sqe.len)
		return r;
	return spliced(q, tee_files(q->in, q->file, q->sqe.len, SPLICE_NONBLOCK));
}

/* ---- epoll, other rings ---- */

int uring_prep_epoll_ctl(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;
	struct epoll_event *e;

	if (s->buf_index || s->splice_fd_in)
		return -EINVAL;
	if (s->len == EPOLL_CTL_DEL)
		return 0;
	e = q->state_mem = kmalloc(sizeof(*e));
	if (!e)
		return -ENOMEM;
	return get_user(e, s->addr);
}

long uring_epoll_ctl(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	return epoll_ctl_fds(s->fd, (int)s->len, (int)s->off, q->state_mem);
}

int uring_prep_msg_ring(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	if (s->buf_index || s->personality)
		return -EINVAL;
	return s->msg_ring_flags & ~(IORING_MSG_RING_CQE_SKIP | MSG_FLAGS_PASS) ? -EINVAL : 0;
}

/* A completion in another ring. */
long uring_msg_ring(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;
	struct uring *to = uring_of(q->file);
	bool pass = s->msg_ring_flags & MSG_FLAGS_PASS;

	if (!to || (to->flags & IORING_SETUP_R_DISABLED))
		return -EBADFD;
	if (s->addr != IORING_MSG_DATA || s->addr3 || (s->msg_ring_flags & ~MSG_FLAGS_PASS) ||
	    (!pass && s->file_index))
		return -EINVAL;
	uring_post(to, s->off, (int32_t)s->len, pass ? s->file_index : 0, false);
	if (to != q->ring)
		uring_announce(to);
	return 0;
}
