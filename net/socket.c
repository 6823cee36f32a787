/* SPDX-License-Identifier: MIT */
/*
 * What all sockets share (net/socket.h): the families, the open file, waiting with a timeout.
 */
#include "net/socket.h"
#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/poll.h"
#include "kernel/signal.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"
#include "net/netif.h"

static const struct socket_ops *const families[SOCK_FAMILIES] = {
    [AF_UNIX] = &unix_ops,	 [AF_INET] = &inet_ops,	    [AF_INET6] = &inet6_ops,
    [AF_NETLINK] = &netlink_ops, [AF_PACKET] = &packet_ops,
};

void socket_init(struct socket *s, const struct socket_ops *ops, int family, int type)
{
	*s = (struct socket){
	    .ops = ops,
	    .family = family,
	    .type = type,
	    .sndbuf = SOCK_BUF_DEFAULT,
	    .rcvbuf = SOCK_BUF_DEFAULT,
	    .rcvlowat = 1,
	    .sndtimeo_ns = NO_DEADLINE,
	    .rcvtimeo_ns = NO_DEADLINE,
	    .peer = {.uid = -1, .gid = -1},
	};
	wait_queue_init(&s->wq);
}

int socket_create(int family, int type, int protocol, struct socket **out)
{
	if (family < 0 || family >= SOCK_FAMILIES)
		return -EAFNOSUPPORT;
	if (type < 0 || type >= SOCK_TYPES)
		return -EINVAL;
	if (!families[family])
		return -EAFNOSUPPORT;
	return families[family]->create(type, protocol, out);
}

int socket_take_error(struct socket *s)
{
	return -__atomic_exchange_n(&s->error, 0, __ATOMIC_RELAXED);
}

uint64_t socket_deadline(uint64_t timeout_ns, bool nonblock)
{
	uint64_t now;

	if (nonblock)
		return 0;
	if (timeout_ns == NO_DEADLINE)
		return NO_DEADLINE;
	now = clock_mono_ns();
	return timeout_ns < NO_DEADLINE - now ? now + timeout_ns : NO_DEADLINE;
}

int socket_wait_error(int r, uint64_t timeout_ns)
{
	if (r == -ETIMEDOUT)
		return -EAGAIN;
	return r == -ERESTARTSYS && timeout_ns != NO_DEADLINE ? -EINTR : r;
}

struct ucred socket_current_cred(bool effective)
{
	const struct process *p = current_process();
	const struct cred *c = current->cred;

	return (struct ucred){.pid = p->pid,
			      .uid = effective ? c->euid : c->uid,
			      .gid = effective ? c->egid : c->gid};
}

ssize_t socket_send(struct socket *s, struct sock_msg *m)
{
	ssize_t r = s->ops->send(s, m);

	if (r == -EPIPE && s->type == SOCK_STREAM && !(m->flags & MSG_NOSIGNAL))
		signal_sigpipe();
	return r;
}

ssize_t socket_recv(struct socket *s, struct sock_msg *m)
{
	return s->ops->recv(s, m);
}

void socket_put_control(struct sock_msg *m, int level, int type, const void *data, size_t len)
{
	struct cmsghdr c = {.cmsg_len = CMSG_LEN(len), .cmsg_level = level, .cmsg_type = type};
	size_t space = MIN(CMSG_SPACE(len), m->control_len);

	if (m->control_len < sizeof(c)) {
		m->out_flags |= MSG_CTRUNC;
		return;
	}
	if (m->control_len < CMSG_LEN(len)) {
		m->out_flags |= MSG_CTRUNC;
		c.cmsg_len = m->control_len;
	}
	if (put_user(m->control_to, c) ||
	    copy_to_user(m->control_to + sizeof(c), data, c.cmsg_len - sizeof(c)))
		return;
	m->control_to += space;
	m->control_len -= space;
}

/* ---- the open file ---- */

static unsigned file_msg_flags(const struct file *f, const struct iter *it)
{
	return (f->flags & O_NONBLOCK) || it->nowait ? MSG_DONTWAIT : 0;
}

static ssize_t socket_file_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct sock_msg m = {.data = to, .flags = file_msg_flags(f, to)};

	return to->left ? socket_recv(f->priv, &m) : 0;
}

static ssize_t socket_file_write(struct file *f, struct iter *from, uint64_t *pos)
{
	struct sock_msg m = {.data = from, .flags = file_msg_flags(f, from)};

	return socket_send(f->priv, &m);
}

static unsigned socket_file_poll(struct file *f, struct poll_table *pt)
{
	struct socket *s = f->priv;

	return s->ops->poll(s, pt);
}

static long socket_file_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct socket *s = f->priv;
	long r = s->ops->ioctl ? s->ops->ioctl(s, cmd, arg) : -ENOTTY;

	return r == -ENOTTY ? netif_ioctl(s->family, cmd, arg) : r;
}

static void socket_file_release(struct file *f)
{
	struct socket *s = f->priv;

	s->file = NULL;
	s->ops->release(s);
}

static int socket_map_page(struct file *f, uint64_t index, bool write, struct page **out)
{
	struct socket *s = f->priv;

	return s->ops->map_page(s, index, out);
}

#define FILE_OPS                                                                                   \
	.read = socket_file_read, .write = socket_file_write, .poll = socket_file_poll,            \
	.ioctl = socket_file_ioctl, .release = socket_file_release
static const struct file_ops socket_file_ops = {FILE_OPS};
static const struct file_ops socket_mapped_ops = {FILE_OPS, .map_page = socket_map_page};

struct socket *socket_of(const struct file *f)
{
	return f->ops == &socket_file_ops || f->ops == &socket_mapped_ops ? f->priv : NULL;
}

int socket_file(struct socket *s, struct inode *in, uint64_t ino, unsigned flags, struct file **out)
{
	unsigned kind = FILE_STREAM | (s->ops->map_page ? FILE_MAP_WRITE : 0);
	const struct file_ops *ops = s->ops->map_page ? &socket_mapped_ops : &socket_file_ops;
	int r = file_new(ops, in, O_RDWR | flags, kind, out);

	if (r)
		return r;
	s->ino = ino;
	s->file = *out;
	(*out)->priv = s;
	return 0;
}
