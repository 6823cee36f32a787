/* SPDX-License-Identifier: MIT */
/* Invariants of syscalls/table.def, against Linux's own list in <asm/unistd_64.h>. No other source.
 */
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <string.h>

#include "syscalls/table.h"

#define LAST_NR	       462
#define LAST_IN_HEADER 450 /* of Debian 12's linux-libc-dev; a newer header knows more */

struct row {
	int nr;
	const char *name;
	enum syscall_status status;
	enum syscall_result result;
	const char *value, *note;
	unsigned char kinds[SYSCALL_MAX_ARGS + 1];
};

static const struct row rows[] = {
/* clang-format off */
#define ARGS(...) {ARG_MAP(ARG_KIND, __VA_ARGS__)}
#define NOARGS    {0}
/* clang-format on */
#define SYS(nr, name, status, value, result, frame, args, note)                                    \
	{nr, #name, STATUS_##status, RESULT_##result, #value, note, args},
#include "syscalls/table.def"
};

#define N_ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

static const struct row *by_number(int nr)
{
	for (int i = 0; i < N_ROWS; i++)
		if (rows[i].nr == nr)
			return &rows[i];
	return NULL;
}

static const struct row *by_name(const char *name)
{
	for (int i = 0; i < N_ROWS; i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

/* A check of one row that says which. */
static void check_row(bool ok, const struct row *r, const char *what)
{
	if (!ok)
		printf("# %d %s: %s\n", r->nr, r->name, what);
	CHECK(ok);
}

static void test_order(void)
{
	for (int i = 1; i < N_ROWS; i++)
		check_row(rows[i].nr > rows[i - 1].nr, &rows[i], "out of order");
	for (int nr = 0; nr <= LAST_NR; nr++)
		CHECK((by_number(nr) == NULL) == (nr >= 335 && nr <= 423));
	CHECK(rows[N_ROWS - 1].nr == LAST_NR);
	for (int i = 0; i < N_ROWS; i++)
		check_row(by_name(rows[i].name) == &rows[i], &rows[i], "two rows have this name");
}

static FILE *open_header(void)
{
	FILE *f = fopen("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "r");

	return f ? f : fopen("/usr/include/asm/unistd_64.h", "r");
}

static void test_against_header(void)
{
	FILE *f = open_header();
	bool seen[LAST_NR + 1] = {false};
	char line[256], name[64];
	int nr;

	CHECK(f != NULL);
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "#define __NR_%63s %d", name, &nr) != 2 || nr > LAST_NR)
			continue;
		seen[nr] = true;
		CHECK(by_number(nr) != NULL);
		if (by_number(nr))
			check_row(!strcmp(by_number(nr)->name, name), by_number(nr), name);
	}
	fclose(f);
	for (int i = 0; i < N_ROWS; i++)
		check_row(seen[rows[i].nr] || rows[i].nr > LAST_IN_HEADER, &rows[i],
			  "not in asm/unistd_64.h");
}

/* "see NAME" at the start of a note must name a row with a note of its own. */
static bool reference_ok(const char *note)
{
	char name[64];

	if (sscanf(note, "see %63[a-z0-9_]", name) != 1)
		return true;
	return by_name(name) && strncmp(by_name(name)->note, "see ", 4) && *by_name(name)->note;
}

static void test_columns(void)
{
	for (int i = 0; i < N_ROWS; i++) {
		const struct row *r = &rows[i];
		bool answers = r->status == STATUS_STUB || r->status == STATUS_FAKE;

		check_row((r->status == STATUS_FULL) == !*r->note, r, "a note exactly if not FULL");
		check_row(answers || !strcmp(r->value, "0"), r, "a value exactly if STUB or FAKE");
		check_row(r->status != STATUS_STUB || r->value[0] == 'E', r, "STUB needs an errno");
		check_row(reference_ok(r->note), r, "note refers to nothing");
	}
}

static bool is_length(int kind)
{
	return kind == KIND_SIZE || kind == KIND_INT || kind == KIND_UINT || kind == KIND_ULONG;
}

static void test_kinds(void)
{
	const struct row *r = by_name("read");

	CHECK(r->kinds[0] == KIND_FD && r->kinds[1] == KIND_BUF_OUT);
	CHECK(r->kinds[2] == KIND_SIZE && r->kinds[3] == KIND_NONE);
	CHECK(by_name("getpid")->kinds[0] == KIND_NONE);
	CHECK(by_name("mmap")->kinds[5] == KIND_OFF && by_name("mmap")->kinds[6] == KIND_NONE);
	CHECK(by_name("exit")->result == RESULT_NONE);
	for (int i = 0; i < N_ROWS; i++) {
		const unsigned char *k = rows[i].kinds;

		for (int a = 0; a < SYSCALL_MAX_ARGS; a++) {
			if (k[a] == KIND_BUF_IN || k[a] == KIND_BUF_OUT || k[a] == KIND_IOVEC_IN ||
			    k[a] == KIND_IOVEC_OUT)
				check_row(is_length(k[a + 1]), &rows[i], "a buffer without length");
			if (k[a] == KIND_DIRFD)
				check_row(k[a + 1] == KIND_PATH, &rows[i], "a dirfd without path");
		}
	}
}

int main(void)
{
	test_order();
	test_against_header();
	test_columns();
	test_kinds();
	return UNIT_END();
}
