/* SPDX-License-Identifier: MIT */
/* io_uring_enter(2): sockets: accept, connect, send, receive, messages, once and repeatedly. */
#include "tests/guest/tap.h"

#include "tests/guest/event/uring.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

static struct ring r;

static struct io_uring_sqe *last(void)
{
	return &r.sqes[(*r.sq_tail + r.pending - 1) & (r.p.sq_entries - 1)];
}

/* A listener on a port of its own. */
static int listener(struct sockaddr_in *a)
{
	socklen_t len = sizeof(*a);
	int l = socket(AF_INET, SOCK_STREAM, 0);

	*a = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (bind(l, (void *)a, sizeof(*a)) || listen(l, 8) || getsockname(l, (void *)a, &len))
		return -1;
	return l;
}

static void connections(void)
{
	struct sockaddr_in a, from = {0};
	socklen_t len = sizeof(from);
	int l = listener(&a), s, c;

	ok(l >= 0);
	sqe(&r, IORING_OP_SOCKET, AF_INET, NULL, 0, SOCK_STREAM, 1);
	s = result(&r);
	ok(s > 2);
	sqe(&r, IORING_OP_ACCEPT, l, &from, 0, (uintptr_t)&len, 2)->accept_flags = SOCK_CLOEXEC;
	is(submit(&r, 0), 1);
	is(unread(&r), 0);
	sqe(&r, IORING_OP_CONNECT, s, &a, 0, sizeof(a), 3);
	submit(&r, 2);
	is(unread(&r), 2);
	c = -1;
	for (int i = 0; i < 2; i++) {
		struct cqe e = next_cqe(&r);

		if (e.user_data == 2)
			c = e.res;
		else
			is(e.res, 0);
	}
	ok(c > 2);
	is(fcntl(c, F_GETFD), FD_CLOEXEC);
	is(from.sin_family, AF_INET);
	is(len, sizeof(from));
	sqe(&r, IORING_OP_CONNECT, s, &a, 0, sizeof(a), 3);
	is(result(&r), -EISCONN);
	sqe(&r, IORING_OP_SHUTDOWN, s, NULL, SHUT_WR, 0, 3);
	is(result(&r), 0);
	sqe(&r, IORING_OP_RECV, c, &from, 4, 0, 3);
	is(result(&r), 0);
	sqe(&r, IORING_OP_SHUTDOWN, 0, NULL, SHUT_WR, 0, 3);
	is(result(&r), -ENOTSOCK);
	close(s);
	close(c);
	close(l);
	/* nobody listens there any more */
	s = socket(AF_INET, SOCK_STREAM, 0);
	sqe(&r, IORING_OP_CONNECT, s, &a, 0, sizeof(a), 3);
	is(result(&r), -ECONNREFUSED);
	close(s);
}

static void accept_many(void)
{
	struct sockaddr_in a;
	int l = listener(&a), s[3], c[3];

	sqe(&r, IORING_OP_ACCEPT, l, NULL, 0, 0, 2)->ioprio = IORING_ACCEPT_MULTISHOT;
	is(submit(&r, 0), 1);
	for (int i = 0; i < 3; i++) {
		struct cqe e;

		s[i] = socket(AF_INET, SOCK_STREAM, 0);
		is(connect(s[i], (void *)&a, sizeof(a)), 0);
		e = next_cqe(&r);
		is(e.user_data, 2);
		is(e.flags & IORING_CQE_F_MORE, IORING_CQE_F_MORE);
		c[i] = e.res;
		ok(c[i] > 2);
	}
	sqe(&r, IORING_OP_ASYNC_CANCEL, -1, (void *)2, 0, 0, 4);
	submit(&r, 2);
	for (int i = 0; i < 2; i++) {
		struct cqe e = next_cqe(&r);

		is(e.res, e.user_data == 2 ? -ECANCELED : 0);
		is(e.flags & IORING_CQE_F_MORE, 0);
	}
	for (int i = 0; i < 3; i++)
		close(s[i]), close(c[i]);
	close(l);
}

