/* SPDX-License-Identifier: MIT */
/*
 * `uniload check`: will it run? Told before a machine is started, from the program and its
 * libraries: what they are, which system calls can be made from their code, and what uniload
 * answers to these.
 *
 * A call counts if an instruction for it can be reached: code of a library counts unless it belongs
 * to an exported function that no file here imports. Calls whose number the scanner does not see
 * are those of syscall(2) and the like.
 */
#include "loader/elf.h"
#include "tools/commands.h"
#include "tools/imports.h"
#include "tools/options.h"
#include "tools/payload.h"
#include "tools/report.h"
#include "tools/scan.h"
#include "tools/systable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HINT "uniload check --help"

enum { OPT_JSON, OPT_ADD, OPT_ROOTFS, OPT_ENV, OPT_HELP };
enum verdict { WILL_RUN, MAY_RUN, WILL_NOT_RUN };

static const struct opt table[] = {
    {.help = "Options:"},
    {OPT_JSON, 0, "json", NULL, false, "print JSON"},
    {OPT_ADD, 0, "add", "HOST[:GUEST]", false, "as for run and build: checked too"},
    {OPT_ROOTFS, 0, "rootfs", "DIR|TAR", false, "as for run and build: all of it is checked"},
    {OPT_ENV, 'e', "env", "K=V", false, "as for run and build: LD_LIBRARY_PATH and PATH count"},
    {OPT_HELP, 'h', "help", NULL, false, "print this"},
    {0},
};

struct check {
	struct report report;
	struct payload_spec spec;
	struct strvec adds, env;
	bool help;
	struct imports imports;
	struct {
		unsigned sites;
		char *where; /* the first */
	} calls[SYSTABLE_NUMBERS];
	unsigned sites, hidden; /* hidden: the number is not seen, nor the C library's */
	char *hidden_where;
	struct strvec reasons;
};

static int apply(void *ctx, int id, const char *value)
{
	struct check *c = ctx;

	switch (id) {
	case OPT_JSON:
		c->report.json = true;
		break;
	case OPT_ADD:
		strvec_add(&c->adds, "%s", value);
		break;
	case OPT_ROOTFS:
		c->spec.rootfs = value;
		break;
	case OPT_ENV:
		strvec_add(&c->env, "%s", value);
		break;
	case OPT_HELP:
		c->help = true;
		break;
	}
	return 0;
}

/* ---- the files of the machine ---- */

typedef void file_fn(struct check *c, const char *path, const char *data, size_t size);

/* Bytes of an ELF file, aligned as malloc does; what cannot be read, or is none, is passed over. */
static void read_file(struct check *c, const char *path, int fd, uint64_t offset, uint64_t size,
		      file_fn *fn)
{
	char magic[4], *data;
	size_t have = 0;
	ssize_t n = 1;

	if (pread(fd, magic, 4, (off_t)offset) != 4 || memcmp(magic, "\177ELF", 4) != 0)
		return;
	data = xrealloc(NULL, size);
	while (have < size && n > 0) {
		n = pread(fd, data + have, size - have, (off_t)(offset + have));
		have += n > 0 ? (size_t)n : 0;
	}
	fn(c, path, data, have);
	free(data);
}

static void each_file(struct check *c, const struct fileset *set, const struct guest_files *over,
		      file_fn *fn)
{
	for (struct node *n = set ? set->root : NULL; n; n = node_next(set->root, n)) {
		char *path = node_path(n);
		int fd = n->fd;

		if (S_ISREG(n->mode) && n->link == NULL && n->host)
			fd = open(n->host, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (S_ISREG(n->mode) && n->link == NULL && fd >= 0)
			read_file(c, path, fd, n->host ? 0 : n->offset, n->size, fn);
		if (fd >= 0 && fd != n->fd)
			close(fd);
		free(path);
	}
	for (size_t i = 0; i < over->n; i++) {
		const struct guest_file *f = &over->v[i];

		if (f->type == BI_FILE_REG && f->text == NULL)
			read_file(c, f->path, f->fd, f->offset, f->size, fn);
	}
}

static void note_imports(struct check *c, const char *path, const char *data, size_t size)
{
	imports_add(&c->imports, data, size);
}

/* Is it the C library's own code, with numbers that it chooses itself? Its tests have run in
 * uniload. In a static program, it has the names that C reserves for it. */
static bool is_libc(const char *path, const char *function)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	if (function && strcmp(function, "syscall") == 0)
		return false;
	return (function && *function == '_') || strncmp(name, "libc.", 5) == 0 ||
	       strncmp(name, "ld-", 3) == 0 || strncmp(name, "libpthread", 10) == 0;
}

