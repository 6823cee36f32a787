/* SPDX-License-Identifier: MIT */
/*
 * `uniload build`: a program with all that it needs as one file that boots. Nothing in it depends
 * on who builds it, where, or when: the program runs as root in "/", as in a container image.
 */
#include "tools/commands.h"
#include "tools/image.h"
#include "tools/net.h"
#include "tools/options.h"
#include "tools/payload.h"
#include "tools/policy.h"
#include "tools/run_options.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HINT "uniload build --help"

enum {
	OPT_OUTPUT,
	OPT_CPUS,
	OPT_ADD,
	OPT_ROOTFS,
	OPT_ENV,
	OPT_CWD,
	OPT_ARGS,
	OPT_REWRITE,
	OPT_FORCE,
	OPT_HELP
};

static const struct opt table[] = {
    {.help = "Options:"},
    {OPT_OUTPUT, 'o', "output", "IMG", false, "the image to write (default: APP's name and .img)"},
    {OPT_CPUS, 'c', "cpus", "N", false, "processors to use (default 1, at most 16)"},
    {OPT_ADD, 0, "add", "HOST[:GUEST]", false,
     "put a file, with the libraries it needs, or a directory into the image;\n"
     "deb:NAME: an installed Debian package and all it depends on; repeatable"},
    {OPT_ROOTFS, 0, "rootfs", "DIR|TAR", false,
     "use this root file system; APP is looked up inside it"},
    {OPT_ENV, 'e', "env", "K=V", false,
     "set an environment variable; K alone copies it from here; repeatable"},
    {OPT_CWD, 'w', "cwd", "DIR", false, "working directory (default /)"},
    {OPT_ARGS, 0, "args", NULL, false, "all words after this one are the program's arguments"},
    NET_NAME_OPTIONS,
    POLICY_OPTIONS,
    {OPT_REWRITE, 0, "rewrite", "HOW", false,
     "plan, online, both or no, as for run: what IMG does when it is booted by itself"},
    {.help = "Also:"},
    {OPT_FORCE, 'f', "force", NULL, false, "overwrite IMG even if it is not an image"},
    {OPT_HELP, 'h', "help", NULL, false, "print this"},
    {0},
};

struct build {
	struct payload_spec spec;
	struct strvec adds, env;
	const char *output, *cwd;
	unsigned cpus;
	bool force, help;
	uint32_t rewrite; /* BI_REWRITE_PLAN, BI_REWRITE_ONLINE */
	struct policy policy;
	struct net_options net;
	struct bi_rule *rules;
	size_t n_rules;
	char **args; /* after --args; NULL-terminated */
	struct payload payload;
	struct module module;
	int fd;
};

static int apply(void *ctx, int id, const char *value)
{
	struct build *b = ctx;

	switch (id) {
	case OPT_OUTPUT:
		b->output = value;
		return *value ? 0 : fail(STATUS_FAILED, "-o '': the file's name is missing");
	case OPT_CPUS:
		return parse_cpus(value, &b->cpus);
	case OPT_ADD:
		strvec_add(&b->adds, "%s", value);
		return *value ? 0 : fail(STATUS_FAILED, "--add '': the value is empty");
	case OPT_ROOTFS:
		b->spec.rootfs = value;
		break;
	case OPT_ENV:
		strvec_add(&b->env, "%s", value);
		return *value && *value != '='
			   ? 0
			   : fail(STATUS_FAILED, "-e %s: must be NAME=VALUE or NAME",
				  *value ? value : "''");
	case OPT_CWD:
		b->cwd = value;
		return *value == '/' ? 0
				     : fail(STATUS_FAILED, "--cwd %s: must be an absolute path",
					    *value ? value : "''");
	case OPT_REWRITE:
		return rewrite_option(value, &b->rewrite);
	case OPT_FORCE:
		b->force = true;
		break;
	case OPT_HELP:
		b->help = true;
		break;
	default:
		return id >= OPT_NET ? net_option(&b->net, id, value)
				     : policy_option(&b->policy, id, value);
	}
	return 0;
}

/* Options may come before and after APP; --args ends them. */
static int parse(struct build *b, int argc, char **argv)
{
	int at, status;

	b->args = argv + argc;
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--args") == 0) {
			b->args = argv + i + 1;
			argc = i;
		}
	status = options_parse(table, argc, argv, HINT, apply, b, &at);
	if (status || b->help)
		return status;
	if (at >= argc)
		return fail(STATUS_FAILED, "build: which program? See '" HINT "'");
	b->spec.app = argv[at];
	argv += at;
	argc -= at;
	status = options_parse(table, argc, argv, HINT, apply, b, &at);
	if (status == 0 && !b->help && at < argc)
		status =
		    fail(STATUS_FAILED,
			 "build: %s: the program's arguments come after --args: see '" HINT "'",
			 argv[at]);
	return status;
}

