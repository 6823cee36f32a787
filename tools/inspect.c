/* SPDX-License-Identifier: MIT */
/*
 * `uniload inspect`: what is in an image, or what running a program would put into its machine.
 */
#include "tools/inspect.h"
#include "loader/elf.h"
#include "tools/commands.h"
#include "tools/erofs_write.h"
#include "tools/image.h"
#include "tools/net.h"
#include "tools/options.h"
#include "tools/payload.h"
#include "tools/plan.h"
#include "tools/report.h"
#include "tools/run_options.h"
#include "tools/systable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HINT "uniload inspect --help"

enum { OPT_JSON, OPT_SYSCALLS, OPT_ADD, OPT_ROOTFS, OPT_ENV, OPT_HELP };

static const struct opt table[] = {
    {.help = "Options:"},
    {OPT_JSON, 0, "json", NULL, false, "print JSON"},
    {OPT_SYSCALLS, 0, "syscalls", NULL, false,
     "list the places where system calls are made, how they are rewritten, and the\n"
     "calls that the program and its libraries can make"},
    {OPT_ADD, 0, "add", "HOST[:GUEST]", false, "as for run and build"},
    {OPT_ROOTFS, 0, "rootfs", "DIR|TAR", false, "as for run and build"},
    {OPT_ENV, 'e', "env", "K=V", false, "as for run and build: LD_LIBRARY_PATH and PATH count"},
    {OPT_HELP, 'h', "help", NULL, false, "print this"},
    {0},
};

struct inspect {
	struct report report;
	struct payload_spec spec;
	struct strvec adds, env;
	bool syscalls, help;
};

static int apply(void *ctx, int id, const char *value)
{
	struct inspect *in = ctx;

	switch (id) {
	case OPT_JSON:
		in->report.json = true;
		break;
	case OPT_SYSCALLS:
		in->syscalls = true;
		break;
	case OPT_ADD:
		strvec_add(&in->adds, "%s", value);
		break;
	case OPT_ROOTFS:
		in->spec.rootfs = value;
		break;
	case OPT_ENV:
		strvec_add(&in->env, "%s", value);
		break;
	case OPT_HELP:
		in->help = true;
		break;
	}
	return 0;
}

/* ---- parts ---- */

/* Where a file's bytes are. */
struct bytes {
	int fd;
	uint64_t offset, size;
};

static int read_exactly(void *ctx, uint64_t offset, void *buf, size_t len)
{
	const struct bytes *b = ctx;

	return pread(b->fd, buf, len, (off_t)(b->offset + offset)) == (ssize_t)len ? 0 : -EIO;
}

static void tell_program(struct report *r, const char *path, struct bytes *b)
{
	struct elf_image *image = xrealloc(NULL, sizeof(*image));

	report_open(r, "program", false);
	report_text(r, "path", path);
	if (elf_parse(read_exactly, b, b->size, image) != ELF_OK) {
		report_text(r, "kind", "script");
		goto out;
	}
	report_text(r, "kind",
		    image->has_interp		 ? "dynamic"
		    : image->type == 3 /* DYN */ ? "static, position-independent"
						 : "static");
	if (image->has_interp)
		report_text(r, "interpreter", image->interp);
	report_open(r, "segments", true);
	for (size_t i = 0; i < image->n_segments; i++) {
		const struct elf_segment *s = &image->segments[i];
		char prot[] = {s->prot & PROT_READ ? 'r' : '-', s->prot & PROT_WRITE ? 'w' : '-',
			       s->prot & PROT_EXEC ? 'x' : '-', '\0'};

		report_open(r, NULL, false);
		report_text(r, "access", prot);
		report_address(r, "address", s->vaddr);
		report_bytes(r, "size", s->memsz);
		report_close(r);
	}
	report_close(r);
out:
	report_close(r);
	free(image);
}

static void tell_libraries(struct report *r, const struct payload *p)
{
	report_open(r, "libraries", true);
	for (size_t c = 0; c < p->root.n_closures; c++) {
		const struct closure *closure = &p->root.closures[c];

		for (size_t i = 1; i < closure->n; i++) {
			const struct object *o = closure->v[i];

			report_open(r, NULL, false);
			report_text(r, "path", o->path);
			report_text(r, "found", o->found ? o->found : "");
			report_text(r, "needed_by",
				    o->loader ? o->loader->path : closure->v[0]->path);
			report_close(r);
		}
	}
	report_close(r);
}