static void note_site(struct check *c, const char *path, const struct scan_site *s)
{
	char *where = s->function ? xasprintf("%s in %s", s->function, path)
				  : xasprintf("0x%llx in %s", (unsigned long long)s->address, path);

	c->sites++;
	if (s->number < 0 || (unsigned)s->number >= SYSTABLE_NUMBERS) {
		if (!is_libc(path, s->function) && c->hidden++ == 0) {
			c->hidden_where = where;
			return;
		}
	} else if (c->calls[s->number].sites++ == 0) {
		c->calls[s->number].where = where;
		return;
	}
	free(where);
}

static void note_sites(struct check *c, const char *path, const char *data, size_t size)
{
	struct exports exports;
	struct scan scan = {0};

	exports_read(&exports, data, size);
	scan_bytes(&scan, (const uint8_t *)data, size);
	for (size_t i = 0; i < scan.n; i++) {
		const struct scan_site *s = &scan.sites[i];

		if (s->reason != SCAN_NOT_REACHED &&
		    !exports_unused(&exports, s->address - s->into, &c->imports))
			note_site(c, path, s);
	}
	scan_free(&scan);
	exports_free(&exports);
}

/* ---- the verdict ---- */

static enum verdict judge(struct check *c)
{
	for (size_t i = 0; i < systable_rows; i++) {
		const struct systable_row *row = &systable[i];

		if (c->calls[row->nr].sites && row->status == STATUS_STUB)
			strvec_add(&c->reasons, "%s fails with %s (%s): called by %s", row->name,
				   row->value, row->note, c->calls[row->nr].where);
	}
	for (unsigned nr = 0; nr < SYSTABLE_NUMBERS; nr++)
		if (c->calls[nr].sites && systable_by_number(nr) == NULL)
			strvec_add(&c->reasons,
				   "number %u is not a system call that uniload knows: %s", nr,
				   c->calls[nr].where);
	if (c->hidden)
		strvec_add(&c->reasons,
			   "calls whose number is chosen at run time cannot be told (%u, the first "
			   "is %s)",
			   c->hidden, c->hidden_where);
	return c->reasons.n ? MAY_RUN : WILL_RUN;
}

/* ---- telling ---- */

static int read_exactly(void *ctx, uint64_t offset, void *buf, size_t len)
{
	const struct program *p = ctx;

	return pread(p->fd, buf, len, (off_t)(p->offset + offset)) == (ssize_t)len ? 0 : -EIO;
}

static void tell_program(struct report *r, struct program *p)
{
	struct elf_image *image = xrealloc(NULL, sizeof(*image));
	bool elf = elf_parse(read_exactly, p, (uint64_t)p->st.st_size, image) == ELF_OK;

	report_open(r, "program", false);
	report_text(r, "path", p->path);
	report_text(r, "kind",
		    !elf			 ? "script"
		    : image->has_interp		 ? "dynamic"
		    : image->type == 3 /* DYN */ ? "static, position-independent"
						 : "static");
	if (elf && image->has_interp)
		report_text(r, "interpreter", image->interp);
	report_close(r);
	free(image);
}

static void tell_libraries(struct report *r, const struct payload *p)
{
	report_open(r, "libraries", true);
	for (size_t k = 0; k < p->root.n_closures; k++)
		for (size_t i = 1; i < p->root.closures[k].n; i++)
			report_text(r, NULL, p->root.closures[k].v[i]->path);
	report_close(r);
}

