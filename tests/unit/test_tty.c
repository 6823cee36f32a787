/* SPDX-License-Identifier: MIT */
/*
 * The line discipline against what Linux 6.18 did with the same bytes on a pseudo-terminal: what
 * read(2) returned, what FIONREAD said before, and what appeared on the screen.
 */
/* unit: fs/n_tty.c fs/n_tty_echo.c */
#define _ISOC11_SOURCE /* only ISO C from the C library: its POSIX types are not the kernel's */
#include "tests/unit/unit.h"

#include "fs/n_tty.h"
#include "kernel/signal.h"

#include <string.h>

static struct n_tty t;

static void raw(struct termios2 *o)
{
	o->c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	o->c_oflag &= ~OPOST;
	o->c_lflag &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
}

static void echoprt(struct termios2 *o)
{
	o->c_lflag |= ECHOPRT;
}

static void noechoke(struct termios2 *o)
{
	o->c_lflag &= ~ECHOKE;
}

static void noechoctl(struct termios2 *o)
{
	o->c_lflag &= ~ECHOCTL;
}

static void noecho(struct termios2 *o)
{
	o->c_lflag = (o->c_lflag & ~ECHO) | ECHONL;
}

static void parmrk(struct termios2 *o)
{
	o->c_iflag |= PARMRK;
}

static void utf8(struct termios2 *o)
{
	o->c_iflag |= IUTF8;
}

static void onocr(struct termios2 *o)
{
	o->c_oflag |= ONOCR | XTABS;
}

static void istrip(struct termios2 *o)
{
	o->c_iflag |= ISTRIP;
}

static const struct test_case {
	const char *name, *typed;
	int max;	      /* size of each read */
	const char *reads[5]; /* what they return, in order; then nothing is readable */
	int available;
	const char *screen;
	void (*setup)(struct termios2 *o);
} cases[] = {
    {"line", "abc\n", 100, {"abc\n"}, 4, "abc\r\n", NULL},
    {"eof", "abc\x04", 100, {"abc"}, 3, "abc", NULL},
    {"eof alone", "\x04", 100, {""}, 0, "", NULL},
    {"eof after a full buffer", "abcd\x04", 4, {"abcd"}, 4, "abcd", NULL},
    {"newline after a full buffer", "abcd\n", 4, {"abcd", "\n"}, 5, "abcd\r\n", NULL},
    {"short reads", "abcdef\n", 4, {"abcd", "ef\n"}, 7, "abcdef\r\n", NULL},
    {"two lines", "ab\ncd\n", 100, {"ab\n", "cd\n"}, 6, "ab\r\ncd\r\n", NULL},
    {"erase", "abc\x7f\x7fx\n", 100, {"ax\n"}, 3, "abc\b \b\b \bx\r\n", NULL},
    {"word erase",
     "foo bar_baz  \x17x\n",
     100,
     {"foo x\n"},
     6,
     "foo bar_baz  \b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \bx\r\n",
     NULL},
    {"kill",
     "foo\x15"
     "bar\n",
     100,
     {"bar\n"},
     4,
     "foo\b \b\b \b\b \bbar\r\n",
     NULL},
    {"kill without ECHOKE",
     "foo\x15"
     "bar\n",
     100,
     {"bar\n"},
     4,
     "foo^U\r\nbar\r\n",
     noechoke},
    {"ECHOPRT", "abc\x7f\x7fx\n", 100, {"ax\n"}, 3, "abc\\cb/x\r\n", echoprt},
    {"control characters",
     "a\x01\x1b[A\tb\x7f\x7f\x7f\n",
     100,
     {"a\x01\x1b[\n"},
     5,
     "a^A^[[A\tb\b \b\b\b \b\r\n",
     NULL},
    {"without ECHOCTL",
     "a\x01\x7f"
     "b\n",
     100,
     {"ab\n"},
     3,
     "a\x01"
     "b\r\n",
     noechoctl},
    {"literal next",
     "a\x16\x03\x16\x7f"
     "b\n",
     100,
     {"a\x03\x7f"
      "b\n"},
     5,
     "a^\b^C^\b^?b\r\n",
     NULL},
    {"literal eof",
     "a\x16\x04"
     "b\n",
     9,
     {"a\x04"
      "b\n"},
     4,
     "a^\b^Db\r\n",
     NULL},
    {"reprint",
     "abc\x12"
     "d\n",
     100,
     {"abcd\n"},
     5,
     "abc^R\r\nabcd\r\n",
     NULL},
    {"interrupt",
     "abc\x03"
     "def\n",
     100,
     {"def\n"},
     4,
     "^Cdef\r\n",
     NULL},
    {"flow control",
     "ab\x13"
     "cd\n\x11",
     100,
     {"abcd\n"},
     5,
     "abcd\r\n",
     NULL},
    {"raw", "ab\x03\r\n", 100, {"ab\x03\r\n"}, 5, "", raw},
    {"raw, short", "ab\x03\r\n", 3, {"ab\x03", "\r\n"}, 5, "", raw},
    {"PARMRK",
     "a\xff"
     "b\n",
     100,
     {"a\xff\xff"
      "b\n"},
     5,
     "a\xff"
     "b\r\n",
     parmrk},
    {"ECHONL", "ab\n", 100, {"ab\n"}, 3, "\r\n", noecho},
    {"IUTF8", "a\xc3\xa9\x7f\x7f\n", 100, {"\n"}, 1, "a\xc3\xa9\b \b\b \b\r\n", utf8},
    {"without IUTF8", "a\xc3\xa9\x7f\x7f\n", 100, {"a\n"}, 2, "a\xc3\xa9\b \b\b \b\r\n", NULL},
    {"XTABS, ONOCR", "\t\x16\r\x16\ra\n", 100, {"\t\r\ra\n"}, 5, "        ^\b^M^\b^Ma\r\n", onocr},
    {"ISTRIP", "\xe1\xe2\n", 100, {"ab\n"}, 3, "ab\r\n", istrip},
    {"ICRNL", "a\rb\r", 100, {"a\n", "b\n"}, 4, "a\r\nb\r\n", NULL},
    {"tab erased",
     "ab\tc\x7f\x7f"
     "d\n",
     100,
     {"abd\n"},
     4,
     "ab\tc\b \b\b\b\b\b\b\bd\r\n",
     NULL},
    {"tabs erased",
     "\t\t\x7f\x7f"
     "d\n",
     100,
     {"d\n"},
     2,
     "\t\t\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\bd\r\n",
     NULL},
    {"tab after ^A",
     "\x01\t\x7f"
     "d\n",
     100,
     {"\x01"
      "d\n"},
     3,
     "^A\t\b\b\b\b\b\bd\r\n",
     NULL},
    {"eof in the middle",
     "abc\x04"
     "def\x04",
     2,
     {"ab", "c", "de", "f"},
     6,
     "abcdef",
     NULL},
    {"erase of nothing", "\x7f", 9, {NULL}, 0, "", NULL},
};

