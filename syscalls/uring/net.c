/* SPDX-License-Identifier: MIT */
/* Sockets. All is tried without waiting; MSG_DONTWAIT from the program makes -EAGAIN the result. */
#include "fs/eventpoll.h"
#include "kernel/abi/errno.h"
#include "kernel/heap.h"
#include "syscalls/socket.h"
#include "syscalls/uring/ops.h"

#define ACCEPT_DONTWAIT	  (1u << 1) /* in ioprio, Linux 6.10 */
#define ACCEPT_POLL_FIRST (1u << 2)
#define SOCK_FLAGS	  (SOCK_CLOEXEC | SOCK_NONBLOCK)

static struct socket *sock(const struct uring_req *q)
{
	return socket_of(q->file);
}

/* The flags of a send or receive: 0 or -EINVAL. */
static int prep_flags(struct uring_req *q, uint32_t known)
{
	if (q->sqe.ioprio & ~known)
		return -EINVAL;
	if (q->sqe.ioprio & IORING_RECVSEND_POLL_FIRST)
		q->flags |= REQ_POLL_FIRST;
	if (q->sqe.msg_flags & MSG_DONTWAIT)
		q->flags |= REQ_NOWAIT;
	return 0;
}

/* What is the same at the beginning of every transfer: 0, -ENOTSOCK, -EAGAIN. */
static int begin(struct uring_req *q)
{
	if (!sock(q))
		return -ENOTSOCK;
	if (q->flags & REQ_POLL_FIRST) {
		q->flags &= ~REQ_POLL_FIRST;
		return -EAGAIN;
	}
	return 0;
}

/* An address that is kept. len -1: too long to be one. */
static int keep_address(struct uring_req *q, uaddr_t addr, int len)
{
	struct sockaddr_any *a = kmalloc(sizeof(*a));
	int r = a ? address_from_user(a, addr, len) : -ENOMEM;

	if (r)
		kfree(a);
	else
		q->state_mem = a;
	return r;
}

/* ---- connections ---- */

int uring_prep_accept(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	if (s->len || s->buf_index ||
	    (s->ioprio & ~(IORING_ACCEPT_MULTISHOT | ACCEPT_DONTWAIT | ACCEPT_POLL_FIRST)))
		return -EINVAL;
	if ((s->accept_flags & ~SOCK_FLAGS) || (s->file_index && (s->accept_flags & SOCK_CLOEXEC)))
		return -EINVAL;
	if (s->ioprio & IORING_ACCEPT_MULTISHOT) {
		if (s->file_index && s->file_index != IORING_FILE_INDEX_ALLOC)
			return -EINVAL;
		q->flags |= REQ_MULTISHOT;
	}
	if (s->ioprio & ACCEPT_DONTWAIT)
		q->flags |= REQ_NOWAIT;
	if (s->ioprio & ACCEPT_POLL_FIRST)
		q->flags |= REQ_POLL_FIRST;
	return 0;
}

static long accept_one(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;
	struct file *f;
	int r = s->file_index ? 0 : fd_room(current_process()->files);

	if (!r)
		r = socket_accept_file(sock(q), true, s->accept_flags, s->addr, s->addr2, &f);
	return r ? r : uring_new_fd(q, f, s->accept_flags & SOCK_CLOEXEC);
}

long uring_accept(struct uring_req *q)
{
	long r = begin(q);

	if (r)
		return r;
	do {
		r = accept_one(q);
		if (r < 0 || !(q->flags & REQ_MULTISHOT))
			return r;
		uring_post_more(q, r, 0);
	} while (1);
}

int uring_prep_connect(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	if (s->len || s->buf_index || s->rw_flags || s->splice_fd_in)
		return -EINVAL;
	return keep_address(q, s->addr, s->off > INT32_MAX ? -1 : (int)s->off);
}

