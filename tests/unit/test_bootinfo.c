/* SPDX-License-Identifier: MIT */
/* kernel/bootinfo.c: a good module passes and reads back; each way to damage it is noticed. */
/* unit: kernel/bootinfo.c */
#include "kernel/bootinfo.h"
#include "tests/unit/unit.h"

#include <string.h>

#define MODULE_SIZE (6 * PAGE_SIZE)

/* Where things lie in the module under test. */
enum {
	FILES = 512,
	GROUPS = 1024,
	STRINGS = 1100,
	DATA = 2 * PAGE_SIZE,
};

/* Exactly as large as it says, so that the sanitizer sees any read beyond it. */
static uint8_t *module;
static struct bootinfo *bi;
static struct bi_file *files;
static uint32_t used;

static uint32_t put(const void *s, size_t n)
{
	uint32_t at = used;

	memcpy(module + at, s, n);
	used += n;
	return at;
}

#define STR(s) put(s, sizeof(s))

static void build(void)
{
	const uint32_t groups[] = {4, 24, 27};

	free(module);
	module = aligned_alloc(PAGE_SIZE, MODULE_SIZE);
	memset(module, 0, MODULE_SIZE);
	bi = (struct bootinfo *)module;
	files = (struct bi_file *)(module + FILES);
	used = STRINGS;
	*bi = (struct bootinfo){.magic = BOOTINFO_MAGIC,
				.version = BOOTINFO_VERSION,
				.header_size = sizeof(*bi),
				.total_size = MODULE_SIZE};
	bi->exe = STR("/bin/true");
	bi->cwd = STR("/");
	bi->hostname = STR("uniload");
	bi->argv = (struct bi_strings){STR("true\0\0-x"), 9, 3};
	bi->envp = (struct bi_strings){STR("A=1"), 4, 1};
	bi->groups = GROUPS;
	bi->n_groups = 3;
	memcpy(module + GROUPS, groups, sizeof(groups));
	bi->umask = 022;
	bi->std[1].kind = BI_STD_STREAM;
	bi->files = FILES;
	bi->n_files = 4;
	files[0] = (struct bi_file){.path = STR("/bin"), .type = BI_FILE_DIR, .mode = 0755};
	files[1] = (struct bi_file){.path = bi->exe, .mode = 04755, .data = DATA, .size = 5000};
	files[2] = (struct bi_file){.path = STR("/sh"),
				    .type = BI_FILE_SYMLINK,
				    .mode = 0777,
				    .data = STR("bin/true"),
				    .size = 8};
	files[3] = (struct bi_file){.path = STR("/empty"), .mode = 0600};
}

/* The change is refused, and the text says why. */
#define BAD(change, text)                                                                          \
	do {                                                                                       \
		const char *why_;                                                                  \
		build();                                                                           \
		change;                                                                            \
		why_ = bootinfo_check(module, MODULE_SIZE);                                        \
		CHECK(why_ != NULL && strstr(why_, text) != NULL);                                 \
	} while (0)

/* Two rules, the second with this number and action. */
static void add_rules(uint32_t nr, uint32_t action)
{
	struct bi_rule rules[] = {{5, BI_RULE_ANSWER, -38}, {nr, action, 0}};

	memcpy(module + MODULE_SIZE - sizeof(rules), rules, sizeof(rules));
	bi->rules = MODULE_SIZE - sizeof(rules);
	bi->n_rules = 2;
}

static void test_rules(void)
{
	build();
	add_rules(6, BI_RULE_KILL);
	CHECK(bootinfo_check(module, MODULE_SIZE) == NULL);
	CHECK(bootinfo_rules(bi)[0].nr == 5 && bootinfo_rules(bi)[1].nr == 6);
	add_rules(BI_RULE_REST, BI_RULE_DENY);
	CHECK(bootinfo_check(module, MODULE_SIZE) == NULL);
	BAD(add_rules(5, BI_RULE_DENY), "a rule is invalid");
	BAD(add_rules(4, BI_RULE_DENY), "a rule is invalid");
	BAD(add_rules(6, BI_RULE_KILL + 1), "a rule is invalid");
	BAD((add_rules(6, 0), bi->n_rules = 3), "table of rules");
	BAD((add_rules(6, 0), bi->rules += 4), "table of rules");
	BAD((add_rules(6, 0), bi->rules_for = MODULE_SIZE), "program that rules are for");
	BAD((add_rules(6, 0), bi->rules_for = bi->hostname), "program that rules are for");
}

static void test_good(void)
{
	const char *argv[3], *envp[1];

	build();
	CHECK(bootinfo_check(module, MODULE_SIZE) == NULL);
	CHECK(bootinfo_check(module, MODULE_SIZE + 12345) == NULL);
	bootinfo_strings(bi, &bi->argv, argv);
	CHECK(!strcmp(argv[0], "true") && !strcmp(argv[1], "") && !strcmp(argv[2], "-x"));
	bootinfo_strings(bi, &bi->envp, envp);
	CHECK(!strcmp(envp[0], "A=1"));
	CHECK(!strcmp(bootinfo_string(bi, bi->hostname), "uniload"));
	CHECK(bootinfo_groups(bi)[2] == 27);
	CHECK(!strcmp(bootinfo_path(bi, &bootinfo_files(bi)[2]), "/sh"));
	CHECK(!strcmp(bootinfo_data(bi, &bootinfo_files(bi)[2]), "bin/true"));
	CHECK(bootinfo_data(bi, &bootinfo_files(bi)[1]) == module + DATA);

	/* Empty tables may lie anywhere; no arguments are a valid list. */
	bi->n_files = bi->n_groups = 0;
	bi->files = bi->groups = UINT32_MAX;
	bi->argv = bi->envp = (struct bi_strings){UINT32_MAX, 0, 0};
	CHECK(bootinfo_check(module, MODULE_SIZE) == NULL);

	build();
	files[1].size = MODULE_SIZE - DATA; /* up to the very end */
	bi->header_size += 64;		    /* a writer that knows more */
	CHECK(bootinfo_check(module, MODULE_SIZE) == NULL);
}

