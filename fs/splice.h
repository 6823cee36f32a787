/* SPDX-License-Identifier: MIT */
/*
 * splice(2), tee(2), vmsplice(2): between pipes pages change hands, to and from other files they
 * are read into and written from. The caller has checked that the ends are open for it. All return
 * bytes, 0 at the end of what there is, -EAGAIN (nowait), -EPIPE (after SIGPIPE), -ERESTARTSYS,
 * -ENOMEM, or what the file says. May sleep.
 */
#ifndef FS_SPLICE_H
#define FS_SPLICE_H

#include "kernel/file.h"

bool file_is_pipe(const struct file *f);
/* pos NULL: the file's own position. */
ssize_t splice_to_pipe(struct file *from, uint64_t *pos, struct file *pipe, size_t len,
		       bool nowait);
ssize_t splice_from_pipe(struct file *pipe, struct file *to, uint64_t *pos, size_t len,
			 bool nowait);
/* keep: the data stays in `from` too (tee). -EINVAL: both are the same pipe. */
ssize_t splice_pipes(struct file *from, struct file *to, size_t len, bool nowait, bool keep);
/* Program memory into a pipe, and out of it; -EFAULT. */
ssize_t splice_memory_in(struct file *pipe, struct iter *from, bool nowait);
ssize_t splice_memory_out(struct file *pipe, struct iter *to, bool nowait);

#endif
