/* SPDX-License-Identifier: MIT */
/*
 * Options of SOL_SOCKET: socket(7). One table for those that are a bit; the others have an effect
 * or a rule of their own. Options of hardware, filters and time stamps are ENOPROTOOPT, as on a
 * kernel built without them.
 */
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"
#include "net/sock_filter.h"

#define SNDBUF_MIN 4608u /* what Linux's bookkeeping of two packets takes */
#define RCVBUF_MIN 2304u

static const struct {
	int opt;
	unsigned bit;
} bits[] = {
    {SO_DEBUG, SOCKOPT_DEBUG},	       {SO_REUSEADDR, SOCKOPT_REUSEADDR},
    {SO_DONTROUTE, SOCKOPT_DONTROUTE}, {SO_BROADCAST, SOCKOPT_BROADCAST},
    {SO_KEEPALIVE, SOCKOPT_KEEPALIVE}, {SO_OOBINLINE, SOCKOPT_OOBINLINE},
    {SO_NO_CHECK, SOCKOPT_NO_CHECK},   {SO_REUSEPORT, SOCKOPT_REUSEPORT},
    {SO_PASSCRED, SOCKOPT_PASSCRED},
};

static unsigned bit_of(int opt)
{
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (bits[i].opt == opt)
			return bits[i].bit;
	return 0;
}

/* ---- setting ---- */

/* Linux doubles what it is asked for, to cover its own bookkeeping. */
static unsigned buf_size(int value, unsigned min, bool force)
{
	unsigned size = MIN((unsigned)value, (unsigned)INT32_MAX / 2);

	if (!force)
		size = MIN(size, SOCK_BUF_DEFAULT);
	else if (value < 0)
		size = 0;
	return MAX(size * 2, min);
}

static int set_timeout(uint64_t *timeout_ns, uaddr_t val, unsigned len)
{
	struct __kernel_sock_timeval tv;

	if (len < sizeof(tv))
		return -EINVAL;
	if (get_user(&tv, val))
		return -EFAULT;
	if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EDOM;
	if (tv.tv_sec < 0)
		*timeout_ns = 0;
	else if ((tv.tv_sec == 0 && tv.tv_usec == 0) ||
		 tv.tv_sec >= (int64_t)(INT64_MAX / NSEC_PER_SEC) - 1)
		*timeout_ns = NO_DEADLINE;
	else
		*timeout_ns = tv.tv_sec * NSEC_PER_SEC + tv.tv_usec * NSEC_PER_USEC;
	return 0;
}

static int set_linger(struct socket *s, uaddr_t val, unsigned len)
{
	struct linger l;

	if (len < sizeof(l))
		return -EINVAL;
	if (get_user(&l, val))
		return -EFAULT;
	s->linger.l_onoff = !!l.l_onoff;
	if (l.l_onoff)
		s->linger.l_linger = l.l_linger;
	return 0;
}

static int set_bit(struct socket *s, unsigned bit, int value)
{
	if (bit == SOCKOPT_DEBUG && value && !capable(CAP_NET_ADMIN))
		return -EACCES;
	if (bit == SOCKOPT_PASSCRED && s->family != AF_UNIX)
		return -EOPNOTSUPP;
	if (bit == SOCKOPT_REUSEPORT && s->family == AF_UNIX && value)
		return -EOPNOTSUPP;
	s->options = value ? s->options | bit : s->options & ~bit;
	return 0;
}

static int set_number(struct socket *s, int opt, int value)
{
	bool force = opt == SO_SNDBUFFORCE || opt == SO_RCVBUFFORCE;

	if ((force || opt == SO_MARK) && !capable(CAP_NET_ADMIN))
		return -EPERM;
	switch (opt) {
	case SO_SNDBUF:
	case SO_SNDBUFFORCE:
		s->sndbuf = buf_size(value, SNDBUF_MIN, force);
		wait_wake_all(&s->wq);
		return 0;
	case SO_RCVBUF:
	case SO_RCVBUFFORCE:
		s->rcvbuf = buf_size(value, RCVBUF_MIN, force);
		return 0;
	case SO_RCVLOWAT:
		s->rcvlowat = value < 0 ? INT32_MAX : value ? value : 1;
		return 0;
	case SO_PRIORITY:
		if ((value < 0 || value > 6) && !capable(CAP_NET_ADMIN))
			return -EPERM;
		s->priority = value;
		return 0;
	case SO_MARK:
		s->mark = value;
		return 0;
	case SO_BSDCOMPAT:
		return 0;
	}
	return -ENOPROTOOPT;
}

static bool is_filter(int opt)
{
	return opt == SO_ATTACH_FILTER || opt == SO_DETACH_FILTER || opt == SO_LOCK_FILTER;
}

static int set_filter(struct socket *s, int opt, int value, uaddr_t val, unsigned len)
{
	if (opt == SO_ATTACH_FILTER)
		return socket_attach_filter(s, val, len);
	if (opt == SO_DETACH_FILTER)
		return socket_detach_filter(s);
	if (s->filter_locked && !value)
		return -EPERM;
	s->filter_locked = value;
	return 0;
}

