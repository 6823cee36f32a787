/* SPDX-License-Identifier: MIT */
/*
 * The machine's network. A tap interface is opened here, for the better message and because QEMU
 * then needs no rights; user mode is QEMU's own (libslirp).
 */
#include "tools/net.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOSTNAME_MAX 64

/* ---- options ---- */

static int set_net(struct net_options *o, const char *value)
{
	if (strcmp(value, "none") == 0)
		o->how = NET_NONE;
	else if (strcmp(value, "user") == 0)
		o->how = NET_USER;
	else if (strncmp(value, "tap=", 4) == 0)
		o->how = NET_TAP;
	else
		return fail(STATUS_FAILED, "--net %s: must be user, tap=NAME or none",
			    *value ? value : "''");
	o->tap = value + 4;
	if (o->how == NET_TAP && (*o->tap == '\0' || strlen(o->tap) >= IFNAMSIZ))
		return fail(STATUS_FAILED, "--net %s: not the name of an interface", value);
	return 0;
}

static int set_mac(struct net_options *o, const char *value)
{
	unsigned b[6];
	char end;

	if (strlen(value) != 17 || sscanf(value, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2],
					  &b[3], &b[4], &b[5], &end) != 6)
		return fail(STATUS_FAILED,
			    "--mac %s: not an address: say for example 52:54:00:12:34:56", value);
	if ((b[0] & 1) || !(b[0] | b[1] | b[2] | b[3] | b[4] | b[5]))
		return fail(STATUS_FAILED, "--mac %s: not the address of one interface", value);
	o->mac = value;
	return 0;
}

/* An address of either family, as IPv6. False: it is none. */
static bool read_ip(const char *text, size_t len, uint8_t *out, bool *v4)
{
	char copy[64];

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*v4 = inet_pton(AF_INET, copy, out + 12) == 1;
	if (!*v4)
		return inet_pton(AF_INET6, copy, out) == 1;
	memset(out, 0, 10);
	memset(out + 10, 0xff, 2);
	return true;
}

static int set_ip(struct net_options *o, const char *value)
{
	const char *slash = strchr(value, '/'), *comma = strchr(value, ',');
	bool v4 = true, gateway_v4;
	struct bi_net n = {0};
	char *end = NULL;

	if (slash && isdigit((unsigned char)slash[1]))
		n.prefix = (uint32_t)strtoul(slash + 1, &end, 10);
	if (end == NULL || (*end && end != comma) ||
	    !read_ip(value, (size_t)(slash - value), n.ip, &v4))
		return fail(STATUS_FAILED,
			    "--ip %s: not an address with its network: say for example "
			    "10.0.2.15/24",
			    *value ? value : "''");
	if (n.prefix > (v4 ? 32 : 128))
		return fail(STATUS_FAILED, "--ip %s: an address has only %d bits", value,
			    v4 ? 32 : 128);
	gateway_v4 = v4;
	if (comma &&
	    (!read_ip(comma + 1, strlen(comma + 1), n.gateway, &gateway_v4) || gateway_v4 != v4))
		return fail(STATUS_FAILED, "--ip %s: the gateway is not an address of that kind",
			    value);
	o->net = n;
	o->has_ip = true;
	return 0;
}

static int set_hostname(struct net_options *o, const char *value)
{
	size_t len = strlen(value);

	if (len == 0 || len > HOSTNAME_MAX)
		return fail(STATUS_FAILED, "--hostname %s: must have 1 to %d characters",
			    *value ? value : "''", HOSTNAME_MAX);
	for (const char *c = value; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '-' && *c != '.')
			return fail(STATUS_FAILED,
				    "--hostname %s: must consist of letters, digits, - and .",
				    value);
	o->hostname = value;
	return 0;
}

int net_option(struct net_options *o, int id, const char *value)
{
	switch (id) {
	case OPT_NET:
		return set_net(o, value);
	case OPT_MAC:
		return set_mac(o, value);
	case OPT_IP:
		return set_ip(o, value);
	}
	return set_hostname(o, value);
}

