/* SPDX-License-Identifier: MIT */
/* packet(7): socket(2), bind(2), sendto(2), recvfrom(2), recvmsg(2), getsockname(2), poll(2) of
 * packet sockets. */
#include "tests/guest/packet/packet.h"

static void test_create(void)
{
	struct sockaddr_ll a = to_lo(PROTOCOL);
	struct sockaddr_ll got;
	socklen_t len = sizeof(got);
	int fd, v = -1;

	fails(socket(AF_PACKET, SOCK_STREAM, 0), ESOCKTNOSUPPORT);
	works(fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(PROTOCOL)));
	is(getsockname(fd, (void *)&got, &len), 0);
	is(len, 12);
	ok(got.sll_family == AF_PACKET && got.sll_ifindex == 0 && got.sll_halen == 0);
	is(ntohs(got.sll_protocol), PROTOCOL);
	fails(bind(fd, (void *)&a, sizeof(a) - 1), EINVAL);
	a.sll_family = AF_INET;
	fails(bind(fd, (void *)&a, sizeof(a)), EINVAL);
	a.sll_family = AF_PACKET;
	a.sll_ifindex = 9999;
	fails(bind(fd, (void *)&a, sizeof(a)), ENODEV);
	a.sll_ifindex = LO;
	a.sll_protocol = 0;
	is(bind(fd, (void *)&a, sizeof(a)), 0);
	len = sizeof(got);
	is(getsockname(fd, (void *)&got, &len), 0);
	is(len, 18);
	ok(got.sll_ifindex == LO && got.sll_halen == 6 && got.sll_hatype == 772);
	is(ntohs(got.sll_protocol), PROTOCOL); /* 0 leaves it */
	len = sizeof(got);
	fails(getpeername(fd, (void *)&got, &len), EOPNOTSUPP);
	fails(connect(fd, (void *)&a, sizeof(a)), EOPNOTSUPP);
	fails(listen(fd, 1), EOPNOTSUPP);
	fails(accept(fd, NULL, NULL), EOPNOTSUPP);
	fails(shutdown(fd, SHUT_RDWR), EOPNOTSUPP);
	len = sizeof(v);
	is(getsockopt(fd, SOL_SOCKET, SO_TYPE, &v, &len), 0);
	is(v, SOCK_RAW);
	is(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &v, &len), 0);
	is(v, AF_PACKET);
	is(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &v, &len), 0);
	is(v, 0);
	is(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
}

static void test_raw(void)
{
	int in = open_on_lo(SOCK_RAW, PROTOCOL), other = open_on_lo(SOCK_RAW, OTHER);
	int out = open_on_lo(SOCK_RAW, 0), n = -1;
	struct sockaddr_ll to = to_lo(0), from;
	uint8_t frame[1514], got[2000];
	socklen_t len = sizeof(from);

	make_frame(frame, sizeof(frame), PROTOCOL, 1);
	is(ioctl(in, FIONREAD, &n), 0);
	is(n, 0);
	is(readable(in, 0), 0);
	fails(recv(in, got, sizeof(got), MSG_DONTWAIT), EAGAIN);
	is(sendto(out, frame, sizeof(frame), 0, (void *)&to, sizeof(to)), sizeof(frame));
	is(readable(in, 5000), POLLIN);
	is(ioctl(in, FIONREAD, &n), 0);
	is(n, sizeof(frame));
	is(recvfrom(in, got, sizeof(got), MSG_PEEK, (void *)&from, &len), sizeof(frame));
	is(len, sizeof(from));
	same(got, frame, sizeof(frame));
	ok(from.sll_family == AF_PACKET && from.sll_ifindex == LO && from.sll_hatype == 772);
	is(ntohs(from.sll_protocol), PROTOCOL);
	is(from.sll_pkttype, PACKET_OTHERHOST); /* its address is zeros */
	is(from.sll_halen, 6);
	same(from.sll_addr, frame + 6, 6);
	is(recv(in, got, 100, 0), 100); /* the rest is lost */
	fails(recv(in, got, sizeof(got), MSG_DONTWAIT), EAGAIN);
	fails(recv(other, got, sizeof(got), MSG_DONTWAIT), EAGAIN);
	fails(recv(out, got, sizeof(got), MSG_DONTWAIT), EAGAIN);

	/* write(2) goes where the socket is bound. */
	is(write(out, make_frame(frame, 60, PROTOCOL, 2), 60), 60);
	is(recv(in, got, 10, MSG_TRUNC), 60);
	is(send(out, frame, 15, 0), 15);
	is(read(in, got, sizeof(got)), 15);
	same(got, frame, 15);
	fails(send(out, frame, 13, 0), EINVAL);
	fails(send(out, BAD, 60, 0), EFAULT);
	to.sll_ifindex = 9999;
	fails(sendto(out, frame, 60, 0, (void *)&to, sizeof(to)), ENXIO);
	fails(sendto(out, frame, 60, 0, (void *)&to, sizeof(to) - 1), EINVAL);
	close(in);
	close(other);
	close(out);
}

