/* SPDX-License-Identifier: MIT */
/* getrandom(2): fills, differs, spreads; flags and refusals. */
#include "tests/guest/tap.h"

static unsigned char a[1 << 20], b[4096];

static bool spread(const unsigned char *p, int n)
{
	int ones = 0;

	for (int i = 0; i < n; i++)
		ones += __builtin_popcount(p[i]);
	return ones > n * 4 * 97 / 100 && ones < n * 4 * 103 / 100;
}

int main(void)
{
	is(sys(getrandom, a, 16ul, 0), 16);
	is(sys(getrandom, b, 16ul, 0), 16);
	ok(memcmp(a, b, 16) != 0);
	is(sys(getrandom, a, 0ul, 0), 0);
	is(sys(getrandom, a, 256ul, 1), 256); /* GRND_NONBLOCK */
	is(sys(getrandom, a, 256ul, 4), 256); /* GRND_INSECURE */
	is(sys(getrandom, a, sizeof(a), 0), 1 << 20);
	ok(spread(a, sizeof(a)));
	ok(spread(a + sizeof(a) - 100000, 100000));
	memset(b, 0, 64);
	is(sys(getrandom, b + 10, 3ul, 0), 3);
	ok(b[9] == 0 && b[13] == 0);
	fails(sys(getrandom, a, 16ul, 8), EINVAL);
	fails(sys(getrandom, a, 16ul, 6), EINVAL);
	fails(sys(getrandom, BAD, 16ul, 0), EFAULT);
	fails(sys(getrandom, readonly_page(), 16ul, 0), EFAULT);
	return tap_done();
}
