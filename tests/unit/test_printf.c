/* SPDX-License-Identifier: MIT */
/* The kernel's formatted printing, under other names, against the C library's. No other source. */
#include "tests/unit/unit.h"

#include <limits.h>
#include <string.h>

int k_snprintf(char *buf, size_t size, const char *fmt, ...);
int k_vsnprintf(char *buf, size_t size, const char *fmt, __builtin_va_list ap);
int k_scnprintf(char *buf, size_t size, const char *fmt, ...);
#pragma clang diagnostic ignored "-Wformat" /* wrong formats are part of the test */
#define snprintf  k_snprintf
#define vsnprintf k_vsnprintf
#define scnprintf k_scnprintf
#include "kernel/printf.c"
#undef snprintf
#undef vsnprintf

#define SAME(...)                                                                                  \
	do {                                                                                       \
		char w_[256], g_[256];                                                             \
		memset(g_, 'z', sizeof(g_));                                                       \
		int n_ = snprintf(w_, sizeof(w_), __VA_ARGS__);                                    \
		CHECK(k_snprintf(g_, sizeof(g_), __VA_ARGS__) == n_);                              \
		CHECK(strcmp(w_, g_) == 0);                                                        \
		if (strcmp(w_, g_))                                                                \
			printf("# want '%s' got '%s'\n", w_, g_);                                  \
	} while (0)

static void test_integers(void)
{
	static const char *const flags[] = {"", "-", "0", "+", " ", "#", "-#", "0#", "+0", " -"};
	static const char *const sizes[] = {"",	  "1",	"5",   "12",  "30",
					    ".0", ".3", "8.5", "3.9", ".12"};
	static const char convs[] = "diuxXo";
	static const long long values[] = {0,	 1,	  -1,	   7,	      255,	-128,
					   4096, INT_MAX, INT_MIN, LLONG_MAX, LLONG_MIN};

	for (size_t f = 0; f < ARRAY_SIZE(flags); f++) {
		for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
			for (size_t c = 0; c < sizeof(convs) - 1; c++) {
				for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
					char fmt[32];

					snprintf(fmt, sizeof(fmt), "<%%%s%s%c>", flags[f], sizes[s],
						 convs[c]);
					SAME(fmt, (int)values[v]);
					snprintf(fmt, sizeof(fmt), "<%%%s%sll%c>", flags[f],
						 sizes[s], convs[c]);
					SAME(fmt, values[v]);
					snprintf(fmt, sizeof(fmt), "<%%%s%shh%c>", flags[f],
						 sizes[s], convs[c]);
					SAME(fmt, (int)values[v]);
					snprintf(fmt, sizeof(fmt), "<%%%s%sh%c>", flags[f],
						 sizes[s], convs[c]);
					SAME(fmt, (int)values[v]);
				}
			}
		}
	}
}

static void test_others(void)
{
	SAME("plain %% text");
	SAME("%s|%10s|%-10s|%.2s|%.0s|%5.1s|", "abc", "abc", "abc", "abc", "abc", "abc");
	SAME("%c%5c%-5c|", 'a', 'b', 'c');
	SAME("%p", (void *)0x1234);
	SAME("%20p|%-20p|", (void *)0x1234, (void *)0x1234);
	SAME("%*d|%-*d|%*d|%.*d|%.*d", 5, 1, 5, 2, -5, 3, 4, 4, -1, 5);
	SAME("%zu %zd %jd %td %lu %ld", (size_t)-1, (ssize_t)-1, (intmax_t)-2, (ptrdiff_t)-3, ~0ul,
	     -1l);
	SAME("%.*s", 3, "abcdef");
}

static void test_bounds(void)
{
	char b[8];

	memset(b, 'z', sizeof(b));
	CHECK(k_snprintf(b, 4, "%d", 123456) == 6);
	CHECK(strcmp(b, "123") == 0 && b[4] == 'z');
	CHECK(k_snprintf(b, 1, "abc") == 3 && b[0] == 0);
	CHECK(k_snprintf(NULL, 0, "abc%d", 5) == 4);
	CHECK(k_scnprintf(b, 4, "%s", "abcdef") == 3);
	CHECK(k_scnprintf(b, 8, "%s", "abc") == 3);
	CHECK(k_scnprintf(NULL, 0, "%s", "abc") == 0);
	CHECK(k_snprintf(b, 8, &"x%"[1]) == 1 && strcmp(b, "%") == 0);
	CHECK(k_snprintf(b, 8, &"x%q"[1]) == 2 && strcmp(b, "%q") == 0);
	CHECK(k_snprintf(b, 8, "%s", (char *)NULL) == 6 && strcmp(b, "(null)") == 0);
}

int main(void)
{
	test_integers();
	test_others();
	test_bounds();
	return UNIT_END();
}
