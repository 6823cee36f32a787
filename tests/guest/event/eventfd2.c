/* SPDX-License-Identifier: MIT */
/* eventfd2(2), eventfd(2): counting, semaphores, blocking, limits, readiness. */
#include "tests/guest/tap.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <time.h>

static int events(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};

	poll(&p, 1, 0);
	return p.revents;
}

static long get(int fd)
{
	uint64_t v = 0;
	ssize_t n = read(fd, &v, sizeof(v));

	return n == 8 ? (long)v : -1;
}

static long put(int fd, uint64_t v)
{
	return write(fd, &v, sizeof(v));
}

static void *later(void *arg)
{
	struct timespec ms = {.tv_nsec = 30000000};

	nanosleep(&ms, NULL);
	put(*(int *)arg, 5);
	return NULL;
}

int main(void)
{
	int fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC),
	    sem = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK), blocking = eventfd(0, 0);
	char small[4], link[64] = {0};
	pthread_t t;

	works(fd);
	fails(eventfd(0, 0x10), EINVAL);
	is(fcntl(fd, F_GETFD), FD_CLOEXEC);
	is(fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
	is(events(fd), POLLIN | POLLOUT);
	is(get(fd), 3);
	fails(get(fd), EAGAIN);
	is(events(fd), POLLOUT);
	is(put(fd, 4), 8);
	is(put(fd, 5), 8);
	is(get(fd), 9);
	fails(put(fd, UINT64_MAX), EINVAL);
	is(put(fd, UINT64_MAX - 1), 8);
	is(events(fd), POLLIN);
	fails(put(fd, 1), EAGAIN);
	is(put(fd, 0), 8);
	is(get(fd), (long)(UINT64_MAX - 1));
	fails(read(fd, small, 4), EINVAL);
	fails(write(fd, small, 4), EINVAL);
	fails(write(fd, BAD, 8), EFAULT);
	is(lseek(fd, 5, SEEK_SET), 0);
	is(get(sem), 1);
	is(get(sem), 1);
	fails(get(sem), EAGAIN);
	pthread_create(&t, NULL, later, &blocking);
	is(get(blocking), 5);
	pthread_join(t, NULL);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	char text[64] = {0};
	readlink(link, text, sizeof(text) - 1);
	ok(!strcmp(text, "anon_inode:[eventfd]"));
	works(fd = sys(eventfd, 5)); /* without flags; C libraries use eventfd2 */
	is(get(fd), 5);
	return tap_done();
}
