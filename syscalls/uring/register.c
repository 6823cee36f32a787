/* SPDX-License-Identifier: MIT */
/* io_uring_register(2). */
#include "fs/eventpoll.h"
#include "kernel/heap.h"
#include "kernel/string.h"
#include "syscalls/syscall.h"
#include "syscalls/uring/uring.h"
#include "syscalls/util.h"

#define MAX_CREDS 65535u

static long register_eventfd(struct uring *r, uaddr_t arg, unsigned n, bool async)
{
	struct file *f;
	int fd;

	if (n != 1)
		return -EINVAL;
	if (r->eventfd)
		return -EBUSY;
	if (get_user(&fd, arg))
		return -EFAULT;
	f = fd_file(fd);
	if (!f)
		return -EBADF;
	if (!file_is_eventfd(f)) {
		file_put(f);
		return -EINVAL;
	}
	r->eventfd = f;
	r->eventfd_async = async;
	return 0;
}

static long unregister_eventfd(struct uring *r, uaddr_t arg, unsigned n)
{
	if (arg || n)
		return -EINVAL;
	if (!r->eventfd)
		return -ENXIO;
	file_put(r->eventfd);
	r->eventfd = NULL;
	return 0;
}

/* Which operations there are. */
static long probe(uaddr_t arg, unsigned n)
{
	struct io_uring_probe p;
	const struct io_uring_probe zero = {0};

	if (!arg || n > 256)
		return -EINVAL;
	if (get_user(&p, arg))
		return -EFAULT;
	if (memcmp(&p, &zero, sizeof(p)))
		return -EINVAL;
	p.last_op = OP_COUNT - 1;
	p.ops_len = (uint8_t)MIN(n, (unsigned)OP_COUNT);
	if (put_user(arg, p))
		return -EFAULT;
	for (unsigned i = 0; i < p.ops_len; i++) {
		const struct io_uring_probe_op op = {
		    .op = (uint8_t)i, .flags = uring_ops[i].issue ? IO_URING_OP_SUPPORTED : 0};

		if (put_user(arg + sizeof(p) + i * sizeof(op), op))
			return -EFAULT;
	}
	return 0;
}

static long enable(struct uring *r, uaddr_t arg, unsigned n)
{
	if (arg || n)
		return -EINVAL;
	if (!(r->flags & IORING_SETUP_R_DISABLED))
		return -EBADFD;
	if (r->flags & IORING_SETUP_SINGLE_ISSUER)
		r->issuer = current;
	r->flags &= ~IORING_SETUP_R_DISABLED;
	return 0;
}

/* The caller's credentials under a number. */
static long register_creds(struct uring *r, uaddr_t arg, unsigned n)
{
	struct cred **more;
	unsigned i = 0;

	if (arg || n)
		return -EINVAL;
	while (i < r->n_creds && r->creds[i])
		i++;
	if (i == r->n_creds) {
		more = i < MAX_CREDS ? kzalloc((i + 8) * sizeof(*more)) : NULL;
		if (!more)
			return -ENOMEM;
		if (i)
			memcpy(more, r->creds, i * sizeof(*more));
		kfree(r->creds);
		r->creds = more;
		r->n_creds = i + 8;
	}
	r->creds[i] = cred_get(current->cred);
	return i + 1;
}

static long unregister_creds(struct uring *r, uaddr_t arg, unsigned id)
{
	if (arg || !id || id > r->n_creds || !r->creds[id - 1])
		return -EINVAL;
	cred_put(r->creds[id - 1]);
	r->creds[id - 1] = NULL;
	return 0;
}

/* Limits of helper threads, of which there are none; what they were. */
static long max_workers(struct uring *r, uaddr_t arg, unsigned n)
{
	uint32_t want[2], old[2];

	if (!arg || n != 2)
		return -EINVAL;
	if (copy_from_user(want, arg, sizeof(want)))
		return -EFAULT;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		old[i] = r->max_workers[i];
		if (want[i] > INT32_MAX)
			return -EINVAL;
		if (want[i])
			r->max_workers[i] = want[i];
	}
	return copy_to_user(arg, old, sizeof(old));
}

/* Lock: r->lock. */
static long do_register(struct uring *r, unsigned op, uaddr_t arg, unsigned n)
{
	switch (op) {
	case IORING_REGISTER_EVENTFD:
	case IORING_REGISTER_EVENTFD_ASYNC:
		return register_eventfd(r, arg, n, op == IORING_REGISTER_EVENTFD_ASYNC);
	case IORING_UNREGISTER_EVENTFD:
		return unregister_eventfd(r, arg, n);
	case IORING_REGISTER_PROBE:
		return probe(arg, n);
	case IORING_REGISTER_PERSONALITY:
		return register_creds(r, arg, n);
	case IORING_UNREGISTER_PERSONALITY:
		return unregister_creds(r, arg, n);
	case IORING_REGISTER_ENABLE_RINGS:
		return enable(r, arg, n);
	case IORING_REGISTER_IOWQ_MAX_WORKERS:
		return max_workers(r, arg, n);
	case IORING_REGISTER_PBUF_RING:
	case IORING_UNREGISTER_PBUF_RING:
		return n == 1 ? uring_register_pbuf(r, op, arg) : -EINVAL;
	case IORING_REGISTER_SYNC_CANCEL:
		return arg && n == 1 ? uring_sync_cancel(r, arg) : -EINVAL;
	case IORING_REGISTER_BUFFERS:
	case IORING_UNREGISTER_BUFFERS:
	case IORING_REGISTER_FILES:
	case IORING_UNREGISTER_FILES:
	case IORING_REGISTER_FILES_UPDATE:
	case IORING_REGISTER_FILES2:
	case IORING_REGISTER_FILES_UPDATE2:
	case IORING_REGISTER_BUFFERS2:
	case IORING_REGISTER_BUFFERS_UPDATE:
	case IORING_REGISTER_FILE_ALLOC_RANGE:
		return uring_register_rsrc(r, op, arg, n);
	default:
		return -EINVAL;
	}
}

/* io_uring_register(2). */
long sys_io_uring_register(int fd, unsigned op, uaddr_t arg, unsigned n)
{
	struct uring *r;
	struct file *f = fd_file(fd);
	long e = -EOPNOTSUPP;

	if (!f)
		return -EBADF;
	r = uring_of(f);
	if (r && r->issuer && r->issuer != current)
		e = -EEXIST;
	else if (r) {
		uring_lock(r);
		e = do_register(r, op, arg, n);
		uring_unlock(r);
	}
	file_put(f);
	return e;
}
