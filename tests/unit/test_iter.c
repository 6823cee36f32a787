/* SPDX-License-Identifier: MIT */
/* I/O buffers over several segments: crossing, clipping, going back, bad addresses. unit:
 * kernel/iter.c */
#define _ISOC11_SOURCE /* only ISO C from the C library: its POSIX types are not the kernel's */
#include "tests/unit/unit.h"

#include "kernel/iter.h"
#include "kernel/uaccess.h"

#include <string.h>

static uaddr_t bad_from = UINT64_MAX; /* program addresses from here on are bad */

static size_t good_part(uaddr_t a, size_t n)
{
	return a >= bad_from ? 0 : bad_from - a < n ? bad_from - a : n;
}

size_t uaccess_read(void *dst, uaddr_t src, size_t n)
{
	size_t good = good_part(src, n);

	memcpy(dst, (void *)src, good);
	return n - good;
}

size_t uaccess_write(uaddr_t dst, const void *src, size_t n)
{
	size_t good = good_part(dst, n);

	memcpy((void *)dst, src, good);
	return n - good;
}

size_t uaccess_zero(uaddr_t dst, size_t n)
{
	size_t good = good_part(dst, n);

	memset((void *)dst, 0, good);
	return n - good;
}

static void test_single(void)
{
	char buf[8] = "........", out[8];
	struct iter it;

	iter_kernel(&it, buf, 8);
	CHECK(iter_write(&it, "abc", 3) == 3 && it.left == 5);
	CHECK(iter_zero(&it, 2) == 2);
	CHECK(iter_write(&it, "defgh", 5) == 3 && it.left == 0);
	CHECK(memcmp(buf, "abc\0\0def", 8) == 0);
	CHECK(iter_write(&it, "x", 1) == 0);
	iter_kernel(&it, buf, 8);
	iter_advance(&it, 5);
	CHECK(iter_read(&it, out, 8) == 3 && memcmp(out, "def", 3) == 0);
}

static void test_segments(void)
{
	char a[3] = "ABC", b[1], c[5] = "DEFGH", out[8];
	struct iovec iov[4] = {{a, 3}, {b, 0}, {NULL, 0}, {c, 5}};
	struct iter it;

	iter_iov(&it, iov, 4, 8);
	CHECK(iter_read(&it, out, 2) == 2 && memcmp(out, "AB", 2) == 0);
	CHECK(iter_read(&it, out, 6) == 6 && memcmp(out, "CDEFGH", 6) == 0);
	iter_revert(&it, 7);
	CHECK(it.left == 7);
	CHECK(iter_read(&it, out, 8) == 7 && memcmp(out, "BCDEFGH", 7) == 0);
	iter_revert(&it, 8);
	iter_advance(&it, 4);
	CHECK(iter_read(&it, out, 1) == 1 && out[0] == 'E');
	iter_revert(&it, 5);
	CHECK(iter_write(&it, "12345678", 8) == 8 && memcmp(a, "123", 3) == 0 &&
	      memcmp(c, "45678", 5) == 0);
}

static void test_fault(void)
{
	char buf[16] = "0123456789abcdef", out[16];
	struct iter it;

	bad_from = (uaddr_t)buf + 10;
	iter_user(&it, (uaddr_t)buf, 16);
	CHECK(iter_read(&it, out, 4) == 4);
	CHECK(iter_read(&it, out, 12) == 6 && it.left == 6);
	CHECK(iter_read(&it, out, 1) == 0);
	iter_revert(&it, 6);
	CHECK(iter_read(&it, out, 1) == 1 && out[0] == '4');
	bad_from = UINT64_MAX;
}

int main(void)
{
	test_single();
	test_segments();
	test_fault();
	return UNIT_END();
}