static void tell_file(struct report *r, const char *path, mode_t mode, uid_t uid, gid_t gid,
		      uint64_t size, const char *target)
{
	static const char types[] = "?pc?d?b?-?l?s???";
	char text[32];

	snprintf(text, sizeof(text), "%c%04o", types[mode >> 12 & 15], mode & 07777u);
	report_open(r, NULL, false);
	report_text(r, "mode", text);
	report_number(r, "uid", uid);
	report_number(r, "gid", gid);
	report_number(r, "size", size);
	report_text(r, "path", path);
	if (target)
		report_text(r, "target", target);
	report_close(r);
}

/* The root image's files, then those that are put over it; and what they are together. */
static void tell_files(struct report *r, const struct fileset *set, const struct guest_files *over)
{
	static const mode_t types[] = {S_IFREG, S_IFDIR, S_IFLNK};
	uint64_t bytes = 0, count = 0;

	report_open(r, "files", true);
	for (struct node *n = set ? set->root : NULL; n; n = node_next(set->root, n)) {
		struct node *f = node_file(n);
		char *path = node_path(n);

		tell_file(r, path, f->mode, f->uid, f->gid, f->size, f->target);
		bytes += n->link || !S_ISREG(n->mode) ? 0 : n->size;
		count++;
		free(path);
	}
	for (size_t i = 0; i < over->n; i++) {
		const struct guest_file *f = &over->v[i];
		uint64_t size = f->text ? strlen(f->text) : f->size;

		tell_file(r, f->path, types[f->type] | f->mode, f->uid, f->gid, size,
			  f->type == BI_FILE_SYMLINK ? f->text : NULL);
		bytes += f->type == BI_FILE_REG ? size : 0;
		count++;
	}
	report_close(r);
	report_open(r, "total", false);
	report_number(r, "files", count);
	report_bytes(r, "bytes", bytes);
	report_close(r);
}

static void tell_strings(struct report *r, const char *key, char *const *v)
{
	report_open(r, key, true);
	for (; *v; v++)
		report_text(r, NULL, *v);
	report_close(r);
}

/* ---- the two kinds ---- */

/* What is in the machine of a program that is not in an image yet. */
static void tell_payload(struct inspect *in, const struct payload *p,
			 const struct guest_files *over)
{
	struct bytes b = {p->program.fd, p->program.offset, (uint64_t)p->program.st.st_size};
	struct strvec env = {0};

	guest_environment(&env, &p->user, false, &in->env);
	report_open(&in->report, NULL, false);
	tell_program(&in->report, p->program.path, &b);
	tell_libraries(&in->report, p);
	tell_strings(&in->report, "environment", env.v);
	tell_files(&in->report, payload_set(p), over);
	report_close(&in->report);
	strvec_free(&env);
}

static int inspect_program(struct inspect *in)
{
	struct payload p = PAYLOAD_NONE;
	struct guest_files over = {0};
	int status = payload_open(&p, &in->spec);

	if (status == 0) {
		rootfs_build(&over, payload_set(&p), &p.program, &p.user, NULL, 0);
		if (in->syscalls)
			tell_syscalls(&in->report, payload_set(&p), &over);
		else
			tell_payload(in, &p, &over);
	}
	guest_files_free(&over);
	payload_close(&p);
	return status;
}

/* The program's bytes: in the root, or among the files over it. */
static bool find_program(const struct fileset *set, const struct module_parts *m, struct bytes *b)
{
	struct node *n = fileset_lookup(set, m->exe, true);

	n = n ? node_file(n) : NULL;
	if (n && S_ISREG(n->mode)) {
		*b = (struct bytes){n->fd, n->offset, n->size};
		return true;
	}
	for (size_t i = 0; i < m->files.n; i++) {
		const struct guest_file *f = &m->files.v[i];

		if (f->type != BI_FILE_REG || strcmp(f->path, m->exe) != 0)
			continue;
		*b = (struct bytes){f->fd, f->offset, f->size};
		return true;
	}
	return false;
}

