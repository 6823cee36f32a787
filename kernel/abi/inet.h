/* SPDX-License-Identifier: MIT */
/*
 * The Internet families' ABI of Linux: ip(7), ipv6(7), tcp(7), udp(7). Addresses and ports in these
 * structures are in network order.
 */
#ifndef KERNEL_ABI_INET_H
#define KERNEL_ABI_INET_H

#include "kernel/abi/socket.h"

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

/* States of a TCP socket, as TCP_INFO and /proc/net/tcp have them. */
enum tcp_state {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_FIN_WAIT1,
	TCP_FIN_WAIT2,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_LISTEN,
	TCP_CLOSING,
};

/* UDP-Lite, RFC 3828: how much of a datagram its check sum covers. */
enum { UDPLITE_SEND_CSCOV = 10, UDPLITE_RECV_CSCOV = 11 };

#define SIN6_LEN_RFC2133 24u /* an IPv6 address without its scope */
#define UDP_MAX_PAYLOAD	 65507u

#endif
