/* SPDX-License-Identifier: MIT */
/* ioctl(2) about network interfaces (netdevice(7)), and /proc/net. */
#include "tests/guest/inet/inet.h"

#include <net/if.h>
#include <sys/ioctl.h>

static struct ifreq about(const char *name)
{
	struct ifreq r = {0};

	strcpy(r.ifr_name, name);
	return r;
}

static void loopback(int fd)
{
	struct ifreq r = about("lo");

	is(ioctl(fd, SIOCGIFINDEX, &r), 0);
	is(r.ifr_ifindex, 1);
	r = about("");
	r.ifr_ifindex = 1;
	is(ioctl(fd, SIOCGIFNAME, &r), 0);
	ok(strcmp(r.ifr_name, "lo") == 0);
	is(ioctl(fd, SIOCGIFFLAGS, &r), 0);
	is(r.ifr_flags & (IFF_UP | IFF_LOOPBACK | IFF_RUNNING | IFF_BROADCAST),
	   IFF_UP | IFF_LOOPBACK | IFF_RUNNING);
	is(ioctl(fd, SIOCGIFMTU, &r), 0);
	is(r.ifr_mtu, 65536);
	is(ioctl(fd, SIOCGIFHWADDR, &r), 0);
	is(r.ifr_hwaddr.sa_family, 772);
	r = about("nosuch");
	fails(ioctl(fd, SIOCGIFINDEX, &r), ENODEV);
	fails(ioctl(fd, SIOCGIFFLAGS, BAD), EFAULT);
}

static void address(int fd)
{
	struct ifreq r = about("lo");
	struct sockaddr_in *a = (void *)&r.ifr_addr;

	is(ioctl(fd, SIOCGIFADDR, &r), 0);
	is(a->sin_family, AF_INET);
	is(ntohl(a->sin_addr.s_addr), INADDR_LOOPBACK);
	is(ioctl(fd, SIOCGIFNETMASK, &r), 0);
	is(ntohl(a->sin_addr.s_addr), 0xff000000);
	r = about("nosuch");
	fails(ioctl(fd, SIOCGIFADDR, &r), ENODEV);
}

static void list(int fd)
{
	struct ifreq r[32];
	struct ifconf c = {sizeof(r), {(void *)r}};
	bool found = false;

	is(ioctl(fd, SIOCGIFCONF, &c), 0);
	ok(c.ifc_len > 0 && c.ifc_len % sizeof(r[0]) == 0);
	for (size_t i = 0; i < c.ifc_len / sizeof(r[0]); i++)
		found |= strcmp(r[i].ifr_name, "lo") == 0;
	ok(found);
	c.ifc_len = 3; /* no room for one */
	is(ioctl(fd, SIOCGIFCONF, &c), 0);
	is(c.ifc_len, 0);
	c.ifc_buf = NULL;
	is(ioctl(fd, SIOCGIFCONF, &c), 0);
	ok(c.ifc_len >= (int)sizeof(r[0]));
	fails(ioctl(fd, SIOCGIFCONF, BAD), EFAULT);
}

/* Does a line of the file have all three? */
static bool has(const char *path, const char *a, const char *b)
{
	char line[512];
	bool found = false;
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f))
		found |= strstr(line, a) && strstr(line, b);
	if (f)
		fclose(f);
	return found;
}

static void tables(void)
{
	char text[64];
	int l = listener(1), u = socket(AF_INET, SOCK_DGRAM, 0);

	bind4(u, INADDR_LOOPBACK, 0);
	snprintf(text, sizeof(text), "0100007F:%04X", port_of(l));
	ok(has("/proc/net/tcp", text, "00000000:0000 0A "));
	snprintf(text, sizeof(text), "0100007F:%04X", port_of(u));
	ok(has("/proc/net/udp", text, "00000000:0000 07 "));
	ok(has("/proc/net/dev", "lo:", ""));
	close(l);
	close(u);
}

int main(void)
{
	struct ifreq r = about("lo");
	int fd = socket(AF_INET, SOCK_DGRAM, 0), local = socket(AF_UNIX, SOCK_DGRAM, 0);

	loopback(fd);
	loopback(local); /* any socket will do ... */
	address(fd);
	fails(ioctl(local, SIOCGIFADDR, &r), ENOTTY); /* ... but for addresses */
	list(fd);
	tables();
	return tap_done();
}
