/* SPDX-License-Identifier: MIT */
/*
 * The options of `uniload run` and their values.
 */
#include "tools/run_options.h"

#include "tools/options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#define DEFAULT_MEMORY	 (128ull << 20)
#define MIN_MEMORY	 (2ull << 20)
#define DEFAULT_GDB_PORT "1234"
#define HINT		 "uniload run --help"

enum {
	OPT_MEMORY,
	OPT_CPUS,
	OPT_ENV,
	OPT_WORKDIR,
	OPT_TIMEOUT,
	OPT_ACCEL,
	OPT_STRACE,
	OPT_STRICT,
	OPT_GDB,
	OPT_VERBOSE,
	OPT_HELP,
	OPT_QEMU_ARG,
	OPT_KERNEL,
	OPT_VOLUME,
	OPT_DISK,
	OPT_ADD,
	OPT_ROOTFS,
	OPT_MISSING,
	OPT_REWRITE,
	OPT_NO_REWRITE,
	OPT_STATS,
	OPT_SUMMARY,
	OPT_RECORD,
	OPT_POLICY_FOR,
};

static const struct opt table[] = {
    {.help = "Options:"},
    {OPT_MEMORY, 'm', "memory", "SIZE", false, "memory of the machine: 64M, 2G (default 128M)"},
    {OPT_CPUS, 'c', "cpus", "N", false, "processors of the machine (default 1, at most 16)"},
    {OPT_ENV, 'e', "env", "K=V", false,
     "set an environment variable; K alone copies it from here; repeatable.\n"
     "The program starts with PATH, HOSTNAME, HOME, and TERM on a terminal"},
    {OPT_WORKDIR, 'w', "workdir", "DIR", false,
     "working directory in the machine (default: as here)"},
    {OPT_VOLUME, 'v', "volume", "HOST:GUEST[:ro]", false,
     "show the directory HOST of this host at GUEST; ro: read-only; repeatable"},
    {OPT_DISK, 0, "disk", "FILE[:ro]", false,
     "FILE as a disk of the machine: /dev/vda, /dev/vdb, ...; repeatable"},
    {OPT_ADD, 0, "add", "HOST[:GUEST]", false,
     "put a file, with the libraries it needs, or a directory into the machine;\n"
     "deb:NAME: an installed Debian package and all it depends on; repeatable"},
    {OPT_ROOTFS, 0, "rootfs", "DIR|TAR", false,
     "use this root file system; APP is looked up inside it"},
    {OPT_TIMEOUT, 0, "timeout", "SEC", false,
     "kill the machine after SEC (1.5, 30s, 5m): status 124"},
    {OPT_ACCEL, 0, "accel", "HOW", false,
     "kvm, tcg (emulation), or auto: kvm if it works, else tcg"},
    {OPT_STRACE, 0, "strace", "FILE", true, "print every system call, to standard error or FILE"},
    {OPT_MISSING, 0, "missing", "all", true,
     "at the end, print the files that were looked for in vain and exist here;\n"
     "with =all, every file that was looked for in vain"},
    {OPT_STRICT, 0, "strict", NULL, false, "stop at a system call that is not really implemented"},
    {OPT_SUMMARY, 0, "summary", "FILE", true,
     "at the end, print calls, errors and time of every system call, to standard error or\nFILE"},
    {OPT_RECORD, 0, "record", "FILE", false,
     "at the end, add the names of the system calls that were made to FILE"},
    {OPT_GDB, 0, "gdb", "WHERE", true,
     "wait for gdb before starting, on a TCP port of this host\n"
     "(default 1234) or a Unix socket (a path with a slash)"},
    {OPT_VERBOSE, 0, "verbose", NULL, false,
     "print the QEMU command, kernel messages, and details of crashes"},
    {OPT_HELP, 'h', "help", NULL, false, "print this"},
    {.help = "Network:"},
    NET_DEVICE_OPTIONS,
    NET_NAME_OPTIONS,
    POLICY_OPTIONS,
    {OPT_POLICY_FOR, 0, "policy-for", "PATH", false,
     "all this, --record and --summary are about the processes that run the program\n"
     "PATH (as /proc/PID/exe shows it) and not about others"},
    {.help = "Advanced:"},
    {OPT_QEMU_ARG, 0, "qemu-arg", "ARG", false, "pass ARG on to QEMU; repeatable"},
    {OPT_REWRITE, 0, "rewrite", "HOW", false,
     "how the program's syscall instructions become jumps: plan (where this host\n"
     "found that they may), online (where the machine sees it while it runs), both,\n"
     "which is the default; no leaves them alone"},
    {OPT_NO_REWRITE, 0, "no-rewrite", NULL, false, "the same as --rewrite=no"},
    {OPT_STATS, 0, "stats", NULL, false,
     "at the end, tell how many became jumps and how many trapped"},
    {OPT_KERNEL, 0, "kernel", "FILE", false, "boot this kernel instead of the one inside uniload"},
    {0},
};

