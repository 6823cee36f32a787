/* SPDX-License-Identifier: MIT */
/*
 * sockets SECONDS CLIENTS: threads talk to an echo server on epoll over AF_UNIX, in pieces of odd
 * sizes, hang up half-way, pass descriptors, exchange datagrams, and are interrupted by a timer all
 * the time. Prints one line; status 1 if an answer was wrong or a thread stood still.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define STILL 30 /* seconds without progress that are too many */

static struct sockaddr_un server = {AF_UNIX, "\0uniload sockets"};
static volatile bool stop;
static volatile long rounds[64], wrong;

static void bad(const char *what)
{
	__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
}

/* What is read is sent back; a full peer is waited for, because clients read all they expect. */
static void echo(int fd)
{
	static char buf[20000];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT), done = 0, r = 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	while (done < n && ((r = send(fd, buf + done, n - done, MSG_NOSIGNAL)) > 0 ||
			    (r < 0 && errno == EINTR)))
		done += r > 0 ? r : 0;
	if (n <= 0 || done < n)
		close(fd);
}

static void *serve(void *arg)
{
	int listener = (int)(long)arg, ep = epoll_create1(0);
	struct epoll_event e = {.events = EPOLLIN, .data.fd = listener}, got[16];

	epoll_ctl(ep, EPOLL_CTL_ADD, listener, &e);
	while (!stop) {
		int n = epoll_wait(ep, got, 16, 100);

		for (int i = 0; i < n; i++) {
			if (got[i].data.fd != listener) {
				echo(got[i].data.fd);
				continue;
			}
			e.data.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
			if (e.data.fd >= 0)
				epoll_ctl(ep, EPOLL_CTL_ADD, e.data.fd, &e);
		}
	}
	return NULL;
}

static bool all(int fd, bool out, char *buf, size_t n)
{
	while (n) {
		ssize_t r = out ? send(fd, buf, n, MSG_NOSIGNAL) : recv(fd, buf, n, 0);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return false;
		buf += r;
		n -= r;
	}
	return true;
}

static void talk(unsigned *seed)
{
	char out[9000], in[9000];
	size_t n = 1 + rand_r(seed) % sizeof(out);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), r;

	while ((r = connect(fd, (void *)&server, sizeof(server))) && errno == EINTR)
		;
	if (r)
		bad("connect");
	for (size_t i = 0; i < n; i++)
		out[i] = rand_r(seed);
	if (!r && !all(fd, true, out, n))
		bad("send");
	else if (!r && rand_r(seed) % 4 && (!all(fd, false, in, n) || memcmp(in, out, n)))
		bad("echo");
	close(fd);
}

/* A datagram with one end of a pair in it, used at once. */
static void pass(unsigned *seed)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} c = {.h = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	struct iovec v = {&c, 1};
	struct msghdr m = {
	    .msg_iov = &v, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c)};
	int p[2], q[2], got = -1;
	char b = rand_r(seed), d = ~b;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, p) || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, q)) {
		bad("socketpair");
		return;
	}
	memcpy(CMSG_DATA(&c.h), &q[0], sizeof(int));
	if (sendmsg(p[0], &m, 0) != 1)
		bad("sendmsg");
	close(q[0]);
	if (rand_r(seed) % 4 == 0) {
		close(p[0]); /* lost on the way */
		close(p[1]);
		if (read(q[1], &d, 1) != 0)
			bad("end of a lost socket");
		close(q[1]);
		return;
	}
	while (recvmsg(p[1], &m, 0) < 0 && errno == EINTR)
		;
	memcpy(&got, CMSG_DATA(&c.h), sizeof(int));
	if (write(got, &b, 1) != 1 || read(q[1], &d, 1) != 1 || b != d)
		bad("passed socket");
	close(got);
	close(q[1]);
	close(p[0]);
	close(p[1]);
}

static void *client(void *arg)
{
	long me = (long)arg;
	unsigned seed = me;

	while (!stop) {
		if (rand_r(&seed) % 3)
			talk(&seed);
		else
			pass(&seed);
		rounds[me]++;
	}
	return NULL;
}

static void on_alarm(int signo)
{
}

int main(int argc, char **argv)
{
	long seconds = argc > 1 ? atol(argv[1]) : 1, clients = argc > 2 ? atol(argv[2]) : 4;
	struct sigaction sa = {.sa_handler = on_alarm};
	struct itimerval often = {{0, 1000}, {0, 1000}};
	long seen[64] = {0}, still[64] = {0}, sum = 0;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	time_t end = time(NULL) + seconds;
	pthread_t t;

	if (clients > 64 || bind(listener, (void *)&server, sizeof(server)) || listen(listener, 8))
		return 2;
	sigaction(SIGALRM, &sa, NULL);
	pthread_create(&t, NULL, serve, (void *)(long)listener);
	for (long i = 0; i < clients; i++)
		pthread_create(&t, NULL, client, (void *)i);
	setitimer(ITIMER_REAL, &often, NULL);
	while (time(NULL) < end && !wrong) {
		struct timespec second = {1, 0};

		while (nanosleep(&second, &second) && errno == EINTR)
			;
		for (long i = 0; i < clients; i++) {
			still[i] = rounds[i] == seen[i] ? still[i] + 1 : 0;
			seen[i] = rounds[i];
			if (still[i] > STILL) {
				errno = ETIMEDOUT;
				bad("a thread stands still");
			}
		}
	}
	for (long i = 0; i < clients; i++)
		sum += rounds[i];
	printf("sockets: %s, %ld wrong\n", sum > clients ? "ran" : "nothing ran", wrong);
	fprintf(stderr, "%ld rounds\n", sum);
	return wrong != 0 || sum <= clients;
}