static void setup(void (*fn)(struct termios2 *o))
{
	struct termios2 tios;

	n_tty_init(&t);
	tios = t.tios;
	if (fn)
		fn(&tios);
	n_tty_set_termios(&t, &tios);
}

static void type(const char *s)
{
	size_t n = strlen(s);

	CHECK(n_tty_input(&t, (const uint8_t *)s, n) == n);
}

/* Everything waiting for the screen, as one string. */
static const char *screen(void)
{
	static char buf[2 * N_TTY_OUT];
	const uint8_t *data;
	size_t n, len = 0;

	while ((n = n_tty_to_show(&t, &data))) {
		memcpy(buf + len, data, n);
		len += n;
		n_tty_shown(&t, n);
	}
	buf[len] = '\0';
	return buf;
}

static bool reads(const char *want, size_t max)
{
	uint8_t buf[128];
	size_t n;

	if (!n_tty_readable(&t, 1))
		return false;
	n = n_tty_read(&t, buf, max);
	return n == strlen(want) && !memcmp(buf, want, n);
}

static void test_cases(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct test_case *c = &cases[i];
		int before = unit_failed;

		setup(c->setup);
		type(c->typed);
		CHECK(n_tty_available(&t) == (size_t)c->available);
		for (int r = 0; r < 5 && c->reads[r]; r++)
			CHECK(reads(c->reads[r], c->max));
		CHECK(!n_tty_readable(&t, 1));
		CHECK(strcmp(screen(), c->screen) == 0);
		if (unit_failed != before)
			printf("# in case '%s'\n", c->name);
	}
}

