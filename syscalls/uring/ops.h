/* SPDX-License-Identifier: MIT */
/* The operations by family; ops.c is the table of all. A prep reads at submission what the program
 * may change afterwards. */
#ifndef SYSCALLS_URING_OPS_H
#define SYSCALLS_URING_OPS_H

#include "syscalls/uring/uring.h"

/* ---- rw.c ---- */
int uring_prep_rw(struct uring_req *q);
int uring_prep_vector(struct uring_req *q);
void uring_drop_vector(struct uring_req *q);
int uring_prep_read_multishot(struct uring_req *q);
long uring_read(struct uring_req *q);
long uring_write(struct uring_req *q);
long uring_read_multishot(struct uring_req *q);
/* Does it lie in q's registered buffer: 0 or -EFAULT. */
int uring_fixed_range(struct uring_req *q, uaddr_t addr, size_t len);

/* ---- net.c ---- */
int uring_prep_accept(struct uring_req *q);
long uring_accept(struct uring_req *q);
int uring_prep_connect(struct uring_req *q);
long uring_connect(struct uring_req *q);
int uring_prep_send(struct uring_req *q);
long uring_send(struct uring_req *q);
int uring_prep_recv(struct uring_req *q);
long uring_recv(struct uring_req *q);
int uring_prep_sendmsg(struct uring_req *q);
long uring_sendmsg(struct uring_req *q);
int uring_prep_recvmsg(struct uring_req *q);
long uring_recvmsg(struct uring_req *q);
void uring_drop_msg(struct uring_req *q);
int uring_prep_shutdown(struct uring_req *q);
long uring_shutdown(struct uring_req *q);
int uring_prep_socket(struct uring_req *q);
long uring_socket(struct uring_req *q);
int uring_prep_bind(struct uring_req *q);
long uring_bind(struct uring_req *q);
int uring_prep_listen(struct uring_req *q);
long uring_listen(struct uring_req *q);

/* ---- file.c: on open files; path.c: on names ---- */
int uring_prep_fsync(struct uring_req *q);
long uring_fsync(struct uring_req *q);
int uring_prep_sync_range(struct uring_req *q);
long uring_sync_range(struct uring_req *q);
int uring_prep_fallocate(struct uring_req *q);
long uring_fallocate(struct uring_req *q);
int uring_prep_fadvise(struct uring_req *q);
long uring_fadvise(struct uring_req *q);
int uring_prep_ftruncate(struct uring_req *q);
long uring_ftruncate(struct uring_req *q);
int uring_prep_splice(struct uring_req *q);
long uring_splice(struct uring_req *q);
long uring_tee(struct uring_req *q);
long uring_madvise(struct uring_req *q);
int uring_prep_epoll_ctl(struct uring_req *q);
long uring_epoll_ctl(struct uring_req *q);
int uring_prep_msg_ring(struct uring_req *q);
long uring_msg_ring(struct uring_req *q);

int uring_prep_open(struct uring_req *q);
long uring_open(struct uring_req *q);
int uring_prep_close(struct uring_req *q);
long uring_close(struct uring_req *q);
int uring_prep_path(struct uring_req *q);
long uring_statx(struct uring_req *q);
long uring_rename(struct uring_req *q);
long uring_unlink(struct uring_req *q);
long uring_mkdir(struct uring_req *q);
long uring_symlink(struct uring_req *q);
long uring_link(struct uring_req *q);
long uring_xattr(struct uring_req *q);

#endif
