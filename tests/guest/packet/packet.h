/* SPDX-License-Identifier: MIT */
/* What the tests of packet sockets share: the loopback interface, where what is sent comes back, in
 * a network namespace of their own if there are such. */
#ifndef TESTS_GUEST_PACKET_PACKET_H
#define TESTS_GUEST_PACKET_PACKET_H

#include "tests/guest/tap.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define PROTOCOL 0x88b5 /* IEEE: for local experiments */
#define OTHER	 0x88b6
#define LO	 1

/* False: this test cannot be done here, which it has said. */
static bool have_packets(void)
{
	struct ifreq r = {.ifr_name = "lo"};
	int fd;

	if (unshare(CLONE_NEWNET) && !is_root())
		return skip("packet sockets are root's"), false;
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0)
		return skip("no packet sockets here"), false;
	ioctl(fd, SIOCGIFFLAGS, &r);
	r.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &r))
		skip("the loopback interface cannot be set up"), r.ifr_flags = 0;
	close(fd);
	return r.ifr_flags;
}

static struct sockaddr_ll to_lo(int protocol)
{
	return (struct sockaddr_ll){.sll_family = AF_PACKET,
				    .sll_protocol = htons(protocol),
				    .sll_ifindex = LO,
				    .sll_halen = ETH_ALEN,
				    .sll_addr = {2, 0, 0, 0, 0, 7}};
}

/* A socket that receives that protocol on the loopback. */
static int open_on_lo(int type, int protocol)
{
	struct sockaddr_ll a = to_lo(protocol);
	int fd = socket(AF_PACKET, type, 0);

	return bind(fd, (void *)&a, sizeof(a)) ? -1 : fd;
}

/* A frame of n bytes, n > 14, that begins with a header and goes on with a pattern. */
static uint8_t *make_frame(uint8_t *f, size_t n, int protocol, unsigned seed)
{
	static const uint8_t head[12] = {2, 0, 0, 0, 0, 7, 2, 0, 0, 0, 0, 9};

	memcpy(f, head, sizeof(head));
	f[12] = protocol >> 8;
	f[13] = protocol & 255;
	for (size_t i = 14; i < n; i++)
		f[i] = (uint8_t)(i * 7 + seed);
	return f;
}

static __attribute__((unused)) int readable(int fd, int timeout_ms)
{
	struct pollfd p = {fd, POLLIN, 0};

	return poll(&p, 1, timeout_ms) == 1 ? p.revents : 0;
}

#endif
