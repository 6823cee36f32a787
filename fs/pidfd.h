/* SPDX-License-Identifier: MIT */
/* Processes as open files: pidfd_open(2). Readable when the process has ended. */
#ifndef FS_PIDFD_H
#define FS_PIDFD_H

#include "kernel/file.h"

struct process;

/* flags: O_NONBLOCK. 0 or -ENOMEM. */
int pidfd_new(struct process *p, unsigned flags, struct file **out);
/* The process, as long as f is referenced; NULL: not such a file. */
struct process *pidfd_process(struct file *f);
/* The same or the process of a directory of /proc, referenced: 0, -EBADF (neither) or -ESRCH. */
int pidfd_or_dir(struct file *f, struct process **out);

#endif
