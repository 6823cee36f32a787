/* SPDX-License-Identifier: MIT */
/* munmap(2): whole, part, holes, nothing mapped; refusals. */
#include "tests/guest/tap.h"

static bool mapped(void *p)
{
	unsigned char v;

	return sys(mincore, p, PAGE, &v) == 0;
}

int main(void)
{
	char *p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(p, 7, 8 * PAGE);
	is(munmap(p + PAGE, PAGE), 0);
	ok(mapped(p) && !mapped(p + PAGE) && mapped(p + 2 * PAGE));
	ok(p[0] == 7 && p[2 * PAGE] == 7);
	is(munmap(p + PAGE, PAGE), 0);
	is(munmap(p, 3 * PAGE), 0);
	ok(!mapped(p) && !mapped(p + 2 * PAGE) && mapped(p + 3 * PAGE));
	is(munmap(p + 4 * PAGE, 1), 0);
	ok(!mapped(p + 4 * PAGE) && mapped(p + 5 * PAGE));
	is(munmap(p + 6 * PAGE, 100 * 1024), 0);
	ok(mapped(p + 5 * PAGE) && !mapped(p + 7 * PAGE));
	fails(sys(munmap, p + 1, PAGE), EINVAL);
	fails(sys(munmap, p, 0ul), EINVAL);
	fails(sys(munmap, 0x7ffffffff000ul, PAGE), EINVAL);
	fails(sys(munmap, 0xffff888000000000ul, PAGE), EINVAL);
	fails(sys(munmap, p, -1ul), EINVAL);
	is(sys(munmap, 0x10000ul, PAGE), 0);
	fails(sys(write, 2, p, 1ul), EFAULT);
	is(p[5 * PAGE + 9], 7);
	return tap_done();
}