/* Without the header, which the address tells of. */
static void test_dgram(void)
{
	int in = open_on_lo(SOCK_DGRAM, PROTOCOL), raw = open_on_lo(SOCK_RAW, PROTOCOL);
	int out = open_on_lo(SOCK_DGRAM, 0);
	struct sockaddr_ll to = to_lo(PROTOCOL), from;
	uint8_t got[100], head[14] = {2, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0x88, 0xb5};
	socklen_t len = sizeof(from);

	is(sendto(out, "payload", 7, 0, (void *)&to, sizeof(to)), 7);
	is(recvfrom(in, got, sizeof(got), 0, (void *)&from, &len), 7);
	same(got, "payload", 7);
	is(ntohs(from.sll_protocol), PROTOCOL);
	is(recv(raw, got, sizeof(got), 0), 21);
	same(got, head, 14);
	same(got + 14, "payload", 7);
	close(in);
	close(raw);
	close(out);
}

/* A socket for all protocols sees what is sent, too, unless it sent it. */
static void test_outgoing(void)
{
	int all = open_on_lo(SOCK_RAW, ETH_P_ALL), out = open_on_lo(SOCK_RAW, 0), one = 1;
	struct sockaddr_ll from;
	uint8_t frame[60], got[100];
	socklen_t len = sizeof(from);

	make_frame(frame, sizeof(frame), PROTOCOL, 3);
	is(send(out, frame, sizeof(frame), 0), sizeof(frame));
	is(recvfrom(all, got, sizeof(got), 0, (void *)&from, &len), sizeof(frame));
	is(from.sll_pkttype, PACKET_OUTGOING);
	is(recvfrom(all, got, sizeof(got), 0, (void *)&from, &len), sizeof(frame));
	is(from.sll_pkttype, PACKET_OTHERHOST); /* its address is zeros */
	same(got, frame, sizeof(frame));
	is(send(all, frame, sizeof(frame), 0), sizeof(frame));
	is(recvfrom(all, got, sizeof(got), 0, (void *)&from, &len), sizeof(frame));
	is(from.sll_pkttype, PACKET_OTHERHOST); /* its address is zeros */
	is(setsockopt(all, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)), 0);
	is(send(out, frame, sizeof(frame), 0), sizeof(frame));
	is(recvfrom(all, got, sizeof(got), 0, (void *)&from, &len), sizeof(frame));
	is(from.sll_pkttype, PACKET_OTHERHOST); /* its address is zeros */
	fails(recv(all, got, sizeof(got), MSG_DONTWAIT), EAGAIN);
	close(all);
	close(out);
}

