/* SPDX-License-Identifier: MIT */
/*
 * Memory and string functions, as in ISO C and POSIX; the compiler itself emits calls to the first
 * four. Short blocks are moved by pairs of overlapping words, so there is no loop over single
 * bytes; long ones by the string instructions. No state, any context.
 */
#include "kernel/string.h"

#include "kernel/x86_64/rep.h"

/* A loop that copies must not be turned into a call of the function it implements. */
#ifndef __clang__
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

#define REP_MIN 256 /* below it the string instructions' start-up costs more than it saves */

struct word16 {
	uint16_t v;
} __attribute__((packed, may_alias));
struct word32 {
	uint32_t v;
} __attribute__((packed, may_alias));
struct word64 {
	uint64_t v;
} __attribute__((packed, may_alias));

#define LOAD(w, p)     (((const struct w *)(p))->v)
#define STORE(w, p, x) (((struct w *)(p))->v = (x))

/* n < 16: everything is loaded before anything is stored, so overlap does not matter. */
static inline void copy_short(char *d, const char *s, size_t n)
{
	if (n >= 8) {
		uint64_t head = LOAD(word64, s), tail = LOAD(word64, s + n - 8);

		STORE(word64, d, head);
		STORE(word64, d + n - 8, tail);
	} else if (n >= 4) {
		uint32_t head = LOAD(word32, s), tail = LOAD(word32, s + n - 4);

		STORE(word32, d, head);
		STORE(word32, d + n - 4, tail);
	} else if (n >= 2) {
		uint16_t head = LOAD(word16, s), tail = LOAD(word16, s + n - 2);

		STORE(word16, d, head);
		STORE(word16, d + n - 2, tail);
	} else if (n) {
		*d = *s;
	}
}

/*
 * Copy upwards; right for any overlap with d <= s, because the tail is loaded before it can be
 * overwritten.
 */
static inline void copy_up(char *d, const char *s, size_t n)
{
	uint64_t tail0, tail1;
	char *end = d + n;

	if (n < 16) {
		copy_short(d, s, n);
		return;
	}
	tail0 = LOAD(word64, s + n - 16);
	tail1 = LOAD(word64, s + n - 8);
	if (n >= REP_MIN) {
		rep_movsq(d, s, n / 8);
	} else {
		for (; n > 16; n -= 16, d += 16, s += 16) {
			uint64_t a = LOAD(word64, s), b = LOAD(word64, s + 8);

			STORE(word64, d, a);
			STORE(word64, d + 8, b);
		}
	}
	STORE(word64, end - 16, tail0);
	STORE(word64, end - 8, tail1);
}

/* Copy downwards, for d > s; the mirror image of copy_up. */
static inline void copy_down(char *d, const char *s, size_t n)
{
	uint64_t head0, head1;

	if (n < 16) {
		copy_short(d, s, n);
		return;
	}
	head0 = LOAD(word64, s);
	head1 = LOAD(word64, s + 8);
	for (; n > 16; n -= 16) {
		uint64_t a = LOAD(word64, s + n - 8), b = LOAD(word64, s + n - 16);

		STORE(word64, d + n - 8, a);
		STORE(word64, d + n - 16, b);
	}
	STORE(word64, d, head0);
	STORE(word64, d + 8, head1);
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	copy_up(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	if ((uintptr_t)dst - (uintptr_t)src >= n)
		copy_up(dst, src, n);
	else
		copy_down(dst, src, n);
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	uint64_t word = (uint8_t)c * 0x0101010101010101ull;
	char *d = dst;

	if (n >= 16) {
		STORE(word64, d + n - 16, word);
		STORE(word64, d + n - 8, word);
		if (n >= REP_MIN) {
			rep_stosq(d, word, n / 8);
			return dst;
		}
		for (; n > 16; n -= 16, d += 16) {
			STORE(word64, d, word);
			STORE(word64, d + 8, word);
		}
	} else if (n >= 8) {
		STORE(word64, d, word);
		STORE(word64, d + n - 8, word);
	} else {
		for (; n; n--)
			*d++ = (char)c;
	}
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *p = a, *q = b;

	for (; n >= 8; n -= 8, p += 8, q += 8) {
		uint64_t x = LOAD(word64, p), y = LOAD(word64, q);

		if (x != y)
			return __builtin_bswap64(x) < __builtin_bswap64(y) ? -1 : 1;
	}
	for (; n; n--, p++, q++) {
		if (*p != *q)
			return *p - *q;
	}
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	const uint8_t *p = s;

	for (; n; n--, p++) {
		if (*p == (uint8_t)c)
			return (void *)p;
	}
	return NULL;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return (uint8_t)*a - (uint8_t)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; n--, a++, b++)
		;
	return n ? (uint8_t)*a - (uint8_t)*b : 0;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++) {
		if (!*s)
			return NULL;
	}
	return (char *)s;
}

char *strrchr(const char *s, int c)
{
	const char *found = NULL;

	do {
		if (*s == (char)c)
			found = s;
	} while (*s++);
	return (char *)found;
}

char *strstr(const char *haystack, const char *needle)
{
	size_t n = strlen(needle);

	for (;; haystack++) {
		if (strncmp(haystack, needle, n) == 0)
			return (char *)haystack;
		if (!*haystack)
			return NULL;
	}
}
