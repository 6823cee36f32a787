/* SPDX-License-Identifier: MIT */
/* unshare(2): descriptors and directories of one's own again; flags that do not exist. */
#include "tests/guest/tap.h"

#include <sched.h>
#include <sys/wait.h>

static int dir_before;

/* In a child that shares descriptors and directories until it says no. */
static int child(void *arg)
{
	if (arg && sys(unshare, CLONE_FILES | CLONE_FS) != 0)
		return 1;
	close(dir_before);
	return chdir("/") != 0;
}

static void run(bool own, char *stack)
{
	char here[4096], now[4096];
	int status;
	pid_t pid;

	works(dir_before = open(".", O_RDONLY | O_DIRECTORY));
	ok(getcwd(here, sizeof(here)));
	pid = clone(child, stack, CLONE_FILES | CLONE_FS | SIGCHLD, own ? here : NULL);
	is(waitpid(pid, &status, 0), pid);
	is(status, 0);
	ok(getcwd(now, sizeof(now)));
	is(strcmp(now, here) == 0, own);
	is(fcntl(dir_before, F_GETFD) >= 0, own);
}

int main(void)
{
	char *stack = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	tmp();
	is(sys(unshare, 0), 0);
	is(sys(unshare, CLONE_FILES), 0);
	is(sys(unshare, CLONE_FS), 0);
	run(true, stack + 16 * PAGE);
	run(false, stack + 16 * PAGE);
	fails(sys(unshare, CLONE_PTRACE), EINVAL);
	fails(sys(unshare, CLONE_PARENT_SETTID), EINVAL);
	is(sys(unshare, CLONE_SYSVSEM), 0);
	return tap_done();
}
