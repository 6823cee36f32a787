/* SPDX-License-Identifier: MIT */
/* /proc/net: the tables of interfaces and sockets, in Linux's words and widths. */
#include "fs/proc/proc.h"
#include "kernel/socket_fs.h"
#include "kernel/string.h"

#define QUEUES	  " st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
#define LOCAL_V4  "local_address rem_address  "
#define LOCAL_V6  "local_address                         remote_address                       "
#define DATAGRAMS QUEUES " ref pointer drops"

/* A header padded with blanks to its table's width. */
static void put_padded(struct seq *s, const char *text, int width)
{
	seq_printf(s, "%-*s\n", width, text);
}

bool (*inet_table_row)(bool v6, bool stream, unsigned index, struct inet_row *row);

static void put_address(struct seq *s, bool v6, const uint32_t *ip, unsigned port)
{
	for (int i = 0; i < (v6 ? 4 : 1); i++)
		seq_printf(s, "%08X", ip[i]);
	seq_printf(s, ":%04X ", port);
}

/* What all these tables have in common, up to the inode's number. */
static void put_inet_row(struct seq *s, bool v6, const struct inet_row *row)
{
	put_address(s, v6, row->local, row->local_port);
	put_address(s, v6, row->remote, row->remote_port);
	seq_printf(s, "%02X %08X:%08X 00:00000000 00000000 %5u        0 %lu %u %016lx", row->state,
		   row->tx_queue, row->rx_queue, row->uid, (unsigned long)row->ino, row->refs,
		   (unsigned long)row->ino);
}

static int show_inet(struct seq *s, bool v6, bool stream)
{
	struct inet_row row;
	char line[12];

	for (unsigned i = 0; inet_table_row && inet_table_row(v6, stream, i, &row); i++) {
		snprintf(line, sizeof(line), stream ? "%4u: " : "%5u: ", i);
		seq_puts(s, line);
		put_inet_row(s, v6, &row);
		seq_puts(s, stream ? " 100 0 0 10 0\n" : " 0\n");
	}
	return 0;
}

static int show_tcp(struct seq *s, const struct proc_ctx *c)
{
	put_padded(s, "  sl  " LOCAL_V4 QUEUES, 149);
	return show_inet(s, false, true);
}

static int show_tcp6(struct seq *s, const struct proc_ctx *c)
{
	seq_puts(s, "  sl  " LOCAL_V6 QUEUES "\n");
	return show_inet(s, true, true);
}

static int show_udp(struct seq *s, const struct proc_ctx *c)
{
	put_padded(s, "   sl  " LOCAL_V4 DATAGRAMS, 127);
	return show_inet(s, false, false);
}

static int show_udp6(struct seq *s, const struct proc_ctx *c)
{
	seq_puts(s, "  sl  " LOCAL_V6 DATAGRAMS "\n");
	return show_inet(s, true, false);
}

static int show_udplite(struct seq *s, const struct proc_ctx *c)
{
	put_padded(s, "   sl  " LOCAL_V4 DATAGRAMS, 127);
	return 0;
}

static int show_icmp(struct seq *s, const struct proc_ctx *c)
{
	put_padded(s, "  sl  " LOCAL_V4 DATAGRAMS, 127);
	return 0;
}

static int show_route(struct seq *s, const struct proc_ctx *c)
{
	put_padded(s,
		   "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow"
		   "\tIRTT",
		   127);
	return 0;
}

bool (*unix_table_row)(unsigned index, struct unix_row *row);

