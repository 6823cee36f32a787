/* SPDX-License-Identifier: MIT */
/*
 * Options of Internet sockets: ip(7), ipv6(7), tcp(7), udp(7). Most are a number with a range, kept
 * for whoever asks: one table row each. The others follow it.
 */
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"
#include "net/inet.h"

#define LOOPBACK_MTU 65536
#define DEFAULT_TTL  64

enum row_flags {
	BOOL = 1,    /* anything but 0 is 1 */
	STREAM = 2,  /* of TCP sockets only */
	ADMIN = 4,   /* needs CAP_NET_ADMIN or CAP_NET_RAW to be switched on */
	UNSET = 8,   /* -1 stands for the default */
	CLOSED = 16, /* while not connected only: -EINVAL */
};

struct row {
	uint16_t level, opt, offset, flags;
	int min, max, initial;
};

#define O(name) offsetof(struct inet_opts, name)

static const struct row rows[] = {
    {IPPROTO_TCP, TCP_NODELAY, O(nodelay), BOOL, 0, 0, 0},
    {IPPROTO_TCP, TCP_CORK, O(cork), BOOL, 0, 0, 0},
    {IPPROTO_TCP, TCP_KEEPIDLE, O(keepidle), 0, 1, 32767, 7200},
    {IPPROTO_TCP, TCP_KEEPINTVL, O(keepintvl), 0, 1, 32767, 75},
    {IPPROTO_TCP, TCP_KEEPCNT, O(keepcnt), 0, 1, 127, 9},
    {IPPROTO_TCP, TCP_SYNCNT, O(syncnt), 0, 1, 127, 6},
    {IPPROTO_TCP, TCP_QUICKACK, O(quickack), BOOL, 0, 0, 1},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, O(user_timeout), 0, 0, INT32_MAX, 0},
    {IPPROTO_TCP, TCP_FASTOPEN_CONNECT, O(fastopen_connect), BOOL | CLOSED, 0, 1, 0},
    {IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, O(fastopen_no_cookie), BOOL | CLOSED, 0, 1, 0},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT, O(notsent_lowat), 0, INT32_MIN, INT32_MAX, 0},
    {IPPROTO_TCP, TCP_SAVE_SYN, O(save_syn), 0, 0, 2, 0},
    {IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, O(thin_linear), 0, 0, 1, 0},
    {IPPROTO_TCP, TCP_THIN_DUPACK, O(thin_dupack), 0, 0, 1, 0},
    {IPPROTO_TCP, TCP_INQ, O(inq), 0, 0, 1, 0},
    {IPPROTO_UDP, UDP_CORK, O(udp_cork), BOOL, 0, 0, 0},
    {IPPROTO_UDP, UDP_SEGMENT, O(udp_segment), 0, 0, 65535, 0},
    {IPPROTO_UDP, UDP_GRO, O(udp_gro), BOOL, 0, 0, 0},
    {IPPROTO_UDP, UDP_NO_CHECK6_TX, O(no_check6_tx), BOOL, 0, 0, 0},
    {IPPROTO_UDP, UDP_NO_CHECK6_RX, O(no_check6_rx), BOOL, 0, 0, 0},
    {IPPROTO_UDPLITE, UDPLITE_SEND_CSCOV, O(send_cscov), 0, 0, 65535, 0},
    {IPPROTO_UDPLITE, UDPLITE_RECV_CSCOV, O(recv_cscov), 0, 0, 65535, 0},
    {IPPROTO_IP, IP_TOS, O(tos), 0, INT32_MIN, INT32_MAX, 0},
    {IPPROTO_IP, IP_TTL, O(ttl), UNSET, 1, 255, -1},
    {IPPROTO_IP, IP_MULTICAST_TTL, O(mc_ttl), UNSET, 0, 255, 1},
    {IPPROTO_IP, IP_MULTICAST_LOOP, O(mc_loop), BOOL, 0, 0, 1},
    {IPPROTO_IP, IP_MULTICAST_ALL, O(mc_all), 0, 0, 1, 1},
    {IPPROTO_IP, IP_PKTINFO, O(pktinfo), BOOL, 0, 0, 0},
    {IPPROTO_IP, IP_RECVTTL, O(recvttl), BOOL, 0, 0, 0},
    {IPPROTO_IP, IP_RECVTOS, O(recvtos), BOOL, 0, 0, 0},
    {IPPROTO_IP, IP_RETOPTS, O(retopts), BOOL, 0, 0, 0},
    {IPPROTO_IP, IP_RECVOPTS, O(recvopts), BOOL, 0, 0, 0},
    {IPPROTO_IP, IP_RECVORIGDSTADDR, O(recvorigdst), BOOL, 0, 0, 0},
    {IPPROTO_IP, IP_RECVERR, O(recverr), BOOL, 0, 0, 0},
    {IPPROTO_IP, IP_MTU_DISCOVER, O(mtu_discover), 0, 0, 5, 1},
    {IPPROTO_IP, IP_FREEBIND, O(freebind), BOOL, 0, 0, 0},
    {IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, O(no_port), BOOL, 0, 0, 0},
    {IPPROTO_IP, IP_MINTTL, O(minttl), 0, 0, 255, 0},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, O(hops), UNSET, 0, 255, -1},
    {IPPROTO_IPV6, IPV6_MULTICAST_HOPS, O(mc_hops), UNSET, 0, 255, -1},
    {IPPROTO_IPV6, IPV6_MULTICAST_LOOP, O(mc_loop6), 0, 0, 1, 1},
    {IPPROTO_IPV6, IPV6_MULTICAST_ALL, O(mc_all6), 0, 0, 1, 1},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, O(recvpktinfo), BOOL, 0, 0, 0},
    {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, O(recvhoplimit), BOOL, 0, 0, 0},
    {IPPROTO_IPV6, IPV6_RECVTCLASS, O(recvtclass), BOOL, 0, 0, 0},
    {IPPROTO_IPV6, IPV6_TCLASS, O(tclass), UNSET, 0, 255, 0},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER, O(mtu_discover6), 0, 0, 5, 1},
    {IPPROTO_IPV6, IPV6_RECVERR, O(recverr6), BOOL, 0, 0, 0},
    {IPPROTO_IPV6, IPV6_DONTFRAG, O(dontfrag), BOOL, 0, 0, 0},
    {IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, O(autoflowlabel), BOOL, 0, 0, 1},
    {IPPROTO_IPV6, IPV6_FREEBIND, O(freebind6), BOOL, 0, 0, 0},
    {IPPROTO_IPV6, IPV6_MINHOPCOUNT, O(minhops), 0, 0, 255, 0},
};

