/* SPDX-License-Identifier: MIT */
/*
 * Four ways not to block. A pipe or a terminal is opened a second time through /proc/self/fd: the
 * new open file description may be O_NONBLOCK without disturbing the shell's. Where that is refused
 * (it belongs to another user) poll(2) is asked before every transfer, which is then small enough
 * to fit: POSIX promises PIPE_BUF bytes of room in a writable pipe.
 */
#include "tools/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define CHUNK (256u << 10)

void endpoint_own(struct endpoint *e, int fd)
{
	*e = (struct endpoint){.fd = fd, .kind = ENDPOINT_NONBLOCK, .owned = true, .chunk = CHUNK};
}

/* Opening the master side of a pseudo terminal again would make a new pair. */
static bool can_reopen(const struct stat *st)
{
	return S_ISFIFO(st->st_mode) || (S_ISCHR(st->st_mode) && st->st_rdev != makedev(5, 2));
}

static int reopen(int fd, bool writing)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, (writing ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void endpoint_shared(struct endpoint *e, int fd, bool writing)
{
	struct stat st;

	*e = (struct endpoint){.fd = fd, .kind = ENDPOINT_CAREFUL, .chunk = PIPE_BUF};
	if (fstat(fd, &st) < 0)
		return;
	if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode) || S_ISDIR(st.st_mode)) {
		e->kind = ENDPOINT_FILE;
		e->chunk = CHUNK;
	} else if (S_ISSOCK(st.st_mode)) {
		e->kind = ENDPOINT_SOCKET;
		e->chunk = CHUNK;
	} else if (S_ISFIFO(st.st_mode) || isatty(fd)) {
		int own = can_reopen(&st) ? reopen(fd, writing) : -1;

		if (own >= 0)
			endpoint_own(e, own);
	} else {
		e->chunk = CHUNK; /* /dev/full, /dev/zero ... */
	}
}

void endpoint_close(struct endpoint *e)
{
	if (e->owned && e->fd >= 0)
		close(e->fd);
	e->fd = -1;
}

static bool ready(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	return poll(&p, 1, 0) == 1;
}

static ssize_t result(ssize_t n)
{
	if (n >= 0)
		return n;
	return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
}

ssize_t endpoint_read(struct endpoint *e, void *buf, size_t len)
{
	if (len > e->chunk)
		len = e->chunk;
	if (e->kind == ENDPOINT_SOCKET)
		return result(recv(e->fd, buf, len, MSG_DONTWAIT));
	if (e->kind == ENDPOINT_CAREFUL && !ready(e->fd, POLLIN))
		return -EAGAIN;
	return result(read(e->fd, buf, len));
}

ssize_t endpoint_write(struct endpoint *e, const void *buf, size_t len)
{
	if (len > e->chunk)
		len = e->chunk;
	if (e->kind == ENDPOINT_SOCKET)
		return result(send(e->fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL));
	if (e->kind == ENDPOINT_CAREFUL && !ready(e->fd, POLLOUT))
		return -EAGAIN;
	return result(write(e->fd, buf, len));
}

int endpoint_lost(const struct endpoint *e, short revents)
{
	if (!(revents & (POLLERR | POLLHUP | POLLNVAL)))
		return 0;
	return isatty(e->fd) || revents & POLLNVAL ? EIO : EPIPE;
}
