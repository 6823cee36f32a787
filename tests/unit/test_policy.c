/* SPDX-License-Identifier: MIT */
/*
 * The options about single system calls and the rules made from them; the file of --record.
 * unit: tools/policy.c tools/systable.c tools/counts.c tools/util.c -D_GNU_SOURCE
 */
#include "tests/unit/unit.h"
#include "tools/counts.h"
#include "tools/policy.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct policy p;
static struct bi_rule *rules;
static size_t n;

/* What holds for a number. */
static struct bi_rule rule(uint32_t nr)
{
	for (size_t i = 0; i < n; i++)
		if (rules[i].nr == nr || rules[i].nr == BI_RULE_REST)
			return rules[i];
	return (struct bi_rule){nr, BI_RULE_ALLOW, 0};
}

static bool is_rule(uint32_t nr, uint32_t action, int64_t value)
{
	struct bi_rule r = rule(nr);

	return r.action == action && r.value == value;
}

/* The rules of pairs of option and value, over those there are if `more`. */
static int make(bool more, const char *const *words)
{
	static const struct {
		const char *name;
		int id;
	} options[] = {{"fake", OPT_FAKE}, {"stub", OPT_STUB},	    {"allow", OPT_ALLOW},
		       {"deny", OPT_DENY}, {"with", OPT_DENY_WITH}, {"from", OPT_SECCOMP_FROM}};
	struct bi_rule *base = rules;
	size_t n_base = more ? n : 0;
	int status = 0;

	p = (struct policy){0};
	for (; status == 0 && *words; words += 2)
		for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
			if (strcmp(words[0], options[i].name) == 0)
				status = policy_option(&p, options[i].id, words[1]);
	if (status == 0)
		status = policy_rules(&p, base, n_base, &rules, &n);
	if (rules != base)
		free(base);
	return status;
}
#define MAKE(...)      make(false, (const char *const[]){__VA_ARGS__, NULL})
#define MAKE_MORE(...) make(true, (const char *const[]){__VA_ARGS__, NULL})

static bool ordered(void)
{
	for (size_t i = 1; i < n; i++)
		if (rules[i].nr <= rules[i - 1].nr)
			return false;
	return true;
}

static void test_single(void)
{
	CHECK(make(false, (const char *const[]){NULL}) == 0 && n == 0);
	CHECK(MAKE("fake", "getpid") == 0 && n == 1 && is_rule(SYS_getpid, BI_RULE_ANSWER, 0));
	CHECK(MAKE("fake", "getpid=0x20") == 0 && is_rule(SYS_getpid, BI_RULE_ANSWER, 32));
	CHECK(MAKE("fake", "getpid=9223372036854775807") == 0);
	CHECK(MAKE("fake", "getpid=9223372036854775808") == 125);
	CHECK(MAKE("fake", "getpid=") == 125 && MAKE("fake", "getpid=-1") == 125);
	CHECK(MAKE("fake", "getpid=1x") == 125 && MAKE("fake", "") == 125);
	CHECK(MAKE("stub", "read=EIO") == 0 && n == 1 && is_rule(SYS_read, BI_RULE_ANSWER, -EIO));
	CHECK(MAKE("stub", "read") == 125 && MAKE("stub", "read=5") == 125);
	CHECK(MAKE("stub", "read=kill") == 125 && MAKE("stub", "reed=EIO") == 125);
	CHECK(MAKE("deny", "read,write") == 0 && n == 2 && is_rule(SYS_read, BI_RULE_DENY, -EPERM));
	CHECK(MAKE("deny", "write,read=EBADF") == 0 && ordered() &&
	      is_rule(SYS_write, BI_RULE_DENY, -EBADF));
	CHECK(MAKE("deny", "read=kill") == 0 && is_rule(SYS_read, BI_RULE_KILL, 0));
	CHECK(MAKE("deny", "read,,write") == 125 && MAKE("deny", "read,") == 125);
	CHECK(MAKE("deny", "read", "fake", "read=3") == 0 && n == 1 &&
	      is_rule(SYS_read, BI_RULE_ANSWER, 3));
}

static void test_allow(void)
{
	CHECK(MAKE("allow", "read,write") == 0 && ordered());
	CHECK(is_rule(SYS_read, BI_RULE_ALLOW, 0) && is_rule(SYS_close, BI_RULE_DENY, -EPERM));
	CHECK(is_rule(5000, BI_RULE_DENY, -EPERM) && is_rule(335, BI_RULE_DENY, -EPERM));
	CHECK(is_rule(SYS_exit_group, BI_RULE_ALLOW, 0) && is_rule(SYS_exit, BI_RULE_ALLOW, 0) &&
	      is_rule(SYS_rt_sigreturn, BI_RULE_ALLOW, 0) &&
	      is_rule(SYS_clock_gettime, BI_RULE_ALLOW, 0));
	CHECK(MAKE("allow", "read", "allow", "write", "with", "kill") == 0);
	CHECK(is_rule(SYS_read, BI_RULE_ALLOW, 0) && is_rule(SYS_write, BI_RULE_ALLOW, 0) &&
	      is_rule(SYS_close, BI_RULE_KILL, 0));
	CHECK(MAKE("with", "EACCES", "allow", "read") == 0 &&
	      is_rule(SYS_close, BI_RULE_DENY, -EACCES));
	CHECK(MAKE("deny", "read=EIO", "allow", "read,close") == 0 &&
	      is_rule(SYS_read, BI_RULE_DENY, -EIO) && is_rule(SYS_close, BI_RULE_ALLOW, 0));
	CHECK(MAKE("allow", "read", "deny", "exit=kill") == 0 &&
	      is_rule(SYS_exit, BI_RULE_KILL, 0));
	CHECK(MAKE("with", "kill") == 125 && MAKE("allow", "read", "with", "E") == 125);
}

