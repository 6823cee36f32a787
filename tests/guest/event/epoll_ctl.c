/* SPDX-License-Identifier: MIT */
/* epoll_ctl(2), epoll_create(2), epoll_create1(2): what can be watched, changing and removing,
 * closing watched files, nesting, errors. */
#include "tests/guest/tap.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

static int ready(int ep, struct epoll_event *out)
{
	return epoll_wait(ep, out, 8, 0);
}

static int add(int ep, int fd, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.u64 = 0x123456789abcdef0ull + fd};

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}

static int modify(int ep, int fd, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.fd = fd};

	return epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e);
}

static void test_errors(int ep)
{
	struct epoll_event e = {.events = EPOLLIN};
	int p[2], file = open(tmp(), O_RDWR | O_TMPFILE, 0600), dir = open("/", O_RDONLY);

	pipe(p);
	fails(add(FD_NONE, p[0], EPOLLIN), EBADF);
	fails(add(ep, FD_NONE, EPOLLIN), EBADF);
	fails(add(p[0], p[1], EPOLLIN), EINVAL);
	fails(add(ep, ep, EPOLLIN), EINVAL);
	fails(add(ep, file, EPOLLIN), EPERM);
	fails(add(ep, dir, EPOLLIN), EPERM);
	fails(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], BAD), EFAULT);
	fails(epoll_ctl(ep, 77, p[0], &e), EINVAL);
	fails(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL), ENOENT);
	fails(modify(ep, p[0], EPOLLIN), ENOENT);
	works(add(ep, p[0], EPOLLIN));
	fails(add(ep, p[0], EPOLLIN), EEXIST);
	works(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], BAD));
	works(add(ep, p[0], EPOLLIN | EPOLLEXCLUSIVE));
	fails(modify(ep, p[0], EPOLLIN | EPOLLEXCLUSIVE), EINVAL);
	fails(modify(ep, p[0], EPOLLIN), EINVAL);
	fails(add(ep, p[1], EPOLLOUT | EPOLLONESHOT | EPOLLEXCLUSIVE), EINVAL);
	works(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL));
	close(p[0]);
	close(p[1]);
	close(file);
	close(dir);
}

static void test_change(int ep)
{
	struct epoll_event out[8];
	int p[2];

	pipe(p);
	works(add(ep, p[1], EPOLLOUT));
	is(ready(ep, out), 1);
	is(out[0].events, EPOLLOUT);
	is(out[0].data.u64, 0x123456789abcdef0ull + p[1]);
	works(modify(ep, p[1], EPOLLIN));
	is(ready(ep, out), 0);
	works(modify(ep, p[1], EPOLLOUT | EPOLLIN));
	is(ready(ep, out), 1);
	is(out[0].data.fd, p[1]);
	works(modify(ep, p[1], 0));
	is(ready(ep, out), 0);
	close(p[0]); /* errors and hang-ups are always reported */
	is(ready(ep, out), 1);
	is(out[0].events, EPOLLERR);
	close(p[1]);
	is(ready(ep, out), 0);
}

/* An item belongs to the open file: it goes with its last descriptor. */
static void test_close(int ep)
{
	struct epoll_event out[8];
	int p[2], copy, fd;

	pipe(p);
	write(p[1], "x", 1);
	works(add(ep, p[0], EPOLLIN));
	fd = p[0];
	copy = dup(p[0]);
	close(p[0]);
	is(ready(ep, out), 1);
	fails(epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL), EBADF);
	works(add(ep, copy, EPOLLIN));
	is(ready(ep, out), 2);
	close(copy);
	is(ready(ep, out), 0);
	close(p[1]);
}

static void test_nested(int ep)
{
	struct epoll_event out[8];
	int inner = epoll_create1(0), e = eventfd(0, 0), chain[8];
	uint64_t one = 1;

	works(add(inner, e, EPOLLIN));
	works(add(ep, inner, EPOLLIN));
	is(ready(ep, out), 0);
	write(e, &one, 8);
	is(ready(ep, out), 1);
	is(out[0].data.u64, 0x123456789abcdef0ull + inner);
	read(e, &one, 8);
	is(ready(ep, out), 0);
	fails(add(inner, ep, EPOLLIN), ELOOP);
	close(inner);
	close(e);
	for (int i = 0; i < 8; i++)
		chain[i] = epoll_create1(0);
	for (int i = 0; i < 3; i++)
		works(add(chain[i + 1], chain[i], EPOLLIN));
	for (int i = 0; i < 8; i++)
		close(chain[i]);
}

int main(void)
{
	int ep = epoll_create1(EPOLL_CLOEXEC);

	works(ep);
	is(fcntl(ep, F_GETFD), FD_CLOEXEC);
	fails(sys(epoll_create, 0), EINVAL);
	fails(epoll_create1(1), EINVAL);
	test_errors(ep);
	test_change(ep);
	test_close(ep);
	test_nested(ep);
	return tap_done();
}