static const struct row *find_row(int level, int opt)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].level == level && rows[i].opt == opt)
			return &rows[i];
	return NULL;
}

static int *value_of(struct inet_sock *u, const struct row *row)
{
	return (int *)((char *)&u->opts + row->offset);
}

void inet_opts_init(struct inet_sock *u)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		*value_of(u, &rows[i]) = rows[i].initial;
	u->opts.linger2 = 60;
}

/* Does the socket have options of that level? */
static bool has_level(const struct inet_sock *u, int level)
{
	switch (level) {
	case IPPROTO_IP:
		return true;
	case IPPROTO_IPV6:
		return u->s.family == AF_INET6;
	case IPPROTO_TCP:
		return u->s.type == SOCK_STREAM;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return u->s.type == SOCK_DGRAM &&
		       (u->s.protocol == IPPROTO_UDPLITE || level == IPPROTO_UDP);
	}
	return false;
}

/* ---- setting ---- */

static int set_row(struct inet_sock *u, const struct row *row, int value)
{
	int *v = value_of(u, row);

	if (row->flags & BOOL)
		value = row->max && (value < 0 || value > row->max) ? -1 : !!value;
	else if ((row->flags & UNSET) && value == -1)
		value = row->initial;
	else if (value < row->min || value > row->max)
		return -EINVAL;
	if ((row->flags & BOOL) && value < 0)
		return -EINVAL;
	if ((row->flags & CLOSED) && u->state != TCP_CLOSE)
		return -EINVAL;
	if (row->offset == O(tos))
		value &= 0xff;
	if ((row->offset == O(tos) || row->offset == O(tclass)) && u->s.type == SOCK_STREAM)
		value &= ~3; /* congestion notification is TCP's own */
	*v = value;
	return 0;
}

/* What TCP_DEFER_ACCEPT makes of seconds: those of a number of retransmissions. */
static int whole_retransmissions(int seconds)
{
	int period = 1, sum = 1;

	if (seconds <= 0)
		return 0;
	while (sum < seconds) {
		period = MIN(period * 2, 120);
		sum += period;
	}
	return sum;
}

