/* SPDX-License-Identifier: MIT */
/*
 * socket(2) and the calls about sockets' names, connections and options, in Linux's order of
 * checks. What a socket does is its family's business (net/socket.h).
 */
#include "syscalls/socket.h"
#include "kernel/string.h"
#include "syscalls/syscall.h"

#include "syscalls/util.h"

/* ---- shared with sockmsg.c ---- */

int socket_from_fd(int fd, struct file **f, struct socket **s)
{
	*f = fd_file(fd);
	if (!*f)
		return -EBADF;
	*s = socket_of(*f);
	if (*s)
		return 0;
	file_put(*f);
	return -ENOTSOCK;
}

int address_from_user(struct sockaddr_any *a, uaddr_t uaddr, int len)
{
	memset(a, 0, sizeof(*a));
	if (len < 0 || (size_t)len > sizeof(*a))
		return -EINVAL;
	return copy_from_user(a, uaddr, len);
}

int address_to_user(const struct sockaddr_any *a, unsigned len, uaddr_t uaddr, uaddr_t ulen)
{
	int room;

	if (get_user(&room, ulen))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (copy_to_user(uaddr, a, MIN((unsigned)room, len)))
		return -EFAULT;
	return put_user(ulen, (int)len);
}

/* ---- making sockets ---- */

/* The open file of a new socket, which goes if that fails. */
static int file_of(struct socket *s, unsigned flags, struct file **out)
{
	struct inode *in;
	int r = vfs_anon_inode(S_IFSOCK | 0777, &in);

	if (!r) {
		r = socket_file(s, in, in->ino, flags & O_NONBLOCK, out);
		if (r)
			inode_put(in);
	}
	if (r)
		s->ops->release(s);
	return r;
}

int socket_new_file(int family, int type, int protocol, unsigned flags, struct file **out)
{
	struct socket *s;
	int r = socket_create(family, type, protocol, &s);

	return r ? r : file_of(s, flags, out);
}

/* socket(2). */
long sys_socket(int family, int type, int protocol)
{
	unsigned flags = type & ~SOCK_TYPE_MASK;
	struct file *f;
	int r;

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	r = socket_new_file(family, type & SOCK_TYPE_MASK, protocol, flags, &f);
	return r ? r : fd_new(f, flags & SOCK_CLOEXEC);
}

/* Two files that are connected with each other. */
static int new_pair(int family, int type, int protocol, unsigned flags, struct file *out[2])
{
	struct socket *a;
	int r = socket_new_file(family, type, protocol, flags, &out[0]);

	if (r)
		return r;
	r = socket_new_file(family, type, protocol, flags, &out[1]);
	if (!r) {
		a = socket_of(out[0]);
		r = a->ops->pair ? a->ops->pair(a, socket_of(out[1])) : -EOPNOTSUPP;
		if (r)
			file_put(out[1]);
	}
	if (r)
		file_put(out[0]);
	return r;
}

/* socketpair(2). */
long sys_socketpair(int family, int type, int protocol, uaddr_t ufds)
{
	unsigned flags = type & ~SOCK_TYPE_MASK;
	struct files *fs = current_process()->files;
	struct file *f[2];
	int fds[2], r;

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	r = new_pair(family, type & SOCK_TYPE_MASK, protocol, flags, f);
	if (r)
		return r;
	fds[0] = fd_new(f[0], flags & SOCK_CLOEXEC);
	if (fds[0] < 0) {
		file_put(f[1]);
		return fds[0];
	}
	fds[1] = fd_new(f[1], flags & SOCK_CLOEXEC);
	r = fds[1] < 0 ? fds[1] : copy_to_user(ufds, fds, sizeof(fds));
	if (r)
		fd_close(fs, fds[0]);
	if (r && fds[1] >= 0)
		fd_close(fs, fds[1]);
	return r;
}

/* ---- connections ---- */

/* bind(2). */
long sys_bind(int fd, uaddr_t uaddr, int len)
{
	struct sockaddr_any a;
	struct socket *s;
	struct file *f;
	int r = socket_from_fd(fd, &f, &s);

	if (r)
		return r;
	r = address_from_user(&a, uaddr, len);
	if (!r)
		r = s->ops->bind(s, &a, len);
	file_put(f);
	return r;
}

