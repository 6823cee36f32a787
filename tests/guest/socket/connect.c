/* SPDX-License-Identifier: MIT */
/* connect(2), listen(2), accept(2), accept4(2), getpeername(2) over AF_UNIX connections. */
#include "tests/guest/tap.h"

#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#define OFFSET offsetof(struct sockaddr_un, sun_path)

static struct sockaddr_un server = {AF_UNIX, "server"};

static int new (int type)
{
	return socket(AF_UNIX, type, 0);
}

static int to_server(int fd)
{
	return connect(fd, (void *)&server, sizeof(server));
}

static int listening(int type, int backlog)
{
	int fd = new (type);

	unlink("server");
	is(bind(fd, (void *)&server, sizeof(server)), 0);
	is(listen(fd, backlog), 0);
	return fd;
}

static int events(int fd)
{
	struct pollfd pfd = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};

	poll(&pfd, 1, 0);
	return pfd.revents;
}

static void errors(void)
{
	struct sockaddr_un a = {AF_UNIX, "nowhere"};
	int fd = new (SOCK_STREAM), l, dgram;

	is(events(fd), POLLOUT | POLLHUP);
	fails(listen(fd, 1), EINVAL);
	fails(accept(fd, NULL, NULL), EINVAL);
	fails(connect(fd, BAD, 10), EFAULT);
	fails(connect(fd, (void *)&a, 2), EINVAL);
	fails(connect(fd, (void *)&a, 129), EINVAL);
	fails(connect(fd, (void *)&a, sizeof(a)), ENOENT);
	a.sun_family = AF_UNSPEC;
	fails(connect(fd, (void *)&a, sizeof(a)), EINVAL);
	close(file_with("plain", ""));
	a = (struct sockaddr_un){AF_UNIX, "plain"};
	fails(connect(fd, (void *)&a, sizeof(a)), ECONNREFUSED);
	a = (struct sockaddr_un){AF_UNIX, "\0no such name"};
	fails(connect(fd, (void *)&a, 20), ECONNREFUSED);
	l = new (SOCK_STREAM);
	is(bind(l, (void *)&server, sizeof(server)), 0);
	fails(to_server(fd), ECONNREFUSED); /* it does not listen yet */
	is(listen(l, 5), 0);
	dgram = new (SOCK_DGRAM);
	fails(to_server(dgram), EPROTOTYPE);
	fails(listen(dgram, 1), EOPNOTSUPP);
	fails(accept(dgram, NULL, NULL), EOPNOTSUPP);
	fails(to_server(l), EINVAL);
	chmod("server", 0);
	if (is_root())
		skip("root may connect anywhere");
	else
		fails(to_server(fd), EACCES);
	chmod("server", 0777);
	is(to_server(fd), 0);
	fails(to_server(fd), EISCONN);
	fails(listen(fd, 1), EINVAL);
	close(l);
	close(fd);
	fd = new (SOCK_STREAM);
	fails(to_server(fd), ECONNREFUSED); /* the name is left over */
	close(fd);
	close(dgram);
}

