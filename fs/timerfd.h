/* SPDX-License-Identifier: MIT */
/* Timers and signals as files: timerfd_create(2), signalfd(2). */
#ifndef FS_TIMERFD_H
#define FS_TIMERFD_H

#include "kernel/file.h"
#include "kernel/itimer.h"

enum timerfd_clock { TIMERFD_MONOTONIC, TIMERFD_REALTIME };

/* A disarmed timer. flags: O_NONBLOCK. 0 or -ENOMEM. */
int timerfd_new(enum timerfd_clock clock, unsigned flags, struct file **out);

enum { TIMERFD_ABSOLUTE = 1, TIMERFD_CANCEL = 2 /* reads fail when the clock is set */ };

/*
 * Arm or disarm; value is a moment of the clock or, without TIMERFD_ABSOLUTE, a duration. *old gets
 * what timerfd_get would have given. -EINVAL: not a timer.
 */
int timerfd_set(struct file *f, unsigned how, const struct itimer_value *new,
		struct itimer_value *old);
/* Time left and interval. -EINVAL: not a timer. */
int timerfd_get(struct file *f, struct itimer_value *out);

/* A file that reads signals of `mask`. 0 or -ENOMEM. */
int signalfd_new(uint64_t mask, unsigned flags, struct file **out);
/* Change the mask. -EINVAL: not such a file. */
int signalfd_set(struct file *f, uint64_t mask);

#endif
