/* SPDX-License-Identifier: MIT */
/*
 * `uniload run`: from the options to the exit status, in order. Nothing is left behind whatever
 * happens: the kernel and the boot module are memory files, QEMU dies with us.
 */
#include "tools/commands.h"
#include "tools/disk.h"
#include "tools/elfinfo.h"
#include "tools/firmware.h"
#include "tools/image.h"
#include "tools/kernel_file.h"
#include "tools/machine.h"
#include "tools/module.h"
#include "tools/payload.h"
#include "tools/relay.h"
#include "tools/run_options.h"
#include "tools/signals.h"
#include "tools/stdfds.h"
#include "tools/tsc.h"
#include "tools/tty.h"
#include "tools/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Places for virtio devices beside the console. (The machine has more with ACPI, but names only to
 * ACPI where they are.) */
#define MOST_DEVICES 7

#define MIB	       (1ull << 20)
#define ROOT_IN_MEMORY (8 * MIB)  /* a larger root image becomes a disk: ARCHITECTURE.md */
#define WORKING_MEMORY MIB	  /* page tables, stack, heap of the smallest program */
#define TSC_FIRST_NS   1000000ull /* good to some 20 ppm, for the module */
#define TSC_BETTER_NS                                                                              \
	(12 * TSC_FIRST_NS) /* good to 2 ppm, and QEMU needs longer than that to read the module   \
			     */

struct run {
	struct run_options o;
	struct stdfds fds;
	struct payload payload;
	struct image image; /* instead, if is_image */
	bool is_image;
	struct tsc_clock tsc;
	struct machine machine;
	struct volumes volumes;
	struct strvec devices; /* QEMU arguments of volumes, disks and the network */
	struct missing_paths missing;
	struct counts counts;
	FILE *summary_to;
	struct bi_rule *rules;
	size_t n_rules;
	bool kvm, root_on_disk;
	const char *kvm_problem; /* why it is not KVM; NULL: it is, or shall not be */
	struct kernel_file kernel;
	struct module module;
	struct guest_files files; /* of a program that is not an image */
	int firmware_fd, trace_fd, signal_fd, tap_fd;
	int root_fd; /* where the root image is, if root_size is not 0 */
	uint64_t root_offset, root_size;
	uint64_t deadline_ns;
	sigset_t old_mask;
};

/* ---- what the guest is told ---- */

static uint32_t module_flags(const struct run_options *o)
{
	return (o->strace ? BI_STRACE : 0) | (o->strace_file ? BI_STRACE_PORT : 0) |
	       (o->strict ? BI_STRICT : 0) | (o->verbose ? BI_VERBOSE : 0) |
	       (o->missing ? BI_MISSING : 0) | (o->summary || o->record ? BI_COUNT : 0) |
	       o->rewrite | (o->stats ? BI_REWRITE_STATS : 0);
}

/* A program of this host's or of a root's: find what it needs. */
static int open_program(struct run *r)
{
	const struct payload_spec spec = {
	    .app = r->o.app[0],
	    .rootfs = r->o.rootfs,
	    .adds = &r->o.adds,
	    .env = &r->o.env,
	};
	int status = payload_open(&r->payload, &spec);

	if (r->o.net.hostname)
		r->payload.user.hostname = r->o.net.hostname;
	if (status == 0 && r->payload.has_root)
		status = rootimage_make(&r->payload.root);
	r->root_fd = r->payload.root.fd;
	r->root_size = r->payload.root.size;
	return status;
}

/* An image: all is in it. */
static int open_image(struct run *r)
{
	const char *name = r->o.app[0];
	const struct module_spec *spec = &r->image.module.spec;
	int status;

	if (r->o.adds.n || r->o.rootfs || r->o.net.hostname)
		return fail(STATUS_FAILED, "%s is an image: %s is for when it is built", name,
			    r->o.rootfs	  ? "--rootfs"
			    : r->o.adds.n ? "--add"
					  : "--hostname");
	status = image_open(&r->image, name);
	if (status)
		return status;
	r->payload.program.name = xstrdup(name);
	r->payload.program.path = xstrdup(spec->exe);
	r->root_fd = spec->root_fd;
	r->root_offset = spec->root_offset;
	r->root_size = spec->root_size;
	return 0;
}