static int set_tcp(struct inet_sock *u, int opt, int value)
{
	struct inet_opts *o = &u->opts;

	switch (opt) {
	case TCP_MAXSEG:
		if (value && (value < 88 || value > 32767))
			return -EINVAL;
		o->maxseg = value;
		return 0;
	case TCP_LINGER2:
		o->linger2 = value < 0 ? -1 : value > 120 ? 120 : value;
		return 0;
	case TCP_DEFER_ACCEPT:
		o->defer_accept = whole_retransmissions(value);
		return 0;
	case TCP_WINDOW_CLAMP:
		if (!value && u->state != TCP_CLOSE)
			return -EINVAL;
		o->window_clamp = value ? MAX(value, 1152) : 0;
		return 0;
	case TCP_FASTOPEN:
		if (value < 0 || (u->state != TCP_CLOSE && u->state != TCP_LISTEN))
			return -EINVAL;
		o->fastopen = value;
		return 0;
	case TCP_REPAIR:
		return -EPERM;
	}
	return -ENOPROTOOPT;
}

/* TCP_CONGESTION: nothing is ever congested here, so one is as good as the other. */
static const char congestion_name[][16] = {"cubic", "reno"};

static int set_congestion(struct inet_sock *u, uaddr_t val, unsigned len)
{
	char name[sizeof(congestion_name[0])] = {0};

	if (len < 1)
		return -EINVAL;
	if (copy_from_user(name, val, MIN(len, sizeof(name) - 1)))
		return -EFAULT;
	for (size_t i = 0; i < ARRAY_SIZE(congestion_name); i++) {
		if (strcmp(name, congestion_name[i]) == 0) {
			u->opts.congestion = i;
			return 0;
		}
	}
	return -ENOENT;
}

static int set_ipv6(struct inet_sock *u, int opt, int value)
{
	switch (opt) {
	case IPV6_V6ONLY:
		if (u->local.port)
			return -EINVAL;
		u->opts.v6only = !!value;
		return 0;
	case IPV6_MULTICAST_IF:
		return value == 0 || value == 1 ? 0 : -ENODEV;
	}
	return -ENOPROTOOPT;
}

/* A group at an interface: the loopback interface does no multicast, and there is no other. */
static int set_membership(unsigned len, size_t least)
{
	return len < least ? -EINVAL : -ENODEV;
}

static int set_ip(struct inet_sock *u, int opt, int value, unsigned len)
{
	switch (opt) {
	case IP_TRANSPARENT:
		return value && !capable(CAP_NET_ADMIN) ? -EPERM : -ENOPROTOOPT;
	case IP_MULTICAST_IF:
		return len < sizeof(struct in_addr) ? -EINVAL : value ? -EADDRNOTAVAIL : 0;
	case IP_ADD_MEMBERSHIP:
		return set_membership(len, sizeof(struct ip_mreq));
	case IP_DROP_MEMBERSHIP:
		return len < sizeof(struct ip_mreq) ? -EINVAL : -EADDRNOTAVAIL;
	}
	return -ENOPROTOOPT;
}

/* An option's number; at the level of IP one byte will do. */
static int get_number(int level, uaddr_t val, unsigned len, int *out)
{
	uint8_t byte;

	if (len >= sizeof(*out))
		return get_user(out, val) ? -EFAULT : 0;
	if (level != IPPROTO_IP)
		return -EINVAL;
	*out = 0;
	if (!len)
		return 0;
	if (get_user(&byte, val))
		return -EFAULT;
	*out = byte;
	return 0;
}

int inet_setopt(struct socket *s, int level, int opt, uaddr_t val, unsigned len)
{
	struct inet_sock *u = inet_sock(s);
	const struct row *row;
	int value, r;

	if (!has_level(u, level))
		return -ENOPROTOOPT;
	if (level == IPPROTO_TCP && opt == TCP_CONGESTION)
		return set_congestion(u, val, len);
	if (level == IPPROTO_IPV6 && (opt == IPV6_ADD_MEMBERSHIP || opt == IPV6_DROP_MEMBERSHIP))
		return opt == IPV6_ADD_MEMBERSHIP ? set_membership(len, sizeof(struct ipv6_mreq))
						  : -EADDRNOTAVAIL;
	r = get_number(level, val, len, &value);
	if (r)
		return r;
	row = find_row(level, opt);
	if (row)
		return set_row(u, row, value);
	return level == IPPROTO_TCP    ? set_tcp(u, opt, value)
	       : level == IPPROTO_IPV6 ? set_ipv6(u, opt, value)
	       : level == IPPROTO_IP   ? set_ip(u, opt, value, len)
				       : -ENOPROTOOPT;
}

/* ---- asking ---- */

static int mss(const struct inet_sock *u)
{
	if (!u->peer)
		return u->opts.maxseg ? u->opts.maxseg : 536;
	return inet_is_v4(&u->local.ip) ? LOOPBACK_MTU - 53
					: LOOPBACK_MTU - 73; /* headers and a time stamp */
}