/* The second time it is asked how it went. */
long uring_connect(struct uring_req *q)
{
	struct socket *s = sock(q);
	int r;

	if (!s)
		return -ENOTSOCK;
	r = q->tried ? socket_take_error(s) : 0;
	if (!r)
		r = s->ops->connect(s, q->state_mem, (unsigned)q->sqe.off, true);
	if (r == -EISCONN && q->tried)
		return 0;
	if (r != -EINPROGRESS && (r != -EALREADY || !q->tried))
		return r;
	q->tried = true;
	return -EAGAIN;
}

int uring_prep_bind(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	if (s->len || s->buf_index || s->rw_flags || s->splice_fd_in)
		return -EINVAL;
	return keep_address(q, s->addr, s->off > INT32_MAX ? -1 : (int)s->off);
}

long uring_bind(struct uring_req *q)
{
	struct socket *s = sock(q);

	return s ? s->ops->bind(s, q->state_mem, (unsigned)q->sqe.off) : -ENOTSOCK;
}

int uring_prep_listen(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	return s->addr || s->buf_index || s->rw_flags || s->splice_fd_in || s->off ? -EINVAL : 0;
}

long uring_listen(struct uring_req *q)
{
	struct socket *s = sock(q);

	if (!s)
		return -ENOTSOCK;
	return s->ops->listen ? s->ops->listen(s, MIN(q->sqe.len, (unsigned)SOMAXCONN))
			      : -EOPNOTSUPP;
}

int uring_prep_shutdown(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	return s->off || s->addr || s->rw_flags || s->buf_index || s->splice_fd_in ? -EINVAL : 0;
}

long uring_shutdown(struct uring_req *q)
{
	struct socket *s = sock(q);

	return s ? socket_shutdown(s, (int)q->sqe.len) : -ENOTSOCK;
}

int uring_prep_socket(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;
	uint64_t flags = s->off & ~(uint64_t)SOCK_TYPE_MASK;

	if (s->addr || s->rw_flags || s->buf_index || (flags & ~(uint64_t)SOCK_FLAGS))
		return -EINVAL;
	return s->file_index && (flags & SOCK_CLOEXEC) ? -EINVAL : 0;
}

long uring_socket(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;
	unsigned flags = (unsigned)s->off & ~SOCK_TYPE_MASK;
	struct file *f;
	int r = socket_new_file(s->fd, (int)s->off & SOCK_TYPE_MASK, (int)s->len, flags, &f);

	return r ? r : uring_new_fd(q, f, flags & SOCK_CLOEXEC);
}

/* ---- one buffer ---- */

/* Part of what must be transferred whole (MSG_WAITALL) was. The result, or -EAGAIN: go on. */
static long progress(struct uring_req *q, long r, size_t want)
{
	bool all = (q->sqe.msg_flags & MSG_WAITALL) && sock(q)->type == SOCK_STREAM;

	if (r > 0 && all && (size_t)r < want) {
		q->done += (size_t)r;
		return -EAGAIN;
	}
	if (all && (r < 0 || (size_t)r < want) && r != -EAGAIN)
		q->flags |= REQ_FAIL;
	if (r == -EAGAIN && !(q->flags & REQ_NOWAIT))
		return r;
	return q->done ? (long)q->done + MAX(r, 0l) : r;
}

int uring_prep_send(struct uring_req *q)
{
	int r = prep_flags(q, IORING_RECVSEND_POLL_FIRST);

	if (!r && q->sqe.addr2)
		r = keep_address(q, q->sqe.addr2, q->sqe.addr_len);
	return r;
}

long uring_send(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;
	struct iter it;
	struct sock_msg m = {.data = &it, .name = q->state_mem, .name_len = s->addr_len};
	long r = begin(q);

	if (r)
		return r;
	if (!user_range_ok(s->addr, s->len))
		return -EFAULT;
	iter_user(&it, s->addr + q->done, s->len - q->done);
	m.flags = (s->msg_flags & ~MSG_CMSG_COMPAT) | MSG_NOSIGNAL | MSG_DONTWAIT;
	r = progress(q, socket_send(sock(q), &m), s->len - q->done);
	return r;
}