/* What can be told before QEMU starts: is it an image? */
static int look_at_app(struct run *r)
{
	int fd = open(r->o.app[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	r->is_image = r->o.rootfs == NULL && fd >= 0 && image_is(fd);
	if (fd >= 0)
		close(fd);
	return r->is_image ? open_image(r) : 0;
}

static mode_t current_umask(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return mask;
}

/* What this run tells in any case. */
static void describe_run(const struct run *r, struct module_spec *spec, bool terminal)
{
	spec->flags = module_flags(&r->o);
	memcpy(spec->std, r->fds.std, sizeof(spec->std));
	if (terminal)
		tty_size(&spec->tty_rows, &spec->tty_cols);
	spec->volumes = r->volumes.v;
	spec->n_volumes = r->volumes.n;
	spec->rules = r->rules;
	spec->n_rules = r->n_rules;
	spec->rules_for = r->o.policy_for;
	if (r->o.cpus)
		spec->cpus = r->o.cpus;
	if (r->o.net.has_ip)
		spec->net = r->o.net.net;
	spec->tsc_hz = tsc_hz(&r->tsc, TSC_FIRST_NS);
	spec->root_on_disk = r->root_on_disk;
	spec->root_fd = r->root_fd;
	spec->root_offset = r->root_offset;
	spec->root_size = r->root_on_disk ? 0 : r->root_size;
}

static int lay_out_program(struct run *r, bool terminal)
{
	struct strvec env = {0};
	struct blob plan = {0};
	/* If it was removed, "/" has to do; and in a root of its own. */
	char *here = r->o.cwd || r->o.rootfs ? NULL : getcwd(NULL, 0);
	const struct user *user = &r->payload.user;
	int err;
	struct module_spec spec = {
	    .exe = r->payload.program.path,
	    .cwd = r->o.cwd		  ? r->o.cwd
		   : here && *here == '/' ? here
					  : "/",
	    .hostname = user->hostname,
	    .argv = r->o.app,
	    .files = &r->files,
	    .uid = user->uid,
	    .gid = user->gid,
	    .umask = current_umask(),
	    .groups = user->groups,
	    .n_groups = user->n_groups,
	};

	describe_run(r, &spec, terminal);
	rootfs_build(&r->files, payload_set(&r->payload), &r->payload.program, user,
		     r->o.rootfs ? NULL : spec.cwd, realtime_ns());
	guest_environment(&env, user, terminal, &r->o.env);
	spec.envp = env.v;
	if (r->o.rewrite & BI_REWRITE_PLAN)
		payload_plan(&r->payload, &r->files, &plan);
	spec.plan = plan.data;
	spec.plan_size = plan.len;
	err = module_lay_out(&r->module, &spec);
	strvec_free(&env);
	free(plan.data);
	free(here);
	return err ? STATUS_FAILED : 0;
}

/* What is in the image, with what this run says otherwise. Arguments given here replace those of
 * the image, but not the program's name. */
static int lay_out_image(struct run *r, bool terminal)
{
	struct module_parts *m = &r->image.module;
	struct module_spec spec = m->spec;
	const char *term = getenv("TERM");
	struct strvec argv = {0};
	int err;

	describe_run(r, &spec, terminal);
	if (r->o.cwd)
		spec.cwd = r->o.cwd;
	strvec_add(&argv, "%s", m->argv.v[0]);
	for (char **arg = r->o.app + 1; *arg; arg++)
		strvec_add(&argv, "%s", *arg);
	if (r->o.app[1])
		spec.argv = argv.v;
	if (terminal)
		strvec_add(&m->envp, "TERM=%s", term && *term ? term : "xterm");
	environment_apply(&m->envp, &r->o.env);
	spec.envp = m->envp.v;
	err = module_lay_out(&r->module, &spec);
	strvec_free(&argv);
	return err ? STATUS_FAILED : 0;
}

static int lay_out_module(struct run *r)
{
	const struct bi_std *std = r->fds.std;
	bool terminal =
	    std[0].kind == BI_STD_TTY || std[1].kind == BI_STD_TTY || std[2].kind == BI_STD_TTY;

	return r->is_image ? lay_out_image(r, terminal) : lay_out_program(r, terminal);
}

static uint64_t memory_size(const struct run *r)
{
	return (r->o.memory + 4095) & ~4095ull;
}

static int check_memory(const struct run *r)
{
	uint64_t need = r->kernel.end + r->module.size + r->payload.program.memory + WORKING_MEMORY;
	char have[16];

	if (need <= r->o.memory)
		return 0;
	return fail(STATUS_CANNOT_RUN, "%s: does not fit in %s of memory: use -m %lluM or more",
		    r->payload.program.name, size_text(r->o.memory, have),
		    (unsigned long long)((need + MIB - 1) / MIB));
}

/* Virtio devices beside the console. */
static int check_devices(const struct run *r)
{
	size_t n = r->root_on_disk;

	for (size_t i = 0; i < r->devices.n; i++)
		n += strcmp(r->devices.v[i], "-device") == 0;
	if (n <= MOST_DEVICES)
		return 0;
	return fail(STATUS_FAILED,
		    "%zu volumes, disks and network devices: a machine has at most %d", n,
		    MOST_DEVICES);
}

/* ---- the machine ---- */

/* KVM cannot be used: is that the end? */
static int without_kvm(struct run *r)
{
	const char *problem = r->kvm_problem;

	r->kvm = false;
	if (r->o.accel == ACCEL_KVM)
		return fail(STATUS_FAILED, "KVM does not work here: %s: use --accel tcg", problem);
	say("using emulation, which is slower, because %s (--accel tcg silences this)", problem);
	return 0;
}

static int open_trace(struct run *r)
{
	if (r->o.strace_file == NULL)
		return 0;
	r->trace_fd =
	    open(r->o.strace_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	if (r->trace_fd < 0)
		return fail(STATUS_FAILED, "--strace=%s: %s", r->o.strace_file, strerror(errno));
	return 0;
}

/* Find out before the run what could go wrong after it. */
static int open_counts(struct run *r)
{
	if (r->o.summary)
		r->summary_to = r->o.summary_file ? fopen(r->o.summary_file, "we") : stderr;
	if (r->o.summary && r->summary_to == NULL)
		return fail(STATUS_FAILED, "--summary=%s: %s", r->o.summary_file, strerror(errno));
	return r->o.record ? record_check(r->o.record) : 0;
}

static void tell_gdb(const struct run *r)
{
	const char *where = r->o.gdb;

	say("the machine waits for: gdb %s -ex 'target remote %s%s'", r->payload.program.path,
	    strchr(where, '/') ? "" : "localhost:", where);
}

/* The files that QEMU reads. */
static int fill(struct run *r)
{
	const struct firmware_spec firmware = {
	    .entry = r->kernel.entry,
	    .memory = memory_size(r),
	    .module_size = r->module.size,
	};
	int status = r->o.kernel ? 0 : kernel_fill(&r->kernel);

	if (status == 0 && r->firmware_fd >= 0 && firmware_write(r->firmware_fd, &firmware) < 0)
		status = STATUS_FAILED;
	if (status == 0 && module_fill(&r->module) < 0)
		status = STATUS_FAILED;
	return status;
}

static int start_machine(struct run *r)
{
	struct machine_spec spec = {
	    .memory = memory_size(r),
	    .cpus = r->o.cpus ? r->o.cpus : r->image.module.spec.cpus,
	    .kvm = r->kvm,
	    .trace = r->o.strace_file != NULL,
	    .verbose = r->o.verbose,
	    .gdb = r->o.gdb,
	    .kernel_fd = r->kernel.fd,
	    .module_fd = r->module.fd,
	    .firmware_fd = r->firmware_fd,
	    .tap_fd = r->tap_fd,
	    .devices = &r->devices,
	    .extra = &r->o.qemu_args,
	    .child_mask = &r->old_mask,
	};

	return machine_start(&r->machine, &spec);
}

/* Its options alone say all this. */
static int start(struct run *r)
{
	int status =
	    r->o.kernel ? kernel_from_file(&r->kernel, r->o.kernel) : kernel_inside(&r->kernel);

	if (status == 0 && module_open(&r->module) < 0)
		status = STATUS_FAILED;
	if (status == 0 && r->kernel.entry && memory_size(r) <= FIRMWARE_MAX_MEMORY &&
	    (r->firmware_fd = firmware_open()) < 0)
		status = STATUS_FAILED;
	if (r->o.accel != ACCEL_TCG)
		r->kvm_problem = kvm_absence();
	r->kvm = r->o.accel != ACCEL_TCG && r->kvm_problem == NULL;
	signal(SIGCHLD, SIG_DFL); /* if we inherited that they are ignored, its status would go */
	sigprocmask(SIG_BLOCK, NULL, &r->old_mask);
	return status ? status : start_machine(r);
}

/* The rest of what QEMU wants to know. */
static int prepare(struct run *r)
{
	int status = r->is_image ? 0 : open_program(r);

	r->root_on_disk = r->root_size > ROOT_IN_MEMORY;
	if (status == 0)
		status = check_devices(r);
	if (status == 0)
		status = lay_out_module(r);
	if (status == 0)
		status = check_memory(r);
	if (status == 0 && r->kvm_problem)
		status = without_kvm(r);
	if (status == 0)
		status = open_trace(r);
	if (status == 0)
		status = open_counts(r);
	if (status == 0)
		status = fill(r);
	return status;
}

/* KVM may be there and not work: then from the beginning. */
static int try_kvm(struct run *r)
{
	int status;

	if (!r->kvm || (r->kvm_problem = kvm_problem()) == NULL)
		return 0;
	machine_discard(&r->machine);
	status = without_kvm(r);
	return status ? status : start_machine(r);
}

static int go(struct run *r)
{
	char *config = NULL;
	int status = try_kvm(r);

	if (status)
		return status;
	if (r->root_on_disk)
		config = disk_root_config(r->root_fd, r->root_offset, r->root_size);
	r->signal_fd = signals_open(&r->old_mask);
	status = r->signal_fd < 0 ? STATUS_FAILED : machine_go(&r->machine, config, r->o.verbose);
	free(config);
	if (status)
		return status;
	if (r->o.gdb)
		tell_gdb(r);
	if (r->tsc.known_hz == 0) /* while QEMU is loading */
		module_set_tsc_hz(r->module.fd, tsc_hz(&r->tsc, TSC_BETTER_NS));
	return 0;
}

/* ---- the end ---- */

/* QEMU's own words, every line marked as such. */
static void print_qemu_text(const struct relay_result *end)
{
	const char *line = end->text;

	while (*line) {
		size_t len = strcspn(line, "\n");

		if (len)
			say("QEMU: %.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static int report_panic(void)
{
	return fail(STATUS_FAILED, "the kernel in the machine failed; its last words are above");
}

static int report_death(const struct run *r, const struct relay_result *end)
{
	int status = end->status;

	if (WIFEXITED(status) && WEXITSTATUS(status) == (BI_DEBUG_EXIT_PANIC << 1 | 1))
		return report_panic();
	if (net_problem(&r->o.net, end->text))
		return fail(STATUS_FAILED, "%s", net_problem(&r->o.net, end->text));
	print_qemu_text(end);
	if (WIFSIGNALED(status))
		return fail(STATUS_FAILED,
			    "QEMU was killed by signal %d (%s) before the program ended",
			    WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (!end->guest_spoke && r->kvm)
		return fail(
		    STATUS_FAILED,
		    "the machine did not start under KVM (QEMU's status %d): try --accel tcg",
		    WEXITSTATUS(status));
	if (WEXITSTATUS(status) != 0)
		return fail(STATUS_FAILED, "QEMU failed with status %d before the program ended",
			    WEXITSTATUS(status));
	return fail(STATUS_FAILED,
		    "the machine stopped before the program ended (it reset itself)");
}

static int report_exit(const struct run *r, const struct relay_result *end)
{
	int status = end->status;

	if (end->lost_fd)
		return fail(STATUS_FAILED, "the program's standard %s could not be written: %s",
			    end->lost_fd == 1 ? "output" : "error", strerror(end->lost_errno));
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	if (r->o.verbose)
		say("%s: killed by signal %d (%s)", r->payload.program.name, WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	return STATUS_SIGNAL + WTERMSIG(status);
}

static int report(const struct run *r, const struct relay_result *end)
{
	if (end->input_errno)
		say("standard input could not be read to its end: %s", strerror(end->input_errno));
	if (end->trace_errno)
		say("--strace=%s: incomplete: %s", r->o.strace_file, strerror(end->trace_errno));
	switch (end->end) {
	case RELAY_EXIT:
		return report_exit(r, end);
	case RELAY_PANIC:
		return report_panic();
	case RELAY_TIMEOUT:
		return fail(STATUS_TIMEOUT, "killed after %g s (--timeout)",
			    (double)r->o.timeout_ns / 1e9);
	case RELAY_KILLED:
		if (r->o.verbose)
			say("machine killed by signal %d (%s)", end->signal,
			    strsignal(end->signal));
		return STATUS_SIGNAL + end->signal;
	default:
		return report_death(r, end);
	}
}

/* What --summary and --record ask for; an error here does not hide one of the program's. */
static int report_counts(struct run *r, int status)
{
	int failed = 0;

	if (!r->o.summary && !r->o.record)
		return status;
	if (!r->counts.any)
		failed =
		    fail(STATUS_FAILED, "no system calls were counted: the machine did not live "
					"to the program's end");
	if (r->counts.any && r->o.record)
		failed = record_write(r->o.record, &r->counts);
	if (r->counts.any && r->summary_to) {
		counts_print(&r->counts, r->summary_to);
		if (fflush(r->summary_to) != 0)
			failed =
			    fail(STATUS_FAILED, "--summary: cannot write it: %s", strerror(errno));
	}
	return status ? status : failed;
}

static int relay(struct run *r)
{
	struct relay_spec spec = {
	    .fds = &r->fds,
	    .signal_fd = r->signal_fd,
	    .trace_fd = r->trace_fd,
	    .deadline_ns = r->deadline_ns,
	    .missing = &r->missing,
	    .counts = &r->counts,
	    .volumes = &r->volumes,
	    .gdb = r->o.gdb != NULL,
	};
	struct relay_result end;
	int status;

	relay_run(&r->machine, &spec, &end);
	status = report(r, &end);
	missing_print(&r->missing, r->o.missing == MISSING_ALL);
	return report_counts(r, status);
}

static void release(struct run *r)
{
	const int fds[] = {r->kernel.fd, r->firmware_fd, r->trace_fd, r->signal_fd, r->tap_fd};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	module_free(&r->module);
	guest_files_free(&r->files);
	payload_close(&r->payload);
	image_close(&r->image);
	volumes_free(&r->volumes);
	strvec_free(&r->devices);
	missing_free(&r->missing);
	if (r->summary_to && r->summary_to != stderr)
		fclose(r->summary_to);
	free(r->rules);
	run_options_free(&r->o);
}

/* QEMU takes tens of milliseconds to load itself. What can be found out meanwhile is. */
static int run(struct run *r)
{
	const struct module_spec *base = &r->image.module.spec;
	int status = look_at_app(r);

	if (status == 0 && r->o.policy_for && base->n_rules)
		status = fail(STATUS_FAILED, "--policy-for: the image has rules, which are for all "
					     "its programs");
	if (status == 0)
		status =
		    policy_rules(&r->o.policy, base->rules, base->n_rules, &r->rules, &r->n_rules);
	if (status == 0)
		status = disks_prepare(&r->o.disks, &r->devices);
	if (status == 0)
		status = net_prepare(&r->o.net, &r->devices, &r->tap_fd);
	if (status == 0)
		status = volumes_parse(&r->volumes, &r->o.volumes, &r->devices);
	if (status)
		return status;
	status = start(r);
	if (status == 0)
		status = prepare(r);
	if (status == 0)
		status = go(r);
	if (status == 0)
		return relay(r);
	machine_discard(&r->machine);
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct run r = {.payload = PAYLOAD_NONE,
			.image.fd = -1,
			.root_fd = -1,
			.kernel = {.fd = -1},
			.module = MODULE_NONE,
			.firmware_fd = -1,
			.machine = MACHINE_NONE,
			.trace_fd = -1,
			.signal_fd = -1,
			.tap_fd = -1};
	uint64_t began = monotonic_ns();
	int status;

	stdfds_probe(&r.fds);
	tsc_start(&r.tsc);
	status = run_options_parse(&r.o, argc, argv);
	if (r.o.timeout_ns)
		r.deadline_ns = began + r.o.timeout_ns;
	if (status == 0 && r.o.help)
		run_options_help();
	else if (status == 0)
		status = run(&r);
	release(&r);
	return status;
}