static int get_tcp_info(struct inet_sock *u, uaddr_t val, uaddr_t len)
{
	struct tcp_info info = {0};

	spin_lock(&inet_lock);
	info.tcpi_state = u->state;
	info.tcpi_options = u->peer ? TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE : 0;
	info.tcpi_snd_wscale = info.tcpi_rcv_wscale = u->peer ? 7 : 0;
	info.tcpi_rto = u->peer ? 201000 : 1000000;
	info.tcpi_snd_mss = info.tcpi_rcv_mss = info.tcpi_advmss = mss(u);
	info.tcpi_pmtu = u->peer ? LOOPBACK_MTU : 0;
	info.tcpi_snd_ssthresh = INT32_MAX;
	info.tcpi_snd_cwnd = 10;
	info.tcpi_reordering = 3;
	info.tcpi_rcv_space = u->s.rcvbuf / 2;
	info.tcpi_bytes_acked = info.tcpi_bytes_sent = u->sent;
	info.tcpi_bytes_received = u->received;
	if (u->state == TCP_LISTEN) {
		info.tcpi_unacked = u->n_pending;
		info.tcpi_sacked = u->backlog;
	}
	spin_unlock(&inet_lock);
	return socket_store_opt(&info, sizeof(info), val, len);
}

static int get_tcp(struct inet_sock *u, int opt, int *out)
{
	switch (opt) {
	case TCP_MAXSEG:
		*out = mss(u);
		return 0;
	case TCP_LINGER2:
		*out = u->opts.linger2;
		return 0;
	case TCP_DEFER_ACCEPT:
		*out = u->opts.defer_accept;
		return 0;
	case TCP_WINDOW_CLAMP:
		*out = u->opts.window_clamp;
		return 0;
	case TCP_FASTOPEN:
		*out = u->opts.fastopen;
		return 0;
	}
	return -ENOPROTOOPT;
}

static int get_ip(struct inet_sock *u, int opt, int *out)
{
	if (opt == IP_MTU) {
		*out = LOOPBACK_MTU;
		return u->remote.port ? 0 : -ENOTCONN;
	}
	*out = 0;
	return opt == IP_TRANSPARENT || opt == IP_MULTICAST_IF ? 0 : -ENOPROTOOPT;
}

static int get_ipv6(struct inet_sock *u, int opt, int *out)
{
	*out = opt == IPV6_V6ONLY ? u->opts.v6only : opt == IPV6_MTU ? LOOPBACK_MTU : 0;
	if (opt == IPV6_MTU)
		return u->remote.port ? 0 : -ENOTCONN;
	return opt == IPV6_V6ONLY || opt == IPV6_MULTICAST_IF ? 0 : -ENOPROTOOPT;
}

/* A number at the level of IP takes one byte where the program has room for no more. */
static int store_number(int level, int value, uaddr_t val, uaddr_t ulen)
{
	uint8_t byte = value;
	int len;

	if (get_user(&len, ulen))
		return -EFAULT;
	if (level == IPPROTO_IP && len > 0 && (size_t)len < sizeof(value) && value >= 0 &&
	    value <= 255)
		return socket_store_opt(&byte, sizeof(byte), val, ulen);
	return socket_store_opt(&value, sizeof(value), val, ulen);
}

static int number_of(struct inet_sock *u, int level, int opt, int *out)
{
	const struct row *row = find_row(level, opt);

	if (!row)
		return level == IPPROTO_TCP    ? get_tcp(u, opt, out)
		       : level == IPPROTO_IPV6 ? get_ipv6(u, opt, out)
		       : level == IPPROTO_IP   ? get_ip(u, opt, out)
					       : -ENOPROTOOPT;
	*out = *value_of(u, row);
	if ((row->flags & UNSET) && *out == -1)
		*out = opt == IPV6_MULTICAST_HOPS && level == IPPROTO_IPV6 ? 1 : DEFAULT_TTL;
	return 0;
}

int inet_getopt(struct socket *s, int level, int opt, uaddr_t val, uaddr_t ulen)
{
	struct inet_sock *u = inet_sock(s);
	int len, value = 0, r;

	if (!has_level(u, level))
		return -EOPNOTSUPP;
	if (get_user(&len, ulen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	if (level == IPPROTO_TCP && opt == TCP_INFO)
		return get_tcp_info(u, val, ulen);
	if (level == IPPROTO_TCP && opt == TCP_CONGESTION)
		return socket_store_opt(congestion_name[u->opts.congestion],
					sizeof(congestion_name[0]), val, ulen);
	r = number_of(u, level, opt, &value);
	return r ? r : store_number(level, value, val, ulen);
}
