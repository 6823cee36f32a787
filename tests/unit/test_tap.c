/* SPDX-License-Identifier: MIT */
/*
 * Reading what tests say, and the manifest of the conformance suite.
 * unit: tools/tap.c tools/suite.c tools/systable.c tools/util.c -D_GNU_SOURCE
 */
#include "tests/unit/unit.h"
#include "tools/suite.h"
#include "tools/tap.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char text[1000];
static struct tap tap;

static void read_text(const char *s)
{
	tap_free(&tap);
	strcpy(text, s);
	tap_read(&tap, text);
}

static void test_tap(void)
{
	read_text("noise\nok 1 - f.c:12: a is b\nnot ok 2 - f.c:13: c\n# got 1\n# more\n"
		  "ok 3 - f.c:14: # SKIP why\nok 4 - plain\n1..4\n");
	CHECK(tap.n == 4 && tap.complete);
	CHECK(tap.v[0].ok && tap.v[0].line == 12 && strcmp(tap.v[0].text, "a is b") == 0);
	CHECK(!tap.v[1].ok && tap.v[1].line == 13 && strcmp(tap.v[1].more, "got 1") == 0);
	CHECK(tap.v[2].ok && tap.v[2].skipped && strcmp(tap.v[2].text, "why") == 0);
	CHECK(tap.v[3].ok && tap.v[3].line == 0 && strcmp(tap.v[3].text, "plain") == 0);
	read_text("ok 1 - x\n1..2\n");
	CHECK(tap.n == 1 && !tap.complete);
	read_text("ok 1 - x\n");
	CHECK(tap.n == 1 && !tap.complete);
	read_text("");
	CHECK(tap.n == 0 && !tap.complete);
	read_text("1..0");
	CHECK(tap.n == 0 && tap.complete);
	read_text("not ok");
	CHECK(tap.n == 0);
	read_text("ok ");
	CHECK(tap.n == 1 && tap.v[0].text[0] == '\0');
	tap_free(&tap);
}

static int open_with(struct suite *s, const char *dir, const char *manifest)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/manifest", dir);
	f = fopen(path, "w");
	if (f == NULL || fputs(manifest, f) < 0 || fclose(f))
		abort();
	suite_free(s);
	return suite_open(s, dir);
}

static void test_suite(const char *dir)
{
	struct suite s = {0};

	CHECK(open_with(&s, dir,
			"test\tguest/a\t5\tread,getpid\ntest\tguest/b\t0\t-\n"
			"xfail\tguest/a\t3\t5\t*\twhy\nxfail\tguest/b\t1\t1\tkvm\tK\n"
			"xfail\tguest/b\t1\t1\tnorewrite\tN\n") == 0);
	CHECK(s.n_tests == 2 && s.n_xfails == 3 && s.tests[0].seconds == 5);
	CHECK(s.tests[0].calls[SYS_read] && s.tests[0].calls[SYS_getpid] &&
	      !s.tests[0].calls[SYS_write] && !s.tests[0].about_none && s.tests[1].about_none);
	CHECK(suite_xfail(&s, "guest/a", 2, "kvm") == NULL);
	CHECK(strcmp(suite_xfail(&s, "guest/a", 3, "kvm"), "why") == 0);
	CHECK(strcmp(suite_xfail(&s, "guest/a", 5, "tcg"), "why") == 0);
	CHECK(suite_xfail(&s, "guest/b", 3, "kvm") == NULL);
	CHECK(strcmp(suite_xfail(&s, "guest/b", 1, "kvm"), "K") == 0);
	CHECK(strcmp(suite_xfail(&s, "guest/b", 1, "tcg-norewrite"), "N") == 0);
	CHECK(suite_xfail(&s, "guest/b", 1, "tcg") == NULL);
	CHECK(open_with(&s, dir, "test\tguest/a\t5\tnothing\n") == 125);
	CHECK(open_with(&s, dir, "test\tguest/a\t5\n") == 125);
	CHECK(open_with(&s, dir, "xfail\tguest/a\t5\n") == 125);
	CHECK(open_with(&s, dir, "other\ta\tb\tc\n") == 125);
	suite_free(&s);
	CHECK(suite_open(&s, "/nonexistent") == 125);
	suite_free(&s);
}

int main(void)
{
	char dir[] = "/tmp/uniload-unit-suite-XXXXXX", path[64];

	CHECK(mkdtemp(dir) != NULL);
	test_tap();
	test_suite(dir);
	snprintf(path, sizeof(path), "%s/manifest", dir);
	unlink(path);
	rmdir(dir);
	return UNIT_END();
}