static int set_memory(struct run_options *o, const char *value)
{
	struct sysinfo host;
	char have[16];

	if (!parse_size(value, &o->memory))
		o->memory = 0;
	if (o->memory == 0)
		return fail(STATUS_FAILED, "-m %s: not a size: say for example 64M or 2G", value);
	if (o->memory < MIN_MEMORY)
		return fail(STATUS_FAILED, "-m %s: too small: at least 2M (units are K, M and G)",
			    value);
	if (sysinfo(&host) == 0 &&
	    o->memory > ((uint64_t)host.totalram + host.totalswap) * host.mem_unit)
		return fail(
		    STATUS_FAILED, "-m %s: more than this host has (%s)", value,
		    size_text(((uint64_t)host.totalram + host.totalswap) * host.mem_unit, have));
	return 0;
}

/* Seconds with an optional fraction and s, m, h or d, as timeout(1); 0 means no limit. */
static int set_timeout(struct run_options *o, const char *value)
{
	static const struct {
		char unit;
		double seconds;
	} units[] = {{'\0', 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	char *end;
	double n = strtod(value, &end);

	if (end != value && isfinite(n) && n >= 0) {
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
			double ns = n * units[i].seconds * 1e9;

			if (*end != units[i].unit || (*end && end[1]))
				continue;
			o->timeout_ns = ns > 9e18 ? 9000000000000000000ull : (uint64_t)ns;
			return 0;
		}
	}
	return fail(STATUS_FAILED, "--timeout %s: not a time: say for example 10, 1.5 or 5m",
		    value);
}

static int set_accel(struct run_options *o, const char *value, const char *from)
{
	static const char *const names[] = {"auto", "kvm", "tcg"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(value, names[i]) == 0) {
			o->accel = (enum accel)i;
			return 0;
		}
	}
	return fail(STATUS_FAILED, "%s %s: must be auto, kvm or tcg", from, value);
}

static int set_env(struct run_options *o, const char *value)
{
	if (*value == '\0' || *value == '=')
		return fail(STATUS_FAILED, "-e %s: must be NAME=VALUE or NAME",
			    *value ? value : "''");
	strvec_add(&o->env, "%s", value);
	return 0;
}

static int set_workdir(struct run_options *o, const char *value)
{
	if (*value != '/')
		return fail(STATUS_FAILED, "-w %s: must be an absolute path",
			    *value ? value : "''");
	o->cwd = value;
	return 0;
}

static int set_strace(struct run_options *o, const char *value)
{
	if (value && *value == '\0')
		return fail(STATUS_FAILED, "--strace=: the file's name is missing");
	o->strace = true;
	o->strace_file = value;
	return 0;
}

static int set_summary(struct run_options *o, const char *value)
{
	if (value && *value == '\0')
		return fail(STATUS_FAILED, "--summary=: the file's name is missing");
	o->summary = true;
	o->summary_file = value;
	return 0;
}

static int set_record(struct run_options *o, const char *value)
{
	if (*value == '\0')
		return fail(STATUS_FAILED, "--record '': the file's name is missing");
	o->record = value;
	return 0;
}

static int set_policy_for(struct run_options *o, const char *value)
{
	if (*value != '/')
		return fail(STATUS_FAILED, "--policy-for %s: not an absolute path", value);
	o->policy_for = value;
	return 0;
}

static int set_gdb(struct run_options *o, const char *value)
{
	char *end;
	long port;

	o->gdb = value ? value : DEFAULT_GDB_PORT;
	if (strchr(o->gdb, '/'))
		return strchr(o->gdb, ',')
			   ? fail(STATUS_FAILED, "--gdb=%s: the path must not contain a comma",
				  o->gdb)
			   : 0;
	port = strtol(o->gdb, &end, 10);
	if (*o->gdb < '0' || *o->gdb > '9' || *end || port < 1 || port > 65535)
		return fail(STATUS_FAILED, "--gdb=%s: neither a TCP port nor a path with a slash",
			    o->gdb);
	return 0;
}

static int set_missing(struct run_options *o, const char *value)
{
	if (value && strcmp(value, "all") != 0)
		return fail(STATUS_FAILED, "--missing=%s: must be --missing or --missing=all",
			    value);
	o->missing = value ? MISSING_ALL : MISSING_HERE;
	return 0;
}

static const struct {
	const char *name;
	uint32_t flags;
} rewrites[] = {
    {"no", 0},
    {"plan", BI_REWRITE_PLAN},
    {"online", BI_REWRITE_ONLINE},
    {"both", BI_REWRITE_PLAN | BI_REWRITE_ONLINE},
};
#define N_REWRITES (sizeof(rewrites) / sizeof(rewrites[0]))