static void help(void)
{
	printf(
	    "Usage: uniload build [options] APP [options] [--args ARG...]\n"
	    "       uniload APP [options] [--args ARG...]      where APP is a file\n\n"
	    "Write a program, its libraries and what else it is given, with the kernel, to one "
	    "file that boots:\n"
	    "    qemu-system-x86_64 -M microvm -nodefaults -no-reboot -serial stdio -display none "
	    "-kernel IMG\n"
	    "    uniload run IMG\n\n");
	options_help(table);
}

static char *default_output(const char *app)
{
	char *copy = xstrdup(app), *name = xasprintf("%s.img", basename(copy));

	free(copy);
	return name;
}

/* Never destroy by mistake what is not ours. */
static int check_output(const struct build *b)
{
	struct stat st;
	int fd, status = 0;

	if (stat(b->output, &st) < 0)
		return errno == ENOENT ? 0
				       : fail(STATUS_FAILED, "%s: %s", b->output, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(STATUS_FAILED, "%s: is there and not a regular file", b->output);
	if (b->force || st.st_size == 0)
		return 0;
	fd = open(b->output, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || !image_is(fd))
		status = fail(STATUS_FAILED, "%s: is there and not an image: -f overwrites it",
			      b->output);
	if (fd >= 0)
		close(fd);
	return status;
}

static int make_module(struct build *b)
{
	struct guest_files files = {0};
	struct strvec env = {0}, argv = {0};
	struct blob plan = {0};
	int status = 0;
	struct module_spec spec = {
	    .flags = BI_IMAGE | b->rewrite,
	    .exe = b->payload.program.path,
	    .cwd = b->cwd ? b->cwd : "/",
	    .hostname = b->payload.user.hostname,
	    .files = &files,
	    .umask = 022,
	    .rules = b->rules,
	    .n_rules = b->n_rules,
	    .cpus = b->cpus,
	    .net = b->net.net,
	    .root_fd = b->payload.root.fd,
	    .root_size = b->payload.has_root ? b->payload.root.size : 0,
	};

	if (b->net.hostname)
		spec.hostname = b->payload.user.hostname = b->net.hostname;
	strvec_add(&argv, "%s", b->spec.app);
	for (char **arg = b->args; *arg; arg++)
		strvec_add(&argv, "%s", *arg);
	guest_environment(&env, &b->payload.user, false, &b->env);
	spec.argv = argv.v;
	spec.envp = env.v;
	rootfs_build(&files, payload_set(&b->payload), &b->payload.program, &b->payload.user, NULL,
		     0);
	payload_plan(&b->payload, &files, &plan);
	spec.plan = plan.data;
	spec.plan_size = plan.len;
	if (module_lay_out(&b->module, &spec) < 0 || module_fill(&b->module) < 0)
		status = STATUS_FAILED;
	guest_files_free(&files);
	strvec_free(&argv);
	strvec_free(&env);
	free(plan.data);
	return status;
}

/* Under another name first: the image is there whole or not at all. */
static int write_image(struct build *b)
{
	char *temporary = xasprintf("%s.XXXXXX", b->output);
	mode_t mask = umask(0);
	int status;

	umask(mask);
	b->fd = mkostemp(temporary, O_CLOEXEC);
	if (b->fd < 0) {
		status = fail(STATUS_FAILED, "%s: %s", b->output, strerror(errno));
		free(temporary);
		return status;
	}
	status = image_write(b->fd, b->module.fd, b->module.size);
	if (status == 0 && (fchmod(b->fd, 0644 & ~mask) < 0 || rename(temporary, b->output) < 0))
		status = fail(STATUS_FAILED, "%s: %s", b->output, strerror(errno));
	if (status)
		unlink(temporary);
	free(temporary);
	return status;
}

static int build(struct build *b)
{
	char *output = b->output ? NULL : default_output(b->spec.app);
	int status;

	if (output)
		b->output = output;
	status = policy_rules(&b->policy, NULL, 0, &b->rules, &b->n_rules);
	if (status == 0)
		status = check_output(b);
	if (status == 0)
		status = payload_open(&b->payload, &b->spec);
	if (status == 0 && b->payload.has_root)
		status = rootimage_make(&b->payload.root);
	if (status == 0)
		status = make_module(b);
	if (status == 0)
		status = write_image(b);
	free(output);
	return status;
}

int cmd_build(int argc, char **argv)
{
	struct build b = {
	    .rewrite = REWRITE_DEFAULT, .payload = PAYLOAD_NONE, .module = MODULE_NONE, .fd = -1};
	int status;

	b.spec = (struct payload_spec){.adds = &b.adds, .env = &b.env, .as_root = true};
	status = parse(&b, argc, argv);
	if (status == 0 && b.help)
		help();
	else if (status == 0)
		status = build(&b);
	module_free(&b.module);
	if (b.fd >= 0)
		close(b.fd);
	payload_close(&b.payload);
	strvec_free(&b.adds);
	strvec_free(&b.env);
	free(b.rules);
	return status;
}