int uring_prep_recv(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	if (s->off || s->splice_fd_in)
		return -EINVAL;
	if (s->ioprio & IORING_RECV_MULTISHOT) {
		if (!(s->flags & IOSQE_BUFFER_SELECT) || (s->msg_flags & MSG_WAITALL))
			return -EINVAL;
		q->flags |= REQ_MULTISHOT;
	}
	return prep_flags(q, IORING_RECVSEND_POLL_FIRST | IORING_RECV_MULTISHOT);
}

/* What to say besides the result: the buffer, and whether there is more to receive. */
static long received(struct uring_req *q, long r)
{
	unsigned ready;

	if (r <= 0)
		return r; /* a chosen buffer stays where it is */
	q->cflags = uring_selected(q);
	ready = sock(q)->type == SOCK_STREAM ? file_poll(q->file, NULL) : 0;
	if ((ready & EPOLLIN) && !(ready & EPOLLRDHUP))
		q->cflags |= IORING_CQE_F_SOCK_NONEMPTY;
	return r;
}

static long recv_one(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;
	uaddr_t addr = s->addr + q->done;
	size_t len = s->len - q->done;
	struct iter it;
	struct sock_msg m = {.data = &it, .flags = s->msg_flags | MSG_DONTWAIT};
	long r = 0;

	q->cflags = 0;
	if (s->flags & IOSQE_BUFFER_SELECT)
		r = uring_select(q, &addr, &len);
	if (r)
		return r;
	if (!user_range_ok(addr, len))
		return -EFAULT;
	iter_user(&it, addr, len);
	return received(q, progress(q, socket_recv(sock(q), &m), len));
}

long uring_recv(struct uring_req *q)
{
	long r = begin(q);

	if (r)
		return r;
	do {
		r = recv_one(q);
		if (r <= 0 || !(q->flags & REQ_MULTISHOT))
			return r;
		uring_post_more(q, r, q->cflags);
	} while (1);
}

/* ---- messages ---- */

static int prep_msg(struct uring_req *q, bool send)
{
	struct user_msg *u;
	int r;

	if (q->sqe.off || q->sqe.splice_fd_in || (q->sqe.msg_flags & MSG_CMSG_COMPAT))
		return -EINVAL;
	r = prep_flags(q, IORING_RECVSEND_POLL_FIRST);
	if (r)
		return r;
	u = kmalloc(sizeof(*u));
	if (!u)
		return -ENOMEM;
	r = user_msg_get(u, q->sqe.addr, send);
	if (!r && (q->sqe.flags & IOSQE_BUFFER_SELECT) && u->hdr.msg_iovlen > 1) {
		user_msg_put(u);
		r = -EINVAL;
	}
	if (r)
		kfree(u);
	else
		q->state_mem = u;
	return r;
}

int uring_prep_sendmsg(struct uring_req *q)
{
	return prep_msg(q, true);
}

int uring_prep_recvmsg(struct uring_req *q)
{
	return prep_msg(q, false);
}

void uring_drop_msg(struct uring_req *q)
{
	user_msg_put(q->state_mem);
}

long uring_sendmsg(struct uring_req *q)
{
	struct user_msg *u = q->state_mem;
	size_t want;
	long r = begin(q);

	if (r)
		return r;
	want = u->it.left;
	r = user_msg_send(u, sock(q), q->sqe.msg_flags | MSG_NOSIGNAL | MSG_DONTWAIT);
	if (r > 0)
		iter_advance(&u->it, (size_t)r);
	return progress(q, r, want);
}

long uring_recvmsg(struct uring_req *q)
{
	struct user_msg *u = q->state_mem;
	size_t want = u->it.left;
	uaddr_t addr;
	long r = begin(q);

	if (!r && (q->sqe.flags & IOSQE_BUFFER_SELECT)) {
		r = uring_select(q, &addr, &want);
		if (!r && !user_range_ok(addr, want))
			r = -EFAULT;
		if (!r)
			iter_user(&u->it, addr, want);
	}
	if (r)
		return r;
	r = user_msg_recv(u, sock(q), q->sqe.addr, q->sqe.msg_flags | MSG_DONTWAIT);
	if (r > 0)
		iter_advance(&u->it, (size_t)r);
	return received(q, progress(q, r, want));
}