static void test_header(void)
{
	build();
	CHECK(bootinfo_check(module + 8, MODULE_SIZE - 8) != NULL);
	for (uint64_t n = 0; n < sizeof(*bi); n += 8)
		CHECK(bootinfo_check(module, n) != NULL);
	CHECK(strstr(bootinfo_check(module, MODULE_SIZE - 1), "truncated") != NULL);
	BAD(bi->magic++, "not a uniload");
	BAD(bi->version++, "version");
	BAD(bi->header_size--, "header");
	BAD(bi->total_size = sizeof(*bi) - 1, "header");
	BAD(bi->total_size++, "truncated");
	BAD(bi->total_size = UINT64_MAX, "truncated");
	BAD(bi->umask = 01000, "umask");
	BAD(bi->std[2].kind = 4, "descriptor");
}

static void test_strings(void)
{
	BAD(bi->exe = 8, "program"); /* inside the header */
	BAD(bi->exe = UINT32_MAX, "program");
	BAD(bi->exe = bi->hostname, "program"); /* not absolute */
	BAD((memset(module + DATA, '/', MODULE_SIZE - DATA), bi->cwd = MODULE_SIZE - 9),
	    "directory"); /* runs out of the module */
	BAD((memset(module + DATA, '/', MODULE_SIZE - DATA), bi->cwd = DATA), "directory");
	BAD((memset(module + DATA, 'h', 65), bi->hostname = DATA), "host name");
	BAD(bi->argv.count--, "arguments");
	BAD(bi->argv.count++, "arguments");
	BAD(bi->argv.count = 0, "arguments");
	BAD(bi->argv.length--, "arguments"); /* last one not terminated */
	BAD(bi->argv.length = 0, "arguments");
	BAD(bi->envp.offset = MODULE_SIZE - 3, "environment");
	BAD(bi->envp.offset = 0, "environment");
	BAD(bi->envp.length = UINT32_MAX, "environment");
}

static void test_tables(void)
{
	BAD(bi->groups += 2, "group");
	BAD(bi->groups = MODULE_SIZE - 8, "group");
	BAD(bi->n_groups = UINT32_MAX, "group");
	BAD(bi->files += 4, "file table");
	BAD(bi->files = MODULE_SIZE - 3 * sizeof(struct bi_file), "file table");
	BAD(bi->n_files = UINT32_MAX, "file table");
	BAD(bi->files = 0, "file table");
	BAD(files[0].path = UINT32_MAX, "path");
	BAD(files[0].path = bi->hostname, "path");
	BAD(files[0].type = 3, "type");
	BAD(files[0].mode = 010000, "mode");
	BAD(files[1].data += 512, "misplaced");
	BAD(files[1].data = 0, "misplaced");
	BAD(files[1].data = MODULE_SIZE, "misplaced");
	BAD(files[1].size = MODULE_SIZE - DATA + 1, "misplaced");
	BAD(files[1].size = UINT64_MAX, "misplaced");
	BAD(files[1].data = UINT64_MAX & PAGE_MASK, "misplaced");
	BAD(files[2].size--, "target");
	BAD(files[2].size++, "target");
	BAD(files[2].size = 0, "target");
	BAD(files[2].size = UINT64_MAX, "target");
	BAD(files[2].data = UINT64_MAX, "target");
}

static void test_plan(void)
{
	struct plan_header *h;

	build();
	h = (struct plan_header *)(module + DATA);
	*h = (struct plan_header){PLAN_MAGIC, PLAN_VERSION, 2, 3};
	bi->plan_offset = DATA;
	bi->plan_size = sizeof(*h) + 2 * sizeof(struct plan_file) + 3 * sizeof(struct plan_site);
	CHECK(bootinfo_check(module, MODULE_SIZE) == NULL);
	CHECK(bootinfo_plan(bi) == h);
	bi->plan_size--;
	CHECK(strstr(bootinfo_check(module, MODULE_SIZE), "plan is truncated"));
	bi->plan_size++;
	h->files = h->sites = UINT32_MAX;
	CHECK(strstr(bootinfo_check(module, MODULE_SIZE), "plan is truncated"));
	h->version++;
	CHECK(strstr(bootinfo_check(module, MODULE_SIZE), "plan is of another version"));
	BAD((bi->plan_size = 64, bi->plan_offset = DATA), "plan is of another version");
	BAD((bi->plan_size = 64, bi->plan_offset = DATA + 4), "plan is misplaced");
	BAD((bi->plan_size = 8, bi->plan_offset = DATA), "plan is misplaced");
	BAD((bi->plan_size = 64, bi->plan_offset = 8), "plan is misplaced");
	BAD((bi->plan_size = 64, bi->plan_offset = MODULE_SIZE), "plan is misplaced");
	BAD((bi->plan_size = UINT64_MAX, bi->plan_offset = DATA), "plan is misplaced");
	BAD((bi->plan_size = 64, bi->plan_offset = UINT64_MAX - 15), "plan is misplaced");
}

int main(void)
{
	test_good();
	test_plan();
	test_rules();
	test_header();
	test_strings();
	test_tables();
	free(module);
	return UNIT_END();
}
