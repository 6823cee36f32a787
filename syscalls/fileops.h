/* SPDX-License-Identifier: MIT */
/*
 * What handlers do once they have the open file: the system calls look a descriptor up around
 * these, io_uring (syscalls/uring) brings files of its own. All may sleep and return >= 0 or
 * -errno.
 */
#ifndef SYSCALLS_FILEOPS_H
#define SYSCALLS_FILEOPS_H

#include "kernel/file.h"

struct open_how;
struct epoll_event;

/* Read or write over the caller's buffers, at *pos or (NULL) at the file's position, which a stream
 * does not have. flags: RWF_*. */
ssize_t rw_iter(struct file *f, bool write, struct iter *it, const int64_t *pos, int flags);

/* openat2(2)'s structure as the program passes it: 0, -EINVAL, -E2BIG or -EFAULT. */
int open_how_from_user(struct open_how *how, uaddr_t uhow, size_t size);
/* What openat(2) makes of its arguments: it ignores what it does not know. */
struct open_how open_how_lenient(int flags, uint32_t mode);
/* Open without a descriptor. */
int open_file(int dirfd, uaddr_t path, const struct open_how *how, struct file **out);

int fadvise_file(struct file *f, int64_t len, int advice);
int fsync_file(struct file *f, bool data_only);
int sync_range_file(struct file *f, int64_t off, int64_t len, unsigned flags);

/* One end of a splice(2): where the program said, or at the file's position. */
struct splice_end {
	struct file *file;
	bool at;
	uint64_t pos; /* if `at`; moved by what was transferred */
};
#define SPLICE_NONBLOCK                                                                            \
	2u /* SPLICE_F_NONBLOCK of <fcntl.h>, which the UAPI headers do not have                   \
	    */
/* flags: SPLICE_F_*, which the caller has not checked. */
long splice_files(struct splice_end *in, struct splice_end *out, size_t len, unsigned flags);
long tee_files(struct file *in, struct file *out, size_t len, unsigned flags);

/* epoll_ctl(2) with its event copied in. */
long epoll_ctl_fds(int epfd, int op, int fd, struct epoll_event *event);

#endif
