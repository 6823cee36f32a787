/* SPDX-License-Identifier: MIT */
/* mlock(2), munlock(2), mlockall(2), munlockall(2), msync(2): locked pages are resident;
 * refusals. */
#include "tests/guest/tap.h"

int main(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char v[4] = {0};

	is(mlock(p, 2 * PAGE), 0);
	is(sys(mincore, p, 2 * PAGE, v), 0);
	ok(v[0] == 1 && v[1] == 1);
	is(mlock(p + 1, 1), 0);
	is(munlock(p, 4 * PAGE), 0);
	fails(sys(mlock, 0x10000ul, PAGE), ENOMEM);
	fails(sys(munlock, 0x10000ul, PAGE), ENOMEM);
	fails(sys(mlockall, 0), EINVAL);
	fails(sys(mlockall, 0x80), EINVAL);
	is(sys(munlockall), 0);
	is(sys(msync, p, PAGE, MS_SYNC), 0);
	is(sys(msync, p, PAGE, MS_ASYNC), 0);
	is(sys(msync, p, 0ul, MS_SYNC), 0);
	fails(sys(msync, p + 1, PAGE, MS_SYNC), EINVAL);
	fails(sys(msync, p, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
	fails(sys(msync, p, PAGE, 0x80), EINVAL);
	fails(sys(msync, 0x10000ul, PAGE, MS_SYNC), ENOMEM);
	return tap_done();
}
