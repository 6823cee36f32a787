/* SPDX-License-Identifier: MIT */
/* sendmsg(2), recvmsg(2), sendmmsg(2), recvmmsg(2): headers, SCM_RIGHTS, SCM_CREDENTIALS. */
#include "tests/guest/tap.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

static int p[2];

static void pair(int type)
{
	is(socketpair(AF_UNIX, type, 0, p), 0);
}

static void unpair(void)
{
	close(p[0]);
	close(p[1]);
}

/* One message with room for ancillary data. */
static char data[64], control[1200];
static struct iovec vec;
static struct msghdr msg;

static struct msghdr *header(const char *text, size_t n, size_t room)
{
	if (text)
		memcpy(data, text, n);
	vec = (struct iovec){data, n};
	msg = (struct msghdr){
	    .msg_iov = &vec, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room};
	memset(control, 0, sizeof(control));
	return &msg;
}

static struct msghdr *with_fds(const char *text, const int *fds, int n)
{
	struct msghdr *m = header(text, strlen(text), CMSG_SPACE(n * sizeof(int)));
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	*c = (struct cmsghdr){.cmsg_len = CMSG_LEN(n * sizeof(int)),
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	return m;
}

static int received_fd(int i)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int fd;

	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len < CMSG_LEN((i + 1) * sizeof(int)))
		return -1;
	memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
	return fd;
}

static void headers(void)
{
	struct msghdr *m = header("abc", 3, 0);
	struct sockaddr_un from;
	struct iovec two[2] = {{"12", 2}, {"345", 3}};

	pair(SOCK_STREAM);
	fails(sys(sendmsg, p[0], BAD, 0), EFAULT);
	fails(sys(recvmsg, p[0], BAD, 0), EFAULT);
	fails(sys(sendmsg, p[0], m, 0x80000000u), EINVAL);
	m->msg_iovlen = 1025;
	fails(sys(sendmsg, p[0], m, 0), EMSGSIZE);
	fails(sys(recvmsg, p[0], m, 0), EMSGSIZE);
	m->msg_iovlen = 1;
	m->msg_iov = BAD;
	fails(sys(sendmsg, p[0], m, 0), EFAULT);
	m->msg_iov = two;
	m->msg_iovlen = 2;
	is(sendmsg(p[0], m, 0), 5);
	m = header(NULL, 10, 100);
	m->msg_name = &from;
	m->msg_namelen = sizeof(from);
	m->msg_flags = -1;
	is(recvmsg(p[1], m, 0), 5);
	same(data, "12345", 5);
	is(m->msg_flags, 0);
	is(m->msg_namelen, 0);
	is(m->msg_controllen, 0);
	m = header("x", 1, 0);
	m->msg_controllen = 1 << 30;
	fails(sys(sendmsg, p[0], m, 0), ENOBUFS);
	m = header("x", 1, 17); /* a header that claims more than there is */
	((struct cmsghdr *)control)->cmsg_len = 64;
	fails(sendmsg(p[0], m, 0), EINVAL);
	((struct cmsghdr *)control)->cmsg_len = 16;
	((struct cmsghdr *)control)->cmsg_level = SOL_SOCKET;
	((struct cmsghdr *)control)->cmsg_type = 77;
	fails(sendmsg(p[0], m, 0), EINVAL);
	unpair();
}

static void rights(void)
{
	int q[2], fds[3], got;
	char b[8];

	pipe(q);
	pair(SOCK_STREAM);
	is(sendmsg(p[0], with_fds("a", q, 2), 0), 1);
	close(q[0]);
	close(q[1]);
	is(recvmsg(p[1], header(NULL, 10, 100), MSG_CMSG_CLOEXEC), 1);
	is(msg.msg_flags, MSG_CMSG_CLOEXEC);
	is(msg.msg_controllen, CMSG_SPACE(2 * sizeof(int)));
	ok(received_fd(0) >= 0 && received_fd(1) >= 0);
	is(fcntl(received_fd(0), F_GETFD), FD_CLOEXEC);
	is(write(received_fd(1), "through", 7), 7);
	is(read(received_fd(0), b, 8), 7);
	close(received_fd(0));
	close(received_fd(1));

	fds[0] = FD_NONE;
	fails(sendmsg(p[0], with_fds("a", fds, 1), 0), EBADF);
	fds[0] = open("/dev/null", O_RDONLY);
	fds[1] = open("/", O_PATH);
	fds[2] = fds[0];
	is(sendmsg(p[0], with_fds("a", fds, 3), 0), 1);
	is(recvmsg(p[1], header(NULL, 10, CMSG_LEN(4)), 0), 1); /* room for one */
	is(msg.msg_flags, MSG_CTRUNC);
	is(msg.msg_controllen, CMSG_LEN(4));
	got = received_fd(0);
	is(fcntl(got, F_GETFD), 0);
	ok(received_fd(1) == -1);
	close(got);
	is(sendmsg(p[0], with_fds("a", fds, 1), 0), 1);
	is(recvmsg(p[1], header(NULL, 10, 0), 0), 1);
	is(msg.msg_flags, MSG_CTRUNC);
	is(sendmsg(p[0], with_fds("a", fds, 1), 0), 1);
	is(read(p[1], b, 8), 1);
	close(fds[0]);
	close(fds[1]);
	unpair();
}

