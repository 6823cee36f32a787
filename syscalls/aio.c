/* SPDX-License-Identifier: MIT */
/* io_setup(2), io_submit(2), io_getevents(2), io_pgetevents(2), io_cancel(2), io_destroy(2). */
#include "fs/aio.h"
#include "fs/eventpoll.h"
#include "kernel/wait.h"
#include "syscalls/poll.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#define AIO_KEY 0 /* what the kernel stores in aio_key */

long sys_io_setup(unsigned nr_events, uaddr_t ctxp)
{
	uaddr_t id;
	long r;

	if (get_user(&id, ctxp))
		return -EFAULT;
	if (id || !nr_events)
		return -EINVAL;
	r = aio_setup(nr_events, &id);
	if (r == 0 && put_user(ctxp, id)) {
		(void)aio_destroy(id);
		r = -EFAULT;
	}
	return r;
}

long sys_io_destroy(unsigned long ctx)
{
	return aio_destroy(ctx);
}

/* ---- submitting ---- */

/* Done at once; errors of the request itself are returned, others are in the event. */
static long submit_rw(struct aio *a, const struct iocb *c, struct file *f, struct io_event *e,
		      struct file *eventfd)
{
	bool write = c->aio_lio_opcode == IOCB_CMD_PWRITE || c->aio_lio_opcode == IOCB_CMD_PWRITEV;
	bool many = c->aio_lio_opcode == IOCB_CMD_PREADV || c->aio_lio_opcode == IOCB_CMD_PWRITEV;
	ssize_t done;
	long r = rw_submitted(f, write, many, c->aio_buf, c->aio_nbytes, c->aio_offset,
			      c->aio_rw_flags, &done);

	if (r)
		return r;
	e->res = done == -ERESTARTSYS ? -EINTR : done;
	aio_complete(a, e, eventfd);
	return 0;
}

static long submit_sync(struct aio *a, const struct iocb *c, struct file *f, struct io_event *e,
			struct file *eventfd)
{
	if (c->aio_buf || c->aio_offset || c->aio_nbytes || c->aio_rw_flags || !f->ops->fsync)
		return -EINVAL;
	e->res = f->ops->fsync(f, c->aio_lio_opcode == IOCB_CMD_FDSYNC);
	aio_complete(a, e, eventfd);
	return 0;
}

static long submit_poll(struct aio *a, const struct iocb *c, struct file *f, struct io_event *e,
			struct file *eventfd)
{
	if (c->aio_buf != (uint16_t)c->aio_buf)
		return -EINVAL;
	if (c->aio_offset || c->aio_nbytes || c->aio_rw_flags)
		return -EINVAL;
	return aio_poll(a, f, (unsigned)c->aio_buf | EPOLLERR | EPOLLHUP, e, eventfd);
}

/* With a place for its event kept. */
static long submit_reserved(struct aio *a, const struct iocb *c, uaddr_t at, struct file *eventfd)
{
	struct io_event e = {.data = c->aio_data, .obj = at};
	struct file *f = fd_file((int)c->aio_fildes);
	long r;

	if (!f)
		return -EBADF;
	switch (c->aio_lio_opcode) {
	case IOCB_CMD_PREAD:
	case IOCB_CMD_PWRITE:
	case IOCB_CMD_PREADV:
	case IOCB_CMD_PWRITEV:
		r = submit_rw(a, c, f, &e, eventfd);
		break;
	case IOCB_CMD_FSYNC:
	case IOCB_CMD_FDSYNC:
		r = submit_sync(a, c, f, &e, eventfd);
		break;
	case IOCB_CMD_POLL:
		r = submit_poll(a, c, f, &e, eventfd);
		break;
	default:
		r = -EINVAL;
	}
	file_put(f);
	return r;
}