static void test_long_line(void)
{
	static uint8_t line[5001], buf[8192];
	size_t n;

	setup(NULL);
	memset(line, 'x', 5000);
	line[5000] = '\n';
	CHECK(n_tty_input(&t, line, 5001) == 5001);
	CHECK(n_tty_available(&t) == 4096);
	CHECK(n_tty_input(&t, line, 1) == 0); /* full, with a line waiting */
	n = n_tty_read(&t, buf, sizeof(buf));
	CHECK(n == 4096 && buf[4095] == '\n' && buf[4094] == 'x');
	CHECK(n_tty_input(&t, line, 1) == 1);
	setup(raw);
	CHECK(n_tty_input(&t, line, 5001) == 4095);
	setup(parmrk);
	memset(line, 0xff, 5000);
	CHECK(n_tty_input(&t, line, 5001) == 5001);
	n = n_tty_read(&t, buf, sizeof(buf));
	CHECK(n > 4000 && n <= 4096 && buf[n - 1] == '\n');
}

static void test_signals(void)
{
	setup(NULL);
	type("\x03\x1c\x1a");
	CHECK(t.raised == (SIGBIT(SIGINT) | SIGBIT(SIGQUIT) | SIGBIT(SIGTSTP)));
	CHECK(strcmp(screen(), "^Z") == 0); /* each flushed what was not yet shown */
}

static void test_modes(void)
{
	struct termios2 tios;

	setup(NULL);
	type("xyz");
	CHECK(!n_tty_readable(&t, 1));
	tios = t.tios;
	tios.c_lflag &= ~ICANON;
	n_tty_set_termios(&t, &tios);
	CHECK(n_tty_readable(&t, 3) && !n_tty_readable(&t, 4) && reads("xyz", 9));
	type("abc");
	tios.c_lflag |= ICANON;
	n_tty_set_termios(&t, &tios);
	CHECK(reads("abc", 9)); /* bytes typed before line mode are a line */
	type("\x13");
	CHECK(t.stopped);
	tios.c_iflag &= ~IXON;
	n_tty_set_termios(&t, &tios);
	CHECK(!t.stopped);
}

static void test_output(void)
{
	static uint8_t big[N_TTY_OUT];
	size_t n;

	setup(NULL);
	CHECK(n_tty_output(&t, (const uint8_t *)"a\nb\t\r", 5) == 5);
	CHECK(strcmp(screen(), "a\r\nb\t\r") == 0 && t.column == 0);
	memset(big, '\t', sizeof(big));
	setup(onocr);
	n = n_tty_output(&t, big, sizeof(big));
	CHECK(n < sizeof(big) && t.out_head - t.out_tail == 8 * n);
	type("x"); /* echo finds room */
	CHECK(t.out_head - t.out_tail == 8 * n + 1);
}

/* Any bytes with any settings: nothing may be written out of bounds, and reading always ends. */
static void test_random(void)
{
	static const char keys[] = "a \t\n\r\x03\x04\x7f\x15\x17\x16\x12\x13\x11\xff\xc3\xa9";
	uint8_t buf[64];

	srand(1);
	for (int round = 0; round < 300; round++) {
		struct termios2 tios;

		setup(NULL);
		for (int i = 0; i < 3000; i++) {
			uint8_t c = (uint8_t)keys[(size_t)rand() % sizeof(keys)];

			n_tty_input(&t, &c, 1);
			if (rand() % 50 == 0)
				n_tty_output(&t, (const uint8_t *)keys, sizeof(keys));
			if (rand() % 97 == 0)
				screen();
			if (rand() % 61 == 0 && n_tty_readable(&t, 1))
				n_tty_read(&t, buf, (size_t)rand() % sizeof(buf) + 1);
			if (rand() % 211 == 0) {
				tios = t.tios;
				tios.c_lflag ^= 1u << rand() % 16;
				tios.c_iflag ^= 1u << rand() % 15;
				tios.c_oflag ^= 1u << rand() % 8;
				n_tty_set_termios(&t, &tios);
			}
			CHECK(t.head - t.tail <= N_TTY_IN && t.out_head - t.out_tail <= N_TTY_OUT);
			CHECK(t.canon_head - t.tail <= t.head - t.tail);
		}
	}
}

int main(void)
{
	test_cases();
	test_long_line();
	test_signals();
	test_modes();
	test_output();
	test_random();
	return UNIT_END();
}