int rewrite_option(const char *value, uint32_t *flags)
{
	for (size_t i = 0; i < N_REWRITES; i++) {
		if (strcmp(value, rewrites[i].name) != 0)
			continue;
		*flags = rewrites[i].flags;
		return 0;
	}
	return fail(STATUS_FAILED, "--rewrite %s: must be plan, online, both or no",
		    *value ? value : "''");
}

const char *rewrite_name(uint32_t flags)
{
	size_t i = 0;

	while (rewrites[i].flags != (flags & (BI_REWRITE_PLAN | BI_REWRITE_ONLINE)))
		i++;
	return rewrites[i].name;
}

static int set_rootfs(struct run_options *o, const char *value)
{
	if (o->rootfs)
		return fail(STATUS_FAILED, "--rootfs %s: there can be only one root", value);
	o->rootfs = value;
	return 0;
}

/* Options that may be given several times; what each value means is told by who uses it. */
static int add_value(struct strvec *list, const char *option, const char *value)
{
	if (*value == '\0')
		return fail(STATUS_FAILED, "%s '': the value is empty", option);
	strvec_add(list, "%s", value);
	return 0;
}

static int apply(void *ctx, int id, const char *value)
{
	struct run_options *o = ctx;

	switch (id) {
	case OPT_MEMORY:
		return set_memory(o, value);
	case OPT_CPUS:
		return parse_cpus(value, &o->cpus);
	case OPT_ENV:
		return set_env(o, value);
	case OPT_WORKDIR:
		return set_workdir(o, value);
	case OPT_TIMEOUT:
		return set_timeout(o, value);
	case OPT_ACCEL:
		return set_accel(o, value, "--accel");
	case OPT_STRACE:
		return set_strace(o, value);
	case OPT_SUMMARY:
		return set_summary(o, value);
	case OPT_RECORD:
		return set_record(o, value);
	case OPT_POLICY_FOR:
		return set_policy_for(o, value);
	case OPT_GDB:
		return set_gdb(o, value);
	case OPT_VOLUME:
		return add_value(&o->volumes, "-v", value);
	case OPT_DISK:
		return add_value(&o->disks, "--disk", value);
	case OPT_ADD:
		return add_value(&o->adds, "--add", value);
	case OPT_REWRITE:
		return rewrite_option(value, &o->rewrite);
	case OPT_NO_REWRITE:
		o->rewrite = 0;
		break;
	case OPT_STATS:
		o->stats = true;
		break;
	case OPT_ROOTFS:
		return set_rootfs(o, value);
	case OPT_MISSING:
		return set_missing(o, value);
	case OPT_STRICT:
		o->strict = true;
		break;
	case OPT_VERBOSE:
		o->verbose = true;
		break;
	case OPT_HELP:
		o->help = true;
		break;
	case OPT_QEMU_ARG:
		strvec_add(&o->qemu_args, "%s", value);
		break;
	case OPT_KERNEL:
		o->kernel = value;
		break;
	default:
		return id >= OPT_NET ? net_option(&o->net, id, value)
				     : policy_option(&o->policy, id, value);
	}
	return 0;
}

int run_options_parse(struct run_options *o, int argc, char **argv)
{
	const char *accel = getenv("UNILOAD_ACCEL");
	int status = 0, operand;

	*o = (struct run_options){.memory = DEFAULT_MEMORY, .rewrite = REWRITE_DEFAULT};
	if (accel && *accel)
		status = set_accel(o, accel, "UNILOAD_ACCEL");
	if (status == 0)
		status = options_parse(table, argc, argv, HINT, apply, o, &operand);
	if (status || o->help)
		return status;
	if (operand >= argc)
		return fail(STATUS_FAILED, "run: which program? See '" HINT "'");
	o->app = argv + operand;
	return net_check(&o->net);
}

void run_options_free(struct run_options *o)
{
	strvec_free(&o->env);
	strvec_free(&o->qemu_args);
	strvec_free(&o->volumes);
	strvec_free(&o->disks);
	strvec_free(&o->adds);
}

void run_options_help(void)
{
	printf("Usage: uniload run [options] APP [ARG...]\n\n"
	       "Run APP, an unmodified Linux x86-64 program or script, in a virtual machine of its "
	       "own, with the\n"
	       "standard input, output and error, working directory and user ids it would have "
	       "here.\n\n");
	options_help(table);
	printf("\nSignals sent to uniload (INT, TERM, HUP, QUIT, USR1, USR2) go to the program. A "
	       "machine that does\n"
	       "not react within 5 seconds, or before the signal is repeated, is killed.\n"
	       "Exit status: the program's; 128+N if signal N ended it; 124 timeout; 125 uniload "
	       "failed; 126 APP\n"
	       "cannot be run; 127 APP not found.\n"
	       "Environment: UNILOAD_ACCEL is the default of --accel, UNILOAD_QEMU the QEMU "
	       "program to start,\n"
	       "UNILOAD_CACHE_SIZE the limit of the cache of root images (default 4G; 0: no "
	       "cache).\n");
}
