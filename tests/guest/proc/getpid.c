/* SPDX-License-Identifier: MIT */
/* getpid(2), getppid(2), gettid(2), getpgrp(2), getpgid(2), getsid(2), setpgid(2), setsid(2). */
#include "tests/guest/tap.h"

int main(void)
{
	pid_t me = getpid();

	ok(me > 0);
	is(sys(getpid), me);
	is(sys(gettid), me);
	ok(getppid() >= 0 && getppid() != me);
	ok(getpgrp() >= 0);
	is(getpgid(0), getpgrp());
	is(getpgid(me), getpgrp());
	ok(getsid(0) >= 0);
	is(getsid(me), getsid(0));
	fails(getpgid(0x3ffffff), ESRCH);
	fails(getsid(0x3ffffff), ESRCH);
	fails(getpgid(-1), ESRCH);
	fails(setpgid(0x3ffffff, 0), ESRCH);
	fails(setpgid(0, -1), EINVAL);
	fails(setpgid(-1, 0), EINVAL);
	is(sys(getpid, 1, 2, 3), me);
	return tap_done();
}
