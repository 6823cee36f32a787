/* SPDX-License-Identifier: MIT */
/* timerfd_create(2) and its two relatives; signalfd(2). */
#include "fs/timerfd.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#include <linux/timerfd.h>

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

long sys_timerfd_settime(int fd, unsigned flags, uaddr_t new_value, uaddr_t old_value)
{
	struct itimer_value new, old;
	struct file *f;
	int r = itimerspec_from_user(new_value, &new);

	if (r)
		return r;
	if (flags & ~(TIMERFD_ABSOLUTE | TIMERFD_CANCEL))
		return -EINVAL;
	f = fd_file(fd);
	if (!f)
		return -EBADF;
	r = timerfd_set(f, flags, &new, &old);
	file_put(f);
	if (r == 0 && old_value)
		r = itimerspec_to_user(old_value, &old);
	return r;
}

long sys_timerfd_gettime(int fd, uaddr_t curr_value)
{
	struct itimer_value v;
	struct file *f = fd_file(fd);
	int r;

	if (!f)
		return -EBADF;
	r = timerfd_get(f, &v);
	file_put(f);
	return r ? r : itimerspec_to_user(curr_value, &v);
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
