/* SPDX-License-Identifier: MIT */
/*
 * frames echo IF: sends back every test frame that comes in, until one says that it is over.
 * frames check IF N: sends N frames of all lengths to whoever echoes there, a few at a time, again
 * those that are lost, and compares what comes back; then says how many were right.
 * Runs on both sides of a tap interface.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROTOCOL 0x88b5
#define LONGEST	 1514
#define WINDOW	 32
#define END	 UINT32_MAX
#define HEADER	 (14 + 5) /* who speaks ('?' or '!'), and the number */

static int fd;
static uint8_t mac[6];

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void start(const char *name)
{
	struct sockaddr_ll a = {.sll_family = AF_PACKET,
				.sll_protocol = htons(PROTOCOL),
				.sll_ifindex = (int)if_nametoindex(name)};
	struct ifreq r = {0};

	fd = socket(AF_PACKET, SOCK_RAW, htons(PROTOCOL));
	if (fd < 0 || !a.sll_ifindex || bind(fd, (void *)&a, sizeof(a)))
		die(name);
	strncpy(r.ifr_name, name, IFNAMSIZ - 1);
	if (ioctl(fd, SIOCGIFHWADDR, &r))
		die("SIOCGIFHWADDR");
	memcpy(mac, r.ifr_hwaddr.sa_data, 6);
}

static size_t make(uint8_t *f, uint32_t number, char who)
{
	size_t n = HEADER + number * 131u % (LONGEST - HEADER + 1);

	memset(f, 0, 60);
	memset(f, 0xff, 6);
	memcpy(f + 6, mac, 6);
	f[12] = PROTOCOL >> 8;
	f[13] = PROTOCOL & 255;
	f[14] = (uint8_t)who;
	memcpy(f + 15, &number, 4);
	for (size_t i = HEADER; i < n; i++)
		f[i] = (uint8_t)(i * 13 + number * 7);
	return n < 60 ? 60 : n;
}

static void put(const uint8_t *f, size_t n)
{
	while (send(fd, f, n, 0) < 0)
		if (errno != ENOBUFS && errno != EINTR)
			die("send");
}

/* The next frame of the other side: its number, or -1 after 300 ms without any. */
static int64_t get(uint8_t *f, size_t *n, char who)
{
	struct pollfd p = {fd, POLLIN, 0};
	uint32_t number;

	for (;;) {
		int r = poll(&p, 1, 300);
		ssize_t got;

		if (r < 0 && errno != EINTR)
			die("poll");
		if (r == 0)
			return -1;
		got = recv(fd, f, 2048, MSG_DONTWAIT);
		if (got < HEADER || f[14] != (uint8_t)who)
			continue;
		*n = (size_t)got;
		memcpy(&number, f + 15, 4);
		return number;
	}
}

static int echo(void)
{
	static uint8_t f[2048];
	size_t n;

	for (;;) {
		int64_t number = get(f, &n, '?');

		if (number < 0)
			continue;
		if (number == END)
			return 0;
		f[14] = '!';
		memcpy(f, f + 6, 6);
		memcpy(f + 6, mac, 6);
		put(f, n);
	}
}

/* Is it what was sent, but for addresses and who speaks? */
static bool right(const uint8_t *got, size_t n, uint32_t number)
{
	static uint8_t want[2048];

	return make(want, number, '!') == n && !memcmp(got + 12, want + 12, n - 12);
}

static int check(uint32_t count)
{
	static uint8_t f[2048];
	uint8_t *back = calloc(count, 1);
	uint32_t first = 0, next = 0, again = 0, wrong = 0;
	size_t n;

	while (first < count) {
		int64_t number;

		for (; next < count && next < first + WINDOW; next++)
			put(f, make(f, next, '?'));
		number = get(f, &n, '!');
		if (number < 0) {
			for (uint32_t i = first; i < next; i++)
				if (!back[i])
					put(f, make(f, i, '?')), again++;
			continue;
		}
		if (number >= count || !right(f, n, (uint32_t)number))
			wrong++;
		else
			back[number] = 1;
		while (first < count && back[first])
			first++;
	}
	for (int i = 0; i < 20; i++) /* one will arrive */
		put(f, make(f, END, '?'));
	printf("%u frames, %u wrong\n", count, wrong);
	fprintf(stderr, "%u sent again\n", again);
	free(back);
	return wrong != 0;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	start(argv[2]);
	return argc > 3 ? check((uint32_t)atoi(argv[3])) : echo();
}
