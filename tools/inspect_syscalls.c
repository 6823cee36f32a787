/* SPDX-License-Identifier: MIT */
/*
 * `uniload inspect --syscalls`: every `syscall` instruction in the files of a machine, and which
 * system calls can come from them.
 */
#include "tools/inspect.h"
#include "tools/scan.h"
#include "tools/systable.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct calls {
	struct report *report;
	bool made[SYSTABLE_NUMBERS];
	uint64_t sites, before, after, trap;
	uint64_t unknown; /* sites whose number is not known */
};

/* A column of at least that width for people. */
static void column(struct report *r, const char *key, const char *text, int width)
{
	char *padded = r->json ? xstrdup(text) : xasprintf("%-*s", width, text);

	report_text(r, key, padded);
	free(padded);
}

static void tell_number(struct report *r, int number)
{
	const struct systable_row *row = number < 0 ? NULL : systable_by_number((unsigned)number);
	char text[16] = "-";

	if (number >= 0)
		snprintf(text, sizeof(text), "%d", number);
	column(r, "number", text, 3);
	column(r, "name", row ? row->name : "-", 17);
}

static void tell_site(struct calls *c, const struct scan_site *s)
{
	struct report *r = c->report;
	char *place = s->function
			  ? xasprintf("%s+0x%llx", s->function, (unsigned long long)s->into)
			  : xasprintf("0x%llx+0x%llx", (unsigned long long)(s->address - s->into),
				      (unsigned long long)s->into);
	char address[32];

	snprintf(address, sizeof(address), "0x%llx", (unsigned long long)s->address);
	report_open(r, NULL, false);
	column(r, "address", address, 9);
	tell_number(r, s->number);
	column(r, "tactic", scan_tactic_text(s), 6);
	report_text(r, "function", place);
	if (s->reason != SCAN_REWRITTEN)
		report_text(r, "reason", scan_reason_text(s->reason));
	report_close(r);
	free(place);
}

static void count(struct calls *c, const struct scan_site *s)
{
	c->sites++;
	if (s->reason != SCAN_REWRITTEN)
		c->trap++;
	else if (s->plan.tactic == PLAN_BEFORE)
		c->before++;
	else
		c->after++;
	if (s->number >= 0 && (unsigned)s->number < SYSTABLE_NUMBERS)
		c->made[s->number] = true;
	else
		c->unknown++;
}

static void tell_file(struct calls *c, const char *path, int fd, uint64_t offset, uint64_t size)
{
	struct scan scan = {0};
	int err = scan_file(&scan, fd, offset, size);

	if (err)
		say("%s: %s", path, strerror(-err));
	if (scan.n) {
		report_open(c->report, path, true);
		for (size_t i = 0; i < scan.n; i++) {
			tell_site(c, &scan.sites[i]);
			count(c, &scan.sites[i]);
		}
		report_close(c->report);
	}
	scan_free(&scan);
}

static void tell_node(struct calls *c, const struct node *n)
{
	int fd = n->host ? open(n->host, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : n->fd;
	char *path = node_path(n);

	if (fd < 0)
		say("%s: %m", n->host ? n->host : path);
	else
		tell_file(c, path, fd, n->host ? 0 : n->offset, n->size);
	if (n->host && fd >= 0)
		close(fd);
	free(path);
}

static void tell_call(struct report *r, const struct systable_row *row)
{
	bool value = row->status == STATUS_STUB || row->status == STATUS_FAKE;
	char number[16];

	snprintf(number, sizeof(number), "%u", row->nr);
	report_open(r, NULL, false);
	column(r, "number", number, 3);
	column(r, "name", row->name, 17);
	report_text(r, "status", systable_status[row->status]);
	if (value)
		report_text(r, "value", row->value);
	if (*row->note)
		report_text(r, "note", row->note);
	report_close(r);
}

static void tell_calls(const struct calls *c)
{
	report_open(c->report, "calls", true);
	for (size_t i = 0; i < systable_rows; i++)
		if (c->made[systable[i].nr])
			tell_call(c->report, &systable[i]);
	report_close(c->report);
}

void tell_syscalls(struct report *r, const struct fileset *set, const struct guest_files *over)
{
	struct calls c = {.report = r};

	report_open(r, NULL, false);
	report_open(r, "sites", false);
	for (struct node *n = set ? set->root : NULL; n; n = node_next(set->root, n))
		if (S_ISREG(n->mode) && n->link == NULL)
			tell_node(&c, n);
	for (size_t i = 0; i < over->n; i++) {
		const struct guest_file *f = &over->v[i];

		if (f->type == BI_FILE_REG && f->text == NULL)
			tell_file(&c, f->path, f->fd, f->offset, f->size);
	}
	report_close(r);
	tell_calls(&c);
	report_open(r, "total", false);
	report_number(r, "sites", c.sites);
	report_number(r, "before", c.before);
	report_number(r, "after", c.after);
	report_number(r, "trap", c.trap);
	report_number(r, "number_not_known", c.unknown);
	report_close(r);
	report_close(r);
}