/* A read does not go past open files. */
static void rights_in_stream(void)
{
	int fd = open("/dev/null", O_RDONLY), got;

	pair(SOCK_STREAM);
	is(write(p[0], "plain", 5), 5);
	is(sendmsg(p[0], with_fds("one", &fd, 1), 0), 3);
	is(sendmsg(p[0], with_fds("two", &fd, 1), 0), 3);
	is(write(p[0], "end", 3), 3);
	is(recvmsg(p[1], header(NULL, 60, 100), MSG_PEEK), 8);
	works(got = received_fd(0));
	close(got);
	is(recvmsg(p[1], header(NULL, 60, 100), 0), 8);
	close(received_fd(0));
	is(recvmsg(p[1], header(NULL, 1, 100), 0), 1);
	works(got = received_fd(0));
	close(got);
	is(recvmsg(p[1], header(NULL, 60, 100), 0), 5);
	is(received_fd(0), -1);
	close(fd);
	unpair();
}

static int many[254];

static void too_many(void)
{
	int fd = open("/dev/null", O_RDONLY);

	for (int i = 0; i < 254; i++)
		many[i] = fd;
	pair(SOCK_DGRAM);
	/* not musl's sendmsg, which gives up on that much */
	fails(sys(sendmsg, p[0], with_fds("x", many, 254), 0), EINVAL);
	is(sys(sendmsg, p[0], with_fds("x", many, 253), 0), 1);
	is(recvmsg(p[1], header(NULL, 10, sizeof(control)), 0), 1);
	is(msg.msg_controllen, CMSG_SPACE(253 * 4));
	for (int i = 0; i < 253; i++)
		close(received_fd(i));
	close(fd);
	unpair();
}

/* Sockets that only they themselves hold: /proc says whether they are gone. */
static int unix_sockets(void)
{
	static char buf[200000];
	int fd = open("/proc/net/unix", O_RDONLY), lines = 0;
	ssize_t n, len = 0;

	while ((n = read(fd, buf + len, sizeof(buf) - 1 - len)) > 0)
		len += n;
	close(fd);
	for (ssize_t i = 0; i < len; i++)
		lines += buf[i] == '\n';
	return lines;
}

static void cycles(void)
{
	int before = unix_sockets(), q[2], after = 0;

	for (int i = 0; i < 20; i++) {
		pair(SOCK_STREAM);
		is(sendmsg(p[0], with_fds("x", p, 2), 0), 1);
		is(socketpair(AF_UNIX, SOCK_DGRAM, 0, q), 0);
		is(sendmsg(q[0], with_fds("x", p, 2), 0), 1);
		is(sendmsg(p[0], with_fds("x", q, 2), 0), 1);
		unpair();
		close(q[0]);
		close(q[1]);
	}
	pair(SOCK_STREAM); /* and another close, to collect at */
	unpair();
	for (int i = 0; i < 50 && (after = unix_sockets()) > before + 5; i++)
		usleep(20000); /* Linux collects in the background */
	ok(after <= before + 5, "cycles of sockets are collected");
}

/* A long chain, each in the queue of the one before, must not need a deep stack. */
static void chain(void)
{
	int q[2], last;

	pair(SOCK_STREAM);
	last = p[1];
	close(p[0]);
	for (int i = 0; i < 600; i++) {
		socketpair(AF_UNIX, SOCK_DGRAM, 0, q);
		if (sendmsg(q[0], with_fds("x", &last, 1), 0) != 1)
			diag("chain ends at %d: %s", i, strerror(errno));
		close(last);
		close(q[0]);
		last = q[1];
	}
	is(recvmsg(last, header(NULL, 1, 100), MSG_PEEK), 1);
	close(received_fd(0));
	is(close(last), 0);
}

static struct ucred *received_cred(void)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	return c && c->cmsg_type == SCM_CREDENTIALS && c->cmsg_len == CMSG_LEN(sizeof(struct ucred))
		   ? (struct ucred *)CMSG_DATA(c)
		   : NULL;
}