/* What becomes of system calls that are not simply made. */
static void tell_rules(struct report *r, const struct bi_rule *rules, size_t n)
{
	static const char *const words[] = {"allowed", "answered", "refused", "deadly"};

	if (n == 0)
		return;
	report_open(r, "system_calls", true);
	for (size_t i = 0; i < n; i++) {
		const struct systable_row *row = systable_by_number(rules[i].nr);
		const char *error = strerrorname_np((int)-rules[i].value);

		report_open(r, NULL, false);
		report_text(r, "name", row ? row->name : "all others");
		report_text(r, "rule", words[rules[i].action & 3]);
		if (rules[i].value < 0 && error)
			report_text(r, "with", error);
		else if (rules[i].action == BI_RULE_ANSWER)
			report_number(r, "with", (uint64_t)rules[i].value);
		report_close(r);
	}
	report_close(r);
}

static void tell_manifest(struct report *r, const struct image *im)
{
	const struct module_spec *spec = &im->module.spec;
	char *ip = net_text(&spec->net);

	report_open(r, "manifest", false);
	report_number(r, "image_version", im->embed.image_version);
	report_number(r, "bootinfo_version", im->embed.bootinfo_version);
	report_bytes(r, "module_bytes", im->embed.size);
	report_text(r, "rewrite", rewrite_name(spec->flags));
	report_number(r, "rewrite_sites", plan_sites(spec->plan, spec->plan_size));
	report_text(r, "directory", spec->cwd);
	report_text(r, "hostname", spec->hostname);
	if (ip)
		report_text(r, "ip", ip);
	free(ip);
	report_number(r, "cpus", spec->cpus ? spec->cpus : 1);
	report_number(r, "uid", spec->uid);
	report_number(r, "gid", spec->gid);
	tell_strings(r, "arguments", spec->argv);
	tell_strings(r, "environment", spec->envp);
	tell_rules(r, spec->rules, spec->n_rules);
	report_close(r);
}

static int inspect_image(struct inspect *in)
{
	struct image im;
	struct fileset set;
	struct bytes b;
	const char *why = NULL;
	int status = image_open(&im, in->spec.app);
	const struct module_spec *spec = &im.module.spec;

	fileset_init(&set);
	if (status == 0 && spec->root_size)
		why = erofs_read(&set, spec->root_fd, spec->root_offset, spec->root_size);
	if (why)
		status =
		    fail(STATUS_CANNOT_RUN, "%s: damaged image: the root: %s", in->spec.app, why);
	if (status == 0 && in->syscalls) {
		tell_syscalls(&in->report, spec->root_size ? &set : NULL, spec->files);
	} else if (status == 0) {
		report_open(&in->report, NULL, false);
		tell_manifest(&in->report, &im);
		if (find_program(&set, &im.module, &b))
			tell_program(&in->report, spec->exe, &b);
		tell_files(&in->report, spec->root_size ? &set : NULL, spec->files);
		report_close(&in->report);
	}
	fileset_free(&set);
	image_close(&im);
	return status;
}

static int inspect(struct inspect *in)
{
	int fd = open(in->spec.app, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool image = in->spec.rootfs == NULL && fd >= 0 && image_is(fd);

	if (fd >= 0)
		close(fd);
	return image ? inspect_image(in) : inspect_program(in);
}

int cmd_inspect(int argc, char **argv)
{
	struct inspect in = {0};
	int at, status;

	in.spec = (struct payload_spec){.adds = &in.adds, .env = &in.env};
	status = options_parse(table, argc, argv, HINT, apply, &in, &at);
	if (status == 0 && in.help) {
		printf(
		    "Usage: uniload inspect [options] IMG|APP\n\n"
		    "Print what is in an image, or what running APP would put into its machine: "
		    "segments, libraries\nand where they were found, files, sizes, arguments and "
		    "environment.\n\n");
		options_help(table);
	} else if (status == 0 && at + 1 != argc) {
		status = fail(STATUS_FAILED, "inspect: name one image or program: see '" HINT "'");
	} else if (status == 0) {
		in.spec.app = argv[at];
		status = inspect(&in);
	}
	strvec_free(&in.adds);
	strvec_free(&in.env);
	return status;
}