static long submit_with_eventfd(struct aio *a, const struct iocb *c, uaddr_t at)
{
	struct file *eventfd = NULL, *f;
	long r;

	f = fd_file((int)c->aio_fildes);
	if (!f)
		return -EBADF;
	file_put(f);
	if (c->aio_flags & IOCB_FLAG_RESFD) {
		eventfd = fd_file((int)c->aio_resfd);
		if (!eventfd)
			return -EBADF;
		if (!file_is_eventfd(eventfd)) {
			file_put(eventfd);
			return -EINVAL;
		}
	}
	r = put_user(at + offsetof(struct iocb, aio_key), (uint32_t)AIO_KEY);
	if (r == 0)
		r = submit_reserved(a, c, at, eventfd);
	if (eventfd)
		file_put(eventfd);
	return r;
}

static long submit_one(struct aio *a, uaddr_t at)
{
	struct iocb c;
	long r;

	if (get_user(&c, at))
		return -EFAULT;
	if (c.aio_reserved2 || (int64_t)c.aio_nbytes < 0)
		return -EINVAL;
	if (!aio_reserve(a))
		return -EAGAIN;
	r = submit_with_eventfd(a, &c, at);
	if (r)
		aio_unreserve(a);
	return r;
}

long sys_io_submit(unsigned long ctx, long nr, uaddr_t iocbpp)
{
	struct aio *a;
	long done = 0, r = 0;
	uaddr_t at;

	if (nr < 0)
		return -EINVAL;
	a = aio_find(ctx);
	if (!a)
		return -EINVAL;
	nr = MIN(nr, (long)aio_slots(a));
	for (; done < nr && r == 0; done += r == 0)
		r = get_user(&at, iocbpp + done * sizeof(at)) ? -EFAULT : submit_one(a, at);
	aio_put(a);
	return done ? done : r;
}

/* ---- events ---- */

/* timeout: unlike everywhere else a struct timespec that is none is taken as it is. */
static long get_events(unsigned long ctx, long min_nr, long nr, uaddr_t events,
		       const struct __kernel_timespec *timeout)
{
	uint64_t deadline = NO_DEADLINE;
	struct aio *a = aio_find(ctx);
	int64_t ns;
	long r = -EINVAL;

	if (!a)
		return r;
	if (timeout) {
		if (__builtin_mul_overflow(timeout->tv_sec, (int64_t)NSEC_PER_SEC, &ns) ||
		    __builtin_add_overflow(ns, timeout->tv_nsec, &ns))
			ns = timeout->tv_sec < 0 ? 0 : INT64_MAX;
		deadline = ns <= 0 ? 0 : deadline_in((uint64_t)ns);
	}
	if (min_nr >= 0 && min_nr <= nr)
		r = aio_events(a, min_nr, nr, events, deadline);
	aio_put(a);
	return r;
}

long sys_io_getevents(unsigned long ctx, long min_nr, long nr, uaddr_t events, uaddr_t timeout)
{
	struct __kernel_timespec ts;

	if (timeout && get_user(&ts, timeout))
		return -EFAULT;
	return get_events(ctx, min_nr, nr, events, timeout ? &ts : NULL);
}

/* io_pgetevents(2): with a signal mask meanwhile. */
long sys_io_pgetevents(unsigned long ctx, long min_nr, long nr, uaddr_t events, uaddr_t timeout,
		       uaddr_t usig)
{
	struct {
		uaddr_t mask;
		size_t size;
	} sig = {0};
	struct __kernel_timespec ts;
	long r;

	if (timeout && get_user(&ts, timeout))
		return -EFAULT;
	if (usig && get_user(&sig, usig))
		return -EFAULT;
	r = temp_mask_begin(sig.mask, sig.size);
	if (r)
		return r;
	r = get_events(ctx, min_nr, nr, events, timeout ? &ts : NULL);
	temp_mask_end(sig.mask, r == -EINTR);
	return r == -EINTR ? -ERESTARTNOHAND : r;
}

long sys_io_cancel(unsigned long ctx, uaddr_t iocb, uaddr_t result)
{
	struct aio *a;
	uint32_t key;
	long r;

	if (get_user(&key, iocb + offsetof(struct iocb, aio_key)))
		return -EFAULT;
	if (key != AIO_KEY)
		return -EINVAL;
	a = aio_find(ctx);
	if (!a)
		return -EINVAL;
	r = aio_cancel(a, iocb);
	aio_put(a);
	return r;
}
