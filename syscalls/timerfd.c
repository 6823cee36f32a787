/* SPDX-License-Identifier: MIT */
/* timerfd_create(2) and its two relatives; signalfd(2). */
#include "fs/timerfd.h"
#include "kernel/clock.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#include <linux/time.h>
#include <linux/timerfd.h>

#define NEVER UINT64_MAX

long sys_timerfd_create(int clockid, unsigned flags)
{
	bool realtime = clockid == CLOCK_REALTIME || clockid == CLOCK_REALTIME_ALARM;
	bool alarm = clockid == CLOCK_REALTIME_ALARM || clockid == CLOCK_BOOTTIME_ALARM;
	struct file *f;
	int r;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	if (!realtime && !alarm && clockid != CLOCK_MONOTONIC && clockid != CLOCK_BOOTTIME)
		return -EINVAL;
	if (alarm && !capable(CAP_WAKE_ALARM))
		return -EPERM;
	r = timerfd_new(realtime ? TIMERFD_REALTIME : TIMERFD_MONOTONIC, flags, &f);
	return r ? r : fd_new(f, flags & O_CLOEXEC);
}

/* -EINVAL for times Linux calls invalid; what is too far away is never. */
static int ns_of(const struct __kernel_timespec *t, uint64_t *ns)
{
	if (t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= (long long)NSEC_PER_SEC)
		return -EINVAL;
	*ns = (uint64_t)t->tv_sec >= NEVER / 2 / NSEC_PER_SEC
		  ? NEVER / 2
		  : t->tv_sec * NSEC_PER_SEC + t->tv_nsec;
	return 0;
}

static struct __kernel_timespec timespec_of(uint64_t ns)
{
	return (struct __kernel_timespec){ns / NSEC_PER_SEC, ns % NSEC_PER_SEC};
}

static int put_setting(uaddr_t to, const struct timerfd_setting *s)
{
	struct __kernel_itimerspec its = {.it_interval = timespec_of(s->interval),
					  .it_value = timespec_of(s->value)};

	return put_user(to, its);
}

long sys_timerfd_settime(int fd, unsigned flags, uaddr_t new_value, uaddr_t old_value)
{
	struct __kernel_itimerspec its;
	struct timerfd_setting new, old;
	struct file *f;
	int r;

	if (get_user(&its, new_value))
		return -EFAULT;
	if ((flags & ~(TIMERFD_ABSOLUTE | TIMERFD_CANCEL)) || ns_of(&its.it_value, &new.value) ||
	    ns_of(&its.it_interval, &new.interval))
		return -EINVAL;
	f = fd_file(fd);
	if (!f)
		return -EBADF;
	r = timerfd_set(f, flags, &new, &old);
	file_put(f);
	if (r == 0 && old_value)
		r = put_setting(old_value, &old);
	return r;
}

long sys_timerfd_gettime(int fd, uaddr_t curr_value)
{
	struct timerfd_setting s;
	struct file *f = fd_file(fd);
	int r;

	if (!f)
		return -EBADF;
	r = timerfd_get(f, &s);
	file_put(f);
	return r ? r : put_setting(curr_value, &s);
}

/* signalfd4(2): fd -1 makes a new file, another changes what it reads. */
long sys_signalfd4(int fd, uaddr_t umask, size_t size, unsigned flags)
{
	uint64_t mask;
	struct file *f;
	int r;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	if (size != sizeof(mask))
		return -EINVAL;
	if (get_user(&mask, umask))
		return -EFAULT;
	if (fd == -1) {
		r = signalfd_new(mask, flags, &f);
		return r ? r : fd_new(f, flags & O_CLOEXEC);
	}
	f = fd_file(fd);
	if (!f)
		return -EBADF;
	r = signalfd_set(f, mask);
	file_put(f);
	return r ? r : fd;
}

long sys_signalfd(int fd, uaddr_t mask, size_t size)
{
	return sys_signalfd4(fd, mask, size, 0);
}
