/* SPDX-License-Identifier: MIT */
/*
 * Memory and string functions of the kernel, under other names, against the C library's. No other
 * source.
 */
#include "tests/unit/unit.h"

#include <string.h>

#define memcpy	k_memcpy
#define memmove k_memmove
#define memset	k_memset
#define memcmp	k_memcmp
#define memchr	k_memchr
#define strlen	k_strlen
#define strnlen k_strnlen
#define strcmp	k_strcmp
#define strncmp k_strncmp
#define strchr	k_strchr
#define strrchr k_strrchr
#define strstr	k_strstr
#include "kernel/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr
#undef strstr

enum { AREA = 2048 };

static uint8_t want[AREA], got[AREA];

static void fill_random(void)
{
	for (size_t i = 0; i < AREA; i++)
		want[i] = got[i] = (uint8_t)rand();
}

static size_t random_len(void)
{
	return (size_t)rand() % ((size_t)1 << (rand() % 11));
}

static void test_move(void)
{
	for (int i = 0; i < 20000; i++) {
		size_t n = random_len(), src = (size_t)rand() % (AREA - n),
		       dst = (size_t)rand() % (AREA - n);

		if (rand() % 2) /* near overlap, either way */
			dst = MIN(src + (size_t)(rand() % 40), AREA - n);
		if (rand() % 2)
			src = MIN(dst + (size_t)(rand() % 40), AREA - n);
		fill_random();
		memmove(want + dst, want + src, n);
		CHECK(k_memmove(got + dst, got + src, n) == got + dst);
		CHECK(memcmp(want, got, AREA) == 0);
		if (dst + n <= src || src + n <= dst) {
			memcpy(want + dst, want + src, n);
			CHECK(k_memcpy(got + dst, got + src, n) == got + dst);
			CHECK(memcmp(want, got, AREA) == 0);
		}
	}
}

static void test_set(void)
{
	for (int i = 0; i < 5000; i++) {
		size_t n = random_len(), at = (size_t)rand() % (AREA - n);
		int c = rand();

		fill_random();
		memset(want + at, c, n);
		CHECK(k_memset(got + at, c, n) == got + at);
		CHECK(memcmp(want, got, AREA) == 0);
	}
}

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

static void test_compare(void)
{
	for (int i = 0; i < 20000; i++) {
		size_t n = random_len() % 64, at = (size_t)rand() % 32;
		char a[128] = {0}, b[128] = {0};

		for (size_t k = 0; k < n; k++)
			a[at + k] = b[at + k] = (char)("ab\xff\x01"[rand() % 4]);
		if (n && rand() % 2)
			b[at + (size_t)rand() % n] = (char)rand();
		CHECK(sign(k_memcmp(a + at, b + at, n)) == sign(memcmp(a + at, b + at, n)));
		CHECK(sign(k_strcmp(a + at, b + at)) == sign(strcmp(a + at, b + at)));
		CHECK(sign(k_strncmp(a + at, b + at, n / 2)) ==
		      sign(strncmp(a + at, b + at, n / 2)));
		CHECK(k_strlen(b + at) == strlen(b + at));
		CHECK(k_strnlen(b + at, n / 2) == strnlen(b + at, n / 2));
		CHECK(k_memchr(b + at, 'a', n) == memchr(b + at, 'a', n));
		CHECK(k_strchr(b + at, 'b') == strchr(b + at, 'b'));
		CHECK(k_strrchr(b + at, 'b') == strrchr(b + at, 'b'));
		CHECK(k_strchr(b + at, 0) == strchr(b + at, 0));
		CHECK(k_strstr(b + at, "ab") == strstr(b + at, "ab"));
	}
	CHECK(k_strstr("abc", "") != NULL && k_strstr("", "a") == NULL &&
	      k_strstr("aab", "ab") != NULL);
}

int main(void)
{
	srand(1);
	test_move();
	test_set();
	test_compare();
	return UNIT_END();
}