int net_check(const struct net_options *o)
{
	if (o->how == NET_NONE && (o->mac || o->has_ip))
		return fail(STATUS_FAILED, "%s: there is no network device: see --net",
			    o->mac ? "--mac" : "--ip");
	return 0;
}

/* ---- the device ---- */

/* /sys may be that of another network namespace. */
static bool is_tap(const char *name)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq r = {.ifr_data = (void *)&info};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), e;

	memcpy(r.ifr_name, name, strlen(name));
	e = ioctl(fd, SIOCETHTOOL, &r);
	close(fd);
	return e == 0 && strcmp(info.driver, "tun") == 0 && strcmp(info.bus_info, "tap") == 0;
}

static int tap_error(const char *name, int error)
{
	if (error == EPERM || error == EACCES)
		return fail(STATUS_FAILED,
			    "--net tap=%s: no right to it: its owner is somebody else "
			    "(ip tuntap add %s mode tap user NAME)",
			    name, name);
	if (error == EBUSY)
		return fail(STATUS_FAILED, "--net tap=%s: another machine is using it", name);
	return fail(STATUS_FAILED, "--net tap=%s: %s", name, strerror(error));
}

/* The interface must be there: to make one would leave it to chance where it leads. */
static int open_tap(const char *name, int *fd)
{
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int error;

	if (if_nametoindex(name) == 0)
		return fail(STATUS_FAILED,
			    "--net tap=%s: no such interface (ip tuntap add %s mode tap user NAME)",
			    name, name);
	if (!is_tap(name))
		return fail(STATUS_FAILED, "--net tap=%s: it is not a tap interface", name);
	*fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0)
		return fail(STATUS_FAILED, "--net tap=%s: /dev/net/tun: %s", name, strerror(errno));
	memcpy(r.ifr_name, name, strlen(name));
	if (ioctl(*fd, TUNSETIFF, &r) == 0)
		return 0;
	error = errno;
	close(*fd);
	*fd = -1;
	return tap_error(name, error);
}

/* Machines on one network need different addresses. */
static void random_mac(char *text, size_t size)
{
	uint8_t b[3] = {0};

	if (getrandom(b, sizeof(b), 0) < 0)
		b[0] = (uint8_t)getpid();
	snprintf(text, size, "52:54:00:%02x:%02x:%02x", b[0], b[1], b[2]);
}

int net_prepare(const struct net_options *o, struct strvec *args, int *fd)
{
	char any[18];
	int status;

	if (o->how == NET_NONE)
		return 0;
	random_mac(any, sizeof(any));
	if (o->how == NET_TAP) {
		status = open_tap(o->tap, fd);
		if (status)
			return status;
	}
	strvec_add(args, "-netdev");
	if (o->how == NET_TAP)
		strvec_add(args, "tap,id=net0,fd=%d", *fd);
	else
		strvec_add(args, "user,id=net0");
	strvec_add(args, "-device");
	strvec_add(args, "virtio-net-device,netdev=net0,mac=%s", o->mac ? o->mac : any);
	return 0;
}

const char *net_problem(const struct net_options *o, const char *qemu_text)
{
	if (o->how != NET_USER || !strstr(qemu_text, "'user'"))
		return NULL;
	return "--net user: this QEMU is built without it (libslirp): use --net tap=NAME, or "
	       "another QEMU (UNILOAD_QEMU)";
}

static char *ip_text(const uint8_t *ip, char *buf, size_t size)
{
	static const uint8_t mapped[12] = {[10] = 0xff, 0xff};
	bool v4 = memcmp(ip, mapped, sizeof(mapped)) == 0;

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? ip + 12 : ip, buf, (socklen_t)size);
	return buf;
}

char *net_text(const struct bi_net *net)
{
	static const uint8_t none[16];
	char ip[INET6_ADDRSTRLEN], gateway[INET6_ADDRSTRLEN];
	bool routed = memcmp(net->gateway, none, sizeof(none)) != 0;

	if (memcmp(net->ip, none, sizeof(none)) == 0)
		return NULL;
	return xasprintf("%s/%u%s%s", ip_text(net->ip, ip, sizeof(ip)), net->prefix,
			 routed ? "," : "",
			 routed ? ip_text(net->gateway, gateway, sizeof(gateway)) : "");
}
