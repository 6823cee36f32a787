/* SPDX-License-Identifier: MIT */
/* epoll(7) and eventfd(2). */
#include "fs/eventpoll.h"
#include "syscalls/fileops.h"
#include "syscalls/poll.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#define MAX_EVENTS ((int)(INT32_MAX / sizeof(struct epoll_event)))

long sys_epoll_create1(unsigned flags)
{
	struct file *f;
	int r;

	if (flags & ~O_CLOEXEC)
		return -EINVAL;
	r = epoll_new(&f);
	return r ? r : fd_new(f, flags & O_CLOEXEC);
}

/* epoll_create(2): the size has only to be positive. */
long sys_epoll_create(int size)
{
	return size > 0 ? sys_epoll_create1(0) : -EINVAL;
}

long epoll_ctl_fds(int epfd, int op, int fd, struct epoll_event *event)
{
	struct file *ep = fd_file(epfd), *f;
	int r = -EBADF;

	if (!ep)
		return -EBADF;
	f = fd_file(fd);
	if (f) {
		r = epoll_control(ep, op, fd, f, event);
		file_put(f);
	}
	file_put(ep);
	return r;
}

long sys_epoll_ctl(int epfd, int op, int fd, uaddr_t uevent)
{
	struct epoll_event event = {0};

	if (op != EPOLL_CTL_DEL && get_user(&event, uevent))
		return -EFAULT;
	return epoll_ctl_fds(epfd, op, fd, &event);
}

static long wait_events(int epfd, uaddr_t events, int n, uint64_t deadline)
{
	struct file *ep;
	long r;

	if (n <= 0 || n > MAX_EVENTS)
		return -EINVAL;
	if (!user_range_ok(events, n * sizeof(struct epoll_event)))
		return -EFAULT;
	ep = fd_file(epfd);
	if (!ep)
		return -EBADF;
	r = epoll_collect(ep, events, n, deadline);
	file_put(ep);
	return r;
}

long sys_epoll_wait(int epfd, uaddr_t events, int maxevents, int timeout_ms)
{
	return wait_events(epfd, events, maxevents, deadline_in_ms(timeout_ms));
}

static long wait_masked(int epfd, uaddr_t events, int n, uint64_t deadline, uaddr_t umask,
			size_t size)
{
	long r = temp_mask_begin(umask, size);

	if (r)
		return r;
	r = wait_events(epfd, events, n, deadline);
	temp_mask_end(umask, r == -EINTR);
	return r;
}

long sys_epoll_pwait(int epfd, uaddr_t events, int maxevents, int timeout_ms, uaddr_t sigmask,
		     size_t sigsetsize)
{
	return wait_masked(epfd, events, maxevents, deadline_in_ms(timeout_ms), sigmask,
			   sigsetsize);
}

long sys_epoll_pwait2(int epfd, uaddr_t events, int maxevents, uaddr_t timeout, uaddr_t sigmask,
		      size_t sigsetsize)
{
	uint64_t deadline;
	int r = timespec_deadline(timeout, &deadline);

	return r ? r : wait_masked(epfd, events, maxevents, deadline, sigmask, sigsetsize);
}

long sys_eventfd2(unsigned count, unsigned flags)
{
	struct file *f;
	int r;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | EFD_SEMAPHORE))
		return -EINVAL;
	r = eventfd_new(count, flags, &f);
	return r ? r : fd_new(f, flags & O_CLOEXEC);
}

long sys_eventfd(unsigned count)
{
	return sys_eventfd2(count, 0);
}
