/* SPDX-License-Identifier: MIT */
/* O_ASYNC: a signal to a file's owner (F_SETOWN) when it may have become ready. */
#ifndef FS_ASYNC_H
#define FS_ASYNC_H

#include "kernel/file.h"

/* Can it be had of this file? Of sockets, pipes and FIFOs. */
bool async_possible(const struct file *f);
/* Begin or end to watch f, for which async_possible(), and set its O_ASYNC. fd: its descriptor, for
 * si_fd. 0 or -ENOMEM. */
int async_set(struct file *f, int fd, bool on);

#endif
