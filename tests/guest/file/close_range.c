/* SPDX-License-Identifier: MIT */
/* close_range(2): inclusive ranges, CLOSE_RANGE_CLOEXEC, argument checks. */
#include "tests/guest/tap.h"

#include <sched.h>
#include <sys/wait.h>

enum { UNSHARE = 2, CLOEXEC = 4 };

static int is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* In a child that shares the table: what it closes is closed for both, unless it unshares. */
static int child(void *flags)
{
	return sys(close_range, 105u, 106u, *(unsigned *)flags) != 0 || is_open(106);
}

static void shared(unsigned flags)
{
	char *stack =
	    mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status = -1;
	pid_t pid;

	dup2(STDOUT_FILENO, 106);
	pid = clone(child, stack + 16 * PAGE, CLONE_FILES | SIGCHLD, &flags);
	is(waitpid(pid, &status, 0), pid);
	is(status, 0);
	is(is_open(106), flags == UNSHARE);
	close(106);
}

int main(void)
{
	int fd;

	tmp();
	fd = file_with("f", "x");
	for (int i = 100; i < 110; i++)
		dup2(fd, i);
	is(sys(close_range, 101u, 103u, 0u), 0);
	ok(is_open(100) && !is_open(101) && !is_open(102) && !is_open(103) && is_open(104));
	is(sys(close_range, 101u, 103u, 0u), 0);
	is(sys(close_range, 104u, 105u, CLOEXEC), 0);
	is(fcntl(104, F_GETFD), FD_CLOEXEC);
	is(fcntl(106, F_GETFD), 0);
	is(sys(close_range, 106u, 106u, UNSHARE), 0);
	ok(!is_open(106) && is_open(107));
	fails(sys(close_range, 10u, 9u, 0u), EINVAL);
	fails(sys(close_range, 100u, 110u, 1u), EINVAL);
	fails(sys(close_range, 100u, 110u, 0x80u), EINVAL);
	ok(is_open(107));
	is(sys(close_range, 100u, ~0u, 0u), 0);
	ok(!is_open(100) && !is_open(109) && is_open(fd));
	is(sys(close_range, 5000u, 6000u, 0u), 0);
	shared(UNSHARE);
	shared(0);
	return tap_done();
}
