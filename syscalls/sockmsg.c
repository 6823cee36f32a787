/* SPDX-License-Identifier: MIT */
/*
 * send(2) and recv(2) and their relatives: messages as programs describe them, copied in and out
 * around the family's operation (net/socket.h).
 */
#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/wait.h"
#include "syscalls/socket.h"
#include "syscalls/syscall.h"

#include "syscalls/util.h"

#define CONTROL_MAX 131072u /* net.core.optmem_max */

static unsigned with_nonblock(unsigned flags, const struct file *f)
{
	return f->flags & O_NONBLOCK ? flags | MSG_DONTWAIT : flags;
}

/* ---- one buffer ---- */

static ssize_t send_buffer(struct socket *s, uaddr_t buf, size_t len, unsigned flags, uaddr_t uaddr,
			   int addrlen)
{
	struct sockaddr_any name;
	struct iter it;
	struct sock_msg m = {.data = &it, .flags = flags & ~MSG_CMSG_COMPAT, .name_len = addrlen};
	int r;

	iter_user(&it, buf, MIN(len, MAX_RW_COUNT));
	if (uaddr) {
		m.name = &name;
		r = address_from_user(&name, uaddr, addrlen);
		if (r)
			return r;
	}
	return socket_send(s, &m);
}

/* sendto(2). */
long sys_sendto(int fd, uaddr_t buf, size_t len, unsigned flags, uaddr_t uaddr, int addrlen)
{
	struct socket *s;
	struct file *f;
	ssize_t r;

	if (!user_range_ok(buf, len))
		return -EFAULT;
	r = socket_from_fd(fd, &f, &s);
	if (r)
		return r;
	r = send_buffer(s, buf, len, with_nonblock(flags, f), uaddr, addrlen);
	file_put(f);
	return r;
}

static ssize_t recv_buffer(struct socket *s, uaddr_t buf, size_t len, unsigned flags, uaddr_t uaddr,
			   uaddr_t ulen)
{
	struct sockaddr_any name;
	struct iter it;
	struct sock_msg m = {.data = &it, .flags = flags, .name = uaddr ? &name : NULL};
	ssize_t r;
	int stored = 0;

	iter_user(&it, buf, MIN(len, MAX_RW_COUNT));
	r = socket_recv(s, &m);
	if (r >= 0 && uaddr)
		stored = address_to_user(&name, m.name_len, uaddr, ulen);
	return stored < 0 ? stored : r;
}

/* recvfrom(2). */
long sys_recvfrom(int fd, uaddr_t buf, size_t len, unsigned flags, uaddr_t uaddr, uaddr_t ulen)
{
	struct socket *s;
	struct file *f;
	ssize_t r;

	if (!user_range_ok(buf, len))
		return -EFAULT;
	r = socket_from_fd(fd, &f, &s);
	if (r)
		return r;
	r = recv_buffer(s, buf, len, with_nonblock(flags, f), uaddr, ulen);
	file_put(f);
	return r;
}

/* ---- struct msghdr ---- */

/* The address to send to. */
static int msg_name(struct user_msg *u)
{
	u->m.name_len = MIN((size_t)u->hdr.msg_namelen, sizeof(u->name));
	if (!u->m.name_len)
		return 0;
	u->m.name = &u->name;
	return address_from_user(&u->name, u->hdr.msg_name, u->m.name_len);
}

static int msg_control(struct user_msg *u)
{
	size_t len = u->hdr.msg_controllen;

	if (len > CONTROL_MAX)
		return -ENOBUFS;
	if (!len)
		return 0;
	u->m.control = kmalloc(len);
	u->m.control_len = len;
	if (!u->m.control)
		return -ENOBUFS;
	return copy_from_user(u->m.control, u->hdr.msg_control, len);
}

int user_msg_get(struct user_msg *u, uaddr_t umsg, bool send)
{
	struct user_msghdr *h = &u->hdr;
	int r;

	if (get_user(h, umsg))
		return -EFAULT;
	if (!h->msg_name)
		h->msg_namelen = 0;
	if (h->msg_namelen < 0)
		return -EINVAL;
	if (h->msg_iovlen > UIO_MAXIOV)
		return -EMSGSIZE;
	u->m = (struct sock_msg){0};
	r = iov_from_user(&u->bufs, &u->it, h->msg_iov, h->msg_iovlen);
	if (r || !send)
		return r;
	r = msg_name(u);
	if (!r)
		r = msg_control(u);
	if (r)
		user_msg_put(u);
	return r;
}

void user_msg_put(struct user_msg *u)
{
	kfree(u->m.control);
	iov_buf_put(&u->bufs);
}

ssize_t user_msg_send(struct user_msg *u, struct socket *s, unsigned flags)
{
	struct sock_msg m = u->m;
	struct iter it = u->it;

	m.data = &it;
	m.flags = flags;
	return socket_send(s, &m);
}

