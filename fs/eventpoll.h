/* SPDX-License-Identifier: MIT */
/* Files that are only events: epoll(7) instances and eventfd(2) counters. */
#ifndef FS_EVENTPOLL_H
#define FS_EVENTPOLL_H

#include "kernel/file.h"

#include <linux/eventpoll.h>

/* A new instance. 0 or -ENOMEM. */
int epoll_new(struct file **out);
/*
 * epoll_ctl(2) on instance `ep` for descriptor fd, which is open on `f`. event is not used by
 * EPOLL_CTL_DEL. 0, -EINVAL, -EPERM (f cannot be waited for), -EEXIST, -ENOENT, -ELOOP, -ENOMEM.
 */
int epoll_control(struct file *ep, int op, int fd, struct file *f, struct epoll_event *event);
/*
 * Copy up to n ready events to program memory at uevents, waiting until the deadline (0: not at
 * all). Returns how many, -EINVAL (not an instance), -EFAULT, -EINTR.
 */
long epoll_collect(struct file *ep, uaddr_t uevents, int n, uint64_t deadline_ns);

#define EFD_SEMAPHORE 1
/* eventfd(2): flags are EFD_SEMAPHORE and O_NONBLOCK. 0 or -ENOMEM. */
int eventfd_new(uint64_t count, unsigned flags, struct file **out);
bool file_is_eventfd(const struct file *f);
/* Add one to an eventfd, if there is room. Never sleeps. */
void eventfd_signal(struct file *f);

#endif