static void accepting(void)
{
	struct sockaddr_un got, own = {AF_UNIX, "client"};
	int l = listening(SOCK_STREAM, 5), c = new (SOCK_STREAM), s;
	socklen_t len = sizeof(got);
	char b[8];

	is(events(l), 0);
	fails(fcntl(l, F_SETFL, O_NONBLOCK) ? 0 : accept(l, NULL, NULL), EAGAIN);
	fails(sys(accept4, l, NULL, NULL, 1), EINVAL);
	is(bind(c, (void *)&own, sizeof(own)), 0);
	is(to_server(c), 0);
	is(events(c), POLLOUT);
	is(events(l), POLLIN);
	is(write(c, "early", 5), 5);
	works(s = accept4(l, (void *)&got, &len, SOCK_CLOEXEC | SOCK_NONBLOCK));
	is(len, OFFSET + 7);
	ok(!strcmp(got.sun_path, "client"));
	is(fcntl(s, F_GETFD), FD_CLOEXEC);
	is(fcntl(s, F_GETFL), O_RDWR | O_NONBLOCK);
	is(read(s, b, 8), 5);
	is(write(s, "answer", 6), 6);
	is(read(c, b, 8), 6);
	len = sizeof(got);
	is(getpeername(c, (void *)&got, &len), 0);
	ok(len == OFFSET + 7 && !strcmp(got.sun_path, "server"));
	len = sizeof(got);
	is(getsockname(s, (void *)&got, &len), 0);
	ok(len == OFFSET + 7 && !strcmp(got.sun_path, "server"));
	len = sizeof(got);
	is(recvfrom(c, b, 8, MSG_DONTWAIT, (void *)&got, &len), -1);
	is(write(s, "x", 1), 1);
	is(recvfrom(c, b, 8, 0, (void *)&got, &len), 1);
	ok(len == OFFSET + 7 && !strcmp(got.sun_path, "server"));
	close(s);
	len = sizeof(got);
	is(getpeername(c, (void *)&got, &len), 0); /* still known */
	close(c);
	c = new (SOCK_STREAM);
	is(to_server(c), 0);
	len = sizeof(got);
	works(s = accept(l, (void *)&got, &len));
	is(len, 2);
	is(fcntl(s, F_GETFL), O_RDWR);
	close(s);
	close(c);
	close(l);
	unlink("client");
}

/* What happens to connections that nobody accepts. */
static void backlog(void)
{
	int l = listening(SOCK_STREAM, 1), c[4];
	char b[4];

	for (int i = 0; i < 4; i++)
		c[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	is(to_server(c[0]), 0);
	is(to_server(c[1]), 0);
	fails(to_server(c[2]), EAGAIN);
	is(listen(l, 2), 0);
	is(to_server(c[2]), 0);
	fails(to_server(c[3]), EAGAIN);
	is(write(c[0], "x", 1), 1);
	close(l);
	fails(read(c[0], b, 4), ECONNRESET);
	is(read(c[0], b, 4), 0);
	fails(read(c[1], b, 4), ECONNRESET);
	is(events(c[2]), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
	for (int i = 0; i < 4; i++)
		close(c[i]);
	l = listening(SOCK_SEQPACKET, 5);
	is(shutdown(l, SHUT_RD), 0);
	fails(accept(l, NULL, NULL), EINVAL);
	c[0] = new (SOCK_SEQPACKET);
	fails(to_server(c[0]), ECONNREFUSED);
	close(c[0]);
	close(l);
}

static int listener;

static void *accept_some(void *arg)
{
	for (long i = 0; i < 50; i++) {
		int s = accept(listener, NULL, NULL);
		char b;

		if (s < 0 || read(s, &b, 1) != 1 || write(s, &b, 1) != 1)
			return "failed";
		close(s);
	}
	return NULL;
}

static void waiting(void)
{
	pthread_t t;
	void *wrong;
	int good = 0;

	listener = listening(SOCK_STREAM, 0);
	pthread_create(&t, NULL, accept_some, NULL);
	for (int i = 0; i < 50; i++) {
		int c = new (SOCK_STREAM);
		char b = i, d = ~i;

		if (!to_server(c) && write(c, &b, 1) == 1 && read(c, &d, 1) == 1)
			good += d == b;
		close(c);
	}
	is(good, 50);
	pthread_join(t, &wrong);
	ok(!wrong);
	close(listener);
}

static void no_descriptor(void)
{
	int l = listening(SOCK_STREAM, 5), c = new (SOCK_STREAM), s;
	struct rlimit old, few;

	getrlimit(RLIMIT_NOFILE, &old);
	few = (struct rlimit){c + 1, old.rlim_max};
	is(to_server(c), 0);
	setrlimit(RLIMIT_NOFILE, &few);
	fails(accept(l, NULL, NULL), EMFILE);
	setrlimit(RLIMIT_NOFILE, &old);
	works(s = accept(l, NULL, NULL)); /* it was not lost */
	close(s);
	close(c);
	close(l);
}

int main(void)
{
	tmp();
	errors();
	accepting();
	backlog();
	waiting();
	no_descriptor();
	return tap_done();
}