static void transfer(void)
{
	char buf[32] = "", big[65536];
	int s[2], n = 0;

	memset(big, 'x', sizeof(big));
	is(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	sqe(&r, IORING_OP_RECV, s[0], buf, 32, 0, 1);
	is(submit(&r, 0), 1);
	sqe(&r, IORING_OP_SEND, s[1], "hello", 5, 0, 2);
	submit(&r, 2);
	for (int i = 0; i < 2; i++)
		is(next_cqe(&r).res, 5);
	same(buf, "hello", 5);
	sqe(&r, IORING_OP_RECV, s[0], buf, 32, 0, 1)->msg_flags = MSG_DONTWAIT;
	is(result(&r), -EAGAIN);
	/* all of it, however often that has to be tried */
	sqe(&r, IORING_OP_RECV, s[0], buf, 6, 0, 1)->msg_flags = MSG_WAITALL;
	is(submit(&r, 0), 1);
	is(send(s[1], "abc", 3, 0), 3);
	is(sys(io_uring_enter, r.fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0), 0);
	is(unread(&r), 0);
	is(send(s[1], "def", 3, 0), 3);
	is(next_cqe(&r).res, 6);
	same(buf, "abcdef", 6);
	/* the buffer is full: the rest when there is room */
	while (send(s[1], big, sizeof(big), MSG_DONTWAIT) > 0)
		n++;
	ok(n > 0);
	sqe(&r, IORING_OP_SEND, s[1], "end", 3, 0, 5);
	is(submit(&r, 0), 1);
	is(unread(&r), 0);
	while (recv(s[0], big, sizeof(big), MSG_DONTWAIT) > 0 && !unread(&r))
		;
	is(next_cqe(&r).res, 3);
	close(s[0]);
	sqe(&r, IORING_OP_SEND, s[1], "end", 3, 0, 5); /* no SIGPIPE */
	is(result(&r), -EPIPE);
	close(s[1]);
	sqe(&r, IORING_OP_RECV, 0, buf, 6, 0, 1);
	is(result(&r), -ENOTSOCK);
}

static void messages(void)
{
	char a[4] = "", b[8] = "", ctl[64];
	struct iovec in[2] = {{a, 2}, {b, 6}}, out = {"xyzzy", 5};
	struct sockaddr_un name = {0};
	struct msghdr m = {.msg_name = &name,
			   .msg_namelen = sizeof(name),
			   .msg_iov = in,
			   .msg_iovlen = 2,
			   .msg_control = ctl,
			   .msg_controllen = sizeof(ctl)};
	struct msghdr w = {.msg_iov = &out, .msg_iovlen = 1};
	int s[2];

	is(socketpair(AF_UNIX, SOCK_DGRAM, 0, s), 0);
	sqe(&r, IORING_OP_RECVMSG, s[0], &m, 1, 0, 1);
	is(submit(&r, 0), 1);
	in[0] = in[1] = (struct iovec){NULL, 0}; /* only needed at submission */
	sqe(&r, IORING_OP_SENDMSG, s[1], &w, 1, 0, 2);
	submit(&r, 2);
	is(next_cqe(&r).res + next_cqe(&r).res, 10);
	same(a, "xy", 2);
	same(b, "zzy", 3);
	is(m.msg_controllen, 0);
	is(m.msg_flags, 0);
	sqe(&r, IORING_OP_RECVMSG, s[0], BAD, 1, 0, 1);
	is(result(&r), -EFAULT);
	close(s[0]);
	close(s[1]);
}

static void receive_many(void)
{
	static char pool[4][8];
	struct cqe e;
	int s[2];

	is(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	sqe(&r, IORING_OP_PROVIDE_BUFFERS, 4, pool, 8, 0, 1)->buf_group = 1;
	is(result(&r), 0);
	sqe(&r, IORING_OP_RECV, s[0], NULL, 0, 0, 1)->ioprio = IORING_RECV_MULTISHOT;
	is(result(&r), -EINVAL); /* needs provided buffers */
	sqe(&r, IORING_OP_RECV, s[0], NULL, 0, 0, 2)->ioprio = IORING_RECV_MULTISHOT;
	last()->flags = IOSQE_BUFFER_SELECT;
	last()->buf_group = 1;
	is(submit(&r, 0), 1);
	for (int i = 0; i < 3; i++) {
		is(send(s[1], "abc", 3, 0), 3);
		e = next_cqe(&r);
		is(e.res, 3);
		is(e.flags & (IORING_CQE_F_MORE | IORING_CQE_F_BUFFER),
		   IORING_CQE_F_MORE | IORING_CQE_F_BUFFER);
		same(pool[e.flags >> 16], "abc", 3);
	}
	close(s[1]);
	e = next_cqe(&r);
	is(e.res, 0);
	is(e.flags & IORING_CQE_F_MORE, 0);
	close(s[0]);
}

/* Between pipes and from a file, both ends waited for. */
static void splices(void)
{
	int p[2], q[2];
	char buf[16] = "";

	is(pipe(p) + pipe(q), 0);
	sqe(&r, IORING_OP_SPLICE, q[1], (void *)-1, 5, (uint64_t)-1, 1)->splice_fd_in = p[0];
	is(submit(&r, 0), 1);
	is(write(p[1], "hello", 5), 5);
	is(next_cqe(&r).res, 5);
	sqe(&r, IORING_OP_TEE, p[1], NULL, 3, 0, 1)->splice_fd_in = q[0];
	is(result(&r), 3);
	is(read(q[0], buf, 16), 5);
	is(read(p[0], buf, 16), 3);
	sqe(&r, IORING_OP_SPLICE, q[1], (void *)-1, 5, (uint64_t)-1, 1)->splice_fd_in = FD_NONE;
	is(result(&r), -EBADF);
	close(p[0]), close(p[1]), close(q[0]), close(q[1]);
}

static void other_ring(void)
{
	struct ring o;
	struct cqe e;

	ok(ring_open(&o, 4, 0));
	sqe(&r, IORING_OP_MSG_RING, o.fd, NULL, 55, 1234, 1);
	is(result(&r), 0);
	e = next_cqe(&o);
	is(e.res, 55);
	is(e.user_data, 1234);
	sqe(&r, IORING_OP_MSG_RING, 0, NULL, 55, 1234, 1);
	is(result(&r), -EBADFD);
	ring_close(&o);
}

int main(void)
{
	if (!ring_open(&r, 16, 0)) {
		skip("no io_uring here");
		return tap_done();
	}
	connections();
	accept_many();
	transfer();
	messages();
	receive_many();
	splices();
	other_ring();
	ring_close(&r);
	return tap_done();
}