static struct msghdr *with_cred(struct ucred c)
{
	struct msghdr *m = header("x", 1, CMSG_SPACE(sizeof(c)));
	struct cmsghdr *h = CMSG_FIRSTHDR(m);

	*h = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(c)),
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_CREDENTIALS};
	memcpy(CMSG_DATA(h), &c, sizeof(c));
	return m;
}

static void credentials(int type)
{
	struct ucred own = {getpid(), getuid(), getgid()}, *c, peer;
	socklen_t len = sizeof(peer);
	pid_t other = fork();
	int on = 1;

	if (other == 0)
		for (;;)
			pause();
	pair(type);
	is(write(p[0], "x", 1), 1);
	is(setsockopt(p[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	is(recvmsg(p[1], header(NULL, 1, 100), 0), 1); /* sent before anybody asked */
	ok((c = received_cred()) && c->pid == 0 && c->uid == 65534 && c->gid == 65534);
	is(write(p[0], "x", 1), 1);
	is(recvmsg(p[1], header(NULL, 1, 100), 0), 1);
	ok((c = received_cred()) && !memcmp(c, &own, sizeof(own)));
	is(sendmsg(p[0], with_cred(own), 0), 1);
	is(recvmsg(p[1], header(NULL, 1, 20), 0), 1);
	is(msg.msg_flags, MSG_CTRUNC);
	if (!is_root()) {
		fails(sendmsg(p[0], with_cred((struct ucred){1, own.uid, own.gid}), 0), EPERM);
		fails(sendmsg(p[0], with_cred((struct ucred){own.pid, 0, own.gid}), 0), EPERM);
		fails(sendmsg(p[0], with_cred((struct ucred){own.pid, own.uid, 0}), 0), EPERM);
	} else {
		is(sendmsg(p[0], with_cred((struct ucred){own.pid, 77, 78}), 0), 1);
		is(recvmsg(p[1], header(NULL, 1, 100), 0), 1);
		ok((c = received_cred()) && c->uid == 77 && c->gid == 78);
		is(sendmsg(p[0], with_cred((struct ucred){other, own.uid, own.gid}), 0), 1);
		is(recvmsg(p[1], header(NULL, 1, 100), 0), 1);
		ok((c = received_cred()) && c->pid == other && c->uid == own.uid);
		fails(sendmsg(p[0], with_cred((struct ucred){4194304, own.uid, own.gid}), 0),
		      ESRCH);
	}
	is(getsockopt(p[0], SOL_SOCKET, SO_PEERCRED, &peer, &len), 0);
	ok(len == sizeof(peer) && !memcmp(&peer, &own, sizeof(own)));
	kill(other, SIGKILL);
	is(waitpid(other, NULL, 0), other);
	unpair();
}

static void vectors(void)
{
	char b[4][4] = {"a", "bb", "ccc"};
	struct iovec v[4] = {{b[0], 1}, {b[1], 2}, {b[2], 3}, {b[3], 4}};
	struct timespec now = {0, 0}, bad = {0, -1};
	struct mmsghdr m[4] = {0};

	pair(SOCK_DGRAM);
	for (int i = 0; i < 4; i++)
		m[i].msg_hdr = (struct msghdr){.msg_iov = &v[i], .msg_iovlen = 1};
	is(sendmmsg(p[0], m, 3, 0), 3);
	ok(m[0].msg_len == 1 && m[1].msg_len == 2 && m[2].msg_len == 3);
	is(recvmmsg(p[1], m, 4, MSG_DONTWAIT, NULL), 3);
	ok(m[0].msg_len == 1 && m[1].msg_len == 2 && m[2].msg_len == 3);
	fails(recvmmsg(p[1], m, 4, MSG_DONTWAIT, NULL), EAGAIN);
	is(sendmmsg(p[0], m, 2, 0), 2);
	is(recvmmsg(p[1], m, 4, MSG_WAITFORONE, NULL), 2);
	is(sendmmsg(p[0], m, 2, 0), 2);
	is(recvmmsg(p[1], m, 2, 0, &now), 1);
	is(recvmmsg(p[1], m, 1, 0, NULL), 1);
	fails(recvmmsg(p[1], m, 1, 0, &bad), EINVAL);
	is(sendmmsg(p[0], m, 0, 0), 0);
	fails(sys(sendmmsg, p[0], BAD, 1, 0), EFAULT);
	m[1].msg_hdr.msg_iovlen = 2000; /* what was sent counts */
	is(sendmmsg(p[0], m, 2, 0), 1);
	unpair();
}

int main(void)
{
	headers();
	rights();
	rights_in_stream();
	too_many();
	credentials(SOCK_STREAM);
	credentials(SOCK_DGRAM);
	vectors();
	cycles();
	chain();
	return tap_done();
}
