/* SPDX-License-Identifier: MIT */
/* pipe(2), pipe2(2): flags, order, capacity, atomicity, end of file, FIONREAD. */
#include "tests/guest/tap.h"

#include <sys/ioctl.h>

static void flags(void)
{
	int p[2], q[2] = {-7, -7};

	is(pipe(p), 0);
	ok(p[1] > p[0]);
	is(fcntl(p[0], F_GETFD), 0);
	is(fcntl(p[0], F_GETFL), O_RDONLY);
	is(fcntl(p[1], F_GETFL), O_WRONLY);
	is(pipe2(q, O_CLOEXEC | O_NONBLOCK), 0);
	is(fcntl(q[0], F_GETFD), FD_CLOEXEC);
	is(fcntl(q[1], F_GETFD), FD_CLOEXEC);
	is(fcntl(q[0], F_GETFL), O_RDONLY | O_NONBLOCK);
	fails(sys(pipe2, q, O_APPEND), EINVAL);
	fails(sys(pipe2, q, -1), EINVAL);
	fails(sys(pipe, BAD), EFAULT);
	fails(sys(pipe2, readonly_page(), 0), EFAULT);
	close(p[0]);
	close(p[1]);
	close(q[0]);
	close(q[1]);
	is(pipe2(q, O_DIRECT | O_NONBLOCK), 0);
	is(write(q[1], "one", 3), 3);
	is(write(q[1], "two", 3), 3);
	is(read(q[0], (char[10]){0}, 10), 3);
}

static void bytes(void)
{
	char b[16];
	int p[2], n = -1;

	pipe(p);
	is(write(p[1], "hello ", 6), 6);
	is(write(p[1], "world", 5), 5);
	is(ioctl(p[0], FIONREAD, &n), 0);
	is(n, 11);
	is(read(p[0], b, 4), 4);
	same(b, "hell", 4);
	is(read(p[0], b, 16), 7);
	same(b, "o world", 7);
	fails(read(p[1], b, 1), EBADF);
	fails(write(p[0], b, 1), EBADF);
	is(write(p[1], "x", 1), 1);
	fails(sys(read, p[0], BAD, 1ul), EFAULT);
	fails(sys(write, p[1], BAD, 1ul), EFAULT);
	is(read(p[0], b, 16), 1);
	close(p[1]);
	is(read(p[0], b, 16), 0);
	is(read(p[0], b, 0), 0);
}

static void capacity(void)
{
	static char big[70000];
	int p[2];

	pipe2(p, O_NONBLOCK);
	fails(read(p[0], big, 1), EAGAIN);
	is(write(p[1], big, sizeof(big)), 65536);
	fails(write(p[1], big, 1), EAGAIN);
	is(read(p[0], big, 4096), 4096);
	is(write(p[1], big, 4096), 4096);
	fails(write(p[1], big, 4096), EAGAIN);
	is(read(p[0], big, sizeof(big)), 65536);
	fails(read(p[0], big, 1), EAGAIN);
	is(write(p[1], big, 65536), 65536);
	is(read(p[0], big, 100), 100);
	fails(write(p[1], big, 200),
	      EAGAIN); /* PIPE_BUF or less: all or nothing, and no whole page is free */
}

static void much(void)
{
	static char out[4096], in[4096];
	long total = 0;
	int p[2], wrong = 0;

	pipe(p);
	for (int i = 0; i < 2000; i++) {
		for (int k = 0; k < 4096; k++)
			out[k] = i + k * 3;
		total += write(p[1], out, 1 + i * 2);
		wrong += read(p[0], in, sizeof(in)) != 1 + i * 2 || memcmp(in, out, 1 + i * 2);
	}
	is(wrong, 0);
	is(total, 2000l * 2000);
}

/* A pipe opened again by its name in /proc: nobody waits for the other end, as for a FIFO. */
static void reopened(void)
{
	char path[40], b[8];
	int p[2], fd;

	works(pipe(p));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", p[0]);
	is(write(p[1], "left", 4), 4);
	close(p[1]);
	works(fd = open(path, O_RDONLY));
	close(p[0]);
	is(read(fd, b, sizeof(b)), 4);
	is(read(fd, b, sizeof(b)), 0);
	close(fd);
	works(pipe(p));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", p[1]);
	close(p[0]);
	works(fd = open(path, O_WRONLY));
	signal(SIGPIPE, SIG_IGN);
	fails(write(fd, "x", 1), EPIPE);
	close(fd);
	works(fd = open(path, O_WRONLY | O_NONBLOCK));
	close(fd);
	works(fd = open(path, O_RDWR));
	is(write(fd, "x", 1), 1);
	is(read(fd, b, sizeof(b)), 1);
	close(fd);
	close(p[1]);
}

int main(void)
{
	flags();
	bytes();
	capacity();
	much();
	reopened();
	return tap_done();
}
