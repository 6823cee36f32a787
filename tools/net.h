/* SPDX-License-Identifier: MIT */
/*
 * The machine's network and its name: --net, --mac, --ip, --hostname.
 */
#ifndef TOOLS_NET_H
#define TOOLS_NET_H

#include "kernel/abi/bootinfo.h"
#include "tools/options.h"
#include "tools/util.h"

struct net_options {
	enum net { NET_NONE, NET_USER, NET_TAP } how;
	const char *tap;      /* the interface's name */
	const char *mac;      /* NULL: any */
	const char *hostname; /* NULL: GUEST_HOSTNAME */
	bool has_ip;
	struct bi_net net;
};

/* Their ids begin here, so that a command's own can be small. */
enum net_option { OPT_NET = 2000, OPT_MAC, OPT_IP, OPT_HOSTNAME, OPT_NET_END };

/* For a command's table of options: the first two are for running only. */
#define NET_DEVICE_OPTIONS                                                                         \
	{OPT_NET,                                                                                  \
	 0,                                                                                        \
	 "net",                                                                                    \
	 "HOW",                                                                                    \
	 false,                                                                                    \
	 "a network device, eth0, for packet sockets (there is no TCP/IP over it yet):\n"          \
	 "user (QEMU's own network), tap=NAME (an interface of this host), none (default)"},       \
	{                                                                                          \
		OPT_MAC, 0, "mac", "ADDR", false, "its hardware address: 52:54:00:12:34:56"        \
	}
#define NET_NAME_OPTIONS                                                                           \
	{OPT_IP, 0,                                                                                \
	 "ip",	 "ADDR/BITS[,GATEWAY]",                                                            \
	 false,	 "its address and default route from the start, instead of DHCP"},                 \
	{                                                                                          \
		OPT_HOSTNAME, 0, "hostname", "NAME", false,                                        \
		    "what the machine is called (default uniload)"                                 \
	}

/* One of these options. 0, or an exit status after saying why. */
int net_option(struct net_options *o, int id, const char *value);
/* Do the options of a run go together? The same. */
int net_check(const struct net_options *o);

/*
 * Append to `args` what gives QEMU the device; *fd is the tap interface, which QEMU inherits, or
 * stays as it is. 0, or an exit status after saying why.
 */
int net_prepare(const struct net_options *o, struct strvec *args, int *fd);
/* What the matter is when QEMU ended with this text before the machine started; NULL: something
 * else. */
const char *net_problem(const struct net_options *o, const char *qemu_text);

/* "10.0.2.15/24,10.0.2.2", to be freed; NULL: nothing was set. */
char *net_text(const struct bi_net *net);

#endif
