/* SPDX-License-Identifier: MIT */
/* Network interfaces in /sys: their directories in devices/virtual/net and devices/virtio/net, and
 * the links to them (Linux's Documentation/ABI/testing/sysfs-class-net). An entry's number is the
 * interface's, from 0. */
#include "fs/proc/sysfs.h"
#include "kernel/socket_fs.h"
#include "kernel/string.h"

#define ETHER	 1 /* ARPHRD_ETHER */
#define IFF_UP	 1
#define OPER_UP	 6
#define LOOPBACK 0

/* ---- files ---- */

#define NETIF_VALUE(name_, fmt, value)                                                             \
	static int show_##name_(struct seq *s, const struct proc_ctx *c)                           \
	{                                                                                          \
		struct netif_row n;                                                                \
                                                                                                   \
		if (!netif_row((unsigned)c->fd, &n))                                               \
			return -ENODEV;                                                            \
		seq_printf(s, fmt "\n", value);                                                    \
		return 0;                                                                          \
	}
#define NETIF_COUNT(name_, value) NETIF_VALUE(name_, "%lu", (unsigned long)(value))
NETIF_VALUE(index, "%d", n.index)
NETIF_VALUE(flags, "0x%x", n.flags)
NETIF_VALUE(mtu, "%u", n.mtu)
NETIF_VALUE(txqlen, "%u", n.txqlen)
NETIF_VALUE(type, "%u", n.type)
NETIF_VALUE(changes, "%u", n.carrier_ups + n.carrier_downs)
NETIF_VALUE(ups, "%u", n.carrier_ups)
NETIF_VALUE(downs, "%u", n.carrier_downs)
NETIF_VALUE(assigned, "%u", n.type == ETHER ? 1 : 2)
NETIF_VALUE(operstate, "%s", n.operstate == OPER_UP ? "up" : n.operstate ? "down" : "unknown")
NETIF_COUNT(rx_bytes, n.stats.rx_bytes)
NETIF_COUNT(rx_packets, n.stats.rx_packets)
NETIF_COUNT(rx_dropped, n.stats.rx_dropped)
NETIF_COUNT(rx_errors, n.stats.rx_length_errors + n.stats.rx_frame_errors)
NETIF_COUNT(rx_length_errors, n.stats.rx_length_errors)
NETIF_COUNT(rx_frame_errors, n.stats.rx_frame_errors)
NETIF_COUNT(multicast, n.stats.multicast)
NETIF_COUNT(tx_bytes, n.stats.tx_bytes)
NETIF_COUNT(tx_packets, n.stats.tx_packets)
NETIF_COUNT(tx_dropped, n.stats.tx_dropped)

static int put_mac(struct seq *s, const uint8_t *mac)
{
	for (int i = 0; i < 6; i++)
		seq_printf(s, "%02x%c", mac[i], i < 5 ? ':' : '\n');
	return 0;
}

static int show_address(struct seq *s, const struct proc_ctx *c)
{
	struct netif_row n;

	return netif_row((unsigned)c->fd, &n) ? put_mac(s, n.mac) : -ENODEV;
}

static int show_broadcast(struct seq *s, const struct proc_ctx *c)
{
	struct netif_row n;

	return netif_row((unsigned)c->fd, &n) ? put_mac(s, n.broadcast) : -ENODEV;
}

/* An interface that is down has none to tell. */
static int show_carrier(struct seq *s, const struct proc_ctx *c)
{
	struct netif_row n;

	if (!netif_row((unsigned)c->fd, &n) || !(n.flags & IFF_UP))
		return -EINVAL;
	seq_printf(s, "%d\n", n.carrier);
	return 0;
}

/* The loopback has none; virtio devices do not know. */
static int show_speed(struct seq *s, const struct proc_ctx *c)
{
	if (c->fd == LOOPBACK)
		return -EINVAL;
	seq_puts(s, "-1\n");
	return 0;
}

static int show_duplex(struct seq *s, const struct proc_ctx *c)
{
	if (c->fd == LOOPBACK)
		return -EINVAL;
	seq_puts(s, "unknown\n");
	return 0;
}

static int show_uevent(struct seq *s, const struct proc_ctx *c)
{
	struct netif_row n;

	if (!netif_row((unsigned)c->fd, &n))
		return -ENODEV;
	seq_printf(s, "INTERFACE=%s\nIFINDEX=%d\n", n.name, n.index);
	return 0;
}