static void test_auxdata(void)
{
	int in = open_on_lo(SOCK_RAW, PROTOCOL), out = open_on_lo(SOCK_RAW, 0), one = 1;
	uint8_t frame[60], got[40], control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct iovec iov = {got, sizeof(got)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct tpacket_auxdata aux;
	struct cmsghdr *c;

	is(setsockopt(in, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)), 0);
	send(out, make_frame(frame, sizeof(frame), PROTOCOL, 4), sizeof(frame), 0);
	is(recvmsg(in, &m, 0), sizeof(got));
	is(m.msg_flags, MSG_TRUNC);
	c = CMSG_FIRSTHDR(&m);
	ok(c && c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA);
	memcpy(&aux, CMSG_DATA(c), sizeof(aux));
	is(aux.tp_len, sizeof(frame));
	is(aux.tp_snaplen, sizeof(frame));
	is(aux.tp_mac, 0);
	is(aux.tp_net, 14);
	ok(aux.tp_status & TP_STATUS_USER);
	close(in);
	close(out);
}

static void test_statistics(void)
{
	int in = open_on_lo(SOCK_RAW, PROTOCOL), out = open_on_lo(SOCK_RAW, 0), small = 1;
	struct tpacket_stats st;
	socklen_t len = sizeof(st);
	uint8_t frame[1000], got[1000];
	unsigned read_back = 0;

	setsockopt(in, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	make_frame(frame, sizeof(frame), PROTOCOL, 5);
	for (int i = 0; i < 50; i++)
		send(out, frame, sizeof(frame), 0);
	while (recv(in, got, sizeof(got), MSG_DONTWAIT) > 0)
		read_back++;
	is(getsockopt(in, SOL_PACKET, PACKET_STATISTICS, &st, &len), 0);
	is(len, sizeof(st));
	is(st.tp_packets, 50);
	is(st.tp_packets - st.tp_drops, read_back);
	ok(read_back >= 1 && read_back < 50);
	is(getsockopt(in, SOL_PACKET, PACKET_STATISTICS, &st, &len), 0);
	is(st.tp_packets, 0);
	close(in);
	close(out);
}

static void test_membership(void)
{
	struct packet_mreq m = {.mr_ifindex = LO, .mr_type = PACKET_MR_PROMISC};
	int fd = open_on_lo(SOCK_RAW, PROTOCOL);
	struct ifreq r = {.ifr_name = "lo"};

	is(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)), 0);
	is(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)), 0);
	is(ioctl(fd, SIOCGIFFLAGS, &r), 0);
	ok(!(r.ifr_flags & IFF_PROMISC), "the flag is for who set it");
	is(setsockopt(fd, SOL_PACKET, PACKET_DROP_MEMBERSHIP, &m, sizeof(m)), 0);
	is(setsockopt(fd, SOL_PACKET, PACKET_DROP_MEMBERSHIP, &m, sizeof(m)), 0);
	m.mr_ifindex = 9999;
	fails(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)), ENODEV);
	fails(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, 4), EINVAL);
	fails(setsockopt(fd, SOL_PACKET, 9999, &m, sizeof(m)), ENOPROTOOPT);
	fails(setsockopt(fd, SOL_IP, 1, &m, sizeof(m)), ENOPROTOOPT);
	close(fd);
}

/* Every byte of many frames, in order. */
static void test_many(void)
{
	int in = open_on_lo(SOCK_RAW, PROTOCOL), out = open_on_lo(SOCK_RAW, 0), bad = 0;
	uint8_t frame[3000], got[3000];

	for (unsigned i = 0; i < 2000; i++) {
		size_t n = 15 + i * 37 % 2900;

		make_frame(frame, n, PROTOCOL, i);
		bad += send(out, frame, n, 0) != (ssize_t)n;
		bad += recv(in, got, sizeof(got), 0) != (ssize_t)n || memcmp(got, frame, n);
	}
	is(bad, 0);
	close(in);
	close(out);
}

int main(void)
{
	if (have_packets()) {
		test_create();
		test_raw();
		test_dgram();
		test_outgoing();
		test_auxdata();
		test_statistics();
		test_membership();
		test_many();
	}
	return tap_done();
}
