/* SPDX-License-Identifier: MIT */
/*
 * The summary looks like that of strace -c, with one more column: the time that calls took and the
 * thread did not run. The record is text, made for people and version control.
 */
#include "tools/counts.h"

#include "tools/policy.h"
#include "tools/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool counts_take(struct counts *c, const struct bi_msg *msg)
{
	struct call_count *of;

	if (msg->type != BI_MSG_SYSCALL)
		return false;
	of = &c->of[msg->arg < SYSTABLE_NUMBERS ? msg->arg : SYSTABLE_NUMBERS];
	of->calls += msg->v[0];
	of->errors += msg->v[1];
	of->cpu_ns += msg->v[2];
	of->elapsed_ns += msg->v[3];
	c->any = true;
	return true;
}

/* ---- the summary ---- */

static const struct counts *sorting;

static int by_time(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
	const struct call_count *cx = &sorting->of[x], *cy = &sorting->of[y];

	if (cx->cpu_ns != cy->cpu_ns)
		return cx->cpu_ns < cy->cpu_ns ? 1 : -1;
	return x < y ? -1 : x > y;
}

static void print_line(FILE *to, const struct call_count *c, uint64_t all_ns, const char *name)
{
	uint64_t waited = c->elapsed_ns > c->cpu_ns ? c->elapsed_ns - c->cpu_ns : 0;
	char errors[24] = "";

	if (c->errors)
		snprintf(errors, sizeof(errors), "%llu", (unsigned long long)c->errors);
	fprintf(to, "%6.2f %11.6f %11llu %11.6f %9llu %9s %s\n",
		all_ns ? 100.0 * (double)c->cpu_ns / (double)all_ns : 0, (double)c->cpu_ns / 1e9,
		(unsigned long long)(c->calls ? c->cpu_ns / c->calls / 1000 : 0),
		(double)waited / 1e9, (unsigned long long)c->calls, errors, name);
}

static const char *name_of(unsigned nr)
{
	const struct systable_row *row = systable_by_number(nr);

	return row ? row->name : "(no such call)";
}

void counts_print(const struct counts *c, FILE *to)
{
	static const char line[] =
	    "------ ----------- ----------- ----------- --------- --------- ----------------";
	unsigned order[SYSTABLE_NUMBERS + 1], n = 0;
	struct call_count sum = {0};

	for (unsigned nr = 0; nr <= SYSTABLE_NUMBERS; nr++) {
		if (c->of[nr].calls == 0)
			continue;
		order[n++] = nr;
		sum.calls += c->of[nr].calls;
		sum.errors += c->of[nr].errors;
		sum.cpu_ns += c->of[nr].cpu_ns;
		sum.elapsed_ns += c->of[nr].elapsed_ns;
	}
	sorting = c;
	qsort(order, n, sizeof(order[0]), by_time);
	fprintf(to, "%6s %11s %11s %11s %9s %9s %s\n%s\n", "% time", "seconds", "usecs/call",
		"waited", "calls", "errors", "syscall", line);
	for (unsigned i = 0; i < n; i++)
		print_line(to, &c->of[order[i]], sum.cpu_ns, name_of(order[i]));
	fprintf(to, "%s\n", line);
	print_line(to, &sum, sum.cpu_ns, "total");
}

/* ---- the record ---- */

/* The file as it is: its lines, in order. */
static int read_lines(const char *path, struct strvec *lines)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (f == NULL)
		return errno == ENOENT ? 0 : fail(STATUS_FAILED, "%s: %s", path, strerror(errno));
	while ((n = getline(&line, &room, f)) >= 0)
		strvec_add(lines, "%.*s", (int)(n && line[n - 1] == '\n' ? n - 1 : n), line);
	free(line);
	fclose(f);
	return 0;
}

int record_check(const char *path)
{
	bool have[SYSTABLE_NUMBERS] = {0};
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT
			   ? 0
			   : fail(STATUS_FAILED, "--record %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(STATUS_FAILED, "--record %s: is there and not a regular file", path);
	return policy_read_list(path, have);
}

/* Is it a line without a name? */
static bool is_comment(const char *line)
{
	line += strspn(line, " \t\r");
	return *line == '#' || *line == '\0';
}

static const char *word(const char *line, size_t *len)
{
	line += strspn(line, " \t\r");
	*len = strcspn(line, " \t\r#");
	return line;
}

/* The line about this call with the comments before it; false if there is none. */
static bool print_old(FILE *f, const struct strvec *lines, const char *name)
{
	for (size_t i = 0, first = 0; i < lines->n; i++) {
		size_t len;
		const char *w = word(lines->v[i], &len);

		if (is_comment(lines->v[i]))
			continue;
		if (strlen(name) == len && memcmp(w, name, len) == 0) {
			for (; first <= i; first++)
				fprintf(f, "%s\n", lines->v[first]);
			return true;
		}
		first = i + 1;
	}
	return false;
}

static void print_tail(FILE *f, const struct strvec *lines)
{
	size_t first = lines->n;

	while (first > 0 && is_comment(lines->v[first - 1]))
		first--;
	for (; first < lines->n; first++)
		fprintf(f, "%s\n", lines->v[first]);
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct systable_row *const *)a)->name,
		      (*(const struct systable_row *const *)b)->name);
}

static void print_record(FILE *f, const struct strvec *lines, const struct counts *c)
{
	const struct systable_row **rows = xrealloc(NULL, systable_rows * sizeof(*rows));

	for (size_t i = 0; i < systable_rows; i++)
		rows[i] = &systable[i];
	qsort(rows, systable_rows, sizeof(*rows), by_name);
	if (lines->n == 0)
		fprintf(f, "# System calls that a program made: uniload run --record\n");
	for (size_t i = 0; i < systable_rows; i++)
		if (!print_old(f, lines, rows[i]->name) && c->of[rows[i]->nr].calls)
			fprintf(f, "%s\n", rows[i]->name);
	print_tail(f, lines);
	free(rows);
}

/* Under another name first, so that the file is never half written. */
int record_write(const char *path, const struct counts *c)
{
	struct strvec lines = {0};
	char *temporary = xasprintf("%s.XXXXXX", path);
	int status = read_lines(path, &lines), fd = -1;
	mode_t mask = umask(0);
	struct stat st;
	FILE *f;

	umask(mask);
	if (status == 0 && (fd = mkostemp(temporary, O_CLOEXEC)) < 0)
		status = fail(STATUS_FAILED, "--record %s: %s", path, strerror(errno));
	f = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (f) {
		print_record(f, &lines, c);
		fchmod(fd, stat(path, &st) == 0 ? st.st_mode & 0777 : 0666 & ~mask);
		if (ferror(f) | fclose(f) || rename(temporary, path) < 0) {
			status = fail(STATUS_FAILED, "--record %s: %s", path, strerror(errno));
			unlink(temporary);
		}
	}
	strvec_free(&lines);
	free(temporary);
	return status;
}