/* Those that people want to know about: not the complete ones. */
static void tell_calls(struct report *r, const struct check *c)
{
	unsigned counts[STATUS_STUB + 1] = {0};

	report_open(r, "calls", true);
	for (size_t i = 0; i < systable_rows; i++) {
		const struct systable_row *row = &systable[i];

		counts[row->status] += c->calls[row->nr].sites > 0;
		if (c->calls[row->nr].sites == 0 || (row->status == STATUS_FULL && !r->json))
			continue;
		report_open(r, NULL, false);
		report_text(r, "status", systable_status[row->status]);
		report_text(r, "name", row->name);
		report_text(r, "note", row->note);
		if (r->json) {
			report_number(r, "number", row->nr);
			report_number(r, "sites", c->calls[row->nr].sites);
			report_text(r, "first", c->calls[row->nr].where);
		}
		report_close(r);
	}
	report_close(r);
	report_open(r, "total", false);
	report_number(r, "sites", c->sites);
	report_number(r, "number_chosen_at_run_time", c->hidden);
	for (int s = STATUS_FULL; s <= STATUS_STUB; s++)
		report_number(r, systable_status[s], counts[s]);
	report_close(r);
}

static void tell_verdict(struct report *r, const struct check *c, enum verdict v)
{
	static const char *const words[] = {"will run", "may run", "will not run"};

	report_text(r, "verdict", words[v]);
	report_open(r, "reasons", true);
	for (size_t i = 0; i < c->reasons.n; i++)
		report_text(r, NULL, c->reasons.v[i]);
	report_close(r);
}

static int check(struct check *c)
{
	struct payload p = PAYLOAD_NONE;
	struct guest_files over = {0};
	enum verdict v = WILL_NOT_RUN;
	int status = payload_open(&p, &c->spec);

	report_open(&c->report, NULL, false);
	if (status == 0) {
		rootfs_build(&over, payload_set(&p), &p.program, &p.user, NULL, 0);
		each_file(c, payload_set(&p), &over, note_imports);
		each_file(c, payload_set(&p), &over, note_sites);
		v = judge(c);
		tell_program(&c->report, &p.program);
		tell_libraries(&c->report, &p);
		tell_calls(&c->report, c);
	} else {
		strvec_add(&c->reasons, "it cannot be started: %s", last_said());
	}
	tell_verdict(&c->report, c, v);
	report_close(&c->report);
	guest_files_free(&over);
	payload_close(&p);
	return status == STATUS_FAILED ? status : (int)v;
}

static void release(struct check *c)
{
	for (unsigned nr = 0; nr < SYSTABLE_NUMBERS; nr++)
		free(c->calls[nr].where);
	free(c->hidden_where);
	imports_free(&c->imports);
	strvec_free(&c->reasons);
	strvec_free(&c->adds);
	strvec_free(&c->env);
}

int cmd_check(int argc, char **argv)
{
	struct check c = {0};
	int at, status;

	c.spec = (struct payload_spec){.adds = &c.adds, .env = &c.env};
	status = options_parse(table, argc, argv, HINT, apply, &c, &at);
	if (status == 0 && c.help) {
		printf(
		    "Usage: uniload check [options] APP\n\n"
		    "Tell, without running it, whether APP will run: what it is, its libraries, "
		    "the "
		    "system calls that can\nbe made from their code and are not complete, and what "
		    "these lack.\n\n");
		options_help(table);
		printf("\nExit status: 0 it will run; 1 it may: it can make calls that fail in "
		       "uniload, "
		       "or that cannot be\ntold; 2 it will not; 125 uniload failed.\n");
	} else if (status == 0 && at + 1 != argc) {
		status = fail(STATUS_FAILED, "check: name one program: see '" HINT "'");
	} else if (status == 0) {
		c.spec.app = argv[at];
		status = check(&c);
	}
	release(&c);
	return status;
}