static const struct proc_entry statistics_entries[] = {
    SYS_FILE("collisions", "0"),
    PROC_REG("multicast", 0444, .show = show_multicast),
    PROC_REG("rx_bytes", 0444, .show = show_rx_bytes),
    SYS_FILE("rx_compressed", "0"),
    SYS_FILE("rx_crc_errors", "0"),
    PROC_REG("rx_dropped", 0444, .show = show_rx_dropped),
    PROC_REG("rx_errors", 0444, .show = show_rx_errors),
    SYS_FILE("rx_fifo_errors", "0"),
    PROC_REG("rx_frame_errors", 0444, .show = show_rx_frame_errors),
    PROC_REG("rx_length_errors", 0444, .show = show_rx_length_errors),
    SYS_FILE("rx_missed_errors", "0"),
    SYS_FILE("rx_nohandler", "0"),
    SYS_FILE("rx_over_errors", "0"),
    PROC_REG("rx_packets", 0444, .show = show_rx_packets),
    SYS_FILE("tx_aborted_errors", "0"),
    PROC_REG("tx_bytes", 0444, .show = show_tx_bytes),
    SYS_FILE("tx_carrier_errors", "0"),
    SYS_FILE("tx_compressed", "0"),
    PROC_REG("tx_dropped", 0444, .show = show_tx_dropped),
    SYS_FILE("tx_errors", "0"),
    SYS_FILE("tx_fifo_errors", "0"),
    SYS_FILE("tx_heartbeat_errors", "0"),
    PROC_REG("tx_packets", 0444, .show = show_tx_packets),
    SYS_FILE("tx_window_errors", "0"),
};

static const struct proc_entry netif_entries[] = {
    SYS_FILE("addr_assign_type", "0"),
    SYS_FILE("addr_len", "6"),
    PROC_REG("address", 0444, .show = show_address),
    PROC_REG("broadcast", 0444, .show = show_broadcast),
    PROC_REG("carrier", 0644, .show = show_carrier),
    PROC_REG("carrier_changes", 0444, .show = show_changes),
    PROC_REG("carrier_down_count", 0444, .show = show_downs),
    PROC_REG("carrier_up_count", 0444, .show = show_ups),
    SYS_FILE("dev_id", "0x0"),
    SYS_FILE("dev_port", "0"),
    SYS_FILE("dormant", "0"),
    PROC_REG("duplex", 0444, .show = show_duplex),
    PROC_REG("flags", 0644, .show = show_flags),
    SYS_SET("gro_flush_timeout", "0"),
    PROC_PARAM("ifalias", ""),
    PROC_REG("ifindex", 0444, .show = show_index),
    PROC_REG("iflink", 0444, .show = show_index),
    SYS_FILE("link_mode", "0"),
    PROC_REG("mtu", 0644, .show = show_mtu),
    PROC_REG("name_assign_type", 0444, .show = show_assigned),
    SYS_SET("netdev_group", "0"),
    PROC_REG("operstate", 0444, .show = show_operstate),
    SYS_SET("proto_down", "0"),
    PROC_REG("speed", 0444, .show = show_speed),
    SYS_DIR("statistics", PROC_CHILDREN(statistics_entries)),
    PROC_LINK("subsystem", .text = "../../../../class/net"),
    SYS_FILE("testing", "0"),
    PROC_REG("tx_queue_len", 0644, .show = show_txqlen),
    PROC_REG("type", 0444, .show = show_type),
    PROC_REG("uevent", 0644, .show = show_uevent),
};

/* ---- the directories and the links ---- */

int sysfs_netif_next(const struct proc_ctx *c, int id)
{
	struct netif_row n;

	return id >= 0 && netif_row((unsigned)id, &n) ? id : -1;
}

int sysfs_virtual_netif_next(const struct proc_ctx *c, int id)
{
	return id <= LOOPBACK ? LOOPBACK : -1;
}

int sysfs_device_netif_next(const struct proc_ctx *c, int id)
{
	return sysfs_netif_next(c, MAX(id, LOOPBACK + 1));
}

int sysfs_netif_name(int id, char *buf, size_t size)
{
	struct netif_row n;

	return netif_row((unsigned)id, &n) ? scnprintf(buf, size, "%s", n.name) : 0;
}

static int give(int id, struct proc_ctx *child, const struct proc_entry *entry,
		const struct proc_entry **e)
{
	child->fd = id;
	*e = entry;
	return sysfs_netif_next(child, id) < 0 ? -ENOENT : 0;
}

int sysfs_netif_dir(const struct proc_ctx *c, int id, struct proc_ctx *child,
		    const struct proc_entry **e)
{
	static const struct proc_entry dir = PROC_DIR("", 0755, PROC_CHILDREN(netif_entries));

	return give(id, child, &dir, e);
}

static int read_link(const struct proc_ctx *c, char *buf, size_t size)
{
	char name[PROC_NAME_MAX], text[64];
	size_t n;

	sysfs_netif_name(c->fd, name, sizeof(name));
	n = MIN((size_t)scnprintf(text, sizeof(text), "../../devices/%s/net/%s",
				  c->fd == LOOPBACK ? "virtual" : "virtio", name),
		size);
	memcpy(buf, text, n);
	return (int)n;
}

int sysfs_class_netif(const struct proc_ctx *c, int id, struct proc_ctx *child,
		      const struct proc_entry **e)
{
	static const struct proc_entry link = PROC_LINK("", .readlink = read_link);

	return give(id, child, &link, e);
}
