/* SPDX-License-Identifier: MIT */
/* `uniload table`: the system call table for people, straight from syscalls/table.def. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tools/commands.h"
#include "tools/systable.h"

struct options {
	unsigned statuses; /* bit set of enum syscall_status */
	bool markdown;
};

/* Set the bits of a comma-separated list of status names; false for an unknown one. */
static bool parse_statuses(const char *list, unsigned *out)
{
	*out = 0;
	while (true) {
		size_t len = strcspn(list, ",");
		unsigned s = STATUS_FULL;

		while (s <= STATUS_STUB && (strncasecmp(list, systable_status[s], len) ||
					    strlen(systable_status[s]) != len))
			s++;
		if (s > STATUS_STUB)
			return false;
		*out |= 1u << s;
		if (!list[len])
			return true;
		list += len + 1;
	}
}

static void print_row(const struct systable_row *r, bool markdown)
{
	bool has_value = r->status == STATUS_STUB || r->status == STATUS_FAKE;
	const char *sep = has_value && *r->note ? ": " : "";

	if (markdown)
		printf("| %u | `%s` | %s | %s%s%s |\n", r->nr, r->name, systable_status[r->status],
		       has_value ? r->value : "", sep, r->note);
	else if (has_value || *r->note)
		printf("%4u  %-24s %s  %s%s%s\n", r->nr, r->name, systable_status[r->status],
		       has_value ? r->value : "", sep, r->note);
	else
		printf("%4u  %-24s %s\n", r->nr, r->name, systable_status[r->status]);
}

static void print_counts(const unsigned counts[STATUS_STUB + 1])
{
	unsigned total = 0;

	printf("\n");
	for (unsigned s = STATUS_FULL; s <= STATUS_STUB; s++)
		total += counts[s];
	printf("%u calls: %u FULL, %u PART, %u FAKE, %u STUB\n", total, counts[STATUS_FULL],
	       counts[STATUS_PART], counts[STATUS_FAKE], counts[STATUS_STUB]);
}

static int print_table(const struct options *o)
{
	unsigned counts[STATUS_STUB + 1] = {0};

	if (o->markdown)
		printf("| number | name | status | note |\n| ---: | --- | --- | --- |\n");
	for (size_t i = 0; i < systable_rows; i++) {
		if (!(o->statuses & 1u << systable[i].status))
			continue;
		counts[systable[i].status]++;
		print_row(&systable[i], o->markdown);
	}
	print_counts(counts);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "uniload: cannot write the table: %s\n", strerror(errno));
		return 125;
	}
	return 0;
}

static void usage(void)
{
	printf(
	    "usage: uniload table [--status NAME[,NAME...]] [--markdown]\n"
	    "Print the system calls of Linux x86-64 and how each is answered.\n"
	    "\n"
	    "  --status LIST  only rows with these statuses: FULL, PART, FAKE, STUB\n"
	    "  --markdown     as a Markdown table\n"
	    "  --help         this text\n"
	    "\n"
	    "  FULL  behaves as Linux\n"
	    "  PART  works, with the limits the note names\n"
	    "  FAKE  answers success without doing it; the note says why that is safe\n"
	    "  STUB  answers the errno; the note says which Linux does so and what programs do\n");
}

/* uniload table. Returns 0, or 125 for a wrong option or output that cannot be written. */
int cmd_table(int argc, char **argv)
{
	struct options o = {.statuses = ~0u};

	for (int i = 1; i < argc; i++) {
		const char *list = NULL;

		if (!strcmp(argv[i], "--help")) {
			usage();
			return 0;
		}
		if (!strcmp(argv[i], "--markdown")) {
			o.markdown = true;
			continue;
		}
		if (!strncmp(argv[i], "--status=", 9))
			list = argv[i] + 9;
		else if (!strcmp(argv[i], "--status") && i + 1 < argc)
			list = argv[++i];
		if (!list) {
			fprintf(stderr,
				"uniload: table: unknown or incomplete option '%s' (see uniload "
				"table --help)\n",
				argv[i]);
			return 125;
		}
		if (!parse_statuses(list, &o.statuses)) {
			fprintf(stderr,
				"uniload: table: '%s' is not a list of FULL, PART, FAKE, STUB\n",
				list);
			return 125;
		}
	}
	return print_table(&o);
}
