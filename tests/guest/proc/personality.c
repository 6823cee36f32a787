/* SPDX-License-Identifier: MIT */
/* personality(2): asked for, set, kept by fork. */
#include "tests/guest/tap.h"

#include <sys/personality.h>
#include <sys/wait.h>

int main(void)
{
	long old = sys(personality, 0xffffffff);
	int status;
	pid_t pid;

	ok(old >= 0);
	is(sys(personality, 0xffffffff), old);
	is(sys(personality, old | ADDR_NO_RANDOMIZE), old);
	is(sys(personality, 0xffffffff), old | ADDR_NO_RANDOMIZE);
	pid = fork();
	if (pid == 0)
		_exit(sys(personality, 0xffffffff) != (old | ADDR_NO_RANDOMIZE));
	is(waitpid(pid, &status, 0), pid);
	is(status, 0);
	is(sys(personality, old), old | ADDR_NO_RANDOMIZE);
	is(sys(personality, 0xffffffff), old);
	return tap_done();
}
