/* SPDX-License-Identifier: MIT */
/* Sockets in --strace, in strace(1)'s notation: names, addresses and message headers. */
#include "kernel/abi/socket.h"
#include "kernel/string.h"
#include "kernel/uaccess.h"
#include "syscalls/strace.h"

/* clang-format off */
#define N(constant) {(uint64_t)(uint32_t)(constant), #constant}

const struct trace_name names_af[] = {
	N(AF_UNSPEC), N(AF_UNIX), N(AF_INET), N(AF_INET6), N(AF_NETLINK), N(AF_PACKET), N(AF_VSOCK),
	NAMES_END,
};

const struct trace_name names_sock_type[] = {
	N(SOCK_STREAM), N(SOCK_DGRAM), N(SOCK_RAW), N(SOCK_RDM), N(SOCK_SEQPACKET), N(SOCK_DCCP),
	N(SOCK_PACKET), NAMES_END,
};

const struct trace_name names_sock_flags[] = {
	N(SOCK_CLOEXEC), N(SOCK_NONBLOCK), NAMES_END,
};

const struct trace_name names_msg_flags[] = {
	N(MSG_OOB), N(MSG_PEEK), N(MSG_DONTROUTE), N(MSG_CTRUNC), N(MSG_TRUNC), N(MSG_DONTWAIT),
	N(MSG_EOR), N(MSG_WAITALL), N(MSG_ERRQUEUE), N(MSG_NOSIGNAL), N(MSG_MORE),
	N(MSG_WAITFORONE), N(MSG_CMSG_CLOEXEC), NAMES_END,
};

const struct trace_name names_sock_level[] = {
	N(SOL_SOCKET), {0, "SOL_IP"}, {6, "SOL_TCP"}, {17, "SOL_UDP"}, {41, "SOL_IPV6"}, NAMES_END,
};

const struct trace_name names_sock_opt[] = {
	N(SO_DEBUG), N(SO_REUSEADDR), N(SO_TYPE), N(SO_ERROR), N(SO_DONTROUTE), N(SO_BROADCAST),
	N(SO_SNDBUF), N(SO_RCVBUF), N(SO_SNDBUFFORCE), N(SO_RCVBUFFORCE), N(SO_KEEPALIVE),
	N(SO_OOBINLINE), N(SO_NO_CHECK), N(SO_PRIORITY), N(SO_LINGER), N(SO_BSDCOMPAT),
	N(SO_REUSEPORT), N(SO_PASSCRED), N(SO_PEERCRED), N(SO_RCVLOWAT), N(SO_SNDLOWAT),
	{SO_RCVTIMEO_OLD, "SO_RCVTIMEO"}, {SO_SNDTIMEO_OLD, "SO_SNDTIMEO"}, N(SO_BINDTODEVICE),
	N(SO_ATTACH_FILTER), N(SO_DETACH_FILTER), N(SO_PEERNAME), {SO_TIMESTAMP_OLD, "SO_TIMESTAMP"},
	N(SO_ACCEPTCONN), N(SO_PEERSEC), N(SO_PASSSEC), {SO_TIMESTAMPNS_OLD, "SO_TIMESTAMPNS"},
	N(SO_MARK), N(SO_PROTOCOL), N(SO_DOMAIN), N(SO_RXQ_OVFL), N(SO_PEEK_OFF), N(SO_BUSY_POLL),
	N(SO_INCOMING_CPU), N(SO_COOKIE), N(SO_PEERGROUPS), N(SO_ZEROCOPY), NAMES_END,
};

const struct trace_name names_shut_how[] = {
	N(SHUT_RD), N(SHUT_WR), N(SHUT_RDWR), NAMES_END,
};

static const struct trace_name scm_types[] = {
	N(SCM_RIGHTS), N(SCM_CREDENTIALS), NAMES_END,
};
/* clang-format on */

void show_sock_type(struct trace *t, unsigned i, const struct trace_name *names)
{
	uint32_t type = t->args[i], flags = type & ~SOCK_TYPE_MASK;

	trace_choice(t, names, type & SOCK_TYPE_MASK);
	if (!flags)
		return;
	trace_printf(t, "|");
	trace_flags(t, names_sock_flags, flags);
}

/* Only SOL_SOCKET's are known; the level is the argument before. */
void show_sock_opt(struct trace *t, unsigned i, const struct trace_name *names)
{
	trace_choice(t, (int)t->args[i - 1] == SOL_SOCKET ? names : names_none, t->args[i]);
}

