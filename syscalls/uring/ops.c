/* SPDX-License-Identifier: MIT */
/* The table of operations, by IORING_OP_*. What is missing gives EOPNOTSUPP, and
 * IORING_REGISTER_PROBE says so. */
#include "syscalls/uring/ops.h"
#include "fs/eventpoll.h"

static long nop(struct uring_req *q)
{
	return 0;
}

/* A link timeout is started with the request before it (uring_link_timeout_start), never issued. */
static long never(struct uring_req *q)
{
	return -EINVAL;
}

static int no_fields(struct uring_req *q)
{
	return q->sqe.buf_index || q->sqe.splice_fd_in ? -EINVAL : 0;
}

#define FILE_OP(prep_, issue_)                                                                     \
	{                                                                                          \
		.prep = (prep_), .issue = (issue_), .needs_file = 1                                \
	}
#define PLAIN_OP(prep_, issue_)                                                                    \
	{                                                                                          \
		.prep = (prep_), .issue = (issue_)                                                 \
	}
#define RW_OP(prep_, issue_, events_, ...)                                                         \
	{                                                                                          \
		.prep = (prep_), .issue = (issue_), .needs_file = 1, .ioprio = 1,                  \
		.events = (events_), __VA_ARGS__                                                   \
	}
#define IN	(EPOLLIN | EPOLLRDNORM)
#define OUT	(EPOLLOUT | EPOLLWRNORM)
#define SELECTS .selects = 1
#define VECTOR	.drop = uring_drop_vector
#define MSG	.drop = uring_drop_msg

const struct uring_op uring_ops[OP_COUNT] = {
    [IORING_OP_NOP] = PLAIN_OP(NULL, nop),
    [IORING_OP_READV] = RW_OP(uring_prep_vector, uring_read, IN, VECTOR, SELECTS),
    [IORING_OP_WRITEV] = RW_OP(uring_prep_vector, uring_write, OUT, VECTOR),
    [IORING_OP_FSYNC] = FILE_OP(uring_prep_fsync, uring_fsync),
    [IORING_OP_READ_FIXED] = RW_OP(uring_prep_rw, uring_read, IN, ),
    [IORING_OP_WRITE_FIXED] = RW_OP(uring_prep_rw, uring_write, OUT, ),
    [IORING_OP_POLL_ADD] = FILE_OP(uring_prep_poll, uring_poll_add),
    [IORING_OP_POLL_REMOVE] = PLAIN_OP(uring_prep_poll_remove, uring_poll_remove),
    [IORING_OP_SYNC_FILE_RANGE] = FILE_OP(uring_prep_sync_range, uring_sync_range),
    [IORING_OP_SENDMSG] = RW_OP(uring_prep_sendmsg, uring_sendmsg, OUT, MSG),
    [IORING_OP_RECVMSG] = RW_OP(uring_prep_recvmsg, uring_recvmsg, IN, MSG, SELECTS),
    [IORING_OP_TIMEOUT] = PLAIN_OP(uring_prep_timeout, uring_timeout),
    [IORING_OP_TIMEOUT_REMOVE] = PLAIN_OP(uring_prep_timeout_remove, uring_timeout_remove),
    [IORING_OP_ACCEPT] = RW_OP(uring_prep_accept, uring_accept, IN, ),
    [IORING_OP_ASYNC_CANCEL] = PLAIN_OP(uring_prep_cancel, uring_cancel_op),
    [IORING_OP_LINK_TIMEOUT] = PLAIN_OP(uring_prep_link_timeout, never),
    [IORING_OP_CONNECT] = {.prep = uring_prep_connect,
			   .issue = uring_connect,
			   .needs_file = 1,
			   .events = OUT},
    [IORING_OP_FALLOCATE] = FILE_OP(uring_prep_fallocate, uring_fallocate),
    [IORING_OP_OPENAT] = PLAIN_OP(uring_prep_open, uring_open),
    [IORING_OP_CLOSE] = PLAIN_OP(uring_prep_close, uring_close),
    [IORING_OP_FILES_UPDATE] = PLAIN_OP(NULL, uring_files_update_op),
    [IORING_OP_STATX] = PLAIN_OP(uring_prep_path, uring_statx),
    [IORING_OP_READ] = RW_OP(uring_prep_rw, uring_read, IN, SELECTS),
    [IORING_OP_WRITE] = RW_OP(uring_prep_rw, uring_write, OUT, ),
    [IORING_OP_FADVISE] = FILE_OP(uring_prep_fadvise, uring_fadvise),
    [IORING_OP_MADVISE] = PLAIN_OP(no_fields, uring_madvise),
    [IORING_OP_SEND] = RW_OP(uring_prep_send, uring_send, OUT, ),
    [IORING_OP_RECV] = RW_OP(uring_prep_recv, uring_recv, IN, SELECTS),
    [IORING_OP_OPENAT2] = PLAIN_OP(uring_prep_open, uring_open),
    [IORING_OP_EPOLL_CTL] = PLAIN_OP(uring_prep_epoll_ctl, uring_epoll_ctl),
    [IORING_OP_SPLICE] = {.prep = uring_prep_splice,
			  .issue = uring_splice,
			  .needs_file = 1,
			  .events = OUT},
    [IORING_OP_PROVIDE_BUFFERS] = PLAIN_OP(uring_prep_buffers, uring_provide_buffers),
    [IORING_OP_REMOVE_BUFFERS] = PLAIN_OP(uring_prep_buffers, uring_remove_buffers),
    [IORING_OP_TEE] = {.prep = uring_prep_splice,
		       .issue = uring_tee,
		       .needs_file = 1,
		       .events = OUT},
    [IORING_OP_SHUTDOWN] = FILE_OP(uring_prep_shutdown, uring_shutdown),
    [IORING_OP_RENAMEAT] = PLAIN_OP(uring_prep_path, uring_rename),
    [IORING_OP_UNLINKAT] = PLAIN_OP(uring_prep_path, uring_unlink),
    [IORING_OP_MKDIRAT] = PLAIN_OP(uring_prep_path, uring_mkdir),
    [IORING_OP_SYMLINKAT] = PLAIN_OP(uring_prep_path, uring_symlink),
    [IORING_OP_LINKAT] = PLAIN_OP(uring_prep_path, uring_link),
    [IORING_OP_MSG_RING] = FILE_OP(uring_prep_msg_ring, uring_msg_ring),
    [IORING_OP_FSETXATTR] = PLAIN_OP(uring_prep_path, uring_xattr),
    [IORING_OP_SETXATTR] = PLAIN_OP(uring_prep_path, uring_xattr),
    [IORING_OP_FGETXATTR] = PLAIN_OP(uring_prep_path, uring_xattr),
    [IORING_OP_GETXATTR] = PLAIN_OP(uring_prep_path, uring_xattr),
    [IORING_OP_SOCKET] = PLAIN_OP(uring_prep_socket, uring_socket),
    [OP_READ_MULTISHOT] = RW_OP(uring_prep_read_multishot, uring_read_multishot, IN, SELECTS),
    [OP_FTRUNCATE] = FILE_OP(uring_prep_ftruncate, uring_ftruncate),
    [OP_BIND] = FILE_OP(uring_prep_bind, uring_bind),
    [OP_LISTEN] = FILE_OP(uring_prep_listen, uring_listen),
};
