/* SPDX-License-Identifier: MIT */
/* /proc/net: the tables of a machine whose only interface is the loopback, with no sockets but
 * AF_UNIX ones: headers, in Linux's words and widths. */
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

static int show_tcp(struct seq *s, const struct proc_ctx *c)
{
	put_padded(s, "  sl  " LOCAL_V4 QUEUES, 149);
	return 0;
}

static int show_udp(struct seq *s, const struct proc_ctx *c)
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

#define DEV                                                                                        \
	"Inter-|   Receive                                                |  Transmit\n"           \
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs " \
	"drop fifo colls carrier compressed\n"                                                     \
	"    lo:       0       0    0    0    0     0          0         0        0       0    0 " \
	"   0    0     0       0          0\n"
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
    PROC_TEXT("dev", DEV),
    PROC_TEXT("dev_mcast", ""),
    PROC_REG("icmp", 0444, .show = show_icmp),
    PROC_TEXT("icmp6", "  sl  " LOCAL_V6 DATAGRAMS "\n"),
    PROC_TEXT("if_inet6", ""),
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
    PROC_TEXT("tcp6", "  sl  " LOCAL_V6 QUEUES "\n"),
    PROC_REG("udp", 0444, .show = show_udp),
    PROC_TEXT("udp6", "  sl  " LOCAL_V6 DATAGRAMS "\n"),
    PROC_REG("udplite", 0444, .show = show_udp),
    PROC_TEXT("udplite6", "  sl  " LOCAL_V6 DATAGRAMS "\n"),
    PROC_REG("unix", 0444, .show = show_unix),
    PROC_TEXT("wireless",
	      "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
	      " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n"),
};
