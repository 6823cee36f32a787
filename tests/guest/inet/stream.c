/* SPDX-License-Identifier: MIT */
/* Bytes of a TCP connection: MSG_PEEK, WAITALL, DONTWAIT, TRUNC, limits of buffers, timeouts, bad
 * pointers, much data. */
#include "tests/guest/inet/inet.h"

#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

static void flags(void)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	char buf[16];
	int e[2], n;

	connected(e);
	fails(recv(e[0], buf, 1, MSG_DONTWAIT), EAGAIN);
	is(send(e[1], "abc", 3, 0), 3);
	is(send(e[1], "defgh", 5, 0), 5);
	is(wait_for(e[0], POLLIN), POLLIN);
	is(recv(e[0], buf, 2, MSG_PEEK), 2);
	is(recv(e[0], buf, 8, MSG_PEEK | MSG_WAITALL), 8);
	same(buf, "abcdefgh", 8);
	is(ioctl(e[0], FIONREAD, &n), 0);
	is(n, 8);
	is(ioctl(e[0], TIOCOUTQ, &n), 0);
	is(n, 0);
	fails(ioctl(e[0], FIONREAD, BAD), EFAULT);
	is(recvfrom(e[0], buf, 1, 0, (void *)&a, &len), 1);
	is(len, 0); /* no address on a connection */
	is(recv(e[0], NULL, 3, MSG_TRUNC), 3);
	is(recv(e[0], buf, 0, 0), 0);
	is(recv(e[0], buf, 16, 0), 4);
	same(buf, "efgh", 4);
	fails(recv(e[0], buf, 0, MSG_DONTWAIT), EAGAIN);
	is(send(e[0], buf, 0, 0), 0);
	fails(recv(e[0], buf, 1, MSG_OOB), EINVAL);
	is(sendto(e[0], "to", 2, 0, (void *)&a, sizeof(a)), 2); /* the address does not matter */
	is(recv(e[1], buf, 16, 0), 2);
	close(e[0]);
	close(e[1]);
}

static void urgent(void)
{
	char buf[8];
	int e[2], mark = -1;

	connected(e);
	is(send(e[1], "abc", 3, MSG_OOB), 3);
	is(send(e[1], "de", 2, 0), 2);
	is(wait_for(e[0], POLLPRI) & POLLPRI, POLLPRI);
	is(ioctl(e[0], SIOCATMARK, &mark), 0);
	is(mark, 0);
	is(recv(e[0], buf, 8, 0), 2); /* up to the mark */
	same(buf, "ab", 2);
	is(ioctl(e[0], SIOCATMARK, &mark), 0);
	is(mark, 1);
	is(recv(e[0], buf, 1, MSG_OOB | MSG_PEEK), 1);
	is(recv(e[0], buf, 1, MSG_OOB), 1);
	is(buf[0], 'c');
	fails(recv(e[0], buf, 1, MSG_OOB), EINVAL);
	is(recv(e[0], buf, 8, 0), 2);
	same(buf, "de", 2);
	is(events(e[0]), POLLOUT);
	is(set_option(e[0], SOL_SOCKET, SO_OOBINLINE, 1), 0);
	is(send(e[1], "xyz", 3, MSG_OOB), 3);
	is(wait_for(e[0], POLLIN) & POLLIN, POLLIN);
	is(recv(e[0], buf, 8, 0), 2);
	fails(recv(e[0], buf, 1, MSG_OOB), EINVAL);
	is(recv(e[0], buf, 8, 0), 1);
	is(buf[0], 'z');
	close(e[0]);
	close(e[1]);
}

static void pointers(void)
{
	char *at = edge(), buf[64];
	struct iovec v[2] = {{buf, 4}, {BAD, 4}};
	int e[2];

	connected(e);
	fails(send(e[0], BAD, 5, 0), EFAULT);
	fails(send(e[0], BAD_KERNEL, 5, 0), EFAULT);
	fails(send(e[0], BAD_NONCANON, 5, 0), EFAULT);
	is(send(e[0], "0123456789", 10, 0), 10);
	is(wait_for(e[1], POLLIN), POLLIN);
	fails(recv(e[1], BAD, 5, 0), EFAULT);
	fails(recv(e[1], at, 5, 0), EFAULT);
	is(recv(e[1], at - 5, 5, 0), 5);
	same(at - 5, "01234", 5);
	is(readv(e[1], v, 1), 4);
	fails(writev(e[0], &v[1], 1), EFAULT);
	close(e[0]);
	close(e[1]);
}

/* Send until there is no room: how much that was. */
static long fill(int fd)
{
	static char block[65536];
	long sum = 0, n;

	while ((n = send(fd, block, sizeof(block), MSG_DONTWAIT)) > 0)
		sum += n;
	is(errno, EAGAIN);
	return sum;
}

static void limits(void)
{
	static char block[65536];
	long sum, n, got = 0;
	int e[2];

	connected(e);
	sum = fill(e[0]);
	ok(sum > 65536);
	is(events(e[0]), 0);
	fails(send(e[0], block, 1, MSG_DONTWAIT), EAGAIN);
	while (got < sum && (n = recv(e[1], block, sizeof(block), 0)) > 0)
		got += n;
	is(got, sum);
	is(wait_for(e[0], POLLOUT), POLLOUT);
	is(send(e[0], block, 1, MSG_DONTWAIT), 1);
	close(e[0]);
	close(e[1]);
}

static void timeouts(void)
{
	struct timeval t = {0, 20000};
	char c;
	int e[2];

	connected(e);
	is(setsockopt(e[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)), 0);
	is(setsockopt(e[0], SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)), 0);
	fails(recv(e[0], &c, 1, 0), EAGAIN);
	fill(e[0]);
	fails(send(e[0], &c, 1, 0), EAGAIN);
	close(e[0]);
	close(e[1]);
}

static void low_water(void)
{
	char buf[8];
	int e[2];

	connected(e);
	is(set_option(e[0], SOL_SOCKET, SO_RCVLOWAT, 4), 0);
	is(send(e[1], "ab", 2, 0), 2);
	is(events(e[0]), POLLOUT);
	is(send(e[1], "cd", 2, 0), 2);
	is(wait_for(e[0], POLLIN), POLLIN);
	is(recv(e[0], buf, 8, 0), 4);
	close(e[0]);
	close(e[1]);
}

#define MUCH (8l << 20)

static void *sender(void *arg)
{
	static unsigned char block[70001];
	long sent = 0;

	while (sent < MUCH) {
		long n = sizeof(block) < (size_t)(MUCH - sent) ? (long)sizeof(block) : MUCH - sent;

		for (long i = 0; i < n; i++)
			block[i] = (sent + i) * 7 >> 3;
		n = send(*(int *)arg, block, n, 0);
		if (n <= 0)
			break;
		sent += n;
	}
	shutdown(*(int *)arg, SHUT_WR);
	return NULL;
}

static void much(void)
{
	static unsigned char block[50021];
	long got = 0, wrong = 0, n;
	pthread_t t;
	int e[2];

	connected(e);
	pthread_create(&t, NULL, sender, &e[0]);
	while ((n = recv(e[1], block, sizeof(block), got & 1 ? MSG_WAITALL : 0)) > 0) {
		for (long i = 0; i < n; i++)
			wrong += block[i] != (unsigned char)((got + i) * 7 >> 3);
		got += n;
	}
	pthread_join(t, NULL);
	is(got, MUCH);
	is(wrong, 0);
	close(e[0]);
	close(e[1]);
}

int main(void)
{
	flags();
	urgent();
	pointers();
	limits();
	timeouts();
	low_water();
	much();
	return tap_done();
}
