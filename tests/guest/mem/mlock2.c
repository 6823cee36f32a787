/* SPDX-License-Identifier: MIT */
/* mlock2(2): at once or on the first touch, ranges, refusals. */
#include "tests/guest/tap.h"

enum { ONFAULT = 1 };

static bool resident(void *p)
{
	unsigned char in = 0;

	return mincore(p, PAGE, &in) == 0 && (in & 1);
}

int main(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	is(sys(mlock2, p, PAGE, 0), 0);
	ok(resident(p));
	is(sys(mlock2, p + 2 * PAGE, PAGE, ONFAULT), 0);
	p[2 * PAGE] = 1;
	ok(resident(p + 2 * PAGE));
	is(sys(mlock2, p + 1, 1, 0), 0);
	is(sys(mlock2, p, 0, 0), 0);
	is(munlock(p, 4 * PAGE), 0);
	fails(sys(mlock2, p, PAGE, 2), EINVAL);
	is(munmap(p + PAGE, PAGE), 0);
	fails(sys(mlock2, p, 2 * PAGE, 0), ENOMEM);
	fails(sys(mlock2, p, -PAGE, 0), EINVAL);
	return tap_done();
}
