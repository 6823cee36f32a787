/* SPDX-License-Identifier: MIT */
/* mq_open(2), mq_unlink(2), mq_timedsend(2), mq_timedreceive(2), mq_notify(2), mq_getsetattr(2). */
#include "fs/mqueue.h"
#include "kernel/futex.h"
#include "kernel/heap.h"
#include "kernel/wait.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#define NOTIFY_COOKIE_LEN 32

long sys_mq_open(uaddr_t name, int flags, unsigned mode, uaddr_t attr)
{
	struct mq_attr a;
	struct file *f;
	char *text;
	long r;

	if (attr && get_user(&a, attr))
		return -EFAULT;
	r = path_from_user(name, &text);
	if (r)
		return r;
	r = fd_room(current_process()->files);
	if (r == 0 && (flags & O_ACCMODE) == O_ACCMODE)
		r = -EINVAL;
	if (r == 0)
		r = mq_open_name(text, (unsigned)flags, mode, attr ? &a : NULL, &f);
	kfree(text);
	return r ? r : fd_new(f, true);
}

long sys_mq_unlink(uaddr_t name)
{
	char *text;
	long r = path_from_user(name, &text);

	if (r)
		return r;
	r = mq_unlink_name(text);
	kfree(text);
	return r;
}

/* 0, -EFAULT or -EINVAL. */
static int deadline_get(uaddr_t timeout, struct futex_deadline *until)
{
	*until = (struct futex_deadline){NO_DEADLINE, true};
	return timeout ? timespec_from_user(timeout, &until->ns) : 0;
}

long sys_mq_timedsend(int mqdes, uaddr_t msg, size_t len, unsigned prio, uaddr_t timeout)
{
	struct futex_deadline until;
	struct file *f;
	long r = deadline_get(timeout, &until);

	if (r == 0 && prio >= MQ_PRIO_MAX)
		r = -EINVAL;
	if (r)
		return r;
	f = fd_file(mqdes);
	if (!f)
		return -EBADF;
	r = mq_send(f, msg, len, prio, &until);
	file_put(f);
	return r;
}

long sys_mq_timedreceive(int mqdes, uaddr_t msg, size_t len, uaddr_t uprio, uaddr_t timeout)
{
	struct futex_deadline until;
	struct file *f;
	unsigned prio;
	long r = deadline_get(timeout, &until);

	if (r)
		return r;
	f = fd_file(mqdes);
	if (!f)
		return -EBADF;
	r = mq_receive(f, msg, len, &prio, &until);
	file_put(f);
	return r >= 0 && uprio && put_user(uprio, prio) ? -EFAULT : r;
}

/*
 * SIGEV_THREAD: what the C library gives is a netlink socket, on which a cookie is sent; there are
 * none, so whatever the descriptor is, it is wrong. The C library gets no such socket either, and
 * says ENOSYS.
 */
static int check_thread(const struct sigevent *ev)
{
	char cookie[NOTIFY_COOKIE_LEN];
	struct file *f;
	int r;

	if (copy_from_user(cookie, (uaddr_t)ev->sigev_value.sival_ptr, sizeof(cookie)))
		return -EFAULT;
	f = fd_file(ev->sigev_signo);
	if (!f)
		return -EBADF;
	r = S_ISSOCK(f->inode->mode) ? -EINVAL : -ENOTSOCK;
	file_put(f);
	return r;
}

static int check_event(const struct sigevent *ev)
{
	switch (ev->sigev_notify) {
	case SIGEV_NONE:
		return 0;
	case SIGEV_SIGNAL:
		return ev->sigev_signo < 0 || ev->sigev_signo > N_SIGNALS ? -EINVAL : 0;
	case SIGEV_THREAD:
		return check_thread(ev);
	default:
		return -EINVAL;
	}
}

long sys_mq_notify(int mqdes, uaddr_t sevp)
{
	struct sigevent ev;
	struct file *f;
	long r = 0;

	if (sevp && get_user(&ev, sevp))
		return -EFAULT;
	if (sevp)
		r = check_event(&ev);
	if (r)
		return r;
	f = fd_file(mqdes);
	if (!f)
		return -EBADF;
	r = mq_tell(f, sevp ? &ev : NULL);
	file_put(f);
	return r;
}

long sys_mq_getsetattr(int mqdes, uaddr_t newattr, uaddr_t oldattr)
{
	struct mq_attr set, old = {0};
	struct file *f;
	long r;

	if (newattr && get_user(&set, newattr))
		return -EFAULT;
	if (newattr && (set.mq_flags & ~O_NONBLOCK))
		return -EINVAL;
	f = fd_file(mqdes);
	if (!f)
		return -EBADF;
	r = mq_attributes(f, newattr ? &set : NULL, &old);
	file_put(f);
	return r == 0 && oldattr && put_user(oldattr, old) ? -EFAULT : r;
}
