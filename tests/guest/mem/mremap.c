/* SPDX-License-Identifier: MIT */
/* mremap(2): shrinking, growing in place, moving, fixed targets, DONTUNMAP; refusals. */
#include "tests/guest/tap.h"

static char *map(size_t len)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static bool mapped(void *p)
{
	unsigned char v;

	return sys(mincore, p, PAGE, &v) == 0;
}

static char *re(void *old, size_t old_len, size_t new_len, int flags, void *to)
{
	return (char *)sys(mremap, old, old_len, new_len, flags, to);
}

enum { MAYMOVE = 1, FIXED = 2, DONTUNMAP = 4 };

int main(void)
{
	char *p = map(8 * PAGE), *q, *to;
	int fd;

	for (int i = 0; i < 8; i++)
		p[i * PAGE] = 'a' + i;
	is(re(p, 8 * PAGE, 4 * PAGE, 0, NULL), p);
	ok(mapped(p + 3 * PAGE) && !mapped(p + 4 * PAGE));
	is(re(p, 4 * PAGE, 4 * PAGE, 0, NULL), p);
	is(re(p, 4 * PAGE, 6 * PAGE, 0, NULL), p);
	ok(p[3 * PAGE] == 'd' && p[4 * PAGE] == 0);
	mmap(p + 6 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	fails(re(p, 6 * PAGE, 20 * PAGE, 0, NULL), ENOMEM);
	q = re(p, 6 * PAGE, 20 * PAGE, MAYMOVE, NULL);
	ok(q != MAP_FAILED && q != p);
	ok(q[0] == 'a' && q[PAGE] == 'b' && q[3 * PAGE] == 'd' && q[19 * PAGE] == 0);
	ok(!mapped(p));
	to = map(30 * PAGE);
	memset(to, 1, 30 * PAGE);
	is(re(q, 20 * PAGE, 10 * PAGE, MAYMOVE | FIXED, to + PAGE), to + PAGE);
	ok(to[PAGE] == 'a' && to[0] == 1 && to[11 * PAGE] == 1 && to[10 * PAGE] == 0);
	ok(!mapped(q));
	p = map(2 * PAGE);
	p[0] = 'z';
	q = re(p, 2 * PAGE, 2 * PAGE, MAYMOVE | DONTUNMAP, NULL);
	ok(q != MAP_FAILED && q[0] == 'z');
	ok(mapped(p) && p[0] == 0);
	q = map(PAGE);
	fails(re(q + 1, PAGE, PAGE, 0, NULL), EINVAL);
	fails(re(q, PAGE, 0, 0, NULL), EINVAL);
	fails(re(q, PAGE, PAGE, 8, NULL), EINVAL);
	fails(re(q, PAGE, PAGE, FIXED, to), EINVAL);
	fails(re(q, PAGE, PAGE, MAYMOVE | FIXED, to + 1), EINVAL);
	fails(re(q, PAGE, PAGE, MAYMOVE | FIXED, q), EINVAL);
	fails(re((void *)0x10000, PAGE, 2 * PAGE, MAYMOVE, NULL), EFAULT);
	fails(re(to, 100 * PAGE, 200 * PAGE, MAYMOVE, NULL), EFAULT);
	fails(re(q, PAGE, 1ul << 47, MAYMOVE, NULL), EINVAL);
	tmp();
	fd = file_with("f", "file");
	ftruncate(fd, 2 * PAGE);
	pwrite(fd, "second", 6, PAGE);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	q = re(p, PAGE, 2 * PAGE, MAYMOVE, NULL);
	ok(q != MAP_FAILED && !memcmp(q + PAGE, "second", 6));
	return tap_done();
}