/* What a sealed image refuses stays refused. */
static void test_over(void)
{
	CHECK(MAKE("allow", "read,write", "fake", "getpid=1") == 0);
	CHECK(MAKE_MORE("allow", "read,close", "fake", "getppid", "with", "kill") == 0 &&
	      ordered());
	CHECK(is_rule(SYS_read, BI_RULE_ALLOW, 0) && is_rule(SYS_write, BI_RULE_KILL, 0));
	CHECK(is_rule(SYS_close, BI_RULE_DENY, -EPERM) && is_rule(5000, BI_RULE_DENY, -EPERM));
	CHECK(is_rule(SYS_getppid, BI_RULE_DENY, -EPERM));
	CHECK(MAKE("fake", "getpid=1") == 0 && MAKE_MORE("stub", "getpid=EIO") == 0 &&
	      is_rule(SYS_getpid, BI_RULE_ANSWER, -EIO) && n == 1);
	CHECK(make(true, (const char *const[]){NULL}) == 0 && n == 1);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f))
		abort();
}

static bool file_is(const char *path, const char *text)
{
	char got[4096] = "";
	FILE *f = fopen(path, "r");
	size_t len = f ? fread(got, 1, sizeof(got) - 1, f) : 0;

	if (f)
		fclose(f);
	return len == strlen(text) && memcmp(got, text, len) == 0;
}

static void test_lists(const char *path)
{
	char at[300];

	snprintf(at, sizeof(at), "@%s", path);
	write_file(path, "# comment\n\n read # why\n\twrite\r\nclose");
	CHECK(MAKE("from", path) == 0 && is_rule(SYS_read, BI_RULE_ALLOW, 0) &&
	      is_rule(SYS_write, BI_RULE_ALLOW, 0) && is_rule(SYS_close, BI_RULE_ALLOW, 0) &&
	      is_rule(SYS_open, BI_RULE_DENY, -EPERM));
	CHECK(MAKE("deny", at) == 0 && n == 3);
	strcat(at, "=EIO");
	CHECK(MAKE("deny", at) == 0 && is_rule(SYS_close, BI_RULE_DENY, -EIO));
	write_file(path, "read write\n");
	CHECK(MAKE("from", path) == 125 && MAKE("from", "/nonexistent") == 125);
}

static void test_record(const char *path)
{
	struct counts *c = calloc(1, sizeof(*c));
	struct bi_msg m = {.type = BI_MSG_SYSCALL, .arg = SYS_write, .v = {2, 1, 3, 4}};
	struct stat st;

	CHECK(c && counts_take(c, &m) && counts_take(c, &m) && c->any);
	CHECK(c->of[SYS_write].calls == 4 && c->of[SYS_write].errors == 2);
	m.arg = SYS_read;
	CHECK(counts_take(c, &m));
	m.arg = UINT32_MAX;
	CHECK(counts_take(c, &m) && c->of[SYSTABLE_NUMBERS].calls == 2);
	m.type = BI_MSG_EXIT;
	CHECK(!counts_take(c, &m));
	unlink(path);
	CHECK(record_check(path) == 0 && record_write(path, c) == 0);
	CHECK(file_is(path,
		      "# System calls that a program made: uniload run --record\nread\nwrite\n"));
	write_file(path, "# one\n\nwrite # two\n # three\naccess\n# four\n");
	CHECK(chmod(path, 0640) == 0 && record_check(path) == 0 && record_write(path, c) == 0);
	CHECK(file_is(path, " # three\naccess\nread\n# one\n\nwrite # two\n# four\n"));
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0640);
	write_file(path, "nothing\n");
	CHECK(record_check(path) == 125 && record_check("/") == 125);
	free(c);
}

static void test_names(void)
{
	CHECK(strcmp(systable_nearest("opne", 4), "open") == 0);
	CHECK(strcmp(systable_nearest("epol_wait", 9), "epoll_wait") == 0);
	CHECK(systable_nearest("", 0) != NULL && systable_by_name("rea", 3) == NULL);
	CHECK(systable_by_name("read!", 4)->nr == SYS_read && systable_by_number(335) == NULL);
	CHECK(errno_number("ENOSYS") == ENOSYS && errno_number("") == 0 && errno_number("0") == 0);
}

int main(void)
{
	char path[] = "/tmp/uniload-unit-policy-XXXXXX";
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	test_single();
	test_allow();
	test_over();
	test_lists(path);
	test_record(path);
	test_names();
	free(rules);
	close(fd);
	unlink(path);
	return UNIT_END();
}