/* connect(2): here the address is looked at before the kind of file. */
long sys_connect(int fd, uaddr_t uaddr, int len)
{
	struct sockaddr_any a;
	struct file *f = fd_file(fd);
	struct socket *s;
	int r;

	if (!f)
		return -EBADF;
	s = socket_of(f);
	r = address_from_user(&a, uaddr, len);
	if (!r)
		r = s ? s->ops->connect(s, &a, len, f->flags & O_NONBLOCK) : -ENOTSOCK;
	file_put(f);
	return r;
}

/* listen(2). */
long sys_listen(int fd, int backlog)
{
	struct socket *s;
	struct file *f;
	int r = socket_from_fd(fd, &f, &s);

	if (r)
		return r;
	r = s->ops->listen ? s->ops->listen(s, MIN((unsigned)backlog, (unsigned)SOMAXCONN))
			   : -EOPNOTSUPP;
	file_put(f);
	return r;
}

/* Wait for a connection; its file, and the peer's address where the program wants it. */
int socket_accept_file(struct socket *s, bool nonblock, unsigned flags, uaddr_t uaddr, uaddr_t ulen,
		       struct file **out)
{
	struct sockaddr_any a;
	struct socket *c;
	int r = s->ops->accept ? s->ops->accept(s, nonblock, &c) : -EOPNOTSUPP;

	if (!r)
		r = file_of(c, flags, out);
	if (r || !uaddr)
		return r;
	r = c->ops->getname(c, true, &a);
	r = r < 0 ? -ECONNABORTED : address_to_user(&a, r, uaddr, ulen);
	if (r)
		file_put(*out);
	return r;
}

/* accept4(2). */
long sys_accept4(int fd, uaddr_t uaddr, uaddr_t ulen, unsigned flags)
{
	struct file *f = fd_file(fd), *new;
	struct socket *s;
	int r;

	if (!f)
		return -EBADF;
	s = socket_of(f);
	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		r = -EINVAL;
	else if (!s)
		r = -ENOTSOCK;
	else
		r = fd_room(current_process()->files);
	if (!r)
		r = socket_accept_file(s, f->flags & O_NONBLOCK, flags, uaddr, ulen, &new);
	file_put(f);
	return r ? r : fd_new(new, flags & SOCK_CLOEXEC);
}

/* accept(2). */
long sys_accept(int fd, uaddr_t uaddr, uaddr_t ulen)
{
	return sys_accept4(fd, uaddr, ulen, 0);
}

int socket_shutdown(struct socket *s, int how)
{
	return how < SHUT_RD || how > SHUT_RDWR ? -EINVAL : s->ops->shutdown(s, how);
}

/* shutdown(2). */
long sys_shutdown(int fd, int how)
{
	struct socket *s;
	struct file *f;
	int r = socket_from_fd(fd, &f, &s);

	if (r)
		return r;
	r = socket_shutdown(s, how);
	file_put(f);
	return r;
}

/* ---- names and options ---- */

static long get_name(int fd, bool peer, uaddr_t uaddr, uaddr_t ulen)
{
	struct sockaddr_any a;
	struct socket *s;
	struct file *f;
	int r = socket_from_fd(fd, &f, &s);

	if (r)
		return r;
	r = s->ops->getname(s, peer, &a);
	if (r >= 0)
		r = address_to_user(&a, r, uaddr, ulen);
	file_put(f);
	return r;
}

/* getsockname(2). */
long sys_getsockname(int fd, uaddr_t uaddr, uaddr_t ulen)
{
	return get_name(fd, false, uaddr, ulen);
}

/* getpeername(2). */
long sys_getpeername(int fd, uaddr_t uaddr, uaddr_t ulen)
{
	return get_name(fd, true, uaddr, ulen);
}

/* setsockopt(2). */
long sys_setsockopt(int fd, int level, int opt, uaddr_t val, int len)
{
	struct socket *s;
	struct file *f;
	int r = socket_from_fd(fd, &f, &s);

	if (r)
		return r;
	r = socket_setopt(s, level, opt, val, len);
	file_put(f);
	return r;
}

/* getsockopt(2). */
long sys_getsockopt(int fd, int level, int opt, uaddr_t val, uaddr_t ulen)
{
	struct socket *s;
	struct file *f;
	int r = socket_from_fd(fd, &f, &s);

	if (r)
		return r;
	r = socket_getopt(s, level, opt, val, ulen);
	file_put(f);
	return r;
}
