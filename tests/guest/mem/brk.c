/* SPDX-License-Identifier: MIT */
/* brk(2): returns the new break, or the old one when it cannot move; new memory is zero. */
#include "tests/guest/tap.h"

#include <sys/resource.h>

int main(void)
{
	char *start = (char *)sys(brk, 0ul), *p, zero[PAGE] = {0};
	struct rlimit rl;
	unsigned char v;

	ok(start != NULL && start != (char *)-1);
	is(sys(brk, 0ul), start);
	is(sys(brk, start + 10000), start + 10000);
	is(sys(brk, 0ul), start + 10000);
	same(start, zero, 4096);
	memset(start, 7, 10000);
	is(sys(brk, start + 100), start + 100);
	is(sys(brk, start + 10000), start + 10000);
	ok(start[50] == 7);
	p = (char *)(((uintptr_t)start + 100 + PAGE - 1) & ~(PAGE - 1));
	is(p[0], 0);
	is(sys(brk, start + (8 << 20)), start + (8 << 20));
	start[(8 << 20) - 1] = 1;
	is(sys(mincore, p, PAGE, &v), 0);
	is(sys(brk, start), start);
	fails(sys(mincore, p + PAGE, PAGE, &v), ENOMEM);
	is(sys(brk, 0xffff888000000000ul), start);
	is(sys(brk, -1ul), start);
	is(sys(brk, 1ul), start);
	getrlimit(RLIMIT_DATA, &rl);
	rl.rlim_cur = 1 << 20;
	setrlimit(RLIMIT_DATA, &rl);
	is(sys(brk, start + (64 << 20)), start);
	return tap_done();
}