int socket_setopt(struct socket *s, int level, int opt, uaddr_t val, int len)
{
	int value;

	if (len < 0)
		return -EINVAL;
	if (level != SOL_SOCKET)
		return s->ops->setopt ? s->ops->setopt(s, level, opt, val, len) : -EOPNOTSUPP;
	if ((size_t)len < sizeof(value))
		return -EINVAL;
	if (get_user(&value, val))
		return -EFAULT;
	switch (opt) {
	case SO_RCVTIMEO_OLD:
	case SO_RCVTIMEO_NEW:
		return set_timeout(&s->rcvtimeo_ns, val, len);
	case SO_SNDTIMEO_OLD:
	case SO_SNDTIMEO_NEW:
		return set_timeout(&s->sndtimeo_ns, val, len);
	case SO_LINGER:
		return set_linger(s, val, len);
	}
	if (s->ops->filters && is_filter(opt))
		return set_filter(s, opt, value, val, len);
	return bit_of(opt) ? set_bit(s, bit_of(opt), value) : set_number(s, opt, value);
}

/* ---- asking ---- */

/* An option's value: size 0 means that it is unknown. */
struct value {
	unsigned size;
	union {
		int number;
		uint64_t number64;
		struct linger linger;
		struct ucred cred;
		struct __kernel_sock_timeval time;
	};
};

static struct value number(int n)
{
	return (struct value){.size = sizeof(int), .number = n};
}

static struct value timeout(uint64_t ns)
{
	struct value v = {.size = sizeof(v.time)};

	if (ns != NO_DEADLINE) {
		v.time.tv_sec = ns / NSEC_PER_SEC;
		v.time.tv_usec = ns % NSEC_PER_SEC / NSEC_PER_USEC;
	}
	return v;
}

static struct value value_of(struct socket *s, int opt)
{
	switch (opt) {
	case SO_TYPE:
		return number(s->type);
	case SO_DOMAIN:
		return number(s->family);
	case SO_PROTOCOL:
		return number(s->protocol);
	case SO_ERROR:
		return number(-socket_take_error(s));
	case SO_ACCEPTCONN:
		return number(s->listening);
	case SO_SNDBUF:
		return number(s->sndbuf);
	case SO_RCVBUF:
		return number(s->rcvbuf);
	case SO_RCVLOWAT:
		return number(s->rcvlowat);
	case SO_SNDLOWAT:
		return number(1);
	case SO_PRIORITY:
		return number(s->priority);
	case SO_MARK:
		return number(s->mark);
	case SO_BSDCOMPAT:
		return number(0);
	case SO_LOCK_FILTER:
		return s->ops->filters ? number(s->filter_locked) : (struct value){0};
	case SO_RCVTIMEO_OLD:
	case SO_RCVTIMEO_NEW:
		return timeout(s->rcvtimeo_ns);
	case SO_SNDTIMEO_OLD:
	case SO_SNDTIMEO_NEW:
		return timeout(s->sndtimeo_ns);
	case SO_LINGER:
		return (struct value){.size = sizeof(s->linger), .linger = s->linger};
	case SO_PEERCRED:
		return (struct value){.size = sizeof(s->peer), .cred = s->peer};
	case SO_COOKIE:
		return (struct value){.size = sizeof(uint64_t), .number64 = s->ino};
	}
	return bit_of(opt) ? number(!!(s->options & bit_of(opt))) : (struct value){0};
}

int socket_store_opt(const void *data, unsigned size, uaddr_t val, uaddr_t ulen)
{
	int len;

	if (get_user(&len, ulen))
		return -EFAULT;
	len = MIN((unsigned)len, size);
	if (copy_to_user(val, data, len))
		return -EFAULT;
	return put_user(ulen, len);
}

/* SO_PEERNAME: getpeername(2), but with room for all of it. */
static int peer_name(struct socket *s, uaddr_t val, uaddr_t ulen, int len)
{
	struct sockaddr_any a;
	int n = s->ops->getname(s, true, &a);

	if (n < 0)
		return -ENOTCONN;
	return n < len ? -EINVAL : socket_store_opt(&a, n, val, ulen);
}

int socket_getopt(struct socket *s, int level, int opt, uaddr_t val, uaddr_t ulen)
{
	struct value v;
	int len;

	if (level != SOL_SOCKET)
		return s->ops->getopt ? s->ops->getopt(s, level, opt, val, ulen) : -EOPNOTSUPP;
	if (get_user(&len, ulen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	if (opt == SO_PEERNAME)
		return peer_name(s, val, ulen, len);
	if (opt == SO_GET_FILTER && s->ops->filters)
		return socket_get_filter(s, val, ulen);
	if (opt == SO_COOKIE && (size_t)len < sizeof(uint64_t))
		return -EINVAL;
	v = value_of(s, opt);
	return v.size ? socket_store_opt(&v.number, v.size, val, ulen) : -ENOPROTOOPT;
}
