/* SPDX-License-Identifier: MIT */
/*
 * The options of `uniload run`.
 * unit: tools/run_options.c tools/options.c tools/util.c tools/policy.c tools/systable.c
 * tools/net.c
 * -D_GNU_SOURCE
 */
#include "tests/unit/unit.h"
#include "tools/run_options.h"

#include <string.h>

static struct run_options o;

/* Parses "run" and the words; the options stay in `o`. */
static int parse(const char *const *words)
{
	static char *argv[16];
	int argc = 1;

	run_options_free(&o);
	argv[0] = "run";
	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	argv[argc] = NULL;
	return run_options_parse(&o, argc, argv);
}
#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void test_values(void)
{
	CHECK(PARSE("app") == 0 && o.memory == 128 << 20 && o.accel == ACCEL_AUTO &&
	      o.timeout_ns == 0);
	CHECK(PARSE("-m", "64M", "app") == 0 && o.memory == 64 << 20);
	CHECK(PARSE("-m64m", "app") == 0 && o.memory == 64 << 20);
	CHECK(PARSE("--memory=8192K", "app") == 0 && o.memory == 8 << 20);
	CHECK(PARSE("--memory", "4194304", "app") == 0 && o.memory == 4 << 20);
	CHECK(PARSE("-m", "16MiB", "app") == 0 && o.memory == 16 << 20);
	CHECK(PARSE("--timeout", "1.5", "app") == 0 && o.timeout_ns == 1500000000);
	CHECK(PARSE("--timeout=2m", "app") == 0 && o.timeout_ns == 120000000000);
	CHECK(PARSE("--timeout=1e300", "app") == 0 && o.timeout_ns > 1ull << 62);
	CHECK(PARSE("--accel", "kvm", "app") == 0 && o.accel == ACCEL_KVM);
	CHECK(PARSE("app") == 0 && o.rewrite == REWRITE_DEFAULT && !o.stats);
	CHECK(PARSE("--rewrite=both", "--stats", "app") == 0 && o.stats &&
	      o.rewrite == (BI_REWRITE_PLAN | BI_REWRITE_ONLINE));
	CHECK(PARSE("--rewrite", "plan", "app") == 0 && o.rewrite == BI_REWRITE_PLAN);
	CHECK(PARSE("--rewrite=online", "app") == 0 && o.rewrite == BI_REWRITE_ONLINE);
	CHECK(PARSE("--rewrite=both", "--no-rewrite", "app") == 0 && o.rewrite == 0);
	CHECK(PARSE("--rewrite=no", "app") == 0 && strcmp(rewrite_name(o.rewrite), "no") == 0);
	CHECK(PARSE("--rewrite=", "app") == STATUS_FAILED);
	CHECK(PARSE("--rewrite=all", "app") == STATUS_FAILED);
	CHECK(PARSE("--policy-for", "/bin/p", "app") == 0 && strcmp(o.policy_for, "/bin/p") == 0);
	CHECK(PARSE("--policy-for", "p", "app") == STATUS_FAILED);
	CHECK(PARSE("--gdb", "app") == 0 && strcmp(o.gdb, "1234") == 0);
	CHECK(PARSE("--gdb=5555", "app") == 0 && strcmp(o.gdb, "5555") == 0);
	CHECK(PARSE("--strace", "app") == 0 && o.strace && o.strace_file == NULL);
	CHECK(PARSE("--strace=f", "app") == 0 && strcmp(o.strace_file, "f") == 0);
	CHECK(PARSE("-eA=1", "-e", "B", "--env", "C=", "app") == 0 && o.env.n == 3);
	CHECK(PARSE("--verbose", "--strict", "-w", "/x", "app") == 0 && o.verbose && o.strict &&
	      strcmp(o.cwd, "/x") == 0);
	CHECK(PARSE("--qemu-arg", "-d", "--qemu-arg=int", "app") == 0 && o.qemu_args.n == 2);
	CHECK(PARSE("--help") == 0 && o.help);
	CHECK(PARSE("-v", "/a:/b", "-v/c:/d:ro", "--volume=/e:/f", "app") == 0 &&
	      o.volumes.n == 3 && strcmp(o.volumes.v[1], "/c:/d:ro") == 0 && !o.verbose);
	CHECK(PARSE("--disk", "d.img:ro", "--disk=e", "app") == 0 && o.disks.n == 2 &&
	      strcmp(o.disks.v[0], "d.img:ro") == 0);
	CHECK(PARSE("--add", "/x:/y", "--rootfs", "dir", "app") == 0 && o.adds.n == 1 &&
	      strcmp(o.rootfs, "dir") == 0);
	CHECK(PARSE("app") == 0 && o.missing == MISSING_NO && o.rootfs == NULL);
	CHECK(PARSE("--missing", "app") == 0 && o.missing == MISSING_HERE);
	CHECK(PARSE("--missing=all", "app") == 0 && o.missing == MISSING_ALL);
}

