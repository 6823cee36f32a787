/* SPDX-License-Identifier: MIT */
/* Operations on names: the system calls themselves, whose arguments an entry holds. */
#include "kernel/heap.h"
#include "syscalls/fileops.h"
#include "syscalls/syscall.h"
#include "syscalls/uring/ops.h"
#include "syscalls/util.h"

/* A directory as the start of a path is a descriptor, not a registered file. */
static int no_fixed_file(const struct uring_req *q)
{
	return q->sqe.flags & IOSQE_FIXED_FILE ? -EBADF : 0;
}

/* Fields that an operation does not have must be 0. */
int uring_prep_path(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;
	bool bad = s->buf_index || s->splice_fd_in;

	switch (s->opcode) {
	case IORING_OP_UNLINKAT:
		bad |= s->off || s->len;
		break;
	case IORING_OP_MKDIRAT:
		bad |= s->off || s->rw_flags;
		break;
	case IORING_OP_SYMLINKAT:
		bad |= s->len || s->rw_flags;
		break;
	case IORING_OP_FGETXATTR:
	case IORING_OP_GETXATTR:
		bad |= s->xattr_flags != 0;
		break;
	}
	return bad ? -EINVAL : no_fixed_file(q);
}

int uring_prep_open(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;
	struct open_how *how;
	int r = 0;

	if (s->buf_index)
		return -EINVAL;
	if (no_fixed_file(q))
		return -EBADF;
	how = q->state_mem = kmalloc(sizeof(*how));
	if (!how)
		return -ENOMEM;
	if (s->opcode == IORING_OP_OPENAT2)
		r = open_how_from_user(how, s->off, s->len);
	else
		*how = open_how_lenient((int)s->open_flags, s->len);
	return !r && s->file_index && (how->flags & O_CLOEXEC) ? -EINVAL : r;
}

long uring_open(struct uring_req *q)
{
	const struct open_how *how = q->state_mem;
	struct file *f;
	int r = open_file(q->sqe.fd, q->sqe.addr, how, &f);

	return r ? r : uring_new_fd(q, f, how->flags & O_CLOEXEC);
}

int uring_prep_close(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	if (s->off || s->addr || s->len || s->rw_flags || s->buf_index)
		return -EINVAL;
	if (no_fixed_file(q))
		return -EBADF;
	return s->file_index && s->fd ? -EINVAL : 0;
}

long uring_close(struct uring_req *q)
{
	struct file *f;
	bool ring;

	if (q->sqe.file_index)
		return uring_file_remove(q->ring, q->sqe.file_index - 1);
	f = fd_file_any(q->sqe.fd);
	ring = f && uring_of(f);
	if (f)
		file_put(f);
	return ring ? -EBADF : sys_close(q->sqe.fd);
}

long uring_statx(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	return sys_statx(s->fd, s->addr, (int)s->statx_flags, s->len, s->off);
}

long uring_rename(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	return sys_renameat2(s->fd, s->addr, (int)s->len, s->off, s->rename_flags);
}

long uring_unlink(struct uring_req *q)
{
	return sys_unlinkat(q->sqe.fd, q->sqe.addr, (int)q->sqe.unlink_flags);
}

long uring_mkdir(struct uring_req *q)
{
	return sys_mkdirat(q->sqe.fd, q->sqe.addr, q->sqe.len);
}

long uring_symlink(struct uring_req *q)
{
	return sys_symlinkat(q->sqe.addr, q->sqe.fd, q->sqe.off);
}

long uring_link(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;

	return sys_linkat(s->fd, s->addr, (int)s->len, s->off, (int)s->hardlink_flags);
}

long uring_xattr(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;
	int flags = (int)s->xattr_flags;

	switch (s->opcode) {
	case IORING_OP_FSETXATTR:
		return sys_fsetxattr(s->fd, s->addr, s->off, s->len, flags);
	case IORING_OP_SETXATTR:
		return sys_setxattr(s->addr3, s->addr, s->off, s->len, flags);
	case IORING_OP_FGETXATTR:
		return sys_fgetxattr(s->fd, s->addr, s->off, s->len);
	default:
		return sys_getxattr(s->addr3, s->addr, s->off, s->len);
	}
}
