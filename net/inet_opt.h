/* SPDX-License-Identifier: MIT */
/* Options of Internet sockets (net/inet_opt.c): those that are numbers, kept for whoever asks. */
#ifndef NET_INET_OPT_H
#define NET_INET_OPT_H

#include "kernel/types.h"

struct inet_sock;
struct socket;

struct inet_opts {
	int nodelay, cork, maxseg, keepidle, keepintvl, keepcnt, syncnt, linger2, defer_accept,
	    window_clamp, quickack, user_timeout, fastopen, fastopen_connect, fastopen_no_cookie,
	    notsent_lowat, save_syn, thin_linear, thin_dupack, inq, congestion;
	int udp_cork, udp_segment, udp_gro, no_check6_tx, no_check6_rx, send_cscov, recv_cscov;
	int tos, ttl, mc_ttl, mc_loop, mc_all, pktinfo, recvttl, recvtos, retopts, recvopts,
	    recvorigdst, recverr, mtu_discover, freebind, no_port, minttl;
	int v6only, hops, mc_hops, mc_loop6, mc_all6, recvpktinfo, recvhoplimit, recvtclass, tclass,
	    mtu_discover6, recverr6, dontfrag, autoflowlabel, freebind6, minhops;
};

/* The defaults. */
void inet_opts_init(struct inet_sock *u);
/* struct socket_ops */
int inet_setopt(struct socket *s, int level, int opt, uaddr_t val, unsigned len);
int inet_getopt(struct socket *s, int level, int opt, uaddr_t val, uaddr_t len);

#endif