static void test_operands(void)
{
	CHECK(PARSE("app", "--strict", "-m") == 0 && !o.strict &&
	      strcmp(o.app[1], "--strict") == 0);
	CHECK(PARSE("--", "-app") == 0 && strcmp(o.app[0], "-app") == 0 && o.app[1] == NULL);
	CHECK(PARSE("--verbose", "--", "app", "--") == 0 && strcmp(o.app[1], "--") == 0);
	CHECK(PARSE("-") == 0 && strcmp(o.app[0], "-") == 0);
}

static void test_errors(void)
{
	static const char *const bad[][3] = {
	    {"-m", "0"},
	    {"-m", "1K"},
	    {"-m", "x"},
	    {"-m", "5X"},
	    {"-m", "-5M"},
	    {"-m", ""},
	    {"-m", "99999999999999999999G"},
	    {"-m", "18014398509481984K"},
	    {"-m", "900000G"},
	    {"-m", "64MM"},
	    {"--timeout", ""},
	    {"--timeout", "-1"},
	    {"--timeout", "nan"},
	    {"--timeout", "5x"},
	    {"--timeout", "5mm"},
	    {"--accel", ""},
	    {"--accel", "KVM"},
	    {"--gdb=0"},
	    {"--gdb=65536"},
	    {"--gdb=12x"},
	    {"--gdb=/a,b"},
	    {"--gdb="},
	    {"--strace="},
	    {"-w", "rel"},
	    {"-e", ""},
	    {"-e", "=x"},
	    {"--strict=1"},
	    {"--stric"},
	    {"-Z"},
	    {"-hZ"},
	    {"-v", ""},
	    {"--disk", ""},
	    {"--add="},
	    {"--missing=some"},
	};
	static const char *const incomplete[] = {"-m", "--qemu-arg", "--", "-v"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *words[4] = {bad[i][0], bad[i][1]};

		words[words[1] ? 2 : 1] = "app";
		CHECK(parse(words) == STATUS_FAILED);
	}
	for (size_t i = 0; i < sizeof(incomplete) / sizeof(incomplete[0]); i++)
		CHECK(PARSE(incomplete[i]) == STATUS_FAILED);
	CHECK(PARSE(NULL) == STATUS_FAILED);
	setenv("UNILOAD_ACCEL", "tcg", 1);
	CHECK(PARSE("app") == 0 && o.accel == ACCEL_TCG);
	CHECK(PARSE("--accel=auto", "app") == 0 && o.accel == ACCEL_AUTO);
	setenv("UNILOAD_ACCEL", "xen", 1);
	CHECK(PARSE("app") == STATUS_FAILED);
}

static void test_quote(void)
{
	static const char *const pairs[][2] = {
	    {"plain-word/x=1", "plain-word/x=1"},
	    {"", "''"},
	    {"two words", "'two words'"},
	    {"it's", "'it'\\''s'"},
	    {"$HOME", "'$HOME'"},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char *quoted = shell_quote(pairs[i][0]);

		CHECK(strcmp(quoted, pairs[i][1]) == 0);
		free(quoted);
	}
}

int main(void)
{
	test_values();
	test_operands();
	test_errors();
	test_quote();
	run_options_free(&o);
	return UNIT_END();
}