/* What recvmsg(2) stores in the header. */
static int msg_results(const struct user_msg *u, const struct sock_msg *m, uaddr_t umsg)
{
	const struct user_msghdr *h = &u->hdr;
	uint64_t used = (h->msg_control ? h->msg_controllen : 0) - m->control_len;
	int r = 0;

	if (h->msg_name)
		r = address_to_user(&u->name, m->name_len, h->msg_name,
				    umsg + offsetof(struct user_msghdr, msg_namelen));
	if (!r)
		r = put_user(umsg + offsetof(struct user_msghdr, msg_flags), m->out_flags);
	if (!r)
		r = put_user(umsg + offsetof(struct user_msghdr, msg_controllen), used);
	return r;
}

ssize_t user_msg_recv(struct user_msg *u, struct socket *s, uaddr_t umsg, unsigned flags)
{
	size_t room = u->hdr.msg_control ? u->hdr.msg_controllen : 0;
	struct iter it = u->it;
	struct sock_msg m = {.data = &it,
			     .flags = flags,
			     .name = u->hdr.msg_name ? &u->name : NULL,
			     .control_to = u->hdr.msg_control,
			     .control_len = room,
			     .out_flags = flags & MSG_CMSG_CLOEXEC};
	ssize_t r = socket_recv(s, &m);
	int stored = r < 0 ? 0 : msg_results(u, &m, umsg);

	return stored < 0 ? stored : r;
}

/* sendmsg(2) to a socket whose file is f. */
static ssize_t send_msg(struct file *f, struct socket *s, uaddr_t umsg, unsigned flags)
{
	struct user_msg u;
	ssize_t r = user_msg_get(&u, umsg, true);

	if (r)
		return r;
	r = user_msg_send(&u, s, with_nonblock(flags, f));
	user_msg_put(&u);
	return r;
}

/* recvmsg(2) from a socket whose file is f. */
static ssize_t recv_msg(struct file *f, struct socket *s, uaddr_t umsg, unsigned flags)
{
	struct user_msg u;
	ssize_t r = user_msg_get(&u, umsg, false);

	if (r)
		return r;
	r = user_msg_recv(&u, s, umsg, with_nonblock(flags, f));
	user_msg_put(&u);
	return r;
}

/* sendmsg(2). */
long sys_sendmsg(int fd, uaddr_t umsg, unsigned flags)
{
	struct socket *s;
	struct file *f;
	ssize_t r;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	r = socket_from_fd(fd, &f, &s);
	if (r)
		return r;
	r = send_msg(f, s, umsg, flags);
	file_put(f);
	return r;
}

/* recvmsg(2). */
long sys_recvmsg(int fd, uaddr_t umsg, unsigned flags)
{
	struct socket *s;
	struct file *f;
	ssize_t r;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	r = socket_from_fd(fd, &f, &s);
	if (r)
		return r;
	r = recv_msg(f, s, umsg, flags);
	file_put(f);
	return r;
}

/* ---- many messages ---- */

static uaddr_t mmsg_len(uaddr_t umsg)
{
	return umsg + offsetof(struct user_mmsghdr, len);
}

/* sendmmsg(2). */
long sys_sendmmsg(int fd, uaddr_t umsgs, unsigned n, unsigned flags)
{
	struct socket *s;
	struct file *f;
	unsigned done = 0;
	ssize_t r;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	r = socket_from_fd(fd, &f, &s);
	if (r)
		return r;
	for (n = MIN(n, (unsigned)UIO_MAXIOV); done < n; done++) {
		uaddr_t at = umsgs + done * sizeof(struct user_mmsghdr);

		r = send_msg(f, s, at, flags);
		if (r >= 0)
			r = put_user(mmsg_len(at), (unsigned)r);
		if (r < 0)
			break;
	}
	file_put(f);
	return done ? (long)done : r;
}

/* Receive up to n messages, until the deadline has passed after one. */
static ssize_t recv_many(struct file *f, struct socket *s, uaddr_t umsgs, unsigned n,
			 unsigned flags, uint64_t deadline)
{
	unsigned done = 0;
	ssize_t r = 0;

	for (n = MIN(n, (unsigned)UIO_MAXIOV); done < n; done++) {
		uaddr_t at = umsgs + done * sizeof(struct user_mmsghdr);

		if (done && deadline != NO_DEADLINE && clock_mono_ns() >= deadline)
			break;
		r = recv_msg(f, s, at, flags & ~MSG_WAITFORONE);
		if (r >= 0)
			r = put_user(mmsg_len(at), (unsigned)r);
		if (r < 0)
			break;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
	}
	if (done && r < 0 && r != -EAGAIN && r > -ERESTARTSYS)
		s->error = -r; /* for the next call */
	return done ? (ssize_t)done : r;
}

/* recvmmsg(2). */
long sys_recvmmsg(int fd, uaddr_t umsgs, unsigned n, unsigned flags, uaddr_t utimeout)
{
	uint64_t deadline = NO_DEADLINE, ns;
	struct socket *s;
	struct file *f;
	ssize_t r;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	if (utimeout) {
		r = timespec_from_user(utimeout, &ns);
		if (r)
			return r;
		deadline = deadline_in(ns);
	}
	r = socket_from_fd(fd, &f, &s);
	if (r)
		return r;
	r = socket_take_error(s);
	if (!r)
		r = recv_many(f, s, umsgs, n, flags, deadline);
	if (r > 0 && utimeout && timespec_to_user(utimeout, deadline_left(deadline)))
		r = -EFAULT;
	file_put(f);
	return r;
}