/* ---- addresses ---- */

static void print_unix_path(struct trace *t, uaddr_t addr, size_t n)
{
	char path[UNIX_PATH_MAX];

	n = MIN(n, sizeof(path));
	if (copy_from_user(path, addr, n))
		return;
	trace_printf(t, ", sun_path=%s", path[0] ? "" : "@");
	if (path[0])
		trace_text(t, path, strnlen(path, n));
	else
		trace_bytes(t, addr + 1, n - 1);
}

static void print_sockaddr(struct trace *t, uaddr_t addr, size_t len)
{
	uint16_t family;

	if (!addr || len < sizeof(family) || len > sizeof(struct sockaddr_any) ||
	    get_user(&family, addr)) {
		trace_addr(t, addr);
		return;
	}
	trace_printf(t, "{sa_family=");
	trace_choice(t, names_af, family);
	addr += sizeof(family);
	len -= sizeof(family);
	if (len && family == AF_UNIX) {
		print_unix_path(t, addr, len);
	} else if (len) {
		trace_printf(t, ", sa_data=");
		trace_bytes(t, addr, len);
	}
	trace_printf(t, "}");
}

void show_sockaddr_in(struct trace *t, unsigned i, const struct trace_name *names)
{
	print_sockaddr(t, t->args[i], (uint32_t)t->args[i + 1]);
}

void show_sockaddr_out(struct trace *t, unsigned i, const struct trace_name *names)
{
	uint32_t len;

	if (t->result < 0 || !t->args[i] || get_user(&len, t->args[i + 1]))
		trace_addr(t, t->args[i]);
	else
		print_sockaddr(t, t->args[i], len);
}

/* ---- options and messages ---- */

/* A number when it is one; *optlen, in the argument after, says how long it is. */
void show_optval_out(struct trace *t, unsigned i, const struct trace_name *names)
{
	int len, value;

	if (t->result < 0 || get_user(&len, t->args[i + 1]))
		trace_addr(t, t->args[i]);
	else if (len == sizeof(value) && !get_user(&value, t->args[i]))
		trace_printf(t, "[%d]", value);
	else
		trace_bytes(t, t->args[i], len);
}

static void print_segments(struct trace *t, const struct user_msghdr *h, size_t left)
{
	struct iovec v;

	trace_printf(t, ", msg_iov=[");
	for (size_t k = 0; k < MIN(h->msg_iovlen, (uint64_t)TRACE_ITEMS) &&
			   !get_user(&v, h->msg_iov + k * sizeof(v));
	     k++) {
		size_t n = MIN(v.iov_len, left);

		trace_printf(t, "%s{iov_base=", k ? ", " : "");
		trace_bytes(t, (uaddr_t)v.iov_base, n);
		trace_printf(t, ", iov_len=%lu}", (unsigned long)v.iov_len);
		left -= n;
	}
	trace_printf(t, "], msg_iovlen=%lu", (unsigned long)h->msg_iovlen);
}

/* The first control message is the one that programs use. */
static void print_control(struct trace *t, const struct user_msghdr *h)
{
	struct cmsghdr c;

	if (h->msg_controllen >= sizeof(c) && !get_user(&c, h->msg_control)) {
		trace_printf(
		    t, ", msg_control=[{cmsg_len=%lu, cmsg_level=", (unsigned long)c.cmsg_len);
		trace_choice(t, names_sock_level, c.cmsg_level);
		trace_printf(t, ", cmsg_type=");
		trace_choice(t, c.cmsg_level == SOL_SOCKET ? scm_types : names_none, c.cmsg_type);
		trace_printf(t, "}]");
	}
	trace_printf(t, ", msg_controllen=%lu", (unsigned long)h->msg_controllen);
}

void show_msghdr(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct user_msghdr h;

	if (!trace_fetch(t, i, &h, sizeof(h)))
		return;
	trace_printf(t, "{msg_name=");
	print_sockaddr(t, h.msg_name, (uint32_t)h.msg_namelen);
	trace_printf(t, ", msg_namelen=%d", h.msg_namelen);
	print_segments(t, &h, t->done ? (size_t)t->result : SIZE_MAX);
	print_control(t, &h);
	trace_printf(t, ", msg_flags=");
	trace_flags(t, names, h.msg_flags);
	trace_printf(t, "}");
}