/* The numbers of the first column name a socket, as Linux's hashed addresses do. */
static int show_unix(struct seq *s, const struct proc_ctx *c)
{
	struct unix_row row;

	seq_puts(s, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	for (unsigned i = 0; unix_table_row && unix_table_row(i, &row); i++) {
		seq_printf(s, "%016lx: %08X %08X %08X %04X %02X %5lu", (unsigned long)row.id,
			   row.refs, 0, row.flags, row.type, row.state, (unsigned long)row.ino);
		for (unsigned j = 0; j < row.name_len; j++)
			seq_printf(s, "%s%c", j ? "" : " ", row.name[j] ? row.name[j] : '@');
		seq_puts(s, "\n");
	}
	return 0;
}

static int show_dev(struct seq *s, const struct proc_ctx *c)
{
	struct netif_row n;

	seq_puts(s, "Inter-|   Receive                                                |  Transmit\n"
		    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    "
		    "packets errs "
		    "drop fifo colls carrier compressed\n");
	for (unsigned i = 0; netif_row(i, &n); i++) {
		const struct netif_stats *t = &n.stats;

		seq_printf(s, "%6s: %7lu %7lu %4lu %4lu    0 %5lu          0 %9lu", n.name,
			   (unsigned long)t->rx_bytes, (unsigned long)t->rx_packets,
			   (unsigned long)(t->rx_length_errors + t->rx_frame_errors),
			   (unsigned long)t->rx_dropped,
			   (unsigned long)(t->rx_length_errors + t->rx_frame_errors),
			   (unsigned long)t->multicast);
		seq_printf(s, " %8lu %7lu    0 %4lu    0     0       0          0\n",
			   (unsigned long)t->tx_bytes, (unsigned long)t->tx_packets,
			   (unsigned long)t->tx_dropped);
	}
	return 0;
}

#define PROTOCOLS                                                                                  \
	"protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss " \
	"gs se re bi br ha uh gp em\n"
#define SNMP                                                                                       \
	"Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams "             \
	"InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout "  \
	"ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates\n"                           \
	"Ip: 2 64 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"                                             \
	"Icmp: InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds InParmProbs InSrcQuenchs "  \
	"InRedirects InEchos InEchoReps InTimestamps InTimestampReps InAddrMasks InAddrMaskReps "  \
	"OutMsgs OutErrors OutDestUnreachs OutTimeExcds OutParmProbs OutSrcQuenchs OutRedirects "  \
	"OutEchos OutEchoReps OutTimestamps OutTimestampReps OutAddrMasks OutAddrMaskReps\n"       \
	"Icmp: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"                            \
	"Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails "           \
	"EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors\n"           \
	"Tcp: 1 200 120000 -1 0 0 0 0 0 0 0 0 0 0 0\n"                                             \
	"Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors "   \
	"IgnoredMulti MemErrors\nUdp: 0 0 0 0 0 0 0 0 0\n"

const struct proc_entry proc_net_entries[PROC_N_NET] = {
    PROC_TEXT("anycast6", ""),
    PROC_TEXT("arp", "IP address       HW type     Flags       HW address            Mask     "
		     "Device\n"),
    PROC_REG("dev", 0444, .show = show_dev),
    PROC_TEXT("dev_mcast", ""),
    PROC_REG("icmp", 0444, .show = show_icmp),
    PROC_TEXT("icmp6", "  sl  " LOCAL_V6 DATAGRAMS "\n"),
    PROC_TEXT("if_inet6", "00000000000000000000000000000001 01 80 10 80       lo\n"),
    PROC_TEXT("igmp", "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"),
    PROC_TEXT("igmp6", ""),
    PROC_TEXT("ipv6_route", ""),
    PROC_TEXT("netlink", "sk               Eth Pid        Groups   Rmem     Wmem     Dump  "
			 "Locks    Drops    Inode\n"),
    PROC_TEXT("packet", "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n"),
    PROC_TEXT("protocols", PROTOCOLS),
    PROC_TEXT("ptype", "Type Device      Function\n"),
    PROC_TEXT("raw", "  sl  " LOCAL_V4 DATAGRAMS "\n"),
    PROC_TEXT("raw6", "  sl  " LOCAL_V6 DATAGRAMS "\n"),
    PROC_REG("route", 0444, .show = show_route),
    PROC_TEXT("snmp", SNMP),
    PROC_TEXT("snmp6", ""),
    PROC_TEXT("sockstat", "sockets: used 0\nTCP: inuse 0 orphan 0 tw 0 alloc 0 mem 0\n"
			  "UDP: inuse 0 mem 0\nUDPLITE: inuse 0\nRAW: inuse 0\n"
			  "FRAG: inuse 0 memory 0\n"),
    PROC_TEXT("sockstat6", "TCP6: inuse 0\nUDP6: inuse 0\nUDPLITE6: inuse 0\nRAW6: inuse 0\n"
			   "FRAG6: inuse 0 memory 0\n"),
    PROC_REG("tcp", 0444, .show = show_tcp),
    PROC_REG("tcp6", 0444, .show = show_tcp6),
    PROC_REG("udp", 0444, .show = show_udp),
    PROC_REG("udp6", 0444, .show = show_udp6),
    PROC_REG("udplite", 0444, .show = show_udplite),
    PROC_TEXT("udplite6", "  sl  " LOCAL_V6 DATAGRAMS "\n"),
    PROC_REG("unix", 0444, .show = show_unix),
    PROC_TEXT("wireless",
	      "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
	      " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n"),
};
