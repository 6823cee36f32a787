/* SPDX-License-Identifier: MIT */
/* vfork(2), and clone(2) that shares some things: the parent waits, memory and descriptors are one.
 */
#include "tests/guest/tap.h"

#include <sched.h>
#include <sys/wait.h>

static volatile int value;
static char stack[65536] __attribute__((aligned(16)));

static int child(void *arg)
{
	value = 5;
	close((int)(long)arg);
	return 3;
}

static void test_vfork(void)
{
	int status = -1;
	pid_t pid = vfork();

	if (pid == 0) {
		value = 1;
		_exit(4);
	}
	is(value, 1);
	is(waitpid(pid, &status, 0), pid);
	is(status, 4 << 8);
	pid = vfork();
	if (pid == 0) {
		execl("/nonexistent", "x", NULL);
		_exit(errno == ENOENT ? 6 : 7);
	}
	is(waitpid(pid, &status, 0), pid);
	is(status, 6 << 8);
}

static void test_shared(void)
{
	int fd = dup(1), status = -1;
	pid_t pid;

	pid = clone(child, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD,
		    (void *)(long)fd);
	ok(pid > 0);
	is(value, 5);
	fails(fcntl(fd, F_GETFD), EBADF);
	is(waitpid(pid, &status, 0), pid);
	is(status, 3 << 8);
	/* Without an exit signal only __WALL and __WCLONE see it. */
	pid = clone(child, stack + sizeof(stack), 0, (void *)99l);
	ok(pid > 0);
	fails(waitpid(pid, &status, 0), ECHILD);
	is(waitpid(pid, &status, __WCLONE), pid);
	is(status, 3 << 8);
	fails(clone(child, stack + sizeof(stack), CLONE_SIGHAND | SIGCHLD, NULL), EINVAL);
}

int main(void)
{
	test_vfork();
	test_shared();
	return tap_done();
}
